"""Persons: looked up in the population register by who says why. No identity number stands in any address."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.errors import FieldFault, InvalidError
from hub.model.person import PersonAnswer, PersonLookup, Unsealed, UnsealingRequest
from hub.service.audit.acting import Actor, act_as
from hub.service.keeping.keys import Holder, Scope

ROUTER = APIRouter(
    prefix="/v1/{municipality}/persons",
    tags=["persons"],
    responses=problems(
        "not-found", "invalid-request", "no-register", "connection-elsewhere", "test-number", "lookups-spent"
    ),
)

_Here = Annotated[Desk, Depends(desk)]
_Protection = Annotated[Holder, Depends(require(Scope.PERSONS_PROTECTION))]


@ROUTER.post("/lookup", response_model_exclude_none=True)
async def look_up_person(
    municipality: str,
    lookup: PersonLookup,
    here: _Here,
    holder: Annotated[Holder, Depends(require(Scope.PERSONS_LOOKUP))],
) -> PersonAnswer:
    """Tell who somebody is, and where to write; or that a person must look into it, and not why.

    The cause is told to keys with scope `persons:protection` only. To others all that is not told looks the same, and
    comes at the same time. Each lookup stands in the audit, by `asked_by`.
    """
    _acts(holder, lookup.asked_by)
    may_know = holder.may(Scope.PERSONS_PROTECTION, municipality)
    return await here.population.look_up(municipality, lookup, may_know=may_know)


@ROUTER.post("/unsealings")
async def unseal_record(municipality: str, wish: UnsealingRequest, here: _Here, holder: _Protection) -> Unsealed:
    """Show what must be kept of a protected person, with a reason, for a time: to this key, and on record."""
    _acts(holder, wish.asked_by)
    return await here.unseals.unseal(municipality, wish)


@ROUTER.get("/unsealings/{unsealing}")
async def get_unsealed(
    municipality: str, unsealing: Annotated[int, Path(ge=1, le=2**53)], here: _Here, _holder: _Protection
) -> Unsealed:
    """Show it once more while its time lasts, to the key that gave the reason. That too is on record."""
    return await here.unseals.again(municipality, unsealing)


def _acts(holder: Holder, person: str) -> None:
    """From here on it is a person who acts. Raises InvalidError."""
    if person.casefold() == holder.name.casefold():
        fault = FieldFault("/asked_by", "invalid-value", "asked_by is the key's own name: name the human user")
        raise InvalidError([fault], code="invalid-request")
    act_as(Actor(holder.name, person))
