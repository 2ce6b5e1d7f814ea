"""The installation itself: which municipalities the caller's key reaches."""

from typing import Annotated

from fastapi import APIRouter, Depends

from hub.api.auth import known
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.model.standing import Installation
from hub.service.keeping.keys import Holder

ROUTER = APIRouter(tags=["installation"], responses=problems())


@ROUTER.get("/v1")
async def get_installation(
    here: Annotated[Desk, Depends(desk)], holder: Annotated[Holder, Depends(known)]
) -> Installation:
    """Tell which municipalities the key is for, whatever it may do there: a caller with one need not know its name."""
    return Installation(municipalities=tuple(sorted(filter(holder.reaches, here.rulebook.towns()))))
