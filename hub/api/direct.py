"""The one way that thousands take: a booking put. Documented by FastAPI, and called without it.

To find its route, to solve two parameters and to wrap the answer took FastAPI as long as all that the hub does with a
booking before it is written. Whatever is not a booking put goes on as ever.
"""

import re
from functools import cached_property

from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.api import problems
from hub.api.bookings import put_booking

_ROUTE = "/v1/{municipality}/bookings/{number}"
_BOOKING = re.compile(r"/v1/([^/]+)/bookings/([^/]+)")


class _ByName(Headers):
    """Each header looked up once for all: five are asked for, and a list was searched for each."""

    @cached_property
    def _named(self) -> dict[str, str]:
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(self.raw)}

    def __getitem__(self, key: str) -> str:
        return self._named[key.lower()]

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        return self._named.get(key.lower(), default)


class _Put(Request):
    """A request whose headers are found by name."""

    @cached_property
    def headers(self) -> Headers:
        return _ByName(scope=self.scope)


class DirectPut:
    """Hands a booking put to its endpoint."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = _BOOKING.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if place is None:
            await self._app(scope, receive, send)
            return
        scope["template"] = _ROUTE
        request = _Put(scope, receive, send)
        try:
            response = await put_booking(place[1], place[2], request)
        except problems.REFUSALS as error:
            response = await problems.refused(request, error)
        except ClientDisconnect:
            return
        await response(scope, receive, send)
