"""The one way that thousands take: a booking put. Documented by FastAPI, and called without it.

To find its route, to solve two parameters and to wrap the answer took FastAPI as long as all that the hub does with a
booking before it is written. Whatever is not a booking put goes on as ever.
"""

from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.api import problems
from hub.api.bookings import put_booking

_ROUTE = "/v1/{municipality}/bookings/{number}"


class _ByName(Headers):
    """Headers that are found by name: five are asked for, and a list was searched for each."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._named = dict(reversed(self.raw))

    def __getitem__(self, key: str) -> str:
        return self._named[key.lower().encode("latin-1")].decode("latin-1")

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        told = self._named.get(key.lower().encode("latin-1"))
        return default if told is None else told.decode("latin-1")


class _Put(Request):
    """A request whose headers are found by name."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._by_name = _ByName(scope)

    @property
    def headers(self) -> Headers:
        return self._by_name


class DirectPut:
    """Hands a booking put to its endpoint."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "PUT":
            match scope["path"].split("/"):
                case ["", "v1", municipality, "bookings", number] if municipality and number:
                    await _put(municipality, number, scope, receive, send)
                    return
        await self._app(scope, receive, send)


async def _put(municipality: str, number: str, scope: Scope, receive: Receive, send: Send) -> None:
    scope["template"] = _ROUTE
    request = _Put(scope, receive, send)
    try:
        response = await put_booking(municipality, number, request)
    except problems.REFUSALS as error:
        response = await problems.refused(request, error)
    except ClientDisconnect:
        return
    await response(scope, receive, send)
