"""A span around each request, for who wants traces: its documented address, its status and its id."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.api.around import template_of
from hub.service.process.meters import method_of
from hub.service.process.tracing import FOLLOWED, Tracing, failed

_FAULT = 500


class Traced:
    """Around all else."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app, self._tracing = app, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, told = method_of(scope["method"]), {name.decode(): value for name, value in scope["headers"]}
        followed = {name: told[name].decode("latin-1") for name in FOLLOWED if name in told}
        with self._tracing.request(method, followed) as span:

            async def answered(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = dict(message.get("headers", []))
                    span.update_name(f"{method} {template_of(scope)}")
                    span.set_attribute("http.request.method", method)
                    span.set_attribute("http.route", template_of(scope))
                    span.set_attribute("http.response.status_code", message["status"])
                    span.set_attribute("knutpunkt.request_id", headers.get(b"x-request-id", b"").decode("latin-1"))
                    if message["status"] >= _FAULT:
                        failed(span, str(message["status"]))
                await send(message)

            await self._app(scope, receive, answered)
