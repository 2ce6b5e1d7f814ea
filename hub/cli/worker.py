"""`knutpunkt worker`: a process that carries, and serves nobody; any number of them beside those that serve."""

from functools import partial

import click

from hub.app import Hub
from hub.cli import options, process, showing
from hub.cli.options import CannotRunError
from hub.clock import DomainClock
from hub.errors import HubError
from hub.settings import Settings
from hub.store.engine import migrating
from hub.store.engine.database import beside, is_postgresql, shown


@click.command()
@options.database
@options.option("--host", default=Settings.host, help="Where health and figures are told; behind a proxy leave it so.")
@options.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any that is free.")
@options.option("--traces", help="Where to send traces: http://HOST:4318/v1/traces; needs knutpunkt[otel].")
@options.option("--log-level", type=click.Choice(process.LEVELS), default="info", help="What to say on standard error.")
@options.as_json
def worker(database: str, host: str, port: int, traces: str | None, log_level: str, *, as_json: bool) -> None:
    """Carry what the nodes on a PostgreSQL database have accepted, for every municipality in it.

    Any number of them go side by side, with `knutpunkt serve` or with `knutpunkt serve --no-worker`.
    """
    process.log_at(log_level)
    _check(database)
    with process.listening(host, port) as listening:
        settings = Settings(database=database, host=host, port=listening.getsockname()[1], traces=traces)
        hub = process.made(settings, (), DomainClock())
        process.run(hub, hub.health_only(), listening, partial(_announce, hub, as_json=as_json))


def _check(database: str) -> None:
    """Raises CannotRunError where there is nothing to carry, or nobody may beside the one that serves."""
    if not is_postgresql(database):
        msg = f"{shown(database)} has one process, which carries by itself: knutpunkt serve; several need PostgreSQL"
        raise CannotRunError(msg)
    try:
        version = migrating.version(database)
    except HubError as error:
        raise CannotRunError(str(error)) from error
    if version is None:
        raise CannotRunError(f"{shown(database)} is empty: start knutpunkt serve FOLDER first, once")
    key_file = beside(database).with_suffix(".key")
    if not key_file.exists():
        raise CannotRunError(f"no key file at {key_file.resolve()}: put there the one of the nodes that serve")


def _announce(hub: Hub, *, as_json: bool) -> None:
    address, towns = process.address(hub.settings), sorted(hub.rulebook.towns())
    if as_json:
        showing.as_json({"address": address, "municipalities": towns})
        return
    click.echo(f"Carrying for {', '.join(towns) or 'nobody yet'}; health and figures at {address}")
