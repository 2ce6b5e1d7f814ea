"""Taking items in, whatever way they came: the next are understood while the last are written."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from hub.intake.inlets import Inlet
from hub.sdk import RawItem, RejectedError
from hub.service.incoming.foreseeing import Foreseeing, Foreseen
from hub.service.incoming.taking_in import Batch, Counts, From, Hashed, MovedError, TakingIn, Understood, apart
from hub.store import intake
from hub.store.engine.writer import Readers, Writer
from hub.store.rehearsal import Rehearsal

T = TypeVar("T")

MOST_ROWS = 100
MOST_BYTES = 1_000_000
"""Of one transaction: no other waits long behind it."""
MOST_TOLD = 1000
"""Faults and remarks that a report names; the rest are counted."""
_TRIES = 5


@dataclass
class Report:
    """What an import comes to, as it goes."""

    counts: Counts = field(default_factory=Counts)
    faults: list[tuple[str, str]] = field(default_factory=list)
    """Place and reason of what could not be understood."""
    remarks: list[tuple[str, str]] = field(default_factory=list)
    """Place and text of what was understood, and is odd."""
    remarked: int = 0
    foreseen: list[Foreseen] = field(default_factory=list)
    """Of a dry run: gatherings that would change; the first of them."""

    def note(self, told: Iterable[Understood]) -> None:
        """Take down what a person should see."""
        for one in told:
            if one.fault and len(self.faults) < MOST_TOLD:
                self.faults.append((one.item.place, one.fault))
            for remark in one.item.remarks:
                self.remarked += 1
                if len(self.remarks) < MOST_TOLD:
                    self.remarks.append((remark.place, remark.text))


class Taking:
    """Understands and keeps."""

    def __init__(
        self, writer: Writer, readers: Readers, taking_in: TakingIn, erase: Callable[[], Awaitable[None]]
    ) -> None:
        """Take in; `erase`: what leads to those who were marked, before anything more is taken in."""
        self._writer, self._readers, self._in, self._erase = writer, readers, taking_in, erase
        self.changing = taking_in.changing
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="intake")
        """One thread understands for all: two would only wait for one another."""

    def stop(self) -> None:
        """Let the thread end."""
        self._aside.shutdown(wait=False, cancel_futures=True)

    async def _apart(self, function: Callable[..., T], *values: object, **more: object) -> T:
        """Run it beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._aside, partial(function, *values, **more))

    async def file(
        self, inlet: Inlet, items: Iterator[RawItem], report: Report, *, import_id: int, dry_run: bool = False
    ) -> None:
        """Take in a file's items; `report` grows with what is on disk, or, dry, with what would be.

        Raises:
            RejectedError: the file as a whole cannot be read any further; what came before stays.
        """
        whence = From(inlet.municipality, inlet.name, import_id)
        ended: list[RejectedError] = []
        rehearsing = _Rehearsing(Rehearsal(), self._in.foreseeing(whence)) if dry_run else None
        told_so_far = (inlet.understood(item) for item in _until(items, ended))
        batches = apart(told_so_far, most=MOST_ROWS, most_bytes=MOST_BYTES)
        before, writing = Counts(), asyncio.create_task(_nothing())
        async with inlet.lock:
            try:
                while (told := await self._apart(next, batches, None)) is not None:
                    hashed = await self._apart(self._in.hashed, whence, told)
                    batch = await self._prepared(whence, hashed, None, rehearsing)
                    report.counts = before = before + await writing
                    report.note(told)
                    writing = asyncio.create_task(
                        self._written(batch, hashed, before)
                        if rehearsing is None
                        else self._foreseen(batch, rehearsing)
                    )
            finally:
                await asyncio.gather(writing, return_exceptions=True)
                if rehearsing:
                    report.foreseen = rehearsing.changes.told()
                    rehearsing.rows.close()
            report.counts = before + await writing
        if ended:
            raise ended[0]

    async def items(self, inlet: Inlet, items: Iterable[RawItem], *, cursor: str | None = None) -> Counts:
        """Take in what was told or asked for, and how far the source has been read."""
        whence, counts = From(inlet.municipality, inlet.name), Counts()
        told: list[Understood] = await self._apart(list, map(inlet.understood, items))
        async with inlet.lock:
            batches = list(apart(told, most=MOST_ROWS, most_bytes=MOST_BYTES)) or [[]]
            for number, some in enumerate(batches, 1):
                hashed = await self._apart(self._in.hashed, whence, some)
                batch = await self._prepared(whence, hashed, cursor if number == len(batches) else None)
                counts += await self._written(batch, hashed, counts)
        return counts

    async def _foreseen(self, batch: Batch, rehearsing: "_Rehearsing") -> Counts:
        """Nowhere; what it would have come to, and would have changed."""
        await self._readers.read(rehearsing.changes.lay, batch.gatherings)
        return batch.own

    async def _written(self, batch: Batch, hashed: list[Hashed], before: Counts) -> Counts:
        """On disk; prepared anew when the same things were taken in meanwhile. Gives what it then came to."""
        tries = 0
        while True:
            try:
                marked = await self._writer.call(self._in.take, batch._replace(before=before))
            except MovedError:
                if (tries := tries + 1) > _TRIES:
                    raise
                batch = await self._prepared(batch.whence, hashed, batch.cursor)
            else:
                if marked:
                    await self._erase()
                return batch.own

    async def _prepared(
        self, whence: From, hashed: list[Hashed], cursor: str | None, rehearsing: "_Rehearsing | None" = None
    ) -> Batch:
        sources = [one.source for one in hashed]
        seen = await self._readers.read(intake.latest, whence.municipality, whence.connection, sources)
        if rehearsing is None:
            return await self._apart(self._in.batch, whence, hashed, seen, cursor=cursor)
        batch = await self._apart(self._in.batch, whence, hashed, seen | rehearsing.rows.latest(sources))
        rehearsing.rows.keep(batch.rows)
        return batch


@dataclass(frozen=True)
class _Rehearsing:
    """What a dry run has come to."""

    rows: Rehearsal
    changes: Foreseeing


def _until(items: Iterator[RawItem], ended: list[RejectedError]) -> Iterator[RawItem]:
    """The items until the file cannot be read any further; why is put aside, so that they are taken in first."""
    try:
        yield from items
    except RejectedError as error:
        ended.append(error)


async def _nothing() -> Counts:
    """Nothing is being written yet."""
    return Counts()
