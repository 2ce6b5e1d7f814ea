"""The webhooks of a hub on a database of its own, with a clock that stands until it is moved, and real subscribers.

Nothing waits: `settle` sends what is due now, `after` moves the clock and sends once.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from hub.clock import now_of
from hub.delivery.posts.courier import Courier
from hub.delivery.posts.sending import LONGEST_CALL, Sender
from hub.delivery.posts.webhooks import Webhooks
from hub.model.configuration import Municipality
from hub.model.standing import ProblemAnswer
from hub.model.subscription import AttemptAnswer, SubscriptionAnswer, SubscriptionRequest
from hub.service.operators.operating import Operating
from hub.service.rulebook import Rulebook
from hub.service.subscribers.feed import Feed
from hub.service.subscribers.subscribing import Subscribing
from hub.store import configurations, events
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.events import Event
from hub.store.feed import begin_epoch
from hub.store.seals.sealing import Seal
from tests.builders import SATURDAY, a_town, files_of
from tests.databases import in_file
from tests.delivery.harness import SetClock
from tests.webhooks.sink import Sink

Result = TypeVar("Result")
TOWN = "2480"
NAME = "core"
LOOPBACK = ("127.0.0.1", "localhost")
SHORT = timedelta(seconds=0.3)
"""How long the hub waits, in real time, for an answer of which a test knows that it never comes."""


def a_municipality(key: str = TOWN, *, allow: Sequence[str] = LOOPBACK) -> Municipality:
    """A municipality with nothing but its webhooks."""
    plain = a_town(key=key).municipality
    return Municipality.model_validate(plain.model_dump() | {"webhooks": {"allow": tuple(allow)}})


class Stage:
    """One hub's webhooks. Its methods wait for what they start."""

    def __init__(self, url: str, towns: Sequence[Municipality]) -> None:
        self.url, self.towns, self.clock = url, towns, SetClock(SATURDAY)
        self.runner, self.seal, self.sinks = asyncio.Runner(), Seal(bytes(32)), list[Sink]()
        self.rulebook = Rulebook(self.seal)

    def open(self) -> None:
        self.writer, self.readers = Writer(self.url), Readers(self.url, threads=1)
        self.run(self._open())

    async def _open(self) -> None:
        await self.writer.call(begin_epoch)
        for town in self.towns:
            await self.writer.call(self._configure, town)
        await self.rulebook.load(self.readers)
        self.subscribing = Subscribing(self.writer, self.readers, self.seal, self.rulebook, self.clock)
        self.operating = Operating(self.writer, self.readers, self.seal, self.rulebook, self.clock)
        self.feed = Feed(self.readers, self.rulebook, self.clock)
        self.begin()

    def _configure(self, connection: Connection, town: Municipality) -> None:
        configuration = a_town(key=town.key).model_copy(
            update={"municipality": town, "connections": {}, "facilities": {}}
        )
        configurations.add(connection, town.key, files_of(configuration), now=self.now())

    def begin(self, *, longest_call: timedelta = LONGEST_CALL) -> None:
        """Begin as a process does, with an empty memory."""
        self.sender = Sender(longest_call=longest_call)
        courier = Courier(self.writer, self.seal, self.rulebook, self.clock, self.sender)
        self.webhooks = Webhooks(self.writer, self.readers, courier)

    def close(self) -> None:
        self.run(self._close())
        self.writer.stop()
        self.readers.stop()
        self.runner.close()

    async def _close(self) -> None:
        await self.kill()
        for sink in self.sinks:
            await sink.stop()

    async def kill(self) -> None:
        """End as a process does that is killed: what is in hand is neither finished nor marked."""
        tasks = set(self.webhooks._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.sender.close()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.get_loop().run_until_complete(coroutine)

    # ---- time

    def now(self) -> int:
        return now_of(self.clock)

    def settle(self) -> None:
        """Send what is due now."""
        self.run(self.settling())

    async def settling(self) -> None:
        for _ in range(5000):
            done = await self.webhooks.step()
            tasks = set(self.webhooks._tasks)
            if tasks:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not done and not tasks:
                return
        pytest.fail("events fall due again and again without the clock")

    def after(self, **length: float) -> None:
        """Let time pass, then send what is due, once for all."""
        self.clock.moment += timedelta(**length)
        self.settle()

    # ---- what happens

    def happen(self, *subjects: str, type_: str = "booking.accepted", town: str = TOWN) -> None:
        """One event about each subject, in that order; nothing is sent yet."""
        told = [Event(town, type_, subject, f'{{"revision":{n}}}', self.now()) for n, subject in enumerate(subjects, 1)]
        self.run(self.writer.call(events.append, told))

    def sink(self) -> Sink:
        """A subscriber that listens."""
        sink = Sink()
        self.run(sink.start())
        self.sinks.append(sink)
        return sink

    def put(self, url: str, *, name: str = NAME, town: str = TOWN, **more: Any) -> SubscriptionAnswer:
        answer, _ = self.run(self.subscribing.put(town, name, SubscriptionRequest(url=url, **more)))
        return answer

    def subscribed(self, *, name: str = NAME, town: str = TOWN, **more: Any) -> tuple[Sink, str]:
        """A subscriber that is told of bookings from now on, and its secret."""
        sink = self.sink()
        secret = self.put(sink.url, name=name, town=town, **{"types": ("booking.accepted",), **more}).secret
        assert secret
        return sink, secret

    # ---- looking

    def one(self, name: str = NAME, *, town: str = TOWN) -> SubscriptionAnswer:
        return self.run(self.subscribing.one(town, name))

    def log(self, name: str = NAME, *, town: str = TOWN) -> list[AttemptAnswer]:
        """The attempts, the first first."""
        page = self.run(self.subscribing.deliveries(town, name, before=None, limit=1000))
        return list(reversed(page.deliveries))

    def outcomes(self) -> list[tuple[str, int, str, int | None]]:
        """Event, attempt, outcome and status of each."""
        return [(one.event, one.attempt, one.outcome.value, one.status) for one in self.log()]

    def problems(self, *, ended: bool = False) -> list[ProblemAnswer]:
        return self.run(self.operating.problems(TOWN, ended=ended))

    def codes(self) -> list[str]:
        return sorted(problem.code for problem in self.problems())

    def cursor(self, events_read: int) -> str:
        """The cursor after that many events of the feed."""
        return self.run(self.feed.page(TOWN, None, limit=events_read)).next

    def read(self, function: Callable[..., Result], *values: object) -> Result:
        return self.run(self.readers.read(function, *values))


@contextmanager
def staged(folder: Path, *towns: Municipality) -> Iterator[Stage]:
    """A hub for these towns, or for the one that tests know."""
    with opened(in_file(folder / "hub.db"), *towns) as stage:
        yield stage


@contextmanager
def opened(url: str, *towns: Municipality) -> Iterator[Stage]:
    """A hub on that empty database."""
    stage = Stage(url, towns or [a_municipality()])
    stage.open()
    try:
        yield stage
    finally:
        stage.close()
