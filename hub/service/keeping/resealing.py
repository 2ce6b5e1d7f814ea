"""Sealing all values anew after a rotation of keys: in small steps beside the rest, from where the last one ended.

A step reads a few rows and seals them outside the writer; one short transaction puts them in place, each unless it was
changed meanwhile, and moves the mark: a process killed anywhere goes on from there. What was sealed with the old key
before a process saw the new one may be written behind the mark, so walks are repeated until one that began a good while
after the rotation meets nothing.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from cryptography.exceptions import InvalidTag

from hub.clock import Clock, now_of, span
from hub.errors import ConfigurationError
from hub.masking import place_of
from hub.service.rulebook import Rulebook
from hub.service.words import sentences
from hub.store import problems
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.problems import Cause
from hub.store.seals import rotation, sealed
from hub.store.seals.keyring import Keys
from hub.store.seals.rotation import Progress
from hub.store.seals.sealed import COLUMNS, Sealed, Value
from hub.store.seals.sealing import Seal

LOG = logging.getLogger("hub.resealing")

ROWS = 100
BYTES = 1_000_000
"""Of one transaction: no other waits long behind it."""
IDLE_SECONDS = 2.0
"""How often the key file is looked at."""
PAUSE_SECONDS = 0.02
"""The least between two steps; else twice as long as the step took."""
KEY_FILE = Cause("key-file", "")
_LACKS = "the key file lacks key {key}, which seals this database; put the newest copy of it back"
CALLED = "key-file"
"""What stands for the connection in its problem."""


class Step(NamedTuple):
    """A few values, the next in order, and those of them that are sealed anew."""

    before: Progress
    now: Progress
    column: Sealed
    renewed: Sequence[tuple[Value, bytes]]


class Resealing:
    """Follows the key file, and walks."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        seal: Seal,
        rulebook: Rulebook,
        clock: Clock,
        *,
        settled: timedelta,
    ) -> None:
        """Hold what it walks with; `settled`: how long after a rotation the old key may still be in use."""
        self._writer, self._readers, self._seal, self._rulebook = writer, readers, seal, rulebook
        self._clock, self._settled = clock, span(settled)
        self._told: str | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Go on until told to stop."""
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            began, more = loop.time(), False
            try:
                more = await self.step()
            except Exception as error:  # noqa: BLE001 - its text may hold anything
                LOG.error("sealing anew cannot go on; trying again: %s", place_of(error))  # noqa: TRY400
            await self._rest(max(PAUSE_SECONDS, 2 * (loop.time() - began)) if more else IDLE_SECONDS)

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping.set()

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def step(self) -> bool:
        """Do the next few values; whether there are more to do at once."""
        self._seal.follow()
        step = await self._readers.read(self._next)
        progress = step.before if isinstance(step, Step) else step
        if progress is not None and _is_ahead(progress, self._seal.keys):
            await self._tell(progress, _LACKS.format(key=progress.key))
            return False
        if progress is None or _is_of_another(progress, self._seal.keys):
            progress = await self._writer.call(self._begin)
            more = progress.ended is None
        else:
            more = isinstance(step, Step) and await self._writer.do(put, step, behind=True)
        await self._tell(progress, self._seal.fault)
        return more

    def _begin(self, connection: Connection) -> Progress:
        """Where only one key has ever sealed, nothing is to be done."""
        keys, known, now = self._seal.keys, rotation.progress(connection, to_move=True), connection.clock()
        ids = tuple(key.id.hex() for key in keys.sealing)
        if known is None and len(ids) == 1:
            begun = Progress(ids[-1], ids, now, ended=now)
        else:
            begun = Progress(ids[-1], ids, now, total=sealed.total(connection), lost=known.lost if known else 0)
            LOG.warning("sealing %d values anew with key %s", begun.total, begun.key)
        rotation.keep(connection, begun)
        return begun

    def _next(self, connection: Connection) -> Step | Progress | None:
        """The next step; or, where there is none now, how far it has come."""
        before = rotation.progress(connection)
        keys = self._seal.keys
        if before is None or before.ended is not None or _is_ahead(before, keys) or _is_of_another(before, keys):
            return before
        if before.walk > 1 and not before.looked and connection.clock() < before.begun + self._settled:
            return before
        column = next(one for one in COLUMNS if one.name == before.column)
        values = _few(sealed.after(connection, column, before.after, limit=ROWS))
        if not values:
            return Step(before, _past(before, column, connection.clock()), column, ())
        renewed, unopened = self._renewed(values)
        now = replace(
            before,
            after=values[-1].key,
            looked=before.looked + len(values),
            renewed=before.renewed + len(renewed),
            unopened=before.unopened + unopened,
        )
        return Step(before, now, column, renewed)

    def _renewed(self, values: Sequence[Value]) -> tuple[list[tuple[Value, bytes]], int]:
        """Those that are under another key, now under the newest; and how many no key opens."""
        renewed, unopened = [], 0
        for value in values:
            try:
                new = self._seal.renewed(value.sealed, value.place)
            except InvalidTag:
                unopened += 1
                continue
            if new is not None:
                renewed.append((value, new))
        return renewed, unopened

    async def _tell(self, progress: Progress, fault: str) -> None:
        """A key file that cannot be used, and values that no key opens, are a problem of every municipality."""
        lost = sentences.UNOPENED.say(count=progress.lost) if progress.lost else ""
        fault = fault or lost
        if fault != self._told:
            await self._writer.call(self._tell_all, fault)
            self._told = fault

    def _tell_all(self, connection: Connection, fault: str) -> None:
        now = now_of(self._clock)
        for town in self._rulebook.towns():
            if fault:
                problems.open_(connection, town, CALLED, KEY_FILE, detail=fault, now=now)
            else:
                problems.close_of(connection, town, CALLED, [KEY_FILE.code], now=now)


def _is_ahead(progress: Progress, keys: Keys) -> bool:
    """Whether a key seals that is not in the file: another process has a newer one, and nothing is sealed back."""
    return progress.key not in {key.id.hex() for key in keys.sealing}


def _is_of_another(progress: Progress, keys: Keys) -> bool:
    """Whether another key seals now, or one came that may open what was lost."""
    ids = {key.id.hex() for key in keys.sealing}
    return progress.key != keys.newest.id.hex() or bool(progress.lost and ids - set(progress.known))


def _few(values: list[Value]) -> list[Value]:
    """As many as are small enough together, and one at least."""
    size = 0
    for number, value in enumerate(values):
        size += len(value.sealed)
        if number and size > BYTES:
            return values[:number]
    return values


def _past(before: Progress, column: Sealed, now: int) -> Progress:
    """At the end of a column: the next one, the next walk, or the end."""
    following = COLUMNS[COLUMNS.index(column) + 1 :]
    if following:
        return replace(before, column=following[0].name, after=following[0].start)
    if before.walk > 1 and not before.renewed:
        return replace(before, ended=now, lost=before.unopened)
    return Progress(
        before.key, before.known, before.begun, walk=before.walk + 1, total=before.total, lost=before.unopened
    )


def put(connection: Connection, steps: Sequence[Step]) -> list[bool]:
    """Put the values in place and move the mark, where no other process has moved it. Whether there are more."""
    return [_put(connection, step) for step in steps]


def _put(connection: Connection, step: Step) -> bool:
    if rotation.progress(connection, to_move=True) == step.before:
        sealed.replace(connection, step.column, step.renewed)
        rotation.keep(connection, step.now)
    return step.now.ended is None


def fits(connection: Connection, seal: Seal) -> None:
    """See that the key file is this database's.

    Raises:
        ConfigurationError: it is of another, or lacks its newest key.
    """
    seal.follow()
    known = rotation.progress(connection)
    if known is not None and _is_ahead(known, seal.keys):
        raise ConfigurationError(_LACKS.format(key=known.key))
    some = [value for column in COLUMNS for value in sealed.ends(connection, column)]
    if some and not any(_opens(seal, value) for value in some):
        msg = "the key file opens nothing of this database; put back the one that belongs to it"
        raise ConfigurationError(msg)


def _opens(seal: Seal, value: Value) -> bool:
    try:
        seal.open(value.sealed, value.place)
    except InvalidTag:
        return False
    return True
