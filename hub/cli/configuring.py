"""`knutpunkt plan`, `apply`, `history` and `rollback`: a municipality's configuration, version by version.

They open the database themselves. A hub that runs follows within seconds, and plans anew what stands; where none runs
the command does that itself.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from hub.cli import foretold, options, showing
from hub.cli.auditing import seal_of, user
from hub.cli.databases import looked_into, opened
from hub.cli.options import CannotRunError, Moment, NoSuchThingError
from hub.cli.words import Words
from hub.clock import DomainClock, micros
from hub.configuration.reader import Read, read_folder
from hub.errors import ConfigurationError, HubError, NotFoundError, RefusedError
from hub.model.configured import Application, VersionLine
from hub.service.audit.acting import act_as
from hub.service.governing.configuring import Applying, Configuring, Moved
from hub.service.governing.configuring import history as listed
from hub.service.governing.foretelling import Wanted, foretell
from hub.service.rulebook import Rulebook
from hub.service.words.saying import Language
from hub.store import configurations
from hub.store.engine.database import Session
from hub.store.engine.writer import Readers, Writer
from hub.store.seals.sealing import Seal

_LOOK_SECONDS = 0.2
_HUB_BEGINS_WITHIN_SECONDS = 6.0
"""A hub that runs looks every other second whether another version is current."""
_folder = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
_municipality = options.option("--municipality", help="Which one; not needed where there is one.")


class RefusedHereError(click.ClickException):
    """It is not done: something must be put right first."""

    exit_code = 1


@click.command()
@_folder
@options.option("--at", type=Moment(), show_default="now", help="As of this moment; for a hub with another --clock.")
@options.database
@options.language
@options.as_json
@click.pass_context
def plan(
    context: click.Context, folder: Path, at: datetime | None, database: str, *, language: Language, as_json: bool
) -> None:
    """Tell what would change in what stands, were FOLDER applied now; changes nothing.

    Ends 1 if it would be refused, or if bookings could not be planned so.
    """
    read, words = _read(folder), Words(language)
    wanted = Wanted(read.required(), read.files, micros(at or DomainClock().now()))
    with looked_into(database) as connection, _progress(words("looking")) as done:
        found = foretell(connection, seal_of(database), wanted, done)
    if as_json:
        showing.as_json(found)
    else:
        foretold.show(found, words)
    context.exit(1 if found.refused or found.unplannable else 0)


@click.command()
@_folder
@options.database
@options.language
@options.as_json
def apply(folder: Path, database: str, *, language: Language, as_json: bool) -> None:
    """Put FOLDER in force: it is stored as a version, and what stands is planned anew with it.

    Whatever is accepted from then on follows it. Stopped on the way it goes on by itself, where a hub runs.
    """
    read = _read(folder)
    town = read.required().municipality.key
    _put_in_force(database, lambda one: one.apply(town, read.files), Words(language), as_json=as_json)


@click.command()
@click.argument("version", type=click.IntRange(1), required=False)
@_municipality
@options.database
@options.language
@options.as_json
def rollback(
    version: int | None, municipality: str | None, database: str, *, language: Language, as_json: bool
) -> None:
    """Put VERSION in force again, or the one before the current; what stands is planned anew with it."""
    with looked_into(database) as connection:
        town = municipality or _only(connection)
    _put_in_force(database, lambda one: one.roll_back(town, version), Words(language), as_json=as_json)


@click.command()
@_municipality
@options.database
@options.language
@options.as_json
def history(municipality: str | None, database: str, *, language: Language, as_json: bool) -> None:
    """List the versions of a municipality's configuration: when, by whom, which is in force, and what it changed."""
    seal = seal_of(database)
    with looked_into(database) as connection:
        town = municipality or _only(connection)
        lines = listed(connection, seal, town)
        known = configurations.progress(connection, town)
    if not lines:
        raise NoSuchThingError(f"no municipality {town!r} in {', '.join(_towns(database)) or 'an empty database'}")
    applied = known is None or known.applied
    if as_json:
        showing.as_json({"municipality": town, "applied": applied, "versions": lines})
    else:
        _show(lines, Words(language), applied=applied)


def _read(folder: Path) -> Read:
    """The folder, which must be right. Raises RefusedHereError."""
    read = read_folder(folder)
    try:
        read.required()
    except ConfigurationError as error:
        raise RefusedHereError(f"{folder} cannot be used; knutpunkt check tells more:\n{error}") from None
    return read


