"""A backup as a file: a ZIP that holds a database's data and its manifest. It has its name when it is whole, or none.

The key file is named in the manifest, and never in the ZIP: whoever finds a backup opens nothing with it.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Literal, NamedTuple

from pydantic import ValidationError

from hub.errors import RefusedError
from hub.model.frozen import Frozen

Kind = Literal["sqlite", "postgresql"]
_MANIFEST = "manifest.json"
_DATA: dict[Kind, tuple[str, int]] = {
    "sqlite": ("database.sqlite3", zipfile.ZIP_DEFLATED),
    "postgresql": ("database.pgdump", zipfile.ZIP_STORED),
}
"""What the data is called in the ZIP, and how it is kept there: pg_dump has compressed its own."""
_CHUNK = 1 << 20
_ASIDE = ".knutpunkt-part"
"""How folders end that hold what has no name yet."""


class KeyFile(Frozen):
    """What opens the personal fields: its name, and what its keys are known by."""

    name: str
    ids: tuple[str, ...]


class Contents(Frozen):
    """What a database holds, and where its event feed is."""

    kind: Kind
    server: str
    """The program, and its version."""
    schema_version: str
    epoch: str
    counts: dict[str, int]
    """Rows by table."""


class Manifest(Frozen):
    """What a backup says of itself; `sha256` is that of the data as it was before it was compressed."""

    format: Literal[1]
    hub: str
    made_at: datetime
    contents: Contents
    key_file: KeyFile
    size: int
    sha256: str


class Measured(NamedTuple):
    """Data that went by."""

    size: int
    sha256: str


@contextmanager
def aside(place: Path) -> Iterator[Path]:
    """A folder beside, for its owner alone, gone at the end; what killed processes left there goes first."""
    for left in place.glob(f"*{_ASIDE}"):
        with suppress(OSError), _alone(left):
            shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=".", suffix=_ASIDE, dir=place))
    try:
        with _alone(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The system lets go of it when the process is gone. Raises BlockingIOError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


class Packing:
    """A backup that is being written in a folder aside."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "backup.zip"

    def data(self, kind: Kind, data: IO[bytes]) -> Measured:
        """Pack the data, to its end."""
        name, how = _DATA[kind]
        with (
            zipfile.ZipFile(self._path, "w", how, compresslevel=1) as packed,
            packed.open(name, "w", force_zip64=True) as into,
        ):
            return poured(data, into)

    def named(self, manifest: Manifest, file: Path) -> None:
        """Add the manifest, and give it its name when all of it is on disk. Raises RefusedError."""
        with zipfile.ZipFile(self._path, "a") as packed:
            packed.writestr(_MANIFEST, manifest.model_dump_json(indent=2))
        into_place(self._path, file)


def poured(data: IO[bytes], into: IO[bytes]) -> Measured:
    """Copy to the end, measuring."""
    hashed, size = hashlib.sha256(), 0
    while chunk := data.read(_CHUNK):
        hashed.update(chunk)
        size += len(chunk)
        into.write(chunk)
    return Measured(size, hashed.hexdigest())


def into_place(made: Path, file: Path) -> None:
    """Give a whole file its name, for its owner alone, in the place of what had it; it stands after a loss of power."""
    made.chmod(0o600)
    for path, how in ((made, os.O_RDWR), (made.parent, os.O_RDONLY)):
        _on_disk(path, how)
    made.replace(file)
    _on_disk(file.parent, os.O_RDONLY)


def _on_disk(path: Path, how: int) -> None:
    handle = os.open(path, how)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Backup:
    """A backup that is there. Reading it raises RefusedError where it is none, or not whole."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with self._opened() as packed, packed.open(_MANIFEST) as told:
            self.manifest = _read(file, told.read())

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self._file) as packed:
                yield packed
        except (zipfile.BadZipFile, KeyError, EOFError) as error:
            raise _broken(self._file, str(error)) from None

    def unpack(self, into: IO[bytes]) -> None:
        """Write the data there, and see that it is what was packed."""
        name, _ = _DATA[self.manifest.contents.kind]
        with self._opened() as packed, packed.open(name) as data:
            measured = poured(data, into)
        if measured != (self.manifest.size, self.manifest.sha256):
            raise _broken(self._file, "its data is not what its manifest says")


def _read(file: Path, told: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(told)
    except ValidationError:
        raise _broken(file, "its manifest is not to be read: made by a newer hub?") from None


def _broken(file: Path, why: str) -> RefusedError:
    return RefusedError("broken-backup", f"{file}: no whole backup of this hub's ({why})")
