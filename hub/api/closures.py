"""Closures: close a resource for a period, lift it, list them."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query
from fastapi.responses import Response

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.api.problems import ProblemError
from hub.model.closure import ClosureAnswer, ClosureRequest
from hub.service.governing.closing import Closed, Judged
from hub.service.keeping.keys import Scope

ROUTER = APIRouter(prefix="/v1/{municipality}", tags=["closures"])

_Here = Annotated[Desk, Depends(desk)]
_Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
_WRITE = [Depends(require(Scope.BOOKINGS_WRITE))]


@ROUTER.put(
    "/closures/{closure}",
    status_code=202,
    dependencies=_WRITE,
    responses=problems("not-found", "superseded", "revision-conflict", "too-large", "invalid-closure")
    | {200: {"model": ClosureAnswer, "description": "Nothing had to change"}},
)
async def put_closure(
    municipality: str, closure: _Id, wanted: Annotated[ClosureRequest, Body()], here: _Here, response: Response
) -> ClosureAnswer:
    """Close a resource, its parts and every whole containing it; answered when all that stands is planned with it."""
    return _answer(await here.closing.close(municipality, closure, wanted), response)


@ROUTER.delete(
    "/closures/{closure}",
    status_code=202,
    dependencies=_WRITE,
    responses=problems("not-found", "superseded", "revision-conflict")
    | {200: {"model": ClosureAnswer, "description": "It was lifted already"}},
)
async def lift_closure(
    municipality: str,
    closure: _Id,
    here: _Here,
    response: Response,
    revision: Annotated[int | None, Query(ge=1, le=2**53, description="left out: the next")] = None,
) -> ClosureAnswer:
    """Lift a closure: effects come back, with the same codes, for windows that are not over."""
    return _answer(await here.closing.lift(municipality, closure, revision), response)


@ROUTER.get("/closures", dependencies=[Depends(require(Scope.BOOKINGS_READ))], responses=problems("not-found"))
async def list_closures(municipality: str, here: _Here) -> list[ClosureAnswer]:
    """List closures, lifted ones too."""
    return await here.closing.listed(municipality)


def _answer(closed: Closed, response: Response) -> ClosureAnswer:
    revision = closed.answer.revision
    match closed.judged:
        case Judged.SUPERSEDED:
            raise ProblemError("superseded", f"revision {revision} is known", current_revision=revision)
        case Judged.REVISION_CONFLICT:
            detail = f"send the change as revision {revision + 1}"
            raise ProblemError("revision-conflict", detail, current_revision=revision)
        case Judged.UNCHANGED:
            response.status_code = 200
    return closed.answer
