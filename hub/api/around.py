"""What surrounds every request: an id, a bound on its body, and one answer to every fault of ours."""

import logging
import re
import secrets
import time
from itertools import count
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.api import problems
from hub.masking import place_of
from hub.model.spelt import has_nul
from hub.service.process.meters import Meters

LOG = logging.getLogger("hub.api")

MOST_BYTES = 256 * 1024
"""Of a body that is read whole before it is known who sends it."""
_TOLD_ID = re.compile(rb"[!-~]{1,128}")
_PROCESS, _REQUESTS = secrets.token_hex(4).encode(), count(1)
"""A new id names the process and the request: it is to be found in a log, and is no secret."""


class BrokenOffError(Exception):
    """An answer that had begun cannot be ended; the server cuts the connection."""


class Around:
    """The outermost of the application."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app, self._meters = app, meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name, begun, came = _id_of(scope), False, time.perf_counter()
        app = _refuse_nul if "\x00" in scope["path"] or b"%00" in scope["query_string"] else self._app

        async def named(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                took = time.perf_counter() - came
                self._meters.answered(scope["method"], template_of(scope), message["status"], took)
                message["headers"] = [*_more(scope, message.get("headers", [])), (b"x-request-id", name)]
            await send(message)

        try:
            await app(scope, receive if _bounds_itself(scope) else _bounded(receive), named)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - its text may hold anything, so only its place is told
            LOG.error("request %s, %s: %s", name.decode(), _route(scope), place_of(error))  # noqa: TRY400
            if begun:
                raise BrokenOffError(name.decode()) from None
            await problems.fault()(scope, receive, named)


async def _refuse_nul(scope: Scope, receive: Receive, send: Send) -> None:
    told = "the address has U+0000 in it, which no name here has; nothing was done"
    await problems.answer(problems.problem("unknown-parameter", told))(scope, receive, send)


def _id_of(scope: Scope) -> bytes:
    """The caller's own, or a new one."""
    told = dict(reversed(scope["headers"])).get(b"x-request-id")
    return told if told and _TOLD_ID.fullmatch(told) else b"%s%08x" % (_PROCESS, next(_REQUESTS))


def _more(scope: Scope, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """No answer of the API is kept on the way: it may hold codes and names."""
    told = b"cache-control" in [name.lower() for name, _ in headers]
    return headers if told or not scope["path"].startswith("/v1/") else [*headers, (b"cache-control", b"no-store")]


def _bounds_itself(scope: Scope) -> bool:
    """Whether who is calling is learned first, and the body then read piece by piece."""
    if scope["method"] not in {"PUT", "POST"}:
        return False
    match scope["path"].split("/"):
        case (
            ["", "v1", _, "bookings"]
            | ["", "v1", _, "bookings" | "documents", _]
            | ["", "v1", _, "attendance", "imports"]
        ):
            return True
    return False


def _bounded(receive: Receive) -> Receive:
    left = MOST_BYTES

    async def bounded() -> Message:
        nonlocal left
        message = await receive()
        body = message.get("body", b"")
        left -= len(body)
        if left < 0:
            raise HTTPException(413)
        if has_nul(body):
            raise HTTPException(422, "a text has U+0000 in it, which no system keeps; leave it out")
        return message

    return bounded


def _route(scope: Scope) -> str:
    return f"{scope['method']} {template_of(scope)}"


def template_of(scope: Scope) -> str:
    """The address as it is documented: what was called may hold anything."""
    route: Any = scope.get("route")
    return str(scope.get("template") or getattr(route, "path", "(no route)"))
