"""Errors as RFC 9457 problem details, each with a stable code."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from hub.api.media import media_type
from hub.errors import InvalidError, NotFoundError, RefusedError
from hub.masking import pointed
from hub.model.answers import FieldProblem, ProblemDetails

MEDIA_TYPE = "application/problem+json"

CODES: dict[str, tuple[int, str]] = {
    "invalid-json": (400, "The body is not JSON"),
    "invalid-file": (400, "The file cannot be read"),
    "invalid-booking": (422, "The booking has faults"),
    "invalid-document": (422, "The document has faults"),
    "invalid-closure": (422, "The closure has faults"),
    "invalid-subscription": (422, "The subscription has faults"),
    "invalid-request": (422, "The request has faults"),
    "unknown-parameter": (400, "The address has a parameter that this call does not take"),
    "too-large": (413, "The body is too large"),
    "wrong-content-type": (415, "The body is of another kind"),
    "unauthorised": (401, "No key, or one that is not in force"),
    "forbidden": (403, "The key does not give this right here"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "This cannot be done there"),
    "one-at-a-time": (409, "One of them takes something away, and is dismissed alone"),
    "reason-needed": (422, "It takes something away, and is dismissed with a reason"),
    "connection-held": (409, "Its system refuses us"),
    "connection-elsewhere": (409, "Other processes have all of the connection"),
    "no-register": (409, "No population register can be asked here"),
    "test-number": (422, "The identity number is a published test number"),
    "lookups-spent": (429, "All lookups of the day are spent"),
    "nothing-is-sent": (409, "The connection only observes"),
    "claimed-again": (409, "A booking asks for it now"),
    "in-hand": (409, "It is being carried just now"),
    "not-resting": (409, "The code does not rest"),
    "only-ignored": (409, "It happened once, and is neither sent again nor taken back"),
    "superseded": (409, "A newer revision is known"),
    "revision-conflict": (409, "The same revision is known with another content"),
    "document-conflict": (409, "The key is that of another document"),
    "no-registry": (409, "Nobody registers documents here"),
    "too-many-subscriptions": (409, "The municipality has as many subscriptions as it may"),
    "too-many-streams": (429, "The municipality has as many streams of events open as it may"),
    "invalid-cursor": (400, "That is no cursor"),
    "cursor-gone": (410, "The cursor leads nowhere any more"),
    "state-changed": (412, "The plan would be another"),
    "unknown-format": (400, "No connection reads such files"),
    "unproven-sender": (401, "The sender is not proven"),
    "unreadable-callback": (422, "The callback cannot be read"),
    "no-room": (507, "The disk is full"),
    "no-free-pin": (503, "No PIN is free"),
    "database-away": (503, "The database cannot do it now"),
    "internal": (500, "The hub has a fault"),
}
"""Every code that a caller may meet: its status and title. Stable."""


class ProblemError(Exception):
    """A refusal found in the API itself."""

    def __init__(
        self, code: str, detail: str | None = None, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(code)
        self.details = problem(code, detail, **more)
        self.headers = headers


def problem(code: str, detail: str | None = None, **more: Any) -> ProblemDetails:
    """The problem details of a code."""
    status, title = CODES[code]
    return ProblemDetails(
        type=f"urn:knutpunkt:problem:{code}", title=title, status=status, code=code, detail=detail, **more
    )


def of_invalid(error: InvalidError) -> ProblemDetails:
    """The problem details of a request with faults."""
    if any(fault.code == "invalid-json" for fault in error.faults):
        return problem("invalid-json", error.faults[0].detail)
    errors = tuple(FieldProblem(pointer=fault.pointer, code=fault.code, detail=fault.detail) for fault in error.faults)
    detail = _counted(errors) if error.code in _WITH_MANY else error.faults[0].detail
    return problem(error.code, detail, errors=errors)


_WITH_MANY = frozenset({"invalid-booking", "invalid-document"})
"""What is told with all its faults at once; of anything else it is one."""


def of_refused(error: InvalidError | RefusedError) -> ProblemDetails:
    """The problem details of a request that changed nothing."""
    return of_invalid(error) if isinstance(error, InvalidError) else problem(error.code, str(error))


def answer(details: ProblemDetails, headers: dict[str, str] | None = None) -> Response:
    """The response that tells a problem."""
    body = details.model_dump_json(exclude_none=True)
    return Response(body, details.status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Have every error told this way."""
    for kind, handler in _REFUSALS.items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - starlette hands us what we asked for
    return answer(error.details, error.headers)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidError)  # noqa: S101
    return answer(of_invalid(error))


async def _not_found(_request: Request, error: Exception) -> Response:
    return answer(problem("not-found", str(error)))


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)  # noqa: S101
    return answer(problem(error.code, str(error)))


_REFUSALS = {ProblemError: _problem, InvalidError: _invalid, NotFoundError: _not_found, RefusedError: _refused}
REFUSALS: tuple[type[Exception], ...] = tuple(_REFUSALS)
"""What a call raises when it refuses."""


async def refused(request: Request, error: Exception) -> Response:
    """The answer to a call that raised one of the refusals."""
    return await next(handler for kind, handler in _REFUSALS.items() if isinstance(error, kind))(request, error)


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    told = error.errors()
    if broken := [fault for fault in told if fault["type"] == "json_invalid"]:
        return answer(problem("invalid-json", str(broken[0].get("ctx", {}).get("error", broken[0]["msg"]))))
    if any(fault["loc"] == ("body",) for fault in told) and not _is_json(request):
        return answer(problem("wrong-content-type", "send Content-Type: application/json"))
    faults = [fault for fault in told if fault["type"] != "is_instance_of"] or told
    errors = tuple(
        FieldProblem(
            pointer=pointed(_field(fault["loc"])),
            code="invalid-value",
            detail=fault["msg"].removeprefix("Value error, "),
        )
        for fault in faults
    )
    return answer(problem("invalid-request", _counted(errors), errors=errors))


def _is_json(request: Request) -> bool:
    told = media_type(request)
    return told == "application/json" or (told.startswith("application/") and told.endswith("+json"))


def _field(place: Sequence[str | int]) -> list[str | int]:
    """Within the body where it is there; without how a type of several kinds was tried."""
    steps = list(place[1:] if place[0] == "body" else place)
    return steps[: next((n for n, step in enumerate(steps) if "[" in str(step)), len(steps))]


def _counted(errors: Sequence[FieldProblem]) -> str:
    return f"{len(errors)} fault{'s' if len(errors) != 1 else ''}; correct them and send the whole again"


def fault() -> Response:
    """The answer to a fault of ours; its text may hold anything, and is told nowhere."""
    return answer(problem("internal", "nothing was stored unless an earlier answer says so; the log has the cause"))


_OURS = 422
"""Raised so by nobody but us, whose words may be told."""
_OF_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    ours = error.detail if error.status_code == _OURS else None
    return answer(problem(_OF_STATUS.get(error.status_code, "invalid-request"), ours), dict(error.headers or {}))
