"""What an operator does with the keys that seal: look at them, and take out those that nothing needs any more."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag

from hub.errors import HubError
from hub.store.engine.database import Connection
from hub.store.seals import rotation, sealed
from hub.store.seals.sealed import COLUMNS
from hub.store.seals.sealing import Seal

_SOME = 1000


class StillNeededError(HubError):
    """A key cannot go yet; the text says what to wait for."""


class Counted(NamedTuple):
    """One key, and how many values are under it, by column."""

    id: str
    made: str
    seals: bool
    values: dict[str, int]


def counted(connection: Connection, seal: Seal) -> list[Counted]:
    """Every key of the file, the newest last. What no other key has sealed is counted to the one without an id."""
    keys = seal.keys.sealing
    found: list[dict[str, int]] = [{} for _ in keys]
    for column, every, by_id in sealed.counts(connection, [key.id for key in keys]):
        for mine, key, count in zip(found, keys, by_id, strict=True):
            mine[column.name] = count + (every - sum(by_id) if key.bare else 0)
    return [Counted(key.id.hex(), key.made, key.id == seal.newest, mine) for key, mine in zip(keys, found, strict=True)]


def retirable(connection: Connection, seal: Seal) -> Sequence[bytes]:
    """The keys that nothing needs any more: all but the newest.

    Raises:
        StillNeededError: values are being sealed anew, or some still need one of them.
    """
    known, newest = rotation.progress(connection), seal.newest
    if known is None or known.key != newest.hex() or known.ended is None:
        far = f" ({known.percent} %)" if known and known.key == newest.hex() else ""
        msg = f"values are still being sealed anew with key {newest.hex()}{far}; keep the hub running until it is done"
        raise StillNeededError(msg)
    if any(_need(connection, seal, limit=known.lost + _SOME)):
        msg = "there are values that only an older key opens; keep the hub running, and rotate once more"
        raise StillNeededError(msg)
    return [key.id for key in seal.keys.sealing if key.id != newest]


def _need(connection: Connection, seal: Seal, *, limit: int) -> Iterator[bool]:
    """Whether values under other keys open at all; what no key opens needs none."""
    for column in COLUMNS:
        for value in sealed.not_under(connection, column, seal.newest, limit=limit):
            try:
                seal.open(value.sealed, value.place)
            except InvalidTag:
                yield False
            else:
                yield True
