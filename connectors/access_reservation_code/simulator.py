"""A stand-in for a service of reservation codes, with state: it makes up codes, and adds buffers of its own.

It is written from the same facts as the client, and shares no code with it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import httpx
from pydantic import SecretStr

from hub.model import Credential, Method, Window
from hub.sdk import Clock, HasDoors, HttpSimulator, Misbehaviour

ZONE = ZoneInfo("Europe/Stockholm")
API_KEY = "not-a-secret-of-pindora"
ACCEPT = "application/vdn.varaamo-pindora.v1+json"
KINDS = {
    "reservation": "reservation_id",
    "reservation-series": "reservation_series_id",
    "seasonal-booking": "seasonal_booking_id",
}
BUFFERS = {0: (10, 5), 1: (0, 15)}
"""Minutes before and after, of every other unit."""


@dataclass
class Booking:
    """What stands under one id of one kind."""

    key: str
    """What whoever made it calls it."""
    code: str
    generated_at: datetime
    unit: str
    times: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    active: bool = False


class CodesSimulator(HttpSimulator, HasDoors):
    """Reservations, series and seasonal bookings of one service; a door for each unit."""

    can = frozenset(
        {Misbehaviour.REFUSES, Misbehaviour.DELETED_BY_HAND, Misbehaviour.DISABLED_BY_HAND, Misbehaviour.DOWN}
    )

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.doors = tuple(external_keys) or (
            "0b5e5f3a-2f4f-4a7b-9d43-1f6c3a8d0001",
            "0b5e5f3a-2f4f-4a7b-9d43-1f6c3a8d0002",
        )
        self.bookings: dict[tuple[str, str], Booking] = {}
        self.buffers = {door: BUFFERS[n % 2] for n, door in enumerate(self.doors)}
        self.down = self.refuses = False
        self._made = 0

    def config(self) -> Mapping[str, object]:
        return {
            "base_url": "https://codes.test/api/",
            "api_key": API_KEY,
            "key_header": "Pindora-Api-Key",
            "accept": ACCEPT,
            "reservation_units": list(self.doors),
        }

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Be down, say no, or have somebody take a code away or make it inactive."""
        match how:
            case Misbehaviour.DOWN:
                self.down = True
            case Misbehaviour.REFUSES:
                self.refuses = True
            case Misbehaviour.DELETED_BY_HAND:
                self.bookings = {id_: one for id_, one in self.bookings.items() if one.key != key}
            case _:
                for one in self._of(key):
                    one.active = False

    def recover(self) -> None:
        self.down = self.refuses = False

    def change_code(self, key: str) -> None:
        """Do as the service does when a code has leaked: give another."""
        for one in self._of(key):
            one.code, one.generated_at = self._code(), self.clock.now()

    def credentials(self) -> Iterable[Credential]:
        """Tell what opens: every code that is active, with the buffers of its units."""
        for one in self.bookings.values():
            for door, begin, end in one.times if one.active else ():
                before, after = (timedelta(minutes=m) for m in self.buffers[door])
                window = Window(door=door, starts_at=begin - before, ends_at=end + after)
                yield Credential(key=one.key, method=Method.PIN, value=SecretStr(one.code), windows=frozenset({window}))

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Let in, then answer."""
        if self.down:
            raise httpx.ConnectError("the service is down", request=request)
        if request.headers.get("Pindora-Api-Key") != API_KEY:
            return httpx.Response(403, text="bad API key")
        if request.headers.get("Accept") != ACCEPT:
            return httpx.Response(406)
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = httpx.Response(404)
        match request.method, request.url.path.removeprefix("/api/").split("/"):
            case "GET", ["reservation-unit", unit]:
                answer = self._unit(unit)
            case "GET", [kind, id_] if kind in KINDS:
                answer = self._shown(kind, id_)
            case "DELETE", [kind, id_] if kind in KINDS:
                answer = httpx.Response(204 if self.bookings.pop((kind, id_), None) else 404)
            case _ if self.refuses:
                answer = httpx.Response(400, text="not on a Sunday, Anna Berg")
            case "POST", [kind] if kind in KINDS:
                answer = self._create(kind, request)
            case "PUT", [kind, what, id_] if kind in KINDS:
                answer = self._change(kind, what, id_, request)
        return answer

    def _of(self, key: str) -> list[Booking]:
        return [one for one in self.bookings.values() if one.key == key]

    def _code(self) -> str:
        self._made += 1
        return f"{(self._made * 7919) % 90000 + 10000}"

    def _unit(self, unit: str) -> httpx.Response:
        if unit not in self.doors:
            return httpx.Response(404)
        keypad = f"https://keypad.test/{unit}"
        return httpx.Response(200, json={"reservation_unit_id": unit, "name": "Hall", "keypad_url": keypad})

    def _create(self, kind: str, request: httpx.Request) -> httpx.Response:
        told = json.loads(request.content)
        place = kind, told[KINDS[kind]]
        if place in self.bookings:
            return httpx.Response(409, text="already exists")
        unit = told.get("reservation_unit_id", "")
        times = _times(kind, told, unit)
        if any(door not in self.doors for door, _, _ in times):
            return httpx.Response(404, text="no such reservation unit")
        key = unquote(request.headers.get("X-Correlation-ID", ""))
        self.bookings[place] = Booking(
            key, self._code(), self.clock.now(), unit, times, active=told.get("is_active", False)
        )
        return self._shown(*place)

    def _change(self, kind: str, what: str, id_: str, request: httpx.Request) -> httpx.Response:
        one = self.bookings.get((kind, id_))
        if one is None:
            return httpx.Response(404)
        match what:
            case "activate" | "deactivate":
                one.active = what == "activate"
                return httpx.Response(204)
            case "reschedule":
                told = json.loads(request.content)
                one.times, one.active = _times(kind, told, one.unit), told.get("is_active", one.active)
            case "change-access-code":
                one.code, one.generated_at = self._code(), self.clock.now()
        return httpx.Response(200, json=_state(one))

    def _shown(self, kind: str, id_: str) -> httpx.Response:
        one = self.bookings.get((kind, id_))
        if one is None:
            return httpx.Response(404)
        parts = [
            {
                **({"reservation_unit_id": door} if kind == "seasonal-booking" else {}),
                "begin": begin.astimezone(ZONE).isoformat(),
                "end": end.astimezone(ZONE).isoformat(),
                "access_code_valid_minutes_before": self.buffers[door][0],
                "access_code_valid_minutes_after": self.buffers[door][1],
            }
            for door, begin, end in one.times
        ]
        shown: dict[str, object] = _state(one) | {"access_code": one.code, "access_code_phone_number": "+358 0"}
        if kind != "seasonal-booking":
            shown["reservation_unit_id"] = one.unit
        return httpx.Response(
            200, json=shown | (parts[0] if kind == "reservation" else {"reservation_unit_code_validity": parts})
        )


def _state(one: Booking) -> dict[str, object]:
    return {
        "access_code_generated_at": one.generated_at.astimezone(ZONE).isoformat(),
        "access_code_is_active": one.active,
    }


def _times(kind: str, told: Mapping[str, object], unit: str) -> list[tuple[str, datetime, datetime]]:
    series = [told] if kind == "reservation" else told["series"]
    assert isinstance(series, list)  # noqa: S101 - of a simulator
    return [
        (
            str(one.get("reservation_unit_id", unit)),
            datetime.fromisoformat(one["begin"]),
            datetime.fromisoformat(one["end"]),
        )
        for one in series
    ]
