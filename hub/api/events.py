"""The event feed: cursor pages, and the same as Server-Sent Events."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from hub.api.auth import authorised, require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.api.problems import ProblemError
from hub.model.answers import EventPage
from hub.service.keeping.keys import Scope as Right

ROUTER = APIRouter(prefix="/v1/{municipality}", tags=["events"])

_Here = Annotated[Desk, Depends(desk)]
_READ = [Depends(require(Right.EVENTS_READ))]
_LOOK_SECONDS = 0.25
_ALIVE_SECONDS = 15.0
_PAGE = 500
_MOST_STREAMS = 100
"""Open at once, of one municipality: each asks the database four times a second."""


@ROUTER.get("/events", dependencies=_READ, responses=problems("not-found", "invalid-cursor", "cursor-gone"))
async def list_events(
    municipality: str,
    here: _Here,
    after: Annotated[str | None, Query(max_length=200, description="the `next` of an earlier page")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> EventPage:
    """Give the next events in the order of their commit; nothing is ever skipped. An empty page: ask again later."""
    return await here.feed.page(municipality, after, limit=limit)


@ROUTER.get(
    "/events/stream",
    dependencies=_READ,
    response_class=StreamingResponse,
    responses=problems("not-found", "invalid-cursor", "cursor-gone", "too-many-streams")
    | {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events as they come"}},
)
async def stream_events(
    municipality: str,
    request: Request,
    here: _Here,
    after: Annotated[str | None, Query(max_length=200, description="left out: from now on")] = None,
    last_event_id: Annotated[str | None, Header(max_length=200, description="where a broken stream ended")] = None,
) -> StreamingResponse:
    """Give events as they are committed. Each has its cursor as id, so a broken stream goes on where it ended."""
    begin = last_event_id or after or await here.feed.end(municipality)
    await here.feed.page(municipality, begin, limit=1)
    return _Stream(_stream(request, here, municipality, begin), here, municipality)


class _Stream(StreamingResponse):
    """Takes a place among the open streams when it begins, if there is one, and gives it back however it ends."""

    def __init__(self, texts: AsyncGenerator[str], here: Desk, municipality: str) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(texts, media_type="text/event-stream", headers=headers)
        self._texts, self._open, self._municipality = texts, here.streams, municipality

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._open[self._municipality] >= _MOST_STREAMS:
            raise ProblemError("too-many-streams", f"{_MOST_STREAMS} are open; close those that nobody reads")
        self._open[self._municipality] += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._open[self._municipality] -= 1
            await self._texts.aclose()


async def _stream(request: Request, here: Desk, municipality: str, cursor: str) -> AsyncGenerator[str]:
    """End when the caller has gone or may read no more, or when the hub stops."""
    loop = asyncio.get_running_loop()
    alive_at = loop.time()
    yield ": the feed of this municipality\n\n"
    while await _goes_on(request, here, municipality):
        page = await here.feed.page(municipality, cursor, limit=_PAGE)
        for event in page.events:
            cursor = here.feed.cursor_of(event, page)
            yield f"id: {cursor}\nevent: {event.type}\ndata: {event.model_dump_json()}\n\n"
        if page.events:
            alive_at = loop.time()
        elif loop.time() - alive_at > _ALIVE_SECONDS:
            alive_at = loop.time()
            yield ": alive\n\n"
        if not page.more:
            await asyncio.sleep(_LOOK_SECONDS)


async def _goes_on(request: Request, here: Desk, municipality: str) -> bool:
    if here.stopping.is_set() or await request.is_disconnected():
        return False
    try:
        await authorised(request, municipality, Right.EVENTS_READ)
    except ProblemError:
        return False
    return True
