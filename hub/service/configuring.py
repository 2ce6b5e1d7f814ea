"""Putting a municipality's folder in force: the first time by itself, later only when an operator says so."""

from pathlib import Path
from typing import NamedTuple

from hub.clock import Clock, micros
from hub.configuration.compare import differences
from hub.configuration.reader import read_folder
from hub.store import configurations
from hub.store.writer import Readers, Writer


class Put(NamedTuple):
    """What became of a folder."""

    municipality: str
    first: bool
    """Whether it was put in force now."""
    differences: list[str]
    """How the folder differs from the version in force."""


async def put_folder(path: Path, writer: Writer, readers: Readers, clock: Clock) -> Put:
    """Store the folder's configuration when its municipality has none; else tell how it differs.

    Raises:
        ConfigurationError: the folder has errors.
    """
    read = read_folder(path)
    town = read.required().municipality.key
    stored = {version.municipality: version for version in await readers.read(configurations.current)}
    if town in stored:
        return Put(town, first=False, differences=differences(stored[town].files, read.files))
    now = micros(clock.now())
    await writer.call(lambda connection: configurations.add(connection, town, read.files, now=now))
    return Put(town, first=True, differences=[])
