"""Folders where other systems leave files: taken when they stopped growing; archived, or put aside with the reason.

A file is moved out of the way before it is read, so that a new one of the same name is never mixed up with it; what was
moved when the process died is read at the next look.
"""

import asyncio
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, NamedTuple, Protocol

from hub.model.connection import WatchedFolder

TAKEN = ".taken"
"""The folder within, for what is being read."""
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", "~")
"""Names that programs write under until a file is whole."""


class Look(NamedTuple):
    """What a file looks like from outside."""

    size: int
    changed_at: float


class Shelf(Protocol):
    """A folder that files are taken from. Every method raises OSError when it cannot be reached."""

    async def taken(self) -> list[str]:
        """Names of what was moved out of the way and not read to its end."""

    async def left(self) -> Mapping[str, Look]:
        """What has been left there."""

    async def take(self, name: str) -> None:
        """Move it out of the way."""

    async def open(self, name: str) -> BinaryIO:
        """Read what was taken."""

    async def archive(self, name: str, at: datetime) -> None:
        """It has been read."""

    async def put_aside(self, name: str, at: datetime, why: str) -> None:
        """It cannot be read; a text beside it says why."""


@dataclass
class Settled:
    """Knows which files have stopped growing; seconds of a clock that only runs."""

    pattern: str
    after: float
    _since: dict[str, tuple[Look, float]] = field(default_factory=dict)

    def of(self, left: Mapping[str, Look], now: float | None = None) -> list[str]:
        """Those that look as they did `after` seconds ago, oldest change first."""
        now = time.monotonic() if now is None else now
        wanted = {name: look for name, look in left.items() if _is_meant(name, self.pattern)}
        self._since = {name: self._seen(name, look, now) for name, look in wanted.items()}
        ready = [name for name, (_, since) in self._since.items() if now - since >= self.after]
        return sorted(ready, key=lambda name: (wanted[name].changed_at, name))

    def _seen(self, name: str, look: Look, now: float) -> tuple[Look, float]:
        known = self._since.get(name)
        return known if known and known[0] == look else (look, now)


def _is_meant(name: str, pattern: str) -> bool:
    hidden = name.startswith(".") or name.lower().endswith(_UNFINISHED)
    return not hidden and fnmatchcase(name.lower(), pattern.lower())


def stamped(name: str, at: datetime) -> str:
    """The name in an archive: what comes again never covers what came before."""
    return f"{at:%Y%m%dT%H%M%S.%fZ}-{name}"


def readable(name: str) -> str:
    """The name as people read it: one that is not in UTF-8 is from a system that writes Latin-1."""
    raw = name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def beside(name: str) -> str:
    """The name of the text that says why."""
    return f"{name}.reason.txt"


class FolderShelf:
    """A folder on this machine; its disk is waited for in threads."""

    def __init__(self, folder: WatchedFolder) -> None:
        self._path = Path(folder.path)
        self._archive = Path(folder.archive) if folder.archive else self._path / "archive"
        self._errors = Path(folder.errors) if folder.errors else self._path / "errors"

    async def taken(self) -> list[str]:
        return await asyncio.to_thread(_names, self._path / TAKEN)

    async def left(self) -> Mapping[str, Look]:
        return await asyncio.to_thread(_looks, self._path)

    async def take(self, name: str) -> None:
        await asyncio.to_thread(_move, self._path / name, self._path / TAKEN / name)

    async def open(self, name: str) -> BinaryIO:
        return await asyncio.to_thread((self._path / TAKEN / name).open, "rb")

    async def archive(self, name: str, at: datetime) -> None:
        await asyncio.to_thread(_move, self._path / TAKEN / name, self._archive / stamped(name, at))

    async def put_aside(self, name: str, at: datetime, why: str) -> None:
        there = self._errors / stamped(name, at)
        await asyncio.to_thread(_move, self._path / TAKEN / name, there)
        reason = there.with_name(beside(there.name))
        await asyncio.to_thread(reason.write_text, why + "\n", encoding="utf-8")


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _looks(folder: Path) -> dict[str, Look]:
    """What is there; somebody else may move a file while we look."""
    found = {}
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            told = path.lstat()
            if S_ISREG(told.st_mode):
                found[path.name] = Look(told.st_size, told.st_mtime)
    return found


def _move(here: Path, there: Path) -> None:
    there.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(here, there)
