"""`knutpunkt key rotate`, `retire` and `sealing`: the keys of personal fields, in the key file beside the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from hub.cli import options, showing
from hub.cli.auditing import seal_of, tell
from hub.cli.databases import key_file, looked_into, opened
from hub.cli.options import CannotRunError
from hub.errors import ConfigurationError
from hub.model.audit import Act
from hub.service.keeping.keys import EVERY_MUNICIPALITY
from hub.service.keeping.resealing import fits
from hub.service.keeping.rotating import StillNeededError, counted, retirable
from hub.store.engine.database import Connection
from hub.store.seals import keyring, rotation
from hub.store.seals.sealing import Seal


class NotYetError(click.ClickException):
    """Not yet: the text says what to wait for."""

    exit_code = 1


@click.command()
@options.database
@options.as_json
def rotate(database: str, *, as_json: bool) -> None:
    """Make a new key for personal fields; a running hub takes it up within seconds, and seals all anew."""
    path = key_file(database)
    with _seal(database, path):
        made = keyring.rotate(path, made=datetime.now(UTC).isoformat(timespec="seconds")).newest
    _tell(database, Act.SEALING_ROTATED, made.id.hex())
    if as_json:
        showing.as_json({"key": made.id.hex(), "made": made.made, "file": str(path)})
        return
    click.echo(f"key {made.id.hex()} seals from now on; {path} holds it, and those before it")
    click.echo("Copy the file to where its last copy is, now: what is sealed from here on opens with nothing else.")
    click.echo("A hub that runs seals all anew by itself: see knutpunkt status, or knutpunkt key sealing.")


@click.command()
@options.database
@options.as_json
def retire(database: str, *, as_json: bool) -> None:
    """Take out of the key file all keys but the newest; refused while a value needs one of them."""
    path = key_file(database)
    with _seal(database, path) as (connection, seal):
        try:
            ids = frozenset(retirable(connection, seal))
        except StillNeededError as error:
            raise NotYetError(str(error)) from None
    if ids:
        _tell(database, Act.SEALING_RETIRED, " ".join(sorted(id_.hex() for id_ in ids)))
    keyring.retire(path, ids)
    if as_json:
        showing.as_json({"retired": sorted(id_.hex() for id_ in ids)})
        return
    click.echo(f"{len(ids)} keys retired" if ids else "there is one key only: nothing to retire")
    if ids:
        click.echo("Backups of the database from before need them: keep a copy of the old key file as long as those.")


@click.command("sealing")
@options.database
@options.as_json
def sealing(database: str, *, as_json: bool) -> None:
    """Show the keys of personal fields, how many values are under each, and what is left to seal anew."""
    with _seal(database, key_file(database)) as (connection, seal):
        found, known = counted(connection, seal), rotation.progress(connection)
    ended = known is not None and known.ended is not None and known.key == seal.newest.hex()
    told = {"done": ended, "percent": known.percent if known else 0, "unopened": known.lost if known else 0}
    if as_json:
        showing.as_json({"keys": [one._asdict() for one in found], **told})
        return
    rows = ((one.id, one.made, "yes" if one.seals else "", sum(one.values.values())) for one in found)
    showing.screen().print(showing.table(("Key", "Made", "Seals", "Values"), rows))
    click.echo("All is under the newest key." if ended else f"Being sealed anew: {told['percent']} %.")
    if known and known.lost:
        click.echo(f"{known.lost} values open with no key of the file.")


def _tell(database: str, act: Act, ids: str) -> None:
    """With the keys as they are now, so that whoever reads it can."""
    seal = seal_of(database)
    with opened(database) as connection:
        tell(connection, seal, EVERY_MUNICIPALITY, act, ids)


@contextmanager
def _seal(database: str, path: Path) -> Iterator[tuple[Connection, Seal]]:
    """The database, and the keys that belong to it."""
    with looked_into(database) as connection:
        try:
            seal = Seal(keyring.read(path))
            fits(connection, seal)
        except (OSError, ValueError, ConfigurationError) as error:
            raise CannotRunError(str(error)) from error
        yield connection, seal
