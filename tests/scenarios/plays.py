"""Playing a scenario: a whole hub on the example municipality, its systems simulated, its clock ours."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from hub.clock import STOCKHOLM
from hub.demo.stage import MUNICIPALITY, Stage, stage
from hub.model import Credential, Dim, Level, Switch, Window
from hub.sdk import HasDoors, HasZones

FOLDER = Path(__file__).parents[2] / "examples" / "umea"
LOCKS, LAMPS = "arx-tennishallen", "mqtt-tennishallen"
_PATIENCE_SECONDS = 240
"""A story that has not ended then hangs; it fails, and tells where."""
_A_WHILE = 0.1
"""Seconds for which an answer is waited for before the clock moves on."""
Story = Callable[[Stage, httpx.AsyncClient], Awaitable[None]]


Opening = tuple[str, datetime, datetime]
"""A door, from when until when."""


@dataclass(frozen=True)
class Hall:
    """A building whose doors a story is about, as its technicians wrote it down."""

    locks: str
    """The connection."""
    places: tuple[str, ...]
    doors: Mapping[str, tuple[int, int]]
    """What the lock system calls each, with the minutes that it opens before and shuts after."""
    room: int
    """Windows of one credential that a door keeps at a time."""

    def opens(self, starts: str, ends: str) -> set[Opening]:
        """The windows of one occasion."""
        return {
            (door, _utc(starts) - timedelta(minutes=lead), _utc(ends) + timedelta(minutes=lag))
            for door, (lead, lag) in self.doors.items()
        }

    def key(self, told: Mapping[str, Any]) -> str:
        """What a booking opens with, by its answer."""
        (key,) = {_key(effect) for effect in told["effects"] if effect["target"].startswith(f"{self.locks}/")}
        return key


def _key(effect: Mapping[str, str]) -> str:
    return effect["target"].partition("/")[2]


SPORTHALL = Hall(
    "onvif-sporthall-nord",
    ("sporthall-nord.a", "sporthall-nord.b", "sporthall-nord.c"),
    {"ap-sn-entre": (15, 0), "ap-sn-omk": (30, 30)},
    room=2,
)
KULTURHUS = Hall(
    "seam-kulturhuset", ("kulturhuset.stora-salen",), {"9d3a6b1e-7c25-4f0a-8e52-b0c4f7d21a68": (60, 60)}, room=1
)


def at(wall: str) -> datetime:
    """A wall time in Stockholm: `2026-11-23 18:00`."""
    return datetime.fromisoformat(wall).replace(tzinfo=STOCKHOLM)


def play(story: Story, *, start: str = "2026-11-23 07:00", folder: Path = FOLDER, home: Path | None = None) -> None:
    """Set the stage at a moment, and tell the story; with `home` it goes on from the one before there."""

    async def told() -> None:
        with tempfile.TemporaryDirectory() as fresh:
            async with stage(folder, home or Path(fresh), at(start), 0) as (here, address, key):
                headers = {"Authorization": f"Bearer {key}"}
                async with httpx.AsyncClient(base_url=f"{address}/v1/2480", headers=headers, timeout=40) as client:
                    async with asyncio.timeout(_PATIENCE_SECONDS):
                        await story(here, client)

    asyncio.run(told())


def occasion(resource: str, starts: str, ends: str, **more: Any) -> dict[str, Any]:
    """An occasion in wall time, with a holder who wants a PIN."""
    holder = {"name": "Lena Norberg", "phone": "+46701740606", "credential": {"kind": "pin"}}
    return {
        "id": "1",
        "resource": resource,
        "starts_at": at(starts).isoformat(),
        "ends_at": at(ends).isoformat(),
        "activity": "training",
        "holders": [holder],
    } | more


def booking(number: str, *occasions: dict[str, Any], revision: int = 1, **more: Any) -> dict[str, Any]:
    """A confirmed booking by an association."""
    return {
        "number": number,
        "revision": revision,
        "status": "confirmed",
        "customer": {
            "kind": "association",
            "organisation_number": "802400-0005",
            "name": "Umeå Badmintonklubb",
            "invoice": {"reference": "Anna Ek"},
        },
        "occasions": [one | {"id": str(n)} for n, one in enumerate(occasions, 1)],
        "payment": {"kind": "free"},
    } | more


def charge(price: str, article: str = "BADM-60", *, occasion: str = "1", **more: Any) -> dict[str, Any]:
    """A line that a booking costs."""
    return {
        "occasion": occasion, "article": article, "text": f"{article}, en timme", "quantity": "1", "unit_price": price,
        "vat": "exempt",
    } | more  # fmt: skip


async def put(client: httpx.AsyncClient, body: dict[str, Any], *, wait: int = 0, **more: Any) -> dict[str, Any]:
    """Send a booking; it must be accepted."""
    headers = {"Prefer": f"wait={wait}"} if wait else {}
    answer = await client.put(f"/bookings/{body['number']}", json=body, headers=headers, **more)
    assert answer.status_code in {200, 202}, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def held(here: Stage, asking: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """What a call that waits is answered, with time passing while it does: a lock system may take half a minute."""
    answer = asyncio.ensure_future(asking)
    while not answer.done():
        await asyncio.wait({answer}, timeout=_A_WHILE)
        await here.play_until(here.clock.now() + timedelta(seconds=15))
    return answer.result()


async def cancel(client: httpx.AsyncClient, body: dict[str, Any], *, wait: int = 0) -> dict[str, Any]:
    """Send it again, cancelled, at the next revision."""
    return await put(client, body | {"status": "cancelled", "revision": body["revision"] + 1}, wait=wait)


async def events(client: httpx.AsyncClient, *types: str) -> list[dict[str, Any]]:
    """Every event of those types so far."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": None, "more": True}
    while page["more"]:
        answer = await client.get("/events", params={"limit": 1000} | ({"after": page["next"]} if page["next"] else {}))
        page = answer.raise_for_status().json()
        found += page["events"]
    return [event for event in found if not types or event["type"] in types]


