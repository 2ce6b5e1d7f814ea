"""Runs the loops: delivering, webhooks, reading back, checking connections, what comes in, forgetting, sealing anew.

Of the nodes that share a database each carries; what is done once for all of them the one does that leads.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from functools import wraps
from typing import Any, Protocol, assert_never

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from hub.clock import NEVER, SECOND, now_of, span
from hub.delivery.billing import Biller
from hub.delivery.looks.health import Health
from hub.delivery.looks.reconciling import Reconciler
from hub.delivery.looks.sweeping import Sweeping
from hub.delivery.loop.carrying import Carrier, quiet_after
from hub.delivery.loop.dispatcher import Dispatcher
from hub.delivery.loop.settling import Settling
from hub.delivery.loop.timekeeping import Timekeeping
from hub.delivery.posts.webhooks import Webhooks
from hub.delivery.reach.connections import Connections
from hub.delivery.reach.following import Following
from hub.delivery.reach.running import Running
from hub.delivery.reach.shares import Shares
from hub.intake.inlets import Inlet
from hub.intake.rooms import Intake
from hub.masking import place_of
from hub.model.lit import REACH
from hub.service.audit.chaining import Chaining
from hub.service.documents.registering import Overdue
from hub.service.doors.sparing import Sparing
from hub.service.keeping.resealing import Resealing
from hub.service.persons.budget import Renewing
from hub.service.protected.protecting import Protecting
from hub.service.zones.noticing import Noticing
from hub.settings import Pulse
from hub.store import codes, imports, nodes, waking
from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection
from hub.store.engine.writer import Writer

LOG = logging.getLogger("hub.worker")

FOLLOW_SECONDS = 2
"""How often what other processes changed is looked for, heard or not."""
_TOGETHER_SECONDS = 0.02
"""How long after an event webhooks wait for what comes with it."""
_MINUTE, _HOUR = 60, 3600
_CHECKS = 10
"""Rounds of checks that may go side by side: a connection that is busy for long holds up nobody else's."""


Job = Callable[..., Awaitable[object]]


class Loop(Protocol):
    """What goes on until it is told to stop, and then ends what it has in hand."""

    async def run(self) -> None: ...

    def stop(self) -> None: ...


def quietly(job: Job) -> Callable[..., Coroutine[Any, Any, None]]:
    """The same job; what goes wrong in it is logged by its place, and when the process stops it ends without a word."""

    @wraps(job)
    async def done(*values: object) -> None:
        try:
            await job(*values)
        except asyncio.CancelledError:
            return
        except Exception as error:  # noqa: BLE001 - its text may hold anything
            LOG.error("%s: %s", job.__qualname__, place_of(error))  # noqa: TRY400

    return done


