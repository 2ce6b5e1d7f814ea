"""Reconciling (avstämning): what stands in each system against what the hub thinks, on a schedule and on demand.

What differs is kept until it is so no more, and a person may say what is to be done (`hub.service.operators.findings`).
Only what carries our mark is told by its key, and only that is ever touched.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

from hub.clock import HOUR, NEVER, Clock, now_of
from hub.delivery.looks.comparing import Comparison
from hub.delivery.looks.health import elsewhere
from hub.delivery.loop.carrying import REFUSED
from hub.delivery.reach.connections import Connections
from hub.delivery.reach.running import Running
from hub.delivery.reach.simulating import keys_of
from hub.delivery.reach.ways import NoWayError
from hub.errors import NotFoundError, RefusedError
from hub.masking import place_of, quoted
from hub.model.findings import Reconciled
from hub.sdk import ConnectorError, CredentialsError
from hub.service.operators.findings import shown
from hub.service.rulebook import Rulebook
from hub.service.words import sentences
from hub.service.words.saying import Language
from hub.store import connections, feed, findings, problems
from hub.store.engine.database import Connection
from hub.store.engine.walls import within
from hub.store.engine.writer import Readers, Writer
from hub.store.problems import Cause
from hub.store.seals.sealing import Seal

LOG = logging.getLogger("hub.reconciling")

ORPHANS = Cause("orphaned-grants", "")


class Reconciler:
    """Compares the connections of this process with what the database says of them."""

    def __init__(
        self, writer: Writer, readers: Readers, running: Connections, seal: Seal, rulebook: Rulebook, clock: Clock
    ) -> None:
        self._writer, self._readers, self._connections, self._seal = writer, readers, running, seal
        self._rulebook, self._clock = rulebook, clock
        self._one_at_a_time: dict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self.woken: Callable[[], None] = lambda: None
        """Called when lanes were made due."""

    def _now(self) -> int:
        return now_of(self._clock)

    async def reconcile(self, municipality: str, name: str, *, language: Language = "en") -> Reconciled:
        """Compare one connection now.

        Raises:
            NotFoundError: there is no such connection.
            RefusedError: its system refuses us, or does not answer.
        """
        running = self._connections.find(municipality, name)
        if running is None:
            msg = f"no connection {quoted(name)} in {municipality}"
            raise NotFoundError(msg)
        if running.paused == REFUSED.code:
            raise RefusedError("connection-held", f"{name} is paused, for its system refuses us: mend that and resume")
        try:
            return await self._compared(running, language)
        except NoWayError:
            raise elsewhere(running) from None

    async def _compared(self, running: Running, language: Language = "en") -> Reconciled:
        async with self._one_at_a_time[running.place]:
            zones = self._zones_of(running)
            comparison = Comparison(running, self._readers, self._seal, self._clock, zones)
            failed = await self._made(running, comparison)
            await self._writer.call(self._keep, running, comparison, failed)
        found = await self._readers.read(findings.listed, *running.place)
        return Reconciled(
            connection=running.name,
            outcome="compared" if failed is None else "unanswered",
            at=self._clock.now(),
            compared=comparison.compared,
            strangers=comparison.strangers,
            detail=sentences.in_language(failed, language),
            findings=tuple(shown(one, language) for one in found),
        )

    def _zones_of(self, running: Running) -> list[str]:
        configuration = self._rulebook.town(running.municipality).configuration
        return keys_of(configuration, running.name) if running.control() else []

    async def _made(self, running: Running, comparison: Comparison) -> str | None:
        """Compare; gives why the system did not tell all."""
        try:
            await comparison.make()
        except CredentialsError as error:
            running.paused = REFUSED.code
            await self._writer.call(self._refused, running, str(error))
            return str(error)
        except NoWayError:
            raise
        except (ConnectorError, TimeoutError) as error:
            return str(error) or sentences.NO_ANSWER_IN_TIME.say()
        except Exception as error:  # noqa: BLE001 - a connector's bug stops nothing else; its text may hold anything
            LOG.error("connection %s: cannot be reconciled: %s", running.name, place_of(error))  # noqa: TRY400
            return sentences.RAISED_IN_CHECK.say(connector=running.settings.connector, error=type(error).__name__)
        return None

    def _refused(self, connection: Connection, running: Running, detail: str) -> None:
        now = self._now()
        connections.set_paused(connection, *running.place, REFUSED.code, now=now)
        problems.open_(connection, *running.place, REFUSED, detail=detail, now=now)

    def _keep(self, connection: Connection, running: Running, comparison: Comparison, failed: str | None) -> None:
        now = self._now()
        if failed is None:
            findings.keep(connection, *running.place, comparison.found, now=now)
            self._say(connection, now)

    def _say(self, connection: Connection, now: int) -> None:
        """One problem for each connection with grants that nobody asks for, as long as there are any."""
        findings.settle(connection, now=now)
        open_ = {(town, name): count for town, name, count in findings.orphans(connection) if count}
        for running in self._connections:
            count = 0 if running.observes else open_.get(running.place, 0)
            if count:
                told = sentences.ORPHANS.say(count=count)
                problems.open_(connection, *running.place, ORPHANS, detail=told, now=now)
            else:
                problems.close_of(connection, *running.place, [ORPHANS.code], now=now)

    async def look_after(self) -> None:
        """Every minute: what was adopted and is over goes, what is mended is forgotten, and what is due is compared."""
        await self._writer.call(self._follow)
        self.woken()
        behind = await self._readers.read(lambda c: findings.behind(c, now=self._now()))
        due = [one for one in self._connections if behind.get(one.place, NEVER) >= one.settings.reconcile_hours * HOUR]
        await asyncio.gather(*(self._in_turn(running) for running in due))

    def _follow(self, connection: Connection) -> None:
        now = self._now()
        for one in findings.adopted_until(connection, now=now):
            findings.take_back(connection, one, now=now)
        self._say(connection, now)

    async def _in_turn(self, running: Running) -> None:
        """Unless another process has done it, or nothing is asked of the system now."""
        if running.paused is not None or not running.gate.is_open or not running.ways.part:
            return
        if running.held(self._now()) is not None:
            return
        with within(running.municipality):
            if await self._writer.call(self._is_due, running):
                with suppress(NoWayError):  # another process has it now
                    await self._compared(running)

    def _is_due(self, connection: Connection, running: Running) -> bool:
        now = self._now()
        before = now - running.settings.reconcile_hours * HOUR
        epoch = feed.epoch(connection)
        return findings.take_turn(connection, *running.place, before=before, epoch=epoch, now=now)
