"""`knutpunkt serve`: the whole hub in one process."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from hub.app import Hub
from hub.cli import options, process, showing
from hub.cli.options import Moment
from hub.clock import DomainClock
from hub.settings import Settings
from hub.store.engine.database import is_postgresql


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@options.database
@options.option("--host", default=Settings.host, help="Where to listen; behind a proxy leave it so.")
@options.option("--port", type=click.IntRange(0, 65535), default=Settings.port, help="0: any that is free.")
@options.option("--no-worker", is_flag=True, help="Serve only; knutpunkt worker carries, on the same PostgreSQL.")
@options.option("--simulate", is_flag=True, help="Start the simulator of every connection, and use that.")
@options.option("--clock", "start", type=Moment(), help="Where the domain's time starts; for tries and demos.")
@options.option("--speed", type=click.FloatRange(0, min_open=True), default=1.0, help="How fast it goes.")
@options.option("--traces", help="Where to send traces: http://HOST:4318/v1/traces; needs knutpunkt[otel].")
@options.option("--log-level", type=click.Choice(process.LEVELS), default="info", help="What to say on standard error.")
@options.as_json
def serve(  # noqa: PLR0913 - a command line
    *,
    folders: tuple[Path, ...],
    database: str,
    host: str,
    port: int,
    no_worker: bool,
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
    process.log_at(log_level)
    if no_worker and (simulate or not is_postgresql(database)):
        msg = "--no-worker leaves carrying to knutpunkt worker, which needs a PostgreSQL database and real systems"
        raise click.UsageError(msg)
    with process.listening(host, port) as listening:
        here = listening.getsockname()[1]
        settings = Settings(
            database=database, host=host, port=here, simulate=simulate, traces=traces, carries=not no_worker
        )
        hub = process.made(settings, folders, _clock(start, speed))
        process.run(hub, hub.web(), listening, partial(_announce, hub, as_json=as_json))


def _clock(start: datetime | None, speed: float) -> DomainClock:
    if start is None and speed != 1:
        start = datetime.now().astimezone()
    return DomainClock(start, speed)


def _announce(hub: Hub, *, as_json: bool) -> None:
    address = process.address(hub.settings)
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
