"""The systems that the town is connected to: real conversations over HTTP and SMTP, with simulators behind them.

One that misbehaves tells back all that it was told: in a reason, in headers, in the body, in place of an answer, in the
address that it sends one to. So do real ones, in their error pages.
"""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from urllib.parse import quote

import httpx
from aiohttp import web

from hub.sdk import HttpSimulator
from tests.canary.hearing import Ears
from tests.canary.planted import Planted

HOOK = "hook"
"""A subscriber: it may know no secret but its own."""
_ASKED = ("Authorization", "Cookie")


class Mood(StrEnum):
    """How a system answers."""

    WELL = auto()
    SAYS_NO = auto()
    LETS_NOBODY_IN = auto()
    CONFLICTS = auto()
    BREAKS = auto()
    IS_BUSY = auto()
    SENDS_ELSEWHERE = auto()
    ANSWERS_SOMETHING_ELSE = auto()
    HANGS_UP = auto()
    HANGS = auto()


_STATUSES = {
    Mood.SAYS_NO: 400, Mood.LETS_NOBODY_IN: 401, Mood.CONFLICTS: 409, Mood.BREAKS: 500, Mood.IS_BUSY: 503,
    Mood.SENDS_ELSEWHERE: 302, Mood.ANSWERS_SOMETHING_ELSE: 200,
}  # fmt: skip
ECHOES = (
    Mood.SAYS_NO, Mood.CONFLICTS, Mood.BREAKS, Mood.IS_BUSY, Mood.SENDS_ELSEWHERE, Mood.ANSWERS_SOMETHING_ELSE,
    Mood.HANGS_UP,
)  # fmt: skip
"""Those after which the connection goes on."""


@dataclass
class Front:
    """What stands before one system: knows our login for it, and passes on with the simulator's."""

    system: HttpSimulator | None
    base: str = ""
    login: Mapping[str, str] = field(default_factory=dict)
    """What in headers is the system's own login, by ours."""
    mood: Mood = Mood.WELL
    moods: list[Mood] = field(default_factory=list)
    """Of the next calls, before `mood`."""
    came: list[tuple[str, bytes]] = field(default_factory=list)
    """Address and body of every call."""


class Fronts:
    """All of them, behind one address."""

    def __init__(self, ears: Ears) -> None:
        self.ears, self.fronts = ears, dict[str, Front]()
        self.leave = asyncio.Event()
        """Set when those that hang are to end."""

    def __getitem__(self, name: str) -> Front:
        return self.fronts[name]

    @contextlib.asynccontextmanager
    async def answering(self) -> AsyncIterator[str]:
        """Their address."""
        app = web.Application(client_max_size=64_000_000)
        app.router.add_route("*", "/{front}/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name, body = request.match_info["front"], await request.read()
        front = self.fronts[name]
        told = "; ".join(f"{key}: {value}" for key, value in request.headers.items())
        front.came.append((request.raw_path, body))
        self.ears.hear("address", f"what {name} is called at", request.raw_path)
        if name == HOOK:
            self.ears.hear("webhook", request.raw_path, told.encode() + b"\n" + body)
        else:
            self.ears.give(name, told.encode() + b"\n" + body)
        mood = front.moods.pop(0) if front.moods else front.mood
        match mood:
            case Mood.WELL:
                return self._well(front, request, body)
            case Mood.HANGS_UP:
                assert request.transport
                request.transport.abort()
                return web.Response()
            case Mood.HANGS:
                await self.leave.wait()
                return web.Response(status=204)
        return _told_back(mood, request, body)

    def _well(self, front: Front, request: web.Request, body: bytes) -> web.StreamResponse:
        if front.system is None:
            return web.Response(status=204)
        headers = {
            key: front.login.get(value, value) for key, value in request.headers.items() if key.lower() != "host"
        }
        rest = request.raw_path.split("/", 2)[2]
        asked = httpx.Request(request.method, front.base + rest, headers=headers, content=body)
        try:
            answer = front.system.handle(asked)
        except httpx.TransportError:
            assert request.transport
            request.transport.abort()
            return web.Response()
        self.ears.give("what systems tell", answer.content)
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in {"content-length", "content-encoding"}}
        return web.Response(status=answer.status_code, body=answer.content, headers=headers)


def _told_back(mood: Mood, request: web.Request, body: bytes) -> web.Response:
    text = body.decode("utf-8", "replace")
    login = " ".join(request.headers.get(name, "") for name in _ASKED)
    plain = "".join(letter if " " < letter < "\x7f" else " " for letter in text)[:4000]
    headers = {"X-Debug": plain, "X-Login": login, "Set-Cookie": f"last={quote(text[:1000])}; Path=/"}
    if mood is Mood.SENDS_ELSEWHERE:
        headers["Location"] = f"/elsewhere?asked={quote(text[:2000])}"
    told = f"<html><body>Error in {request.path_qs}: {login} {text} {base64.b64encode(body).decode()}</body></html>"
    return web.Response(
        status=_STATUSES[mood], reason=f"No {plain[:200]}", text=told, content_type="text/html", headers=headers
    )


def with_login(planted: Planted, name: str, user: str, theirs: str) -> dict[str, str]:
    """Basic: what stands in the header with our password, and with the system's."""
    mine = base64.b64encode(f"{user}:{planted.password(name)}".encode()).decode()
    return {f"Basic {mine}": f"Basic {base64.b64encode(f'{user}:{theirs}'.encode()).decode()}"}
