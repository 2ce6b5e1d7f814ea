"""Binds each request to the municipality of its address, before anything is asked of the database."""

from starlette.types import ASGIApp, Receive, Scope, Send

from hub.store.engine.walls import within


class Walled:
    """Between what surrounds every request and the routes; other addresses are of no municipality."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        municipality = _told(scope["path"]) if scope["type"] == "http" else ""
        if not municipality:
            await self._app(scope, receive, send)
            return
        with within(municipality):
            await self._app(scope, receive, send)


def _told(path: str) -> str:
    match path.split("/", 3):
        case ["", "v1", municipality, _] | ["", "console", municipality, *_]:
            return municipality
    return ""
