"""The loop of webhooks: gives events their postings, and sends what is due, subscription by subscription.

At least once; in order within a subject, of which one event is in hand at a time. An endpoint that does not answer
shuts its gate, as a connection's does: one event probes, and the others wait.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from hub.clock import DAY
from hub.delivery.posts.courier import Courier, Endpoint
from hub.delivery.posts.posting import Parcel, fill
from hub.masking import place_of
from hub.store import attempts, feed, postings, subscriptions
from hub.store.engine.database import Connection
from hub.store.engine.walls import within
from hub.store.engine.writer import Readers, Writer
from hub.store.postings import Posting
from hub.store.subscriptions import Stored

LOG = logging.getLogger("hub.webhooks")

MOST_GOING = 32
"""Events of one subscription that are in hand at once."""
ENOUGH = 500
"""With so many that could be sent, a subscription gets no more postings: events wait in the feed."""
KEPT = 90 * DAY
"""How far back the log of a subscription goes."""
MOST_KEPT = 20_000
"""How many attempts it holds at most."""


class Look(NamedTuple):
    """A subscription, and what there is to do for it."""

    one: Stored
    hungry: bool
    """Whether events lack their postings, and there is room for them."""
    due: list[Posting]


class Webhooks:
    """One process's webhooks. Of those that share a database one sends at a time."""

    def __init__(
        self, writer: Writer, readers: Readers, courier: Courier, *, idle: timedelta = timedelta(milliseconds=200)
    ) -> None:
        self._writer, self._readers, self._courier, self._idle = writer, readers, courier, idle.total_seconds()
        self._endpoints: dict[int, Endpoint] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.wake = asyncio.Event()
        """Set by whoever gives it something to do."""
        self._may_send: Callable[[], bool] = lambda: True

    def send_while(self, may_send: Callable[[], bool]) -> None:
        """Send only while this process is the one that sends."""
        self._may_send = self._courier.may_send = may_send

    async def run(self) -> None:
        """Go on until told to stop; then finish what is in hand."""
        while not self._courier.stopping:
            self.wake.clear()
            try:
                if not await self.step():
                    await self._sleep()
            except Exception as error:  # noqa: BLE001 - its text may hold anything
                LOG.error("webhooks cannot go on; trying again: %s", place_of(error))  # noqa: TRY400
                await asyncio.sleep(1)
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._courier.sender.close()

    def stop(self) -> None:
        """Begin nothing more."""
        self._courier.stopping = True
        self.wake.set()

    async def _sleep(self) -> None:
        try:
            await asyncio.wait_for(self.wake.wait(), self._idle)
        except TimeoutError:
            return

    async def step(self) -> int:
        """Do what there is to do now; gives how much that was."""
        if not self._may_send():
            return 0
        busy = {id_: frozenset(endpoint.going) for id_, endpoint in self._endpoints.items()}
        looks = await self._readers.read(_look, self._courier.now())
        self._keep_endpoints([look.one for look in looks])
        filled = await asyncio.gather(*(self._writer.call(self._fill, look.one) for look in looks if look.hungry))
        return sum(filled) + sum(self._begin(look, busy.get(look.one.id, frozenset())) for look in looks)

    def _fill(self, connection: Connection, one: Stored) -> int:
        return fill(connection, *one.place, now=self._courier.now())

    def _keep_endpoints(self, running: list[Stored]) -> None:
        """Those of what runs, and those with something in hand."""
        kept = {id_: endpoint for id_, endpoint in self._endpoints.items() if endpoint.going}
        for one in running:
            known = self._endpoints.get(one.id)
            kept[one.id] = known.of(one.since) if known else Endpoint(one.since)
        self._endpoints = kept

    def _begin(self, look: Look, busy: frozenset[str]) -> int:
        """Send what is due and not in hand; `busy` was in hand before the look, and may be done since."""
        endpoint, begun = self._endpoints[look.one.id], 0
        for posting in look.due:
            if posting.event.subject in busy | endpoint.going:
                continue
            probing = not endpoint.gate.is_open
            if len(endpoint.going) >= MOST_GOING or not endpoint.gate.enter(posting.id, self._courier.now()):
                break
            endpoint.going.add(posting.event.subject)
            self._start(Parcel(look.one, posting), endpoint, probing=probing)
            begun += 1
        return begun

    def _start(self, parcel: Parcel, endpoint: Endpoint, *, probing: bool) -> None:
        with within(parcel.to.municipality):
            task = asyncio.create_task(self._courier.carry(parcel, endpoint, probing=probing))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            LOG.error("an event was sent and not settled, it will be sent again: %s", place_of(error))
        self.wake.set()

    async def forget(self) -> None:
        """Keep the log of each subscription within its bounds."""
        await self._writer.call(_forget, self._courier.now() - KEPT)


def _look(connection: Connection, now: int) -> list[Look]:
    return [
        Look(
            one,
            feed.is_behind(connection, one.municipality, one.cursor)
            and postings.ready(connection, *one.place, now=now, most=ENOUGH) < ENOUGH,
            postings.due(connection, *one.place, now=now, limit=2 * MOST_GOING),
        )
        for one in subscriptions.running(connection)
    ]


def _forget(connection: Connection, before: int) -> None:
    for place in subscriptions.places(connection):
        attempts.forget(connection, *place, before=before, keep=MOST_KEPT)
