"""The real hub below the API, on a database of its own, with clocks that stand still until a test moves them.

Nothing waits: `settle` carries what is due now, `at` moves the clock and carries what falls due on the way.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from hub.clock import HOUR, NEVER, SECOND, instant, micros, now_of
from hub.delivery.billing import Biller
from hub.delivery.errands import awaiting
from hub.delivery.looks.health import Health
from hub.delivery.looks.reconciling import Reconciler
from hub.delivery.loop import carrying, dispatcher
from hub.delivery.loop.carrying import Carrier
from hub.delivery.loop.settling import Settling
from hub.delivery.reach import shares
from hub.delivery.reach.connections import Connections, NoStandIns
from hub.delivery.reach.running import Running
from hub.model.answers import BookingAnswer, BookingView
from hub.model.closure import ClosureRequest
from hub.model.configuration import Configuration
from hub.model.findings import Reconciled
from hub.model.registering import DocumentAnswer
from hub.model.standing import ProblemAnswer
from hub.model.states import Delivery, Effect, Proof, Record
from hub.service.accept.answering import Answering
from hub.service.accept.bookings import Bookings, Done
from hub.service.documents.registering import Documents, Files, Overdue
from hub.service.doors.sparing import Sparing
from hub.service.governing.closing import Closed, Closing
from hub.service.looking.looking_up import LookUp
from hub.service.looking.readiness import ReadinessBoard
from hub.service.money.billing import Billing
from hub.service.operators.findings import Findings
from hub.service.operators.handling import Handling
from hub.service.operators.operating import Operating
from hub.service.rulebook import Rulebook
from hub.service.telling.notices import Notices
from hub.settings import Pulse
from hub.store import configurations, entries, events, shown
from hub.store.dues import dues
from hub.store.engine.database import Connection, Session, SqliteConnection, connect
from hub.store.engine.postgres import PostgresConnection
from hub.store.engine.writer import Readers, Writer
from hub.store.events import Numbered
from hub.store.seals.sealing import Seal
from hub.store.shown import Seen
from hub.worker import Worker
from tests.builders import SATURDAY, a_town, files_of, occasion, raw_booking, raw_document
from tests.delivery import fake_eservice, fake_ledger, fake_register, fake_registry, fakes, moves
from tests.delivery.fake_ledger import LEDGERS, LedgerSystem
from tests.delivery.fake_registry import REGISTRIES, RegistrySystem
from tests.delivery.fakes import LAMPS, LOCKS, MAIL, LampSystem, LockSystem, MailSystem

Result = TypeVar("Result")
SKEW = 3 * HOUR
"""The database's clock is that much ahead of the domain's: nothing may mix them."""
TOWN = "2480"
PIN = "hub-B-1"
"""The key of the first booking's PIN in the lock system."""
MORNING = SATURDAY - timedelta(hours=3)


class SetClock:
    """Stands until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment


def leading_to_systems(town: Configuration) -> Configuration:
    """The same town, each connection with a system of its own behind it."""
    connections = {
        name: connection.model_copy(update={"settings": {"system": f"{town.municipality.key}/{name}"}})
        for name, connection in town.connections.items()
    }
    return town.model_copy(update={"connections": connections})


class Node:
    """One process's share: connections, the loop, and what looks after them."""

    def __init__(self, stage: "Stage") -> None:
        self.connections = Connections(stage.writer, stage.readers, stage.seal, stage.clock, stage.pulse.lease)
        self.health = Health(stage.writer, stage.readers, stage.seal, self.connections, stage.rulebook, stage.clock)
        files = Files(stage.readers, stage.seal)
        carrier = Carrier(stage.writer, stage.clock, stage.seal, Notices(stage.rulebook, stage.seal), files)
        self.overdue = Overdue(stage.writer, stage.readers, stage.rulebook, stage.clock)
        settling = Settling(stage.clock, lambda town: stage.rulebook.rules(town).timing)
        self.worker = Worker(stage.writer, self.connections, self.health, carrier, settling, stage.pulse)
        self.dispatcher = self.worker.dispatcher
        self.reconciler = Reconciler(
            stage.writer, stage.readers, self.connections, stage.seal, stage.rulebook, stage.clock
        )
        billing = Billing(stage.seal, stage.rulebook, stage.clock)
        self.biller = Biller(stage.writer, stage.readers, billing, idle=stage.pulse.idle)

    async def open(self, towns: Sequence[Configuration]) -> None:
        for town in towns:
            await self.connections.open_all(town, {}, NoStandIns())

    async def settle(self) -> None:
        """Carry until nothing is due."""
        for _ in range(500):
            billed = await self.biller.step()
            taken = await self.carry_once()
            tasks = set(self.connections._tasks)
            if tasks:
                await asyncio.wait(tasks)
            if not taken and not tasks and not billed:
                return
        pytest.fail("lanes fall due again and again without the clock")

    async def carry_once(self) -> int:
        """Take what is due, and carry it."""
        taken = await self.dispatcher._take()
        if self.dispatcher._going:
            await asyncio.wait(self.dispatcher._going)
        return taken


