"""`knutpunkt key`: API keys in the database, and the keys of personal fields beside it; the hub may run meanwhile."""

from datetime import UTC, datetime

import click

from hub.cli import options, sealing, showing
from hub.cli.auditing import seal_of, tell
from hub.cli.databases import opened
from hub.cli.options import NoSuchThingError
from hub.clock import instant, micros
from hub.model.audit import Act
from hub.service.keeping import keys as service
from hub.service.keeping.keys import EVERY_MUNICIPALITY, Scope
from hub.store import configurations, keys

_municipality = options.option("--municipality", required=True, help="Which one it is for; `*`: all.")
_name = options.option("--name", required=True, help="Who uses it; stands beside what they change.")


@click.group()
def key() -> None:
    """Make, list and revoke API keys; rotate the keys that personal fields are sealed with."""


key.add_command(sealing.rotate)
key.add_command(sealing.retire)
key.add_command(sealing.sealing)


@key.command()
@_municipality
@_name
@options.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    required=True,
    help="A right; repeat it.",
)
@options.database
@options.as_json
def create(municipality: str, name: str, scopes: tuple[str, ...], database: str, *, as_json: bool) -> None:
    """Make a key and print it, once."""
    seal = seal_of(database)
    with opened(database) as connection:
        made = service.create(connection, municipality=municipality, name=name, scopes=map(Scope, scopes), now=_now())
        tell(connection, seal, municipality, Act.KEY_MADE, name, scopes=" ".join(sorted(scopes)))
    if as_json:
        told = {"key": made, "municipality": municipality, "name": name, "scopes": sorted(scopes)}
        showing.as_json(told)
    else:
        click.echo(made)
        click.echo("It is told this once; the hub keeps only its hash.", err=True)


@key.command("list")
@options.option("--municipality", help="Only those for this one.")
@options.database
@options.as_json
def list_keys(municipality: str | None, database: str, *, as_json: bool) -> None:
    """List keys: whose, for what, and whether they are in force; never the keys themselves."""
    with opened(database) as connection:
        towns = [municipality] if municipality else [EVERY_MUNICIPALITY, *configurations.current_versions(connection)]
        found = [(town, *row) for town in towns for row in keys.listed(connection, town)]
    if as_json:
        names = ("municipality", "name", "scopes", "created_at", "revoked_at")
        showing.as_json({"keys": [dict(zip(names, _told(*row), strict=True)) for row in found]})
    else:
        columns = ("Municipality", "Name", "Scopes", "Created", "Revoked")
        rows = (
            (town, name, scopes, _shown(created), _shown(revoked)) for town, name, scopes, created, revoked in found
        )
        showing.screen().print(showing.table(columns, rows))


@key.command()
@_municipality
@_name
@options.database
@options.as_json
def revoke(municipality: str, name: str, database: str, *, as_json: bool) -> None:
    """Take the keys of that name out of force."""
    seal = seal_of(database)
    with opened(database) as connection:
        count = keys.revoke(connection, municipality, name, now=_now())
        if not count:
            raise NoSuchThingError(f"no key {name!r} in force for {municipality}")
        tell(connection, seal, municipality, Act.KEY_REVOKED, name, keys=count)
    if as_json:
        showing.as_json({"revoked": count})
    else:
        click.echo(f"{count} revoked; a running hub forgets what it knows of keys within five seconds")


def _now() -> int:
    return micros(datetime.now(UTC))


def _told(town: str, name: str, scopes: str, created: int, revoked: int | None) -> tuple[object, ...]:
    return town, name, scopes.split(), instant(created), None if revoked is None else instant(revoked)


def _shown(at: int | None) -> str | None:
    return None if at is None else showing.local(instant(at))
