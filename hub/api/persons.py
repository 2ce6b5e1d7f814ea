"""Persons: looked up in the population register by who says why. No identity number stands in any address."""

from typing import Annotated

from fastapi import APIRouter, Depends

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.errors import FieldFault, InvalidError
from hub.model.person import PersonAnswer, PersonLookup
from hub.service.acting import Actor, act_as
from hub.service.keys import Holder, Scope

ROUTER = APIRouter(
    prefix="/v1/{municipality}/persons",
    tags=["persons"],
    responses=problems(
        "not-found", "invalid-request", "no-register", "connection-elsewhere", "test-number", "lookups-spent"
    ),
)


@ROUTER.post("/lookup", response_model_exclude_none=True)
async def look_up_person(
    municipality: str,
    lookup: PersonLookup,
    here: Annotated[Desk, Depends(desk)],
    holder: Annotated[Holder, Depends(require(Scope.PERSONS_LOOKUP))],
) -> PersonAnswer:
    """Tell who somebody is, and where to write; or that a person must look into it, and not why.

    The cause is told to keys with scope `persons:protection` only. To others all that is not told looks the same, and
    comes at the same time. Each lookup stands in the audit, by `asked_by`.
    """
    if lookup.asked_by.casefold() == holder.name.casefold():
        fault = FieldFault("/asked_by", "invalid-value", "asked_by is the key's own name: name the human user")
        raise InvalidError([fault], code="invalid-request")
    act_as(Actor(holder.name, lookup.asked_by))
    may_know = holder.may(Scope.PERSONS_PROTECTION, municipality)
    return await here.population.look_up(municipality, lookup, may_know=may_know)
