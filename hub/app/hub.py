"""Puts the process together: database, rules, use cases, connections, worker, and the web on top."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI

from hub.api.application import Lifespan, create_api, create_health
from hub.api.desk import Desk
from hub.app.first import tell_untold, write_operator_key
from hub.app.inlets import Openings
from hub.clock import Clock, DomainClock, now_of
from hub.console.router import ROUTER as CONSOLE
from hub.delivery.billing import Biller
from hub.delivery.looks.health import Health
from hub.delivery.looks.reconciling import Reconciler
from hub.delivery.looks.sweeping import Sweeping
from hub.delivery.lookups.population import Population
from hub.delivery.lookups.registers import Registers
from hub.delivery.loop.carrying import Carrier
from hub.delivery.loop.measuring import counting, ways
from hub.delivery.loop.settling import Settling
from hub.delivery.loop.traced import TracedCarrier, TracedTransport
from hub.delivery.posts.courier import Courier
from hub.delivery.posts.sending import Sender
from hub.delivery.posts.webhooks import Webhooks
from hub.delivery.reach.connections import Connections, NoStandIns, StandIns, require_secrets
from hub.delivery.reach.following import Following
from hub.delivery.reach.shares import Shares
from hub.delivery.reach.simulating import Simulators
from hub.delivery.reach.ways import NONE
from hub.intake.rooms import put_together
from hub.model.configuration import Configuration
from hub.service.accept.answering import Answering
from hub.service.accept.bookings import Bookings
from hub.service.accept.dry_running import DryRuns
from hub.service.accept.waiting import Waiting
from hub.service.audit.audited import Audited
from hub.service.audit.auditing import Witness
from hub.service.audit.chaining import Chaining
from hub.service.documents.applying import Applications
from hub.service.documents.registering import Documents, Files, Overdue
from hub.service.doors.explaining import Doors
from hub.service.doors.sparing import Sparing
from hub.service.governing.closing import Closing
from hub.service.governing.configuring import Applying, put_folder
from hub.service.keeping.resealing import Resealing, fits
from hub.service.looking.looking_up import LookUp
from hub.service.looking.readiness import ReadinessBoard
from hub.service.looking.resources import Resources
from hub.service.money.billing import Billing
from hub.service.money.ledger import Ledger
from hub.service.operators.findings import Findings
from hub.service.operators.handling import Handling
from hub.service.operators.operating import Operating
from hub.service.operators.verifying import Verifying
from hub.service.persons.budget import Renewing
from hub.service.process.figures import Figures
from hub.service.process.meters import Meters
from hub.service.process.tracing import Tracing, sent_to
from hub.service.protected.protecting import Protecting
from hub.service.protected.unsealing import Unseals
from hub.service.rulebook import Rulebook
from hub.service.subscribers.feed import Feed
from hub.service.subscribers.subscribing import Subscribing
from hub.service.telling.notices import Notices
from hub.service.zones.energy import Energy
from hub.service.zones.noticing import Noticing
from hub.service.zones.sensors import Sensors
from hub.service.zones.zone_lines import ZoneLines
from hub.settings import Settings
from hub.store import imports, problems, stretches, waking
from hub.store.engine import walls
from hub.store.engine.alone import alone_with
from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection, beside, is_postgresql, path_of
from hub.store.engine.measured import MeasuredWriter
from hub.store.engine.migrating import ready
from hub.store.engine.writer import Readers
from hub.store.feed import begin_epoch
from hub.store.seals import rotation
from hub.store.seals.keyring import key_from
from hub.store.seals.sealing import Seal
from hub.worker import Worker, quietly

LOG = logging.getLogger("hub")


class Hub:
    """One process of the hub. `async with Hub(...)`: between the two everything runs."""

    def __init__(
        self,
        settings: Settings,
        folders: Sequence[Path] = (),
        *,
        clock: Clock | None = None,
        environment: Mapping[str, str] = os.environ,
        tracing: Tracing | None = None,
    ) -> None:
        self.settings, self.folders, self.environment = settings, tuple(folders), environment
        self.clock: Clock = clock or DomainClock()
        path = beside(settings.database)
        self.key_file = path.with_suffix(".key")
        self.operator_key_file = path.with_suffix(".operator-key")
        made = self.clock.now().isoformat(timespec="seconds")
        keys_ = key_from(self.key_file, made=made, may_make=not rotation.has_run(settings.database))
        self.seal = Seal(keys_, self.key_file)
        self.rulebook = Rulebook(self.seal)
        self.meters = Meters(version("knutpunkt"))
        self.tracing = sent_to(settings.traces) if settings.traces else tracing
        self.simulators: Simulators | None = None
        self._opened = AsyncExitStack()

    async def start(self) -> None:
        """Open everything, in order; what was opened is closed again when a later step fails."""
        try:
            await self._start()
        except BaseException:
            await self._opened.aclose()
            raise

    async def _start(self) -> None:
        if not is_postgresql(self.settings.database):
            self._opened.enter_context(alone_with(path_of(self.settings.database)))
        ready(self.settings.database)
        self.writer = MeasuredWriter(self.settings.database, self.meters.committed)
        self.readers = Readers(self.settings.database)
        if self.tracing:
            self._opened.push_async_callback(asyncio.to_thread, self.tracing.close)
        self._opened.callback(self.readers.stop)
        self._opened.callback(self.writer.stop)
        self._open_settler()
        self._opened.push_async_callback(self._stop_simulators)
        self._put_together()
        self._opened.push_async_callback(self._stop_intake)
        self._opened.push_async_callback(self.connections.close)
        self._opened.push_async_callback(self.worker.stop)
        await self.readers.read(fits, self.seal)
        if self.writer.shared and not await self.readers.read(walls.stands):
            LOG.warning(walls.MISSING)
        await self.writer.call(begin_epoch)
        await self.writer.call(tell_untold, self.seal)
        await self.writer.call(write_operator_key, self.operator_key_file, self.seal, now_of(self.clock))
        for folder in self.folders:
            put = await put_folder(folder, self.writer, self.readers, self.seal, self.clock, require=self._require)
            for difference in put.differences:
                LOG.warning("%s differs from the version in force, which rules: %s", folder, difference)
            if put.differences:
                LOG.warning("%s: see knutpunkt plan, and put it in force with knutpunkt apply", folder)
        await self.rulebook.load(self.readers)
        if not self.writer.shared:
            await self.writer.call(lambda c: imports.break_off(c, (), now=now_of(self.clock)))
        self.intake = self.worker.intake = put_together(self.writer, self.readers, self.seal, self.rulebook, self.clock)
        self.inlets = Openings(
            self.intake,
            self.connections,
            self.rulebook,
            self.clock,
            self.environment,
            simulated=self.settings.simulate,
        )
        self.connections.heard = self.intake.hearing.hear
        if self.worker.shares:
            self.intake.importing.node = self.worker.shares.name
        self._open_desk()
        await self._open_connections()
        self.inlets.open()
        self.worker.finish = self.desk.closing.finish_left
        await self.worker.start()
        self._listen()
        if not self.writer.shared:
            await self.desk.closing.finish()

    def _open_settler(self) -> None:
        """Where outcomes are written: beside what is accepted, where a database has room for two that write."""
        self.settler = self.writer
        if self.writer.shared and self.settings.carries:
            self.settler = MeasuredWriter(self.settings.database, self.meters.committed)
            self._opened.callback(self.settler.stop)

    def _put_together(self) -> None:
        """All that carries."""
        self.connections = Connections(self.writer, self.readers, self.seal, self.clock, self.settings.pulse.lease)
        self.health = Health(self.writer, self.readers, self.seal, self.connections, self.rulebook, self.clock)
        settling = Settling(self.clock, lambda town: self.rulebook.rules(town).timing)
        carrier = self._carrier(Notices(self.rulebook, self.seal))
        courier = Courier(self.writer, self.seal, self.rulebook, self.clock, Sender())
        courier.posted = self.meters.posted
        self.webhooks = Webhooks(self.writer, self.readers, courier, idle=self.settings.pulse.idle)
        self.worker = Worker(self.writer, self.connections, self.health, carrier, settling, self.settings.pulse)
        self.worker.dispatcher.settler = self.settler
        self.worker.webhooks = self.webhooks
        self._share()
        self.worker.dispatcher.carried = counting(self.meters, self.clock)
        self.worker.biller = Biller(
            self.writer, self.readers, Billing(self.seal, self.rulebook, self.clock), idle=self.settings.pulse.idle
        )
        self.worker.resealing = Resealing(
            self.writer, self.readers, self.seal, self.rulebook, self.clock, settled=self.settings.pulse.settled
        )
        self.worker.renewing = Renewing(self.writer, self.readers, self.rulebook, self.clock)
        self.worker.overdue = Overdue(self.writer, self.readers, self.rulebook, self.clock)
        self.worker.noticing = Noticing(self.writer, self.readers, self.rulebook, self.clock)
        self.worker.sparing = Sparing(self.writer, self.readers, self.seal, self.rulebook, self.clock, self.environment)
        self.worker.sweeping = Sweeping(self.writer, self.connections, self.rulebook, self.clock)
        self.worker.chaining = Chaining(self.writer, self.readers, self.seal)
        self.reconciler = self.worker.reconciler = Reconciler(
            self.writer, self.readers, self.connections, self.seal, self.rulebook, self.clock
        )
        applying = Applying(self.writer, self.readers, self.seal, self.rulebook, self.clock)
        applying.woken = self.worker.woken
        self.following = self.worker.following = Following(
            self.writer, self.readers, self.rulebook, self.connections, applying, self.clock
        )
        self.following.prepare, self.following.followed = self._prepare, self._followed

    def _share(self) -> None:
        """Carry together with the other processes of a PostgreSQL database; or leave it to them, and call nobody.

        What this process has of each connection is left to the others when all are closed.
        """
        self.worker.carries = self.settings.carries
        if not self.settings.carries:
            self.connections.carries = False
            self.connections.divide(NONE)
        elif is_postgresql(self.settings.database):
            shares = self.worker.shares = Shares(self.writer, self.connections)
            self._opened.push_async_callback(quietly(shares.leave))

    def _carrier(self, notices: Notices) -> Carrier:
        """With spans around what it carries and calls, when somebody is to get them."""
        tracing, files = self.tracing, Files(self.readers, self.seal)
        if tracing is None:
            return Carrier(self.writer, self.clock, self.seal, notices, files)
        self.connections.around = lambda way: TracedTransport(way, tracing)
        return TracedCarrier(self.writer, self.clock, self.seal, notices, files, tracing)

    def _listen(self) -> None:
        """Hear what other processes have done: they share a PostgreSQL database, and no other."""
        if not is_postgresql(self.settings.database):
            return
        from hub.store.engine.listening import Listening  # noqa: PLC0415 - late: SQLite does without a driver

        loop = asyncio.get_running_loop()

        def heard(bell: Bell) -> None:
            loop.call_soon_threadsafe(self.worker.heard, bell)

        listening = Listening(self.settings.database, heard, but={self.writer.name, self.settler.name})
        self._opened.push_async_callback(asyncio.to_thread, listening.stop)

    def _open_desk(self) -> None:
        writer, readers, rulebook, clock = self.writer, self.readers, self.rulebook, self.clock
        bookings = Bookings(writer, readers, self.seal, rulebook, clock)
        if self.tracing:
            bookings.changed = self.tracing.changed
        operating = Operating(writer, readers, self.seal, rulebook, clock)
        handling = Handling(writer, readers, self.seal, rulebook, clock)
        findings = Findings(writer, readers, self.seal, rulebook, handling, clock)
        verifying = Verifying(writer, readers, rulebook, clock)
        closing = Closing(writer, readers, self.seal, rulebook, clock)
        documents = Documents(writer, readers, self.seal, rulebook, clock)
        bookings.owed = self.worker.owed
        operating.woken = closing.woken = documents.woken = self.worker.woken
        verifying.woken = handling.woken = findings.woken = self.worker.woken
        subscribing = Subscribing(writer, readers, self.seal, rulebook, clock)
        subscribing.woken = self.webhooks.wake.set
        look_up, witness = LookUp(readers, self.seal, rulebook, clock), Witness(writer, self.seal, clock)
        protecting = Protecting(writer, readers, self.seal, rulebook, clock)
        registers = Registers(self.connections, writer, self.seal, rulebook, protecting, clock)
        population = Population(registers, readers, self.seal)
        self.worker.protecting = protecting
        self._opened.push_async_callback(population.stop)
        self.desk = Desk(
            clock=clock,
            readers=readers,
            rulebook=rulebook,
            bookings=bookings,
            look_up=look_up,
            doors=Doors(readers, rulebook, operating, clock),
            witness=witness,
            audited=Audited(readers, self.seal, rulebook),
            operating=operating,
            handling=handling,
            findings=findings,
            reconciler=self.reconciler,
            verifying=verifying,
            readiness=ReadinessBoard(readers, rulebook, clock),
            zone_lines=ZoneLines(readers, rulebook, clock),
            connections=self.connections,
            health=self.health,
            population=population,
            unseals=Unseals(writer, readers, self.seal, rulebook, witness, clock),
            answering=Answering(readers, look_up, clock),
            resources=Resources(readers, rulebook, clock),
            figures=Figures(readers, rulebook, clock, self.meters, lambda: ways(self.connections)),
            energy=Energy(readers, rulebook, clock),
            sensors=Sensors(readers, rulebook, clock),
            closing=closing,
            feed=Feed(readers, rulebook, clock),
            sparing=Sparing(writer, readers, self.seal, rulebook, clock, self.environment),
            subscribing=subscribing,
            waiting=Waiting(readers, clock),
            dry_runs=DryRuns(readers, self.seal, rulebook, clock),
            intake=self.intake,
            ledger=Ledger(readers, rulebook),
            documents=documents,
            applications=Applications(readers, self.seal, rulebook, witness),
        )

    def _require(self, configuration: Configuration) -> None:
        """What cannot be used here is not put in force here: the next start would find it there."""
        if not self.settings.simulate:
            require_secrets(configuration, self.environment)

    async def _open_connections(self) -> None:
        self.connections.replaced = self._followed
        if self.worker.shares:
            await self.worker.shares.begin()
        stand_ins: StandIns = NoStandIns()
        if self.settings.simulate:
            stand_ins = self.simulators = Simulators(self.clock)
        for town in self.rulebook.towns().values():
            self._warn_of_lookups(town.configuration)
            await self._prepare(town.configuration)
            await self.connections.open_all(town.configuration, self.environment, stand_ins)
        self.following.began({key: town.version for key, town in self.rulebook.towns().items()})

    def _warn_of_lookups(self, town: Configuration) -> None:
        """Who serves and calls no system refuses lookups, and would be found out by a person at a desk."""
        asked = town.municipality.population.connection
        if asked and not self.settings.carries:
            told = "%s: nobody is looked up here: this process calls no system (--no-worker); ask one that does `serve`"
            LOG.warning(told, town.municipality.key)

    async def _prepare(self, town: Configuration) -> None:
        """Start the simulators of connections that have none yet."""
        if self.simulators:
            started = await self.simulators.start(town)
            await self.writer.call(self._begin_anew, town.municipality.key, started)

    def _begin_anew(self, connection: Connection, town: str, names: Iterable[str]) -> None:
        """Simulators forget when they stop: nothing of an earlier start stands in them, and nobody took it away."""
        now = now_of(self.clock)
        for name in names:
            waking.begin_anew(connection, town, name, now=now)
            stretches.end_all(connection, town, name, now=now)
            problems.close_of(connection, town, name, ["vanished"], now=now, even_waiting=False)

    def _followed(self) -> None:
        """Connections are others."""
        self.inlets.open()
        self.worker.follow_inlets()
        self.worker.woken()

    def end_streams(self) -> None:
        """Let streams of events, and answers that are held, end: a server that stops waits for them."""
        if hasattr(self, "desk"):
            self.desk.stopping.set()
            self.desk.waiting.stopping.set()

    async def stop(self) -> None:
        """Finish what is in hand and close everything."""
        await self._opened.aclose()

    async def _stop_intake(self) -> None:
        """Keep what connections heard before they closed, and let its thread end."""
        if hasattr(self, "intake"):
            await self.intake.stop()

    async def _stop_simulators(self) -> None:
        if self.simulators:
            await self.simulators.stop()

    def web(self) -> FastAPI:
        """The hub's web application; starts and stops the hub with it."""
        app = create_api(self._lifespan(), self.meters, self.tracing)
        app.include_router(CONSOLE)
        return app

    def health_only(self) -> FastAPI:
        """What a process that serves nobody tells: that it lives, and its figures."""
        return create_health(self._lifespan(), self.meters)

    def _lifespan(self) -> Lifespan:
        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            await self.start()
            app.state.desk = self.desk
            try:
                yield
            finally:
                await self.stop()

        return lifespan
