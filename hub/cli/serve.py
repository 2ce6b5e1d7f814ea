"""`knutpunkt serve`: the whole hub in one process."""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import uvicorn
from fastapi import FastAPI

from hub.app import Hub
from hub.cli import options, showing
from hub.cli.options import CannotRunError, Moment
from hub.clock import DomainClock
from hub.errors import HubError
from hub.settings import Settings
from hub.store.database import shown

_QUIET = ("httpx", "httpcore", "apscheduler", "alembic", "uvicorn", "amqtt", "transitions", "asyncssh", "opentelemetry")
"""Libraries that say more than an operator wants to read."""
_LEVELS = ("debug", "info", "warning", "error")


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@options.database
@options.option("--host", default=Settings.host, help="Where to listen; behind a proxy leave it so.")
@options.option("--port", type=click.IntRange(0, 65535), default=Settings.port, help="0: any that is free.")
@options.option("--simulate", is_flag=True, help="Start the simulator of every connection, and use that.")
@options.option("--clock", "start", type=Moment(), help="Where the domain's time starts; for tries and demos.")
@options.option("--speed", type=click.FloatRange(0, min_open=True), default=1.0, help="How fast it goes.")
@options.option("--traces", help="Where to send traces: http://HOST:4318/v1/traces; needs knutpunkt[otel].")
@options.option("--log-level", type=click.Choice(_LEVELS), default="info", help="What to say on standard error.")
@options.as_json
def serve(  # noqa: PLR0913 - a command line
    *,
    folders: tuple[Path, ...],
    database: str,
    host: str,
    port: int,
    simulate: bool,
    start: datetime | None,
    speed: float,
    traces: str | None,
    log_level: str,
    as_json: bool,
) -> None:
    """Serve the municipalities in FOLDERS: the API, the console, and the deliveries.

    A folder is put in force on an empty database; later the version in the database rules, and differences are told.
    """
    _log_at(log_level)
    with _listening(host, port) as listening:
        here = listening.getsockname()[1]
        settings = Settings(database=database, host=host, port=here, simulate=simulate, traces=traces)
        hub = _made(settings, folders, _clock(start, speed))
        app = hub.web()
        server = _Server(_config(app, settings))
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_serve(hub, app, server, listening, as_json=as_json))


def _log_at(level: str) -> None:
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # that a job still goes is no news to an operator


def _clock(start: datetime | None, speed: float) -> DomainClock:
    if start is None and speed != 1:
        start = datetime.now().astimezone()
    return DomainClock(start, speed)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Taken before anything else starts; whoever connects early waits."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        msg = f"cannot listen at {host} port {port}: {os.strerror(error.errno or 0)}; another hub? choose with --port"
        raise CannotRunError(msg) from error
    with listening:
        yield listening


def _made(settings: Settings, folders: tuple[Path, ...], clock: DomainClock) -> Hub:
    try:
        return Hub(settings, folders, clock=clock)
    except (OSError, ValueError, HubError) as error:
        raise CannotRunError(f"{shown(settings.database)}: {error}") from error


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    finish = int(settings.pulse.finish.total_seconds())
    return uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
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


async def _serve(hub: Hub, app: FastAPI, server: _Server, listening: socket.socket, *, as_json: bool) -> None:
    """Start the hub, serve until told to stop, then let it finish what is in hand; told twice it stops at once."""
    loop, signals = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)
    for each in signals:
        loop.add_signal_handler(each, _stop, each, server, hub)
    async with AsyncExitStack() as running:
        try:
            await running.enter_async_context(app.router.lifespan_context(app))
        except HubError as error:
            raise CannotRunError(str(error)) from error
        calm_collector()
        _announce(hub, as_json=as_json)
        await server.serve(sockets=[listening])
        for each in signals:
            loop.remove_signal_handler(each)


def _announce(hub: Hub, *, as_json: bool) -> None:
    host = f"[{hub.settings.host}]" if ":" in hub.settings.host else hub.settings.host
    address = f"http://{host}:{hub.settings.port}"
    towns = {key: _counts(hub, key) | {"console": f"{address}/console/{key}"} for key in sorted(hub.rulebook.towns())}
    key_file, docs = str(hub.operator_key_file), f"{address}/docs"
    if as_json:
        showing.as_json({"address": address, "docs": docs, "operator_key_file": key_file, "municipalities": towns})
        return
    for key, told in towns.items():
        click.echo(_LINE.format(key=key, **told))
    click.echo(f"Serving at {address}; documentation at {docs}; the operator's key is in {key_file}")


_LINE = (
    "{name} ({key}): {facilities} facilities, {resources} resources, {connections} connections; "
    "is tonight ready? {console}"
)


def _counts(hub: Hub, municipality: str) -> dict[str, Any]:
    configuration = hub.rulebook.town(municipality).configuration
    facilities = configuration.facilities.values()
    return {
        "name": configuration.municipality.name,
        "facilities": len(facilities),
        "resources": sum(len(facility.resources) for facility in facilities),
        "connections": len(configuration.connections),
    }
