"""The systems of the town, in a process that outlives the hub: ARX and lamps, which lose and delay on demand."""

import asyncio
import json
import os
import random
import re
import signal
import time
from collections import Counter, deque
from collections.abc import Callable
from enum import StrEnum, auto
from typing import Any

import httpx
from aiohttp import web
from pydantic import SecretStr

from connectors.access_arx.simulator import ArxSimulator
from hub.clock import DomainClock, micros
from tests.faults.moments import Moment, meant
from tests.faults.town import DOORS, LAMPS, LANDS_WITHIN, LOCKS, TIMEOUT

GIVEN_UP = TIMEOUT.total_seconds() * 1.05
LATEST = LANDS_WITHIN.total_seconds() * 0.85
"""A call that comes late has its effect this long after it was sent, at most; the rest is for the way here."""


class Fate(StrEnum):
    """What becomes of a call that changes something."""

    DONE = auto()
    DROPPED = auto()
    """Nothing is done, and nothing answered."""
    UNANSWERED = auto()
    """It is done, and not answered."""
    LATE = auto()
    """It is done after the caller has given up."""


class Systems:
    """Both systems, and what they do to their callers."""

    def __init__(self, seed: int) -> None:
        self.arx = ArxSimulator(DomainClock(), DOORS)
        self.lamps: dict[str, int | None] = {}
        self.calls: Counter[str] = Counter()
        self.odds: dict[Fate, float] = {}
        self.trap: dict[str, Any] = {}
        """{"place", "moment", "pid", "whose"}: whom to kill, and when."""
        self._dice = random.Random(seed)
        self._log: dict[str, deque[str]] = {}

    def app(self) -> web.Application:
        """Give the application."""
        app = web.Application()
        app.add_routes([web.route("*", "/arx/{path:.*}", self._arx)])
        app.add_routes([web.put("/lamps/{key}", self._put_lamp), web.get("/lamps/{key}", self._get_lamp)])
        app.add_routes([web.get("/_told", self._tell), web.post("/_odds", self._set_odds)])
        app.add_routes([web.post("/_trap", self._set_trap)])
        return app

    async def _arx(self, request: web.Request) -> web.StreamResponse:
        raw = await _body(request)
        asked = httpx.Request(request.method, str(request.url), headers=dict(request.headers), content=raw)

        def act() -> web.Response:
            told = self.arx.handle(asked)
            return web.Response(status=told.status_code, body=told.content, headers=_kept(told.headers))

        if request.method != "POST":
            return self._hung_up(request) if self._dice.random() < self.odds.get(Fate.DROPPED, 0) else act()
        found = re.search(rb"<id>(hub-[^<]*)</id>", raw)
        key = found[1].decode() if found else "?"
        return await self._changed(request, LOCKS, key, b"deleted" in raw, act)

    async def _put_lamp(self, request: web.Request) -> web.StreamResponse:
        key, percent = request.match_info["key"], json.loads(await _body(request))["percent"]

        def act() -> web.Response:
            self.lamps[key] = percent
            return web.Response()

        return await self._changed(request, LAMPS, key, percent, act)

    async def _get_lamp(self, request: web.Request) -> web.Response:
        return web.json_response({"percent": self.lamps.get(request.match_info["key"])})

    async def _changed(
        self, request: web.Request, place: str, key: str, what: object, act: Callable[[], web.Response]
    ) -> web.StreamResponse:
        """Let fate have its way with one call."""
        fate = self._fate()
        self._note(key, f"{place} {key} {what} {fate}")
        self.calls[f"{place} {fate}"] += 1
        if self._killed(place, Moment.RECEIVED, key):
            fate = Fate.LATE
        if fate is Fate.DROPPED:
            return self._hung_up(request)
        if fate is Fate.LATE:
            await asyncio.sleep(self._delay())
        answer = act()
        self._note(key, f"{place} {key} {what} is so")
        killed = self._killed(place, Moment.APPLIED, key)
        return self._hung_up(request) if killed or fate is not Fate.DONE else answer

    def _fate(self) -> Fate:
        dice = self._dice.random()
        for fate, odds in self.odds.items():
            if dice < odds:
                return fate
            dice -= odds
        return Fate.DONE

    def _delay(self) -> float:
        """As late as can be, when all calls are to be late."""
        always = self.odds.get(Fate.LATE) == 1
        return LATEST if always else self._dice.uniform(GIVEN_UP, LATEST)

    def _killed(self, place: str, moment: Moment, key: str) -> bool:
        if (self.trap.get("place"), self.trap.get("moment")) != (place, moment) or not meant([key], self.trap["whose"]):
            return False
        os.kill(self.trap.pop("pid"), signal.SIGKILL)
        self.trap.clear()
        return True

    def _hung_up(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _note(self, key: str, words: str) -> None:
        self._log.setdefault(key, deque(maxlen=12)).append(f"{time.time():.3f} {words}")

    async def _tell(self, _request: web.Request) -> web.Response:
        """Everything that is true, and what happened last under each key."""
        opens = [
            {
                "key": one.key,
                "value": one.value.get_secret_value() if isinstance(one.value, SecretStr) else "",
                "windows": [(w.door, micros(w.starts_at), micros(w.ends_at)) for w in one.windows],
            }
            for one in self.arx.credentials()
        ]
        told = {
            "opens": opens, "persons": list(self.arx.persons), "cards": list(self.arx.cards.values()),
            "lamps": self.lamps, "calls": self.calls, "log": {key: list(lines) for key, lines in self._log.items()},
        }  # fmt: skip
        return web.json_response(told)

    async def _set_odds(self, request: web.Request) -> web.Response:
        self.odds = {Fate(name): value for name, value in json.loads(await request.read()).items()}
        return web.Response()

    async def _set_trap(self, request: web.Request) -> web.Response:
        self.trap = json.loads(await request.read())
        return web.Response()


async def _body(request: web.Request) -> bytes:
    """Read what was sent; a caller that was killed while it sent has asked for nothing."""
    try:
        return await request.read()
    except ConnectionError:
        raise web.HTTPBadRequest from None


def _kept(headers: httpx.Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() in {"content-type", "www-authenticate"}}


def serve(port: int, seed: int) -> None:
    """Be the systems, until killed."""
    app = Systems(seed).app()
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None, handler_cancellation=False)
