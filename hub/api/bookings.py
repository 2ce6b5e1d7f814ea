"""Bookings: put one, send a season, get one with all that follows from it, list them."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.requests import ClientDisconnect

from hub.api.auth import authorised, require, sent_by
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.api.dry_runs import Held, dry_import, dry_put
from hub.api.importing import CONTENT, incoming
from hub.api.media import media_type
from hub.api.preferring import applied, prefer, waits
from hub.api.problems import ProblemError, of_refused, problem
from hub.api.tailing import TailingResponse
from hub.errors import FieldFault, InvalidError
from hub.model.answers import BookingAnswer, BookingPage, BookingView, DryRunAnswer, ImportLine, ImportSummary
from hub.model.audit import Act
from hub.service.accept.accepting import Outcome
from hub.service.accept.bookings import LINE_LIMIT, Done, Found, Line, split_lines
from hub.service.audit.acting import Actor, act_as, acting
from hub.service.keeping.keys import Holder, Scope
from hub.service.standing import showing

ROUTER = APIRouter(tags=["bookings"])

_DRY_RUN: dict[str, Any] = {
    "name": "dry_run",
    "in": "query",
    "schema": {"type": "boolean", "default": False},
    "description": "store nothing: give the plan, its conflicts and its difference, with a state_token",
}
_IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "the state_token of a dry run: that plan, or 412",
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Booking"}}},
    },
    "security": [{"HTTPBearer": []}],
    "parameters": [
        _DRY_RUN,
        _IF_MATCH,
        prefer("what is awaited is confirmed"),
    ],
}
_LINES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": CONTENT,
    },
    "security": [{"HTTPBearer": []}],
    "parameters": [_DRY_RUN, _IF_MATCH],
}


_PUT_ANSWERS = problems(
    "invalid-json",
    "unknown-parameter",
    "not-found",
    "superseded",
    "revision-conflict",
    "too-large",
    "wrong-content-type",
    "state-changed",
    "invalid-booking",
    "no-free-pin",
    "no-room",
) | {200: {"model": BookingAnswer | DryRunAnswer, "description": "Nothing had to change, or a dry run"}}


@ROUTER.put(
    "/v1/{municipality}/bookings/{number}",
    status_code=202,
    openapi_extra=_BODY,
    response_model=BookingAnswer,
    responses=_PUT_ANSWERS,
)
async def put_booking(municipality: str, number: str, request: Request) -> Response:
    """Take the whole booking at a revision; the answer comes when it is on disk."""
    holder = await authorised(request, municipality, Scope.BOOKINGS_WRITE)
    dry = _is_dry(request)
    raw = await _body(request)
    here = desk(request)
    if dry:
        told = await dry_put(here, municipality, raw, number)
        return Response(told.model_dump_json(), 200, media_type="application/json")
    expected = await _expected(request, here, municipality, raw)
    with_values = holder.may(Scope.CREDENTIALS_READ, municipality)
    person = acting().person
    by = person or holder.name
    act_as(Actor(holder.name, person, with_values))
    done = await here.bookings.accept(municipality, raw, number=number, sent_by=by, expected=expected)
    outcome, revision = done.answer.outcome, done.answer.revision
    if outcome is Outcome.SUPERSEDED:
        raise ProblemError("superseded", f"revision {revision} is known", current_revision=revision)
    if outcome is Outcome.REVISION_CONFLICT:
        raise ProblemError(
            "revision-conflict", f"send the change as revision {revision + 1}", current_revision=revision
        )
    headers = await _waited(request, here, done)
    answer = await here.answering.json(done, with_values=with_values, waited=bool(headers))
    return Answer(answer.encode(), 202 if done.answer.changed else 200, headers)


class Answer(Response):
    """JSON that is written already: what most answers to bookings are, and no more is asked of it."""

    def __init__(self, body: bytes, status: int, headers: Mapping[str, str]) -> None:
        self.body, self.status_code, self.background = body, status, None
        self.raw_headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
            *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()),
        ]


async def _waited(request: Request, here: Desk, done: Done) -> dict[str, str]:
    """Hold the answer as the caller prefers; gives the header that says so, and none when too many are held."""
    seconds = waits(request)
    if seconds is None:
        return {}
    held = await here.waiting.until_settled(done, seconds=seconds, gone=request.is_disconnected)
    return applied(seconds) if held else {}


@ROUTER.get("/v1/{municipality}/bookings/{number}", responses=problems("not-found"))
async def get_booking(
    municipality: str,
    number: str,
    here: Annotated[Desk, Depends(desk)],
    holder: Annotated[Holder, Depends(require(Scope.BOOKINGS_READ))],
    language: Annotated[Literal["sv", "en"], Query(description="of details")] = "en",
) -> BookingView:
    """Give the booking, its effects, deliveries, credentials and timeline, past and future."""
    with_values = holder.may(Scope.CREDENTIALS_READ, municipality)
    view = await here.look_up.booking(municipality, number, with_values=with_values, language=language)
    shown = with_values and (bool(view.credentials) or any(one.value for one in view.fallback))
    act = Act.CODES_SHOWN if shown else Act.BOOKING_SEEN
    await here.witness.saw(municipality, act, number, revision=view.booking.revision)
    return view if with_values else view.model_copy(update={"booking": showing.without_card_numbers(view.booking)})


@ROUTER.get(
    "/v1/{municipality}/bookings", dependencies=[Depends(require(Scope.BOOKINGS_READ))], responses=problems("not-found")
)
async def list_bookings(
    municipality: str,
    here: Annotated[Desk, Depends(desk)],
    after: Annotated[str, Query(max_length=64, description="a number; the page begins after it")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> BookingPage:
    """List numbers, revisions and content hashes, so that a core can resynchronise."""
    return await here.look_up.page(municipality, after=after, limit=limit)


_IMPORT_ANSWERS = problems(
    "not-found", "unknown-parameter", "invalid-file", "wrong-content-type", "too-large", "state-changed"
) | {
    200: {
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        "description": "An ImportLine for each line, then a summary",
    }
}


@ROUTER.post(
    "/v1/{municipality}/bookings",
    status_code=200,
    openapi_extra=_LINES,
    response_class=StreamingResponse,
    responses=_IMPORT_ANSWERS,
)
async def import_bookings(municipality: str, request: Request) -> Response:
    """Take one booking a line and answer a line each, in order, as they are on disk; a bad line stops no other.

    A calendar or a table is read whole, and its answers name lines of the file.
    """
    holder = await authorised(request, municipality, Scope.BOOKINGS_WRITE)
    dry = _is_dry(request)
    here, expected = desk(request), None
    sent = await incoming(request, here, municipality)
    body = sent.body
    if dry:
        return TailingResponse(sent.told(dry_import(here, municipality, body)), media_type="application/x-ndjson")
    if token := request.headers.get("if-match"):
        held = Held(here, municipality)
        expected = await held.against(body, token.strip('" '))
        body = held.again()
    answers = _answers(here, municipality, body, sent_by(request) or holder.name, expected)
    return TailingResponse(sent.told(answers), media_type="application/x-ndjson")


async def _expected(request: Request, here: Desk, municipality: str, raw: bytes) -> Found | None:
    """What a dry run stood on, when the caller holds us to its plan."""
    token = request.headers.get("if-match")
    if token is None:
        return None
    held = Held(here, municipality)
    try:
        return next(await held.against(_once(raw), token.strip('" ')), None)
    finally:
        held.close()


async def _once(raw: bytes) -> AsyncIterator[bytes]:
    yield raw.replace(b"\n", b" ")


async def _answers(
    here: Desk, municipality: str, body: AsyncIterator[bytes], by: str, expected: Iterator[Found] | None
) -> AsyncIterator[str]:
    lines = split_lines().lines(body)
    counts: dict[str, int] = {}
    conflicts = 0
    batch: list[str] = []
    async for line in here.bookings.accept_lines(municipality, lines, sent_by=by, expected=expected):
        told = _told(line)
        counts[told.outcome] = counts.get(told.outcome, 0) + 1
        conflicts += len(told.conflicts)
        batch.append(told.model_dump_json(exclude_none=True))
        if len(batch) >= 100:  # noqa: PLR2004 - lines a chunk
            yield "\n".join(batch) + "\n"
            batch = []
    summary = ImportSummary.model_validate({**counts, "lines": sum(counts.values()), "conflicts": conflicts})
    yield "\n".join([*batch, f'{{"summary":{summary.model_dump_json()}}}']) + "\n"


def _told(line: Line) -> ImportLine:
    if line.done is None:
        details = of_refused(line.refused) if line.refused else problem("internal")
        return ImportLine(line=line.line, number=line.number, outcome="rejected", problem=details)
    judged = line.done.answer
    match judged.outcome:
        case Outcome.ACCEPTED | Outcome.UNCHANGED:
            outcome: Literal["accepted", "unchanged"] = (
                "accepted" if judged.outcome is Outcome.ACCEPTED else "unchanged"
            )
            return ImportLine(
                line=line.line, number=line.number, outcome=outcome, conflicts=showing.conflicts(judged.conflicts)
            )
        case Outcome.SUPERSEDED:
            details = problem("superseded", f"revision {judged.revision} is known", current_revision=judged.revision)
            return ImportLine(line=line.line, number=line.number, outcome="superseded", problem=details)
    details = problem(
        "revision-conflict", f"send the change as revision {judged.revision + 1}", current_revision=judged.revision
    )
    return ImportLine(line=line.line, number=line.number, outcome="rejected", problem=details)


def _is_dry(request: Request) -> bool:
    """Whether nothing may be stored. A parameter that is not understood may be meant to say so: it is refused."""
    if not request.scope["query_string"]:
        return False
    told = dict(request.query_params)
    dry = told.pop("dry_run", "false")
    if told or dry not in {"true", "false"}:
        raise ProblemError("unknown-parameter", "this call takes dry_run=true or false; nothing was stored")
    return dry == "true"


async def _body(request: Request) -> bytes:
    if media_type(request) != "application/json":
        raise ProblemError("wrong-content-type", "send Content-Type: application/json")
    raw, more = b"", True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, more = message.get("body", b""), message.get("more_body", False)
        raw = raw + chunk if raw else chunk
        if len(raw) > LINE_LIMIT:
            raise ProblemError("too-large", f"a booking is at most {LINE_LIMIT} bytes")
    if not raw:
        raise InvalidError([FieldFault("", "invalid-json", "the body is empty")])
    return raw
