"""Documents: have one registered, and see how far it has come."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from hub.api.auth import authorised, require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.api.media import media_type
from hub.api.preferring import applied, prefer, waits
from hub.api.problems import ProblemError
from hub.model.registering import DocumentAnswer
from hub.model.states import Record
from hub.service.keeping.keys import Scope

ROUTER = APIRouter(prefix="/v1/{municipality}", tags=["documents"])

MOST_BYTES = 30_000_000
"""Of a document with its files, which base64 makes a third longer: 22 MB of files."""
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DocumentToRegister"}}},
    },
    "security": [{"HTTPBearer": []}],
    "parameters": [prefer("the registry has given it a number")],
}
_PUT_ANSWERS = problems(
    "invalid-json",
    "not-found",
    "document-conflict",
    "no-registry",
    "too-large",
    "wrong-content-type",
    "invalid-document",
) | {200: {"model": DocumentAnswer, "description": "It is registered, and this is its number"}}


@ROUTER.put(
    "/documents/{key}", status_code=202, openapi_extra=_BODY, response_model=DocumentAnswer, responses=_PUT_ANSWERS
)
async def put_document(municipality: str, key: str, request: Request) -> Response:
    """Have a document registered: once for its key, however often it is sent, and the same number for ever."""
    await authorised(request, municipality, Scope.DOCUMENTS_WRITE)
    here = desk(request)
    await here.documents.take(municipality, key, await _body(request))
    headers = await _waited(request, here, municipality, key)
    answer = await here.documents.answer(municipality, key)
    status = 200 if answer.state is Record.DONE else 202
    return Response(answer.model_dump_json(), status, media_type="application/json", headers=headers)


async def _waited(request: Request, here: Desk, municipality: str, key: str) -> dict[str, str]:
    seconds = waits(request)
    if seconds is None:
        return {}
    so = here.documents.settled(municipality, key)
    held = await here.waiting.until(municipality, so, seconds=seconds, gone=request.is_disconnected)
    return applied(seconds) if held else {}


@ROUTER.get("/documents/{key}", dependencies=[Depends(require(Scope.DOCUMENTS_WRITE))], responses=problems("not-found"))
async def get_document(
    municipality: str,
    key: str,
    here: Annotated[Desk, Depends(desk)],
    language: Annotated[Literal["sv", "en"], Query(description="of the detail")] = "en",
) -> DocumentAnswer:
    """Tell how far a document has come, and its number; nothing of what it says."""
    return await here.documents.answer(municipality, key, language)


async def _body(request: Request) -> bytes:
    if media_type(request) != "application/json":
        raise ProblemError("wrong-content-type", "send Content-Type: application/json")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            raise ProblemError("too-large", f"a document with its files is at most {MOST_BYTES} bytes")
    return bytes(raw)
