"""The wire of the service, in its own words: reservations, series and seasonal bookings, each with one access code.

Source: City of Helsinki, tilavarauspalvelu-core at 79f937a4 (2026-08-05), its client of Pindora, read 2026-11-21.
"""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, Field, SecretStr, TypeAdapter

from connectors.access_reservation_code.config import Kind
from hub.sdk import STOCKHOLM, Answer, Http, UnknownOutcomeError


class Part(BaseModel):
    """One time of one unit, and how much earlier and later the service lets in by itself."""

    reservation_unit_id: str = ""
    begin: AwareDatetime
    end: AwareDatetime
    access_code_valid_minutes_before: int = Field(default=0, ge=0)
    access_code_valid_minutes_after: int = Field(default=0, ge=0)


class Code(BaseModel):
    """What stands under one id."""

    reservation_unit_id: str = ""
    """Of a reservation or a series."""
    access_code: SecretStr = Field(min_length=1)
    access_code_generated_at: AwareDatetime
    access_code_is_active: bool
    reservation_unit_code_validity: list[Part] = Field(default_factory=list)

    @property
    def parts(self) -> list[Part]:
        """Its times, each with its unit."""
        unit = self.reservation_unit_id
        told = self.reservation_unit_code_validity
        return [part.model_copy(update={"reservation_unit_id": part.reservation_unit_id or unit}) for part in told]


class Reservation(Part, Code):
    """The answer for one reservation, which is its own only part."""

    def coded(self) -> Code:
        """As any other kind shows it."""
        return Code(
            reservation_unit_id=self.reservation_unit_id,
            access_code=self.access_code,
            access_code_generated_at=self.access_code_generated_at,
            access_code_is_active=self.access_code_is_active,
            reservation_unit_code_validity=[Part.model_validate(self.model_dump(include=set(Part.model_fields)))],
        )


class Rescheduled(BaseModel):
    """What a change answers."""

    access_code_generated_at: AwareDatetime
    access_code_is_active: bool


class Unit(BaseModel):
    """What may be booked."""

    reservation_unit_id: str


_ANY = TypeAdapter(dict[str, object])


class CodesClient:
    """The calls that are used here; `trace` is our own name of what a call is about."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def knows(self, unit: str) -> bool:
        """Whether there is such a unit."""
        answer = await self._http.get(f"reservation-unit/{unit}", also_ok={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            return False
        return answer.read(Unit.model_validate_json).reservation_unit_id == unit

    async def get(self, kind: Kind, id_: str) -> Code | None:
        """What stands under an id; None: nothing."""
        answer = await self._http.get(f"{kind}/{id_}", also_ok={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return answer.read(lambda body: _code(kind, body))

    async def create(self, kind: Kind, id_: str, parts: Sequence[Part], trace: str) -> None:
        """Make it, not active yet; harmless where it is there already (409)."""
        body = {kind.field: id_, "is_active": False, **_times(kind, parts)}
        if kind is not Kind.SEASONAL:
            body["reservation_unit_id"] = parts[0].reservation_unit_id
        answer = await self._http.post(kind, json=body, headers=_trace(trace), also_ok={HTTPStatus.CONFLICT})
        if answer.status != HTTPStatus.CONFLICT:
            answer.read(lambda told: _ANY.validate_json(told)["access_code_is_active"])

    async def reschedule(
        self, kind: Kind, id_: str, parts: Sequence[Part], trace: str, *, active: bool
    ) -> Rescheduled | None:
        """Have these times and no others; None: there is no such thing any more."""
        body = {"is_active": active, **_times(kind, parts)}
        path = f"{kind}/reschedule/{id_}"
        answer = await self._http.put(path, json=body, headers=_trace(trace), also_ok={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return answer.read(Rescheduled.model_validate_json)

    async def deactivate(self, kind: Kind, id_: str, trace: str) -> None:
        """Have its code open nothing; harmless where it is not there."""
        path = f"{kind}/deactivate/{id_}"
        _done(await self._http.put(path, headers=_trace(trace), also_ok={HTTPStatus.NOT_FOUND}))

    async def delete(self, kind: Kind, id_: str, trace: str) -> None:
        """Take it away; harmless where it is not there."""
        _done(await self._http.delete(f"{kind}/{id_}", headers=_trace(trace), also_ok={HTTPStatus.NOT_FOUND}))


def _trace(trace: str) -> dict[str, str]:
    """In the letters that a header has."""
    return {"X-Correlation-ID": quote(trace, safe=":~+")}


def _times(kind: Kind, parts: Sequence[Part]) -> dict[str, object]:
    """As the service wants them: in local time, with its offset."""
    listed = [
        ({"reservation_unit_id": part.reservation_unit_id} if kind is Kind.SEASONAL else {})
        | {side: getattr(part, side).astimezone(STOCKHOLM).isoformat() for side in ("begin", "end")}
        for part in parts
    ]
    return dict(listed[0]) if kind is Kind.RESERVATION else {"series": listed}


def _code(kind: Kind, body: bytes) -> Code:
    return Reservation.model_validate_json(body).coded() if kind is Kind.RESERVATION else Code.model_validate_json(body)


def _done(answer: Answer) -> None:
    """Any other success than 204 was said by somebody else."""
    response = answer.response
    if response.status_code not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}:
        line = f"{response.request.method} {response.request.url.path}: {response.status_code}, where 204 is the answer"
        raise UnknownOutcomeError(line)
