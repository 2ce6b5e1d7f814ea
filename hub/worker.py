"""Runs the loops: delivering, webhooks, reading back, checking connections, what comes in, forgetting, sealing anew."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, assert_never

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from hub.clock import micros
from hub.delivery.billing import Biller
from hub.delivery.carrying import Carrier, quiet_after
from hub.delivery.connections import Connections
from hub.delivery.dispatcher import Dispatcher
from hub.delivery.following import Following
from hub.delivery.health import Health
from hub.delivery.reconciling import Reconciler
from hub.delivery.running import Running
from hub.delivery.settling import Settling
from hub.delivery.shares import BEAT, Shares
from hub.delivery.webhooks import Webhooks
from hub.intake.inlets import Inlet
from hub.intake.rooms import Intake
from hub.masking import place_of
from hub.service.chaining import Chaining
from hub.service.resealing import Resealing
from hub.settings import Pulse
from hub.store import codes, lanes
from hub.store.bells import Bell
from hub.store.database import Connection
from hub.store.writer import Writer

LOG = logging.getLogger("hub.worker")

FOLLOW_SECONDS = 2
"""How often what other processes changed is looked for, heard or not."""
_TOGETHER_SECONDS = 0.02
"""How long after an event webhooks wait for what comes with it."""
_CHECKS = 10
"""Rounds of checks that may go side by side: a connection that is busy for long holds up nobody else's."""


def quietly(job: Callable[..., Awaitable[object]]) -> Callable[..., Coroutine[Any, Any, None]]:
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
    reconciler: Reconciler | None = None
    """Likewise."""
    following: Following | None = None
    """Likewise."""
    shares: Shares | None = None
    """When other processes may carry too."""
    follow_rules: Callable[[], Awaitable[object]] | None = None
    """Takes up the rules that another process has changed."""

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
        self._loops: list[asyncio.Task[None]] = []
        self._looks: dict[Inlet, Any] = {}
        """The job that looks at each inlet."""
        self._following: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._events: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Read what stands before sending anything, then go on (rule 6)."""
        if self.shares:
            await self.shares.beat()
            self._every(BEAT.total_seconds(), self.shares.beat)
        for running in self._connections:
            await self._writer.call(self._begin, running)
        await self._health.follow_pauses()
        await self.look_at_all()
        self._loops.append(asyncio.create_task(self.dispatcher.run(), name="dispatcher"))
        if self.biller:
            self.biller.billed = self.dispatcher.wake.set
            self._loops.append(asyncio.create_task(self.biller.run(), name="biller"))
        if self.webhooks:
            self._loops.append(asyncio.create_task(self.webhooks.run(), name="webhooks"))
            self._every(3600, self.webhooks.forget)
        if self.resealing:
            self._loops.append(asyncio.create_task(self.resealing.run(), name="resealing"))
        if self.chaining:
            self._every(1, self.chaining.chain)
        if self.intake:
            self.follow_inlets()
            self._every(3600, self.intake.forgetting.forget)
        self._every(self._pulse.look_every.total_seconds(), self.look_at_all)
        self._every(self._pulse.check_every.total_seconds(), self._health.check_all, at_once=True, instances=_CHECKS)
        if self.reconciler:
            self.reconciler.woken = self.dispatcher.wake.set
            self._every(60, self.reconciler.look_after)
        self._every(3600, self.forget_codes)
        self._every(FOLLOW_SECONDS, self.follow)
        self._scheduler.start()

    def _every(
        self,
        seconds: float,
        job: Callable[..., Awaitable[object]],
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

    def follow_inlets(self) -> None:
        """Look by itself at the inlets that there are now, and at no others."""
        due = dict(self.intake.due()) if self.intake else {}
        for inlet in self._looks.keys() - due.keys():
            self._looks.pop(inlet).remove()
        for inlet in due.keys() - self._looks.keys():
            assert self.intake  # noqa: S101 - what is due is of it
            self._looks[inlet] = self._every(due[inlet], self.intake.looking.look, inlet, at_once=True)

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
            if self.follow_rules:
                await self.follow_rules()
            if self.following:
                await self.following.follow()
            await self._health.follow_pauses()

    async def stop(self) -> None:
        """Finish what is in hand."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._following:
            self._following.cancel()
        self.dispatcher.stop()
        if self.webhooks:
            self.webhooks.stop()
        if self.biller:
            self.biller.stop()
        if self.resealing:
            self.resealing.stop()
        await asyncio.gather(*self._loops)

    def _begin(self, connection: Connection, running: Running) -> None:
        lanes.end_leases(connection, *running.place, quiet=quiet_after(running), now=self._now())
        lanes.hasten(connection, *running.place, now=self._now())

    def _now(self) -> int:
        return micros(self._clock.now())

    async def look_at_all(self) -> None:
        """Have all that stands read back."""
        await self._writer.call(lambda connection: lanes.ask_for_looks(connection, now=self._now()))
        self.dispatcher.wake.set()

    async def forget_codes(self) -> None:
        """Remove secrets whose quarantine is over."""
        await self._writer.call(lambda connection: codes.forget(connection, before=self._now()))
