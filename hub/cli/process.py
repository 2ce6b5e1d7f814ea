"""A process of the hub that goes on until it is told to stop: what `serve` and `worker` share."""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from hub.api.gathered import GatheredHttp
from hub.app import Hub
from hub.cli.options import CannotRunError
from hub.clock import DomainClock
from hub.errors import HubError
from hub.settings import Settings
from hub.store.engine.database import shown

LEVELS = ("debug", "info", "warning", "error")
_QUIET = ("httpx", "httpcore", "apscheduler", "alembic", "uvicorn", "amqtt", "transitions", "asyncssh", "opentelemetry")
"""Libraries that say more than an operator wants to read."""


def log_at(level: str) -> None:
    """What to say on standard error."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # that a job still goes is no news to an operator


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Taken before anything else starts; whoever connects early waits."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family)
    except OSError as error:
        msg = f"cannot listen at {host} port {port}: {os.strerror(error.errno or 0)}; another hub? choose with --port"
        raise CannotRunError(msg) from error
    with made:
        yield made


def made(settings: Settings, folders: tuple[Path, ...], clock: DomainClock) -> Hub:
    """The hub; raises CannotRunError."""
    try:
        return Hub(settings, folders, clock=clock)
    except (OSError, ValueError, HubError) as error:
        raise CannotRunError(f"{shown(settings.database)}: {error}") from error


def address(settings: Settings) -> str:
    """Where it answers."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def run(hub: Hub, app: FastAPI, at: socket.socket, announce: Callable[[], None]) -> None:
    """Start the hub, say so, answer until told to stop, and let it finish what is in hand."""
    server = _Server(_config(app, hub.settings))
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(_run(hub, app, server, at, announce))


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    finish = int(settings.pulse.finish.total_seconds())
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=GatheredHttp,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=finish,
    )


class _Server(uvicorn.Server):
    """Leaves signals to us: the hub stops after the server, and must not be killed on the way."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _stop(told: int, server: _Server, hub: Hub) -> None:
    """Take no more requests, and let streams of events end: the server waits for them."""
    hub.end_streams()
    server.handle_exit(told, None)


def calm_collector() -> None:
    """Have what is there now never looked at again by the garbage collector, and the rest seldom.

    A full collection walked a hundred megabytes of code and configuration, and stood in the way of every request for
    a tenth of a second; all collections together took a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _run(hub: Hub, app: FastAPI, server: _Server, at: socket.socket, announce: Callable[[], None]) -> None:
    """Told twice it stops at once."""
    loop, signals = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)
    for each in signals:
        loop.add_signal_handler(each, _stop, each, server, hub)
    async with AsyncExitStack() as running:
        try:
            await running.enter_async_context(app.router.lifespan_context(app))
        except HubError as error:
            raise CannotRunError(str(error)) from error
        calm_collector()
        announce()
        await server.serve(sockets=[at])
        for each in signals:
            loop.remove_signal_handler(each)
