"""Applications that came in by e-services: what the booking core fetches when it has heard of one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import Response

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.model.application import ApplicationAnswer
from hub.service.keeping.keys import Scope

ROUTER = APIRouter(
    prefix="/v1/{municipality}/applications",
    tags=["applications"],
    dependencies=[Depends(require(Scope.APPLICATIONS_READ))],
    responses=problems("not-found", "invalid-request"),
)

_Here = Annotated[Desk, Depends(desk)]


@ROUTER.get("/{key}")
async def get_application(municipality: str, key: str, here: _Here) -> ApplicationAnswer:
    """Tell what was applied for, by whom, and how far its registration has come. Each look stands in the audit.

    Where the applicant is known as protected, and it has not been told, `manual_handling_required` is all that is said.
    """
    return await here.applications.show(municipality, key)


@ROUTER.get(
    "/{key}/files/{place}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_application_file(
    municipality: str, key: str, place: Annotated[int, Path(ge=1, le=1000)], here: _Here
) -> Response:
    """Give one of its files, in the order of `files`, counted from 1. Its name goes with nothing: it may be a person's.

    It is what somebody sent in: show it to nobody without looking for what may harm them.
    """
    file = await here.applications.file(municipality, key, place)
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(file.content, media_type="application/octet-stream", headers=headers)