class Worker:
    """One node's loops. The periodic jobs are APScheduler's; the domain's timed effects are the dispatcher's alone."""

    carries = True
    """Whether it carries, or only keeps this process fit to serve."""
    webhooks: Webhooks | None = None
    """Run with the rest, when there are any."""
    biller: Biller | None = None
    """Likewise."""
    intake: Intake | None = None
    """Likewise."""
    resealing: Resealing | None = None
    """Likewise."""
    chaining: Chaining | None = None
    """Likewise."""
    protecting: Protecting | None = None
    """Likewise."""
    renewing: Renewing | None = None
    """Likewise."""
    reconciler: Reconciler | None = None
    """Likewise."""
    overdue: Overdue | None = None
    noticing: Noticing | None = None
    """Likewise."""
    sparing: Sparing | None = None
    """Likewise."""
    sweeping: Sweeping | None = None
    """Likewise."""
    following: Following | None = None
    """Likewise."""
    shares: Shares | None = None
    """When other processes may carry too."""
    finish: Callable[[], Awaitable[object]] | None = None
    """Does what another process began that is gone."""

    def __init__(
        self, writer: Writer, running: Connections, health: Health, carrier: Carrier, settling: Settling, pulse: Pulse
    ) -> None:
        self._writer, self._connections, self._health, self._pulse = writer, running, health, pulse
        self._clock = carrier.clock
        self.dispatcher = Dispatcher(writer, running.find, carrier, settling, self._clock, pulse)
        running.woken = health.resumed = self.dispatcher.wake.set
        self.dispatcher.without = lambda: running.without
        self._scheduler = AsyncIOScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._loops: dict[Loop, asyncio.Task[None]] = {}
        self._looks: dict[Inlet, Any] = {}
        """The job that looks at each inlet."""
        self._on_leading: dict[object, tuple[Job, tuple[object, ...]]] = {}
        """What is done as soon as this node leads, by whatever it is for."""
        self._following: asyncio.Task[None] | None = None
        self.timekeeping = Timekeeping(quietly(self._clock_was_set))
        self._turn = asyncio.Lock()
        self._events: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Read what stands before sending anything, then go on (rule 6)."""
        if self.shares:
            await self.shares.beat()
            self._every(self.shares.every.total_seconds(), self.shares.beat)
        if self.carries:
            await self._begin_to_carry()
        else:
            await self._health.follow_pauses()
            self._every(self._pulse.check_every.total_seconds(), self._health.renew)
        self._run(self.resealing, self.timekeeping)
        if self.chaining:
            self._every(1, self.chaining.chain)
        self._every(FOLLOW_SECONDS, self.follow)
        self._scheduler.start()

    async def _begin_to_carry(self) -> None:
        await self._health.follow_pauses()
        begin = self._hasten if self._writer.shared else self._begin
        for running in self._connections:
            await self._writer.call(begin, running)
        if self.leads:
            await self.look_at_all()
        if self.biller:
            self.biller.billed = self.dispatcher.wake.set
        if self.reconciler:
            self.reconciler.woken = self.dispatcher.wake.set
        if self.webhooks:
            self.webhooks.send_while(lambda: self.leads)
        self._run(self.dispatcher, self.biller, self.webhooks)
        self._every(self._pulse.check_every.total_seconds(), self._health.check_all, at_once=True, instances=_CHECKS)
        self._lead()

    def _run(self, *loops: Loop | None) -> None:
        for loop in loops:
            if loop:
                self._loops[loop] = asyncio.create_task(loop.run(), name=type(loop).__name__)

    @property
    def leads(self) -> bool:
        """Whether this node does what one does for all."""
        return self.carries and (self.shares is None or self.shares.leads)

    def _lead(self) -> None:
        """What the node that leads does."""
        if self.shares:
            self.shares.led = self._led
        self._every_leading(self._pulse.look_every.total_seconds(), self.look_at_all)
        self._on_leading[self] = self.look_at_all, ()
        self._every_leading(_HOUR, self.forget_codes)
        if self.webhooks:
            self._every_leading(_HOUR, self.webhooks.forget)
            self._on_leading[self.webhooks] = self._told_to_send, ()
        if self.reconciler:
            self._every_leading(_MINUTE, self.reconciler.look_after)
        if self.protecting:
            self._every_leading(_MINUTE, self.protecting.finish, at_once=True)
        for watch in (self.renewing, self.overdue, self.noticing):
            if watch:
                self._every_leading(_MINUTE, watch.look)
        self._spare()
        self._sweep()
        if self.finish and self._writer.shared:
            self._every_leading(_MINUTE, self.finish)
        if self.intake:
            self.follow_inlets()
            self._every_leading(_HOUR, self.intake.forgetting.forget)
        if self._writer.shared:
            self._every_leading(_MINUTE, self.break_off)

    def _spare(self) -> None:
        if self.sparing:
            self._every_leading(_MINUTE, self.sparing.look, at_once=True)
            self._on_leading[self.sparing] = self.sparing.look, ()

    def _sweep(self) -> None:
        if self.sweeping:
            self.sweeping.woken = self.dispatcher.wake.set
            self._every_leading(_MINUTE, self.sweeping.look)

    def _led(self) -> None:
        """This node has come to lead: what does not wait for its hour is done at once."""
        for job, values in self._on_leading.values():
            self._scheduler.add_job(quietly(job), args=values)

    async def _told_to_send(self) -> None:
        self._wake_webhooks()

    def _every_leading(self, seconds: float, job: Job, *values: object, at_once: bool = False) -> Any:  # noqa: ANN401 - APScheduler's job
        """Have a job done again and again by the node that leads."""

        @wraps(job)
        async def led(*values: object) -> None:
            if self.leads:
                await job(*values)

        return self._every(seconds, led, *values, at_once=at_once)

    def _every(
        self,
        seconds: float,
        job: Job,
        *values: object,
        at_once: bool = False,
        instances: int = 1,
    ) -> Any:  # noqa: ANN401 - APScheduler's job
        """Have a job done again and again; `instances`: how many of it may go side by side."""
        calm = quietly(job)
        if at_once:
            self._scheduler.add_job(calm, args=values)
        return self._scheduler.add_job(calm, "interval", args=values, seconds=seconds, max_instances=instances)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in hand that was due."""
        return self.dispatcher.is_idle and (self.biller is None or self.biller.is_idle)

    def woken(self) -> None:
        """Something was accepted: lanes may be due, and lines to be invoiced."""
        self.dispatcher.wake.set()
        if self.biller:
            self.biller.wake.set()

    def owed(self, at: int) -> None:
        """A booking was accepted of which something may be invoiced then, microseconds."""
        if self.biller:
            self.biller.owed(at)

    def follow_inlets(self) -> None:
        """Look by itself at the inlets that there are now, and at no others."""
        due = dict(self.intake.due()) if self.intake and self.carries else {}
        for inlet in self._looks.keys() - due.keys():
            self._looks.pop(inlet).remove()
            del self._on_leading[inlet]
        for inlet in due.keys() - self._looks.keys():
            assert self.intake  # noqa: S101 - what is due is of it
            look = self.intake.looking.look
            self._looks[inlet] = self._every_leading(due[inlet], look, inlet, at_once=True)
            self._on_leading[inlet] = look, (inlet,)

    def heard(self, bell: Bell) -> None:
        """Another process has something for us to do."""
        match bell:
            case Bell.LANES:
                self.woken()
            case Bell.EVENTS:
                if self._events is None:
                    self._events = asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, self._wake_webhooks)
            case Bell.RULES:
                if self._following is None or self._following.done():
                    self._following = asyncio.create_task(quietly(self.follow)())
            case _:
                assert_never(bell)

    def _wake_webhooks(self) -> None:
        self._events = None
        if self.webhooks:
            self.webhooks.wake.set()

    async def follow(self) -> None:
        """Take up what another process has changed: rules, connections, and which of them are paused."""
        async with self._turn:
            if self.following:
                await self.following.follow()
            await self._health.follow_pauses()

    async def stop(self) -> None:
        """Finish what is in hand."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._following:
            self._following.cancel()
        for loop in self._loops:
            loop.stop()
        await asyncio.gather(*self._loops.values())

    def _begin(self, connection: Connection, running: Running) -> None:
        """Of a process that is alone: whoever held leases is gone."""
        waking.end_leases(connection, *running.place, quiet=quiet_after(running), now=self._now())
        self._hasten(connection, running)

    def _hasten(self, connection: Connection, running: Running) -> None:
        """What waits over a connection that is paused waits on: a hundred thousand lanes are not put off once more."""
        if running.paused is None:
            waking.hasten(connection, *running.place, now=self._now())

    def _now(self) -> int:
        return now_of(self._clock)

    async def _clock_was_set(self, seconds: float) -> None:
        """Do what is periodic, for its next time was on the old clock; and fold what goes by the time between."""
        LOG.warning("the machine's clock was set by %+.0f s: what the two times tell apart is looked at anew", seconds)
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(self._scheduler.timezone))
        if not self.carries:
            return
        for running in self._connections:
            running.gate.hurry(self._now())
            await self._writer.call(self._fold_anew, running, round(seconds * SECOND))
        self.dispatcher.wake.set()

    def _fold_anew(self, connection: Connection, running: Running, moved: int) -> None:
        now, ahead, back = self._now(), running.horizon if running.horizon < NEVER else REACH, REACH
        between = min(now, now - moved) - back, max(now, now - moved) + ahead
        waking.fold_anew(connection, *running.place, now=now, between=between, lease=span(self._pulse.lease))

    async def look_at_all(self) -> None:
        """Have all that stands read back."""
        await self._writer.call(lambda connection: waking.ask_for_looks(connection, now=self._now()))
        self.dispatcher.wake.set()

    async def break_off(self) -> None:
        """Files that a node read which is gone are read no more; of those that only serve nobody knows."""
        await self._writer.call(lambda c: imports.break_off(c, ["", *nodes.names(c)], now=self._now()))

    async def forget_codes(self) -> None:
        """Remove secrets whose quarantine is over."""
        await self._writer.call(lambda connection: codes.forget(connection, before=self._now()))
