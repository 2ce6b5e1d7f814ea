"""Backup and restore: a database at one moment in a file, and a database that begins anew where the file ends."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from hub.clock import micros
from hub.errors import RefusedError
from hub.store.copies import anew, archive, dumping, taking
from hub.store.copies.anew import Begun
from hub.store.copies.archive import Backup, KeyFile, Manifest, Packing
from hub.store.engine.database import beside, connect, is_postgresql, path_of, shown
from hub.store.engine.migrating import HEAD
from hub.store.engine.migrating import version as schema_of
from hub.store.seals import keyring


class Restored(NamedTuple):
    """What was brought back, and how it begins."""

    manifest: Manifest | None
    """None for a database that was brought back by other means."""
    begun: Begun
    key_file: KeyFile
    """That beside the database, as it is now."""
    schema_version: str

    @property
    def is_older(self) -> bool:
        """Whether `knutpunkt migrate` must bring it to what this hub needs."""
        return self.schema_version != HEAD

    @property
    def missing(self) -> tuple[str, ...]:
        """The keys that opened personal fields when the backup was made, and are not in the key file."""
        told = self.manifest.key_file.ids if self.manifest else ()
        return tuple(id_ for id_ in told if id_ not in self.key_file.ids)


def key_file_of(url: str) -> Path:
    """Where the key file of a database lies."""
    return beside(url).with_suffix(".key")


def _keys(file: Path) -> KeyFile:
    """What the key file holds; nothing when it is not there. Raises RefusedError."""
    try:
        return KeyFile(
            name=file.name, ids=tuple(key.id.hex() for key in keyring.read(file).sealing) if file.exists() else ()
        )
    except ValueError as error:
        raise RefusedError("no-key-file", str(error)) from None


def back_up(url: str, file: Path, *, at: datetime) -> Manifest:
    """Write a backup; hubs go on meanwhile. Killed at any moment, it leaves all of the file, or none.

    Raises:
        RefusedError: there is no database, it is damaged, or the file is there already.
        OSError: no room, or no right to write there.
    """
    if file.exists():
        raise RefusedError("file-exists", f"{file} is there already: choose another name")
    if not is_postgresql(url) and not path_of(url).exists():
        raise RefusedError("no-database", f"no database at {shown(url)}")
    if schema_of(url) is None:
        raise RefusedError("no-database", f"{shown(url)} is empty: nothing to back up")
    keys = _keys(key_file_of(url))
    with archive.aside(file.parent) as aside:
        packing = Packing(aside)
        with dumping.taken(url, aside) as taken:
            size, sha256 = packing.data(taken.contents.kind, taken.data)
        manifest = Manifest(
            format=1,
            hub=version("knutpunkt"),
            made_at=at.astimezone(UTC),
            contents=taken.contents,
            key_file=keys,
            size=size,
            sha256=sha256,
        )
        packing.named(manifest, file)
    return manifest


def restore(url: str, file: Path, *, at: datetime, replace: bool, paused: bool) -> Restored:
    """Bring a backup back, into an empty place or in place of what is there; killed, it leaves all of it, or none.

    Raises:
        RefusedError: the backup is not whole or does not fit, or what is there may not be replaced.
        OSError: no room, or no right to write there.
    """
    backup = Backup(file)
    manifest = backup.manifest
    _check_fits(manifest, url)
    keys = _keys(key_file_of(url))
    into = _into_server if is_postgresql(url) else _into_file
    begun = into(backup, url, lambda address: _begin(address, manifest, at=at, paused=paused), replace=replace)
    return Restored(manifest, begun, keys, manifest.contents.schema_version)


def begin_in_place(url: str, *, at: datetime, paused: bool) -> Restored:
    """Begin anew with a database that was brought back by other means. Raises RefusedError."""
    found = schema_of(url) if is_postgresql(url) or path_of(url).exists() else None
    if found is None:
        raise RefusedError("no-database", f"no database at {shown(url)}")
    dumping.check_unused(url)
    return Restored(None, _begin(url, None, at=at, paused=paused), _keys(key_file_of(url)), found)


def _check_fits(manifest: Manifest, url: str) -> None:
    if manifest.contents.schema_version > HEAD:
        msg = f"the backup is of hub {manifest.hub}, which is newer than this one: install that"
        raise RefusedError("newer-backup", msg)
    if manifest.contents.kind != dumping.kind_of(url):
        msg = f"the backup is of {manifest.contents.server}, and {shown(url)} is another kind of database"
        raise RefusedError("other-database", msg)


Begin = Callable[[str], Begun]


def _into_file(backup: Backup, url: str, begin: Begin, *, replace: bool) -> Begun:
    """All is done aside, and the file then gets its name."""
    path = path_of(url)
    if not replace and path.exists() and path.stat().st_size:
        raise RefusedError("not-empty", f"{path} is there already: back it up, then say --replace")
    with archive.aside(path.parent) as aside:
        address = dumping.unpacked(backup, aside)
        begun = begin(address)
        dumping.replace(path, path_of(address))
    return begun


def _into_server(backup: Backup, url: str, begin: Begin, *, replace: bool) -> Begun:
    from hub.store.copies import pg_programs  # noqa: PLC0415 - late: SQLite does without a driver

    pg_programs.load(backup, url, replace=replace)
    return begin(url)


def _begin(url: str, manifest: Manifest | None, *, at: datetime, paused: bool) -> Begun:
    """See that all is there, then begin anew; only then does it say which schema it is."""
    with closing(connect(url)) as connection:
        if manifest and taking.counts(connection, manifest.contents.kind) != manifest.contents.counts:
            raise RefusedError("broken-backup", "there are not as many rows as the manifest says")
        with connection.transaction():
            begun = anew.begin(connection, now=micros(at), paused=paused)
            if manifest:
                dumping.say_version(connection, manifest.contents.schema_version)
    return begun
