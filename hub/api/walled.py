"""Binds each request to the municipality of its address, before anything is asked of the database."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from hub.store.engine.walls import within

_PLACE = re.compile(r"/v1/([^/]+)/|/console/([^/]+)")


class Walled:
    """Between what surrounds every request and the routes; other addresses are of no municipality."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = _PLACE.match(scope["path"]) if scope["type"] == "http" else None
        if place is None:
            await self._app(scope, receive, send)
            return
        with within(place[1] or place[2]):
            await self._app(scope, receive, send)