class Stage:
    """One hub. Its methods wait for what they start."""

    def __init__(self, url: str, towns: Sequence[Configuration], pulse: Pulse) -> None:
        self.url, self.towns, self.pulse = url, [leading_to_systems(town) for town in towns], pulse
        self.looking: Session = connect(url)
        """The test's own connection: one for all that it asks, for each costs PostgreSQL a process."""
        self.clock = SetClock(MORNING)
        self.runner = asyncio.Runner()
        self.seal = Seal(bytes(32))
        self.rulebook = Rulebook(self.seal)

    def open(self) -> None:
        self.writer, self.readers = Writer(self.url), Readers(self.url, threads=1)
        self.node = self.run(self._open())

    async def _open(self) -> Node:
        for town in self.towns:
            await self.writer.call(self._configure, town)
        await self.rulebook.load(self.readers)
        self.bookings = Bookings(self.writer, self.readers, self.seal, self.rulebook, self.clock)
        self.documents = Documents(self.writer, self.readers, self.seal, self.rulebook, self.clock)
        self.look_up = LookUp(self.readers, self.seal, self.rulebook, self.clock)
        self.answering = Answering(self.readers, self.look_up, self.clock)
        self.operating = Operating(self.writer, self.readers, self.seal, self.rulebook, self.clock)
        self.handling = Handling(self.writer, self.readers, self.seal, self.rulebook, self.clock)
        self.findings = Findings(self.writer, self.readers, self.seal, self.rulebook, self.handling, self.clock)
        self.closing = Closing(self.writer, self.readers, self.seal, self.rulebook, self.clock)
        self.sparing = Sparing(self.writer, self.readers, self.seal, self.rulebook, self.clock, {})
        self.board = ReadinessBoard(self.readers, self.rulebook, self.clock)
        return await self.another_node()

    def _configure(self, connection: Connection, town: Configuration) -> None:
        configurations.add(connection, town.municipality.key, files_of(town), now=self.now())

    async def another_node(self) -> Node:
        """One more process on the same database."""
        node = Node(self)
        await node.open(self.towns)
        return node

    def close(self) -> None:
        try:
            if hasattr(self, "node"):
                self.run(self.node.connections.close())
        finally:
            self.writer.stop()
            self.readers.stop()
            self.runner.close()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.get_loop().run_until_complete(coroutine)

    # ---- time

    def now(self) -> int:
        return now_of(self.clock)

    def settle(self) -> None:
        """Carry all that is due now."""
        self.run(self.node.settle())

    def at(self, clock: str, days: int = 0) -> None:
        """Go on to a time of day (UTC), carrying all that falls due on the way."""
        moment = datetime.combine(SATURDAY.date() + timedelta(days=days), time.fromisoformat(clock), SATURDAY.tzinfo)
        assert moment >= self.clock.now(), "time does not run backwards"
        self.settle()
        while (wake := self.next_wake()) <= micros(moment):
            self.clock.moment = max(instant(wake), self.clock.moment + timedelta(seconds=1))
            self.settle()
        self.clock.moment = moment
        self.settle()

    def dies_at(self, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
        """Have the process die there as it takes what is due: the transaction is broken off."""

        def dies(*_: object) -> None:
            raise SystemError("killed")

        with monkeypatch.context() as patch:
            patch.setattr(where, dies)
            with pytest.raises(SystemError):
                self.run(self.node.carry_once())

    def two_look_at_once(self) -> None:
        """Have another process take what is due beside ours, then carry all."""
        other = self.run(self.another_node())

        async def both() -> None:
            await asyncio.gather(self.node.carry_once(), other.carry_once())

        try:
            self.run(both())
            self.settle()
        finally:
            self.run(other.connections.close())

    def skip(self, **length: float) -> None:
        """Let time pass in which this hub is stopped; nothing is carried."""
        self.clock.moment += timedelta(**length)

    def after(self, **length: float) -> None:
        """Let time pass, then carry what is due, once for all."""
        self.skip(**length)
        self.settle()

    def next_wake(self) -> int:
        """When a lane can next be taken, a digest made, or a line invoiced."""
        sql = "SELECT CASE WHEN due > lease_until - ? THEN due ELSE lease_until - ? END FROM lanes WHERE due < ?"
        wakes = self.rows(sql, SKEW, SKEW, NEVER)
        due = self.read(dues)
        return min([int(wake) for (wake,) in wakes] + [self.read(entries.next_due), due.told, due.watches])

    def restart(self) -> None:
        """As a process does that was killed and comes back: look first."""
        self.run(self._restart())

    async def _restart(self) -> None:
        await self.node.connections.close()
        self.node = await self.another_node()
        worker = self.node.worker
        await self.node.health.follow_pauses()
        for running in self.node.connections:
            await self.writer.call(worker._begin, running)
        await worker.look_at_all()
        await self.node.settle()

    def look_round(self) -> None:
        """Read back all that stands, as is done now and then."""
        self.run(self.node.worker.look_at_all())
        self.settle()

    def reconcile(self, name: str) -> Reconciled:
        """Compare one connection."""
        return self.run(self.node.reconciler.reconcile(TOWN, name))

    def look_after(self) -> None:
        """As is done every minute."""
        self.run(self.node.reconciler.look_after())
        self.settle()

    def hint(self, name: str, key: str) -> None:
        """The system tells that something changed there."""
        self.run(self._hinted(name, key))

    async def _hinted(self, name: str, key: str) -> None:
        self.running(name).connector.lent.touched(key)
        await self.node.settle()

    # ---- documents

    def register(self, key: str = "D-1", *, town: str = TOWN, **more: Any) -> bool:
        """Take a document; nothing is carried yet. Says whether it was not known."""
        return self.run(self.documents.take(town, key, json.dumps(raw_document(**more)).encode()))

    def document(self, key: str = "D-1", *, town: str = TOWN) -> DocumentAnswer:
        return self.run(self.documents.answer(town, key))

    def look_for_overdue(self) -> None:
        """As is done every minute."""
        self.run(self.node.overdue.look())

    # ---- bookings

    def accept(self, number: str = "B-1", revision: int = 1, *, town: str = TOWN, **more: Any) -> Done:
        """Take a booking; nothing is carried yet."""
        return self.run(self.accepting(number, revision, town=town, **more))

    async def accepting(self, number: str = "B-1", revision: int = 1, *, town: str = TOWN, **more: Any) -> Done:
        raw = json.dumps(raw_booking(number, revision, **more)).encode()
        return await self.bookings.accept(town, raw, sent_by="core")

    def put(self, number: str = "B-1", revision: int = 1, *, town: str = TOWN, **more: Any) -> Done:
        """Take a booking, and carry what is due at once."""
        done = self.accept(number, revision, town=town, **more)
        self.settle()
        return done

    def cancel(self, number: str = "B-1", revision: int = 2) -> None:
        self.put(number, revision, status="cancelled")

    def answer(self, done: Done, *, with_values: bool = True) -> BookingAnswer:
        return self.run(self.answering.answer(done, with_values=with_values))

    def view(self, number: str = "B-1", *, town: str = TOWN) -> BookingView:
        return self.run(self.look_up.booking(town, number, with_values=True))

    def close_resource(self, id_: str, revision: int = 1, *, of: str, day: int = 0, **more: Any) -> int:
        """Close a resource for a day (UTC) from Saturday on; gives how many bookings it changed."""
        start = datetime.combine(SATURDAY.date() + timedelta(days=day), time(), SATURDAY.tzinfo)
        times = {"starts_at": start, "ends_at": start + timedelta(days=1)}
        wanted = ClosureRequest.model_validate({"revision": revision, "resource": of, **times, **more})
        return self._closed(self.closing.close(TOWN, id_, wanted))

    def lift_closure(self, id_: str) -> int:
        """Lift a closure; gives how many bookings it changed."""
        return self._closed(self.closing.lift(TOWN, id_))

    def _closed(self, closing: Coroutine[Any, Any, Closed]) -> int:
        closed = self.run(closing)
        self.settle()
        return closed.answer.bookings

    # ---- looking

    @property
    def locks(self) -> LockSystem:
        return LOCKS[f"{TOWN}/locks"]

    @property
    def lamps(self) -> LampSystem:
        return LAMPS[f"{TOWN}/lamps"]

    @property
    def ledger(self) -> LedgerSystem:
        return LEDGERS[f"{TOWN}/ledger"]

    @property
    def diary(self) -> RegistrySystem:
        return REGISTRIES[f"{TOWN}/diary"]

    @property
    def mail(self) -> MailSystem:
        return MAIL[f"{TOWN}/mail"]

    @property
    def phones(self) -> MailSystem:
        return MAIL[f"{TOWN}/sms"]

    def running(self, name: str) -> Running:
        return self.node.health.running(TOWN, name)

    def read(self, function: Callable[..., Result], *values: object) -> Result:
        return self.run(self.readers.read(function, *values))

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.looking.rows(sql, values)

    def lane(self, key: str, *, town: str = TOWN) -> Seen:
        (name, *_), *_ = self.rows("SELECT connection FROM lanes WHERE municipality = ? AND key = ?", town, key)
        seen = self.read(shown.with_key, town, name, key)
        assert seen, f"no lane {key}"
        return seen

    def state(self, key: str) -> tuple[Effect | Record, Delivery, Proof | None]:
        """Effect, delivery and proof of one target."""
        seen = self.lane(key)
        effect = Record(seen.effect) if seen.kind == "record" else Effect(seen.effect)
        return effect, Delivery(seen.delivery), Proof(seen.proof) if seen.proof else None

    def problems(self, *, ended: bool = False) -> list[ProblemAnswer]:
        return self.run(self.operating.problems(TOWN, ended=ended))

    def events(self, of_type: str = "", *, town: str = TOWN) -> list[Numbered]:
        found = self.read(lambda connection: events.after(connection, town, 0, limit=10_000))
        return [event for event in found if event.type.startswith(of_type)]


@contextmanager
def staged(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *towns: Configuration, pulse: Pulse | None = None
) -> Iterator[Stage]:
    """A hub on an empty database, for these towns or for the one that tests know."""
    fakes.LOCKS.clear()
    fakes.LAMPS.clear()
    fakes.MAIL.clear()
    fake_ledger.LEDGERS.clear()
    fake_eservice.ESERVICES.clear()
    fake_register.REGISTERS.clear()
    fake_registry.REGISTRIES.clear()
    offered = (*fake_ledger.OFFERED, *fake_register.OFFERED, *fake_registry.OFFERED, *fake_eservice.OFFERED)
    fakes.installed(monkeypatch, folder, *offered)
    stage = Stage(url, towns or [a_town()], pulse or Pulse())
    for kind in (SqliteConnection, PostgresConnection):
        monkeypatch.setattr(kind, "clock", lambda _self: stage.now() + SKEW)
        monkeypatch.setattr(kind, "clock_now", lambda _self: (f"{stage.now() + SKEW}", []))
    for module in (carrying, dispatcher, shares):
        monkeypatch.setattr(module, "running_seconds", lambda: stage.now() / SECOND)
    monkeypatch.setattr(awaiting, "_PATIENCE_SECONDS", 0.0)
    try:
        yield from _watched(stage)
    finally:
        stage.looking.close()


def _watched(stage: Stage) -> Iterator[Stage]:
    moves.watch(stage.looking)
    try:
        stage.open()
        yield stage
    finally:
        stage.close()
    if illegal := list(moves.illegal(stage.looking)):
        pytest.fail(f"moves that docs/states.md does not know: {', '.join(illegal)}")


def hour(after: float = 0, *, of: str = "hall.court-1", minutes: float = 60, **more: Any) -> dict[str, Any]:
    """The fields of a booking of one occasion, that begins so many minutes from noon."""
    return {"occasions": [occasion(of, after=after, minutes=minutes, **more)]}