def _towns(database: str) -> list[str]:
    with looked_into(database) as connection:
        return sorted(configurations.current_versions(connection))


def _only(connection: Session) -> str:
    towns = sorted(configurations.current_versions(connection))
    if len(towns) != 1:
        raise CannotRunError(f"say which with --municipality: {', '.join(towns) or 'there is none yet'}")
    return towns[0]


# ---- putting in force


class _Hub(NamedTuple):
    """What of a hub a command needs."""

    writer: Writer
    readers: Readers
    seal: Seal


def _put_in_force(
    database: str, move: Callable[[Configuring], Coroutine[Any, Any, Moved]], words: Words, *, as_json: bool
) -> None:
    seal = seal_of(database)
    with opened(database):
        pass  # it is there, and of this version
    hub = _Hub(Writer(database), Readers(database, threads=1), seal)
    try:
        moved, progress = asyncio.run(_moved(hub, move, words))
    except (RefusedError, ConfigurationError) as error:
        raise RefusedHereError(str(error)) from error
    except NotFoundError as error:
        raise NoSuchThingError(str(error)) from error
    except HubError as error:
        raise CannotRunError(str(error)) from error
    finally:
        hub.writer.stop()
        hub.readers.stop()
    _tell(moved, progress, words, as_json=as_json)


async def _moved(
    hub: _Hub, move: Callable[[Configuring], Coroutine[Any, Any, Moved]], words: Words
) -> tuple[Moved, configurations.Progress | None]:
    """Move the pointer, then see what stands planned anew: by a hub, or here where no hub begins."""
    act_as(user())
    moved = await move(Configuring(hub.writer, hub.readers, hub.seal, DomainClock()))
    known = await hub.readers.read(configurations.progress, moved.municipality)
    if known is None or known.applied:
        return moved, known
    ((last,),) = await hub.readers.read(lambda c: c.rows("SELECT coalesce(max(id), 0) FROM bookings"))
    mine: asyncio.Task[None] | None = None
    again = time.monotonic() + _HUB_BEGINS_WITHIN_SECONDS
    with _progress(words("replanning")) as done:
        while known is not None and not known.applied and known.version == moved.version:
            if mine is None and time.monotonic() > again:
                mine = asyncio.create_task(_walked(hub))
            if mine is not None and mine.done():
                mine.result()
                mine, again = None, time.monotonic() + _HUB_BEGINS_WITHIN_SECONDS
            await asyncio.sleep(_LOOK_SECONDS)
            known = await hub.readers.read(configurations.progress, moved.municipality)
            done(known.walked if known else last, last)
    if mine is not None:
        await mine
    return moved, known


async def _walked(hub: _Hub) -> None:
    """What no hub does, or none does any more."""
    rulebook = Rulebook(hub.seal)
    await rulebook.load(hub.readers)
    await Applying(hub.writer, hub.readers, hub.seal, rulebook, DomainClock()).finish()


def _tell(moved: Moved, progress: configurations.Progress | None, words: Words, *, as_json: bool) -> None:
    made = Application(
        municipality=moved.municipality,
        version=moved.version,
        before=moved.before,
        applied=progress is not None and progress.version == moved.version and progress.applied,
        changed=progress.changed if progress and moved.version != moved.before else 0,
    )
    if as_json:
        showing.as_json(made)
    elif moved.version == moved.before:
        click.echo(words("same_version", **made.model_dump()))
    elif not made.applied:
        click.echo(words("overtaken", **made.model_dump()))
    else:
        click.echo(words("in_force", **made.model_dump()))


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; told how far, and of how much."""
    console = showing.screen(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


def _show(lines: list[VersionLine], words: Words, *, applied: bool) -> None:
    rows = (
        (
            f"{'*' if one.current else ' '} {one.version}",
            showing.local(one.made_at),
            showing.local(one.put_in_force_at),
            one.who,
            one.person,
            "; ".join([*one.differences, *([words("more", count=one.more)] if one.more else [])]),
        )
        for one in lines
    )
    columns = [words(key) for key in ("version", "made_at", "in_force_at", "who", "person", "what")]
    showing.screen().print(showing.table(columns, rows), words("times"), sep="\n")
    if not applied:
        click.echo(words("not_applied"))
