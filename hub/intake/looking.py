"""Looking for what is new: asking systems, and emptying folders. One look of a connection at a time."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC

from hub.clock import Clock, now_of
from hub.errors import InvalidError
from hub.intake.importing import Importing, Via
from hub.intake.inlets import Inlet, Inlets
from hub.intake.shelves import FolderShelf, Settled, Shelf, readable
from hub.intake.taking import Taking
from hub.model.imported import Fetched
from hub.sdk import ConnectorError, CredentialsError, Polls, RejectedError, TellsOfChanges
from hub.service.incoming.taking_in import Counts
from hub.store import connections, intake, problems
from hub.store.engine.database import Connection
from hub.store.engine.walls import within
from hub.store.engine.writer import Readers, Writer
from hub.store.problems import Cause

LOG = logging.getLogger("hub.intake")

DOWN, REFUSED, UNREADABLE = Cause("source-down", ""), Cause("credentials", ""), "unreadable-file"
_MOST_PAGES = 1000
"""Of one look; the next goes on where this one ended."""
_LONGEST_SECONDS = 3600.0
"""Of one visit to a server: one that drips does not hold the connection for ever."""
_ENOUGH = 2
"""Looks in vain before a problem is told: one may be a restart."""


@dataclass
class _Place:
    """What is remembered between the looks of one connection."""

    settled: dict[str, Settled] = field(default_factory=dict)
    failures: int = 0
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Looking:
    """Looks over every inlet of this process."""

    def __init__(
        self, inlets: Inlets, taking: Taking, importing: Importing, writer: Writer, readers: Readers, clock: Clock
    ) -> None:
        self.inlets, self._taking, self._importing = inlets, taking, importing
        self._writer, self._readers, self._clock = writer, readers, clock
        self._places: dict[tuple[str, str], _Place] = {}

    async def look(self, inlet: Inlet) -> Fetched:
        """Take in what is new; what goes wrong is a problem of the connection and told in the answer."""
        with within(inlet.municipality):
            return await self._looked(inlet)

    async def _looked(self, inlet: Inlet) -> Fetched:
        place = self._places.setdefault((inlet.municipality, inlet.name), _Place())
        async with place.looking:
            if await self._is_paused(inlet):
                return _fetched(Counts(), 0, "the connection is paused")
            if inlet.rests():
                return _fetched(Counts(), 0, "nothing is asked of the system now: maintenance, or another process asks")
            found = _Found()
            try:
                await self._look(inlet, place, found)
            except CredentialsError as error:
                await self._writer.call(self._refused, inlet, str(error))
                return _fetched(found.counts, found.files, str(error))
            except (ConnectorError, OSError, TimeoutError) as error:
                told = str(error) or "no answer in time"
            except Exception as error:  # noqa: BLE001 - a connector's bug stops nothing else
                told = f"{inlet.kind} raised {type(error).__name__}"
                LOG.error("connection %s: %s", inlet.name, told)  # noqa: TRY400 - its text may hold anything
            else:
                place.failures = 0
                await self._writer.call(self._worked, inlet)
                return _fetched(found.counts, found.files, None)
            place.failures += 1
            if place.failures >= _ENOUGH:
                await self._writer.call(self._down, inlet, told)
            return _fetched(found.counts, found.files, told)

    async def _look(self, inlet: Inlet, place: _Place, found: "_Found") -> None:
        if inlet.polls:
            await self._poll(inlet, inlet.polls, found)
        await self._shelves(inlet, place, found)
        if isinstance(inlet.connector, TellsOfChanges):
            while await self._writer.call(self._taking.changing.judge, inlet.municipality, inlet.name):
                pass

    async def _shelves(self, inlet: Inlet, place: _Place, found: "_Found") -> None:
        if inlet.arrives and inlet.arrives.folder:
            folder = inlet.arrives.folder
            settled = place.settled.setdefault("folder", Settled(folder.pattern, folder.settle_seconds))
            await self._empty(inlet, FolderShelf(folder), settled, "folder", found)
        if inlet.arrives and inlet.arrives.sftp:
            from hub.intake import sftp  # noqa: PLC0415 - late: only who needs it pays for asyncssh

            server = inlet.arrives.sftp
            settled = place.settled.setdefault("sftp", Settled(server.pattern, server.settle_seconds))
            async with asyncio.timeout(_LONGEST_SECONDS), sftp.shelf(server, inlet.password, inlet.tunnel) as shelf:
                await self._empty(inlet, shelf, settled, "sftp", found)

    async def _poll(self, inlet: Inlet, source: Polls, found: "_Found") -> None:
        name = (inlet.municipality, inlet.name)
        for _ in range(_MOST_PAGES):
            cursor = await self._readers.read(intake.cursor, *name)
            async with inlet.way(), asyncio.timeout(inlet.connector.pace.lands_within.total_seconds()):
                page = await source.poll(cursor)
            if page.items or page.cursor != cursor:
                found.counts += await self._taking.items(inlet, page.items, cursor=page.cursor)
            if not page.more:
                return
            if page.cursor == cursor:
                raise RejectedError(f"{inlet.kind} says that there is more, and where it was: its author must mend it")

    async def _empty(self, inlet: Inlet, shelf: Shelf, settled: Settled, via: Via, found: "_Found") -> None:
        """Read what was taken and not read to its end, then what has settled since.

        Raises:
            Exception: what nobody foresaw in one file, when all others have been read; it is tried again at each look.
        """
        unforeseen: dict[str, Exception] = {}
        for name in await shelf.taken():
            await self._try(inlet, shelf, name, via, found, unforeseen)
        for name in settled.of(await shelf.left()):
            if name not in unforeseen:  # the one before it of that name still lies where it would be laid
                await shelf.take(name)
                await self._try(inlet, shelf, name, via, found, unforeseen)
        for error in unforeseen.values():
            raise error

    async def _try(
        self, inlet: Inlet, shelf: Shelf, name: str, via: Via, found: "_Found", unforeseen: dict[str, Exception]
    ) -> None:
        """Read one file; a bug that strikes there keeps no other waiting."""
        try:
            await self._read(inlet, shelf, name, via, found)
        except (ConnectorError, OSError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 - raised when the others have been read
            unforeseen[name] = error

    async def _read(self, inlet: Inlet, shelf: Shelf, name: str, via: Via, found: "_Found") -> None:
        file, shown = await shelf.open(name), readable(name)
        at = self._clock.now().astimezone(UTC)
        try:
            report = await self._importing.live(inlet, file, shown, via, inlet.name)
        except InvalidError as error:
            why = error.faults[0].detail
        else:
            why = report.detail or ""
            found.counts += Counts(
                report.items, report.new, report.changed, report.doubles, report.quarantined,
                report.receipt.gatherings, report.receipt.participants, report.receipt.leaders,
            )  # fmt: skip
        finally:
            file.close()
        found.files += 1
        if why:
            await shelf.put_aside(name, at, why)
            await self._writer.call(self._unreadable, inlet, shown, why)
        else:
            await shelf.archive(name, at)
            await self._writer.call(self._readable, inlet, shown)

    async def _is_paused(self, inlet: Inlet) -> bool:
        return (inlet.municipality, inlet.name) in await self._readers.read(connections.paused)

    def _refused(self, connection: Connection, inlet: Inlet, told: str) -> None:
        place, now = (inlet.municipality, inlet.name), self._now()
        connections.set_paused(connection, *place, REFUSED.code, now=now)
        problems.open_(connection, *place, REFUSED, detail=told, now=now)

    def _down(self, connection: Connection, inlet: Inlet, told: str) -> None:
        problems.open_(connection, inlet.municipality, inlet.name, DOWN, detail=told, now=self._now())

    def _worked(self, connection: Connection, inlet: Inlet) -> None:
        problems.close_of(connection, inlet.municipality, inlet.name, [DOWN.code], now=self._now())

    def _unreadable(self, connection: Connection, inlet: Inlet, name: str, why: str) -> None:
        cause = Cause(UNREADABLE, name)
        problems.open_(connection, inlet.municipality, inlet.name, cause, detail=f"{name}: {why}", now=self._now())

    def _readable(self, connection: Connection, inlet: Inlet, name: str) -> None:
        """A file of that name could be read at last: nobody need look any more."""
        problems.close_cause(connection, inlet.municipality, inlet.name, Cause(UNREADABLE, name), now=self._now())

    def _now(self) -> int:
        return now_of(self._clock)


@dataclass
class _Found:
    counts: Counts = field(default_factory=Counts)
    files: int = 0


def _fetched(counts: Counts, files: int, failed: str | None) -> Fetched:
    return Fetched(
        items=counts.items,
        new=counts.new,
        changed=counts.changed,
        doubles=counts.doubles,
        quarantined=counts.quarantined,
        files=files,
        failed=failed,
    )
