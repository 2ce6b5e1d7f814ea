"""Verifying: have all that stands in a municipality's systems read back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.model.audit import Act
from hub.model.verified import Verified
from hub.service.keeping.keys import Scope
from hub.service.operators.verifying import LONGEST_SECONDS

ROUTER = APIRouter(prefix="/v1/{municipality}", tags=["readiness"], responses=problems("not-found", "invalid-request"))


@ROUTER.post("/verify", dependencies=[Depends(require(Scope.OPERATOR))])
async def verify(
    municipality: str,
    here: Annotated[Desk, Depends(desk)],
    wait: Annotated[float, Query(ge=0, le=LONGEST_SECONDS, description="seconds for all to be read back")] = 10,
) -> Verified:
    """Read back all that stands; tell what was not as the hub said. What vanished comes back once, as always."""
    here.rulebook.town(municipality)
    await here.witness.saw(municipality, Act.SYSTEMS_READ, "")
    return await here.verifying.verify(municipality, seconds=wait)