def doors(here: Stage, name: str = LOCKS) -> list[Credential]:
    """What really opens, of ours."""
    simulator = here.simulators.find(MUNICIPALITY, name)
    assert isinstance(simulator, HasDoors)
    return [credential for credential in simulator.credentials() if credential.key.startswith("hub-")]


def values(here: Stage, key: str, name: str = LOCKS) -> set[str]:
    """The codes that open under a key; one, when all is well."""
    found = (credential.value for credential in doors(here, name) if credential.key == key)
    return {value.get_secret_value() for value in found if isinstance(value, SecretStr)}


def lamps(here: Stage, name: str = LAMPS) -> dict[str, int]:
    """How bright each lamp really is."""
    simulator = here.simulators.find(MUNICIPALITY, name)
    assert isinstance(simulator, HasZones)
    return {key: _percent(level) for key, level in simulator.zones().items()}


def _percent(level: Level) -> int:
    match level:
        case Dim(percent=percent):
            return percent
        case Switch(on=on):
            return 100 if on else 0
    return 0


def windows(here: Stage, key: str, name: str = LOCKS) -> set[Opening]:
    """What one credential opens at the doors."""
    found: set[Window] = {w for credential in doors(here, name) if credential.key == key for w in credential.windows}
    return {(window.door, window.starts_at, window.ends_at) for window in found}


def entrance(starts: str, ends: str, margin: int = 15) -> Opening:
    """The entrance's window around a booking."""
    around = timedelta(minutes=margin)
    return "Tennishallen entre", _utc(starts) - around, _utc(ends) + around


def changing(hall: str, starts: str, ends: str) -> Opening:
    """The changing room's window around a booking."""
    around = timedelta(minutes=30)
    return f"Tennishallen omkladning {hall}", _utc(starts) - around, _utc(ends) + around


def _utc(wall: str) -> datetime:
    """An instant, so that arithmetic is right on clock-change nights."""
    return at(wall).astimezone(UTC)


def lines(bodies: list[dict[str, Any]]) -> bytes:
    """Bookings, one a line."""
    return b"".join(json.dumps(body).encode() + b"\n" for body in bodies)
