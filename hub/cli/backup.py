"""`knutpunkt backup` and `restore`: the database in one file, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from hub.cli import options, showing
from hub.cli.auditing import tell_when_possible
from hub.cli.options import CannotRunError
from hub.errors import HubError
from hub.model.audit import Act
from hub.service.keeping import backups
from hub.service.keeping.backups import Restored
from hub.store.copies.archive import KeyFile, Manifest
from hub.store.engine.database import shown


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@options.database
@options.as_json
def backup(file: Path, database: str, *, as_json: bool) -> None:
    """Write the whole database to FILE, as it is at one moment; the hub goes on meanwhile.

    The key file is not in it: keep a copy of that elsewhere, and not beside the backup.
    """
    with _told():
        made = backups.back_up(database, file, at=datetime.now(UTC))
        tell_when_possible(database, Act.BACKED_UP, file.name, sha256=made.sha256)
    path = backups.key_file_of(database)
    if as_json:
        showing.as_json({"file": str(file), "key_file": str(path), "manifest": made})
        return
    click.echo(f"{file}: {_said(made)}; sha256 of its data {made.sha256}")
    if made.key_file.ids:
        click.echo(f"Not in it: {path} with {_keys(made.key_file)}. Keep a copy of that file in another place.")
    else:
        click.echo(f"Not in it, and not there: {path}. Without it nobody opens the personal fields.", err=True)


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@options.option("--replace", is_flag=True, help="What the database holds now may go.")
@options.option("--paused", is_flag=True, help="Begin with every connection paused: nothing is sent until `:resume`.")
@options.option("--in-place", is_flag=True, help="Without FILE: the database was brought back by other means.")
@options.database
@options.as_json
def restore(file: Path | None, database: str, *, replace: bool, paused: bool, in_place: bool, as_json: bool) -> None:
    """Bring back the database from FILE; stop every node of the hub first.

    What happened after the backup is not known any more: cursors of the event feed end, no event's id is given twice,
    and all that stands in other systems is read before anything is sent.
    """
    if (file is None) is not in_place:
        raise click.UsageError("give FILE, or --in-place for a database that was brought back by other means")
    now = datetime.now(UTC)
    with _told():
        if file is None:
            done = backups.begin_in_place(database, at=now, paused=paused)
        else:
            done = backups.restore(database, file, at=now, replace=replace, paused=paused)
        of = done.manifest.made_at.isoformat() if done.manifest else None
        tell_when_possible(database, Act.RESTORED, file.name if file else "", made_at=of, epoch=done.begun.epoch)
    if as_json:
        told = {"manifest": done.manifest, "missing_keys": done.missing, "schema_version": done.schema_version}
        showing.as_json(told | done.begun._asdict())
        return
    _tell(done, database, paused=paused)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (HubError, OSError) as error:
        raise CannotRunError(str(error)) from error


def _said(manifest: Manifest) -> str:
    held, counts = manifest.contents, manifest.contents.counts
    return (
        f"{counts['bookings']} bookings and {counts['events']} events at {manifest.made_at:%Y-%m-%d %H:%M} UTC"
        f" ({held.server}, hub {manifest.hub}, schema {held.schema_version})"
    )


def _keys(file: KeyFile) -> str:
    return f"key{'s' if len(file.ids) > 1 else ''} {', '.join(file.ids)}"


def _tell(done: Restored, database: str, *, paused: bool) -> None:
    what = _said(done.manifest) if done.manifest else f"as it is (schema {done.schema_version})"
    click.echo(f"{shown(database)}: {what}; feed epoch {done.begun.epoch}")
    click.echo(
        f"{done.begun.targets} targets will be read before anything is sent, {done.begun.records} records asked for."
    )
    click.echo("Now:")
    for number, step in enumerate(_steps(done, database, paused=paused), 1):
        click.echo(f"{number}. {step}")


def _steps(done: Restored, database: str, *, paused: bool) -> Iterator[str]:
    """What is left for people to do, in order."""
    path = backups.key_file_of(database)
    if done.missing or not done.key_file.ids:
        missing = f" (without {', '.join(done.missing)} personal fields stay closed)" if done.missing else ""
        yield f"Put the copy of the key file at {path}{missing}, before anything is started."
    if done.is_older:
        yield "Run knutpunkt migrate: the backup is of an earlier version."
    yield "Start the hub. Keys that were revoked after the backup are in force again: knutpunkt key list."
    yield "Have the booking core send what it has: knutpunkt verify LIST tells what differs; closures too."
    yield "Subscribers whose cursor answers 410 read the bookings anew, then the feed from its end."
    yield "Let files that were read after the backup be read again; what is known is known again."
    yield "Compare GET /invoices with the ledger before new ones go out: what was sent after the backup is not known."
    if paused:
        yield "Then resume each connection: POST .../connections/NAME:resume."
