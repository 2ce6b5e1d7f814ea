"""Doors: why one opens, or does not."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.model.booking import Instant
from hub.model.doors import DoorAnswer
from hub.service.keeping.keys import Scope

ROUTER = APIRouter(prefix="/v1/{municipality}", tags=["doors"], responses=problems("not-found"))


@ROUTER.get("/doors:explain", dependencies=[Depends(require(Scope.OPERATOR))], responses=problems("invalid-request"))
async def explain_door(
    municipality: str,
    here: Annotated[Desk, Depends(desk)],
    door: Annotated[
        str, Query(min_length=1, max_length=200, description="`facility/door`, or what its lock system calls it")
    ],
    at: Annotated[Instant | None, Query(description="left out: now")] = None,
    language: Annotated[Literal["sv", "en"], Query(description="of sentences and details")] = "en",
) -> DoorAnswer:
    """Answer why somebody does not get in: what should open the door now and next, what stands, and who came."""
    return await here.doors.explain(municipality, door, at=at, language=language)
