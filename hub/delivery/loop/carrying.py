"""One carrying from end to end: decide, wait for a way, call, and turn every error into what happens next."""

import logging
from datetime import timedelta

from hub.clock import MINUTE, NEVER, SECOND, Clock, now_of, running_seconds, span
from hub.delivery.errands import acknowledging, documents, notices, room
from hub.delivery.errands.credentials import CredentialErrand
from hub.delivery.errands.errand import Errand
from hub.delivery.errands.invoices import InvoiceErrand
from hub.delivery.errands.leasing import Loaded
from hub.delivery.errands.outcomes import UNKNOWN, Outcome, at_rest, failed, put_off, untouched
from hub.delivery.errands.zones import ZoneErrand
from hub.delivery.reach.gate import Entry
from hub.delivery.reach.running import Running
from hub.delivery.reach.ways import NoWayError
from hub.model.plan import TargetKind
from hub.model.states import Delivery, Effect, Record
from hub.sdk import CredentialsError, RejectedError, TransientError, UnknownOutcomeError
from hub.service.documents.registering import Files
from hub.service.telling.notices import Notices
from hub.service.words import sentences
from hub.store.engine.writer import Writer
from hub.store.problems import Cause
from hub.store.seals.sealing import Seal
from hub.store.waking import SPREAD

PAUSED_FOR = 10 * MINUTE
"""How long a lane of a paused connection sleeps before it is looked at again; resuming wakes it at once."""
SOON = 10 * MINUTE
"""What is needed sooner than this becomes a problem at the first failure."""
_COMING, _SOON_HERE = 10 * SECOND, 2 * SECOND
"""A connection that was configured a moment ago is opened by each process in its time."""
_A_MOMENT = SECOND // 4
"""What was decided so long ago still holds: a call takes as long."""
UNREACHABLE = Cause("unreachable", "")
REFUSED = Cause("credentials", "")

LOG = logging.getLogger("hub.delivery")


class Carrier:
    """Carries lanes; knows nothing of leases but the moment after which no call may start."""

    def __init__(self, writer: Writer, clock: Clock, seal: Seal, writing: Notices, files: Files) -> None:
        self._writer, self.clock, self._seal, self._notices, self._files = writer, clock, seal, writing, files
        self._missed: dict[tuple[str, str], int] = {}
        """Since when connections are not here that something is to be carried over."""

    async def carry(self, loaded: Loaded, running: Running | None, last_start: float) -> Outcome:
        """Do what the lane needs. `last_start`: by the machine's running clock, seconds."""
        now = now_of(self.clock)
        if running is None:
            return self._homeless(loaded, now)
        if self._missed:
            self._missed.pop(running.place, None)
        errand = self._errand(loaded, running, now)
        if asked := room.asked(errand):
            loaded = loaded._replace(turn=await self._writer.do(room.give, asked))
            errand = self._errand(loaded, running, now)
        if outcome := errand.idle():
            return outcome
        if running.paused:
            refused = REFUSED if running.paused == REFUSED.code else None
            return put_off(loaded.lane, until=now + PAUSED_FOR, cause=refused, missed_until=errand.missed_until)
        if (ends := running.held(now)) is not None:
            return self._held(errand, ends)
        try:
            async with running.ways.one(errand.cost, last_start=last_start):
                return await self._in_turn(errand, last_start)
        except NoWayError as error:
            until = now_of(self.clock) + int(error.seconds * SECOND)
            return put_off(loaded.lane, until=until, missed_until=errand.missed_until)

    def _homeless(self, loaded: Loaded, now: int) -> Outcome:
        """The connection is not here: configured a moment ago, or no more. What stands there is not forgotten.

        It is carried as soon as the connection is there; until then it is a problem, unless it came to be only now.
        """
        lane = loaded.lane
        since = self._missed.setdefault((lane.municipality, lane.connection), now)
        if over := _over(loaded):
            return over
        if now - since < _COMING:
            return put_off(lane, until=now + _SOON_HERE)
        cause, told = Cause("no-connection", lane.connection), sentences.NOT_RUNNING_HERE.say()
        return put_off(lane, until=now + PAUSED_FOR, cause=cause)._replace(detail=told)

    async def _in_turn(self, errand: Errand, last_start: float) -> Outcome:
        """The wait for a way may have been long: decide anew then, and go only while the lease leaves time."""
        loaded, running, now = errand.loaded, errand.running, now_of(self.clock)
        if running_seconds() >= last_start:
            return put_off(loaded.lane, until=now)
        anew = now - errand.now > _A_MOMENT
        if anew:
            errand = self._errand(loaded, running, now)
        if (ends := running.held(now)) is not None:
            return self._held(errand, ends)
        entry = running.gate.enter(loaded.lane.id, now, needed_by=errand.urgent_by)
        if entry is Entry.WAIT:
            return self._turned_away(errand, now)
        try:
            if anew and (outcome := errand.idle()):
                return outcome
            silent = await self._asked(errand) if entry is Entry.ASK else None
            return silent or await self._called(errand, last_start)
        finally:
            running.gate.left(loaded.lane.id)

    def _held(self, errand: Errand, ends: int) -> Outcome:
        """Its system is worked on: nobody is alarmed, and afterwards what is needed first goes first."""
        slack = max(0, errand.urgent_by - ends) // SECOND
        until = min(ends + min(slack, SPREAD), errand.next_edge)
        return put_off(errand.lane, until=until, missed_until=errand.missed_until)._replace(still=True)

    def _turned_away(self, errand: Errand, now: int) -> Outcome:
        """Nothing is sent while the gate is shut."""
        until = min(errand.running.gate.wait_until(now), errand.next_edge)
        return put_off(errand.lane, until=until, cause=self._shut(errand, now), missed_until=errand.missed_until)

    def _shut(self, errand: Errand, now: int) -> Cause | None:
        """The connection's problem, when it is more than a blip, or time is short."""
        soon = errand.desired.needed_by - now < SOON
        return UNREACHABLE if errand.running.gate.lasts or soon else None

    async def _asked(self, errand: Errand) -> Outcome | None:
        """The question of a gate that is shut; None when the system says that it is there."""
        gate = errand.running.gate
        try:
            there = await errand.running.answers()
        except CredentialsError as error:
            return self._refused(errand, error)
        now = now_of(self.clock)
        if not there:
            gate.silent(now, needed_by=errand.urgent_by)
            gate.left(errand.lane.id)
            return self._turned_away(errand, now)
        gate.answered(now)
        return None

    async def _vouched(self, errand: Errand, last_start: float) -> bool | None:
        """Whether the system is there, though a call to it got no answer; None when there is no time left to ask."""
        running, now = errand.running, now_of(self.clock)
        if not running.gate.is_open or running_seconds() >= last_start or running.held(now) is not None:
            return None
        try:
            return await errand.running.answers()
        except CredentialsError:
            return True  # which the next call is told, too

    def _errand(self, loaded: Loaded, running: Running, now: int) -> Errand:
        if loaded.lane.kind is TargetKind.RECORD:
            message = notices.errand(loaded, running, now, self._notices)
            document = message or documents.errand(loaded, running, now, self._files)
            told = document or acknowledging.errand(loaded, running, now)
            return told or InvoiceErrand(loaded, running, now, self._seal)
        if loaded.lane.kind is TargetKind.CREDENTIAL:
            return CredentialErrand(loaded, running, now, self._seal)
        return ZoneErrand(loaded, running, now)

    async def _called(self, errand: Errand, last_start: float) -> Outcome:
        gate, lane = errand.running.gate, errand.lane
        try:
            with errand.running.deadlines.one():
                outcome = await (errand.observe() if errand.running.observes else errand.run())
        except TransientError as error:
            there = await self._vouched(errand, last_start)
            return self._unanswered(errand, str(error), vouched=there, retry_after=error.retry_after)
        except (UnknownOutcomeError, TimeoutError) as error:
            there = await self._vouched(errand, last_start)
            told = str(error) or sentences.NO_ANSWER_IN_TIME.say()
            return self._unanswered(errand, told, vouched=there, doubt=True)
        except RejectedError as error:
            gate.succeeded()
            cause, effect = Cause("rejected", str(error)), errand.failing_effect
            return failed(
                lane,
                Delivery.STUCK,
                str(error),
                due=NEVER if errand.wanted_until is None else errand.wanted_until,
                cause=cause,
                effect=effect,
                wanted_until=errand.missed_until,
                events=errand.expired(),
            )
        except CredentialsError as error:
            return self._refused(errand, error)
        except Exception as error:  # noqa: BLE001 - a connector's bug stops nothing else
            return self._bug(errand, error)
        gate.succeeded()
        return outcome

    def _refused(self, errand: Errand, error: CredentialsError) -> Outcome:
        errand.running.paused = REFUSED.code
        return failed(
            errand.lane,
            Delivery.RETRYING,
            str(error),
            due=errand.now + PAUSED_FOR,
            cause=REFUSED,
            effect=errand.failing_effect,
            wanted_until=errand.missed_until,
            pauses=True,
        )

    def _unanswered(
        self,
        errand: Errand,
        detail: str,
        *,
        vouched: bool | None,
        doubt: bool = False,
        retry_after: timedelta | None = None,
    ) -> Outcome:
        gate, now, lane = errand.running.gate, now_of(self.clock), errand.lane
        ends = errand.running.held(now)
        if ends is not None:
            return self._broken_off(errand, detail, ends, doubt=doubt)
        not_before = now + span(retry_after) if retry_after else 0
        gate.failed(lane.id, now, vouched=vouched, needed_by=errand.urgent_by, not_before=not_before)
        due = errand.next_try(now, retry_after)
        return failed(
            lane,
            Delivery.RETRYING,
            detail,
            due=due if gate.is_open else max(due, min(gate.retry_at, errand.next_edge)),
            cause=self._cause(errand, now, detail),
            effect=errand.failing_effect,
            quiet=quiet_after(errand.running) if doubt else None,
            sent=errand.desired.state,
            wanted_until=errand.missed_until,
            events=errand.expired(),
        )

    def _broken_off(self, errand: Errand, detail: str, ends: int, *, doubt: bool) -> Outcome:
        """A call got no answer, for its system began to be worked on meanwhile: no problem, and no gate."""
        return failed(
            errand.lane,
            Delivery.RETRYING,
            detail,
            due=min(ends, errand.next_edge),
            cause=None,
            effect=errand.failing_effect,
            quiet=quiet_after(errand.running) if doubt else None,
            sent=errand.desired.state,
            wanted_until=errand.missed_until,
            events=errand.expired(),
        )

    def _cause(self, errand: Errand, now: int, detail: str) -> Cause | None:
        """The connection's while its gate is shut; one target's own at its second failure, or when time is short.

        Records have no target of their own that could be dead: what fails in the same words is one problem.
        """
        if not errand.running.gate.is_open:
            return self._shut(errand, now)
        again, soon = errand.lane.attempts > 0, errand.desired.needed_by - now < SOON
        own = detail if errand.lane.kind is TargetKind.RECORD else errand.lane.key
        return Cause(UNREACHABLE.code, own) if again or soon else None

    def _bug(self, errand: Errand, error: Exception) -> Outcome:
        """Perhaps something was done. The text of the error may hold anything, so only its place is told."""
        running, lane = errand.running, errand.lane
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = f"{frame.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno}" if frame else "?"
        told = sentences.RAISED.say(connector=running.settings.connector, error=type(error).__name__, place=place)
        LOG.error("connection %s: %s", running.name, told)
        return failed(
            lane,
            Delivery.RETRYING,
            told,
            due=errand.next_try(errand.now),
            cause=Cause("connector-bug", told),
            effect=errand.failing_effect,
            quiet=quiet_after(running),
            sent=errand.desired.state,
            wanted_until=errand.missed_until,
            events=errand.expired(),
        )


def _over(loaded: Loaded) -> Outcome | None:
    """Where nothing is wanted of a connection that is gone, and nothing stands there, all is as it should be."""
    lane, doubt = loaded.lane, loaded.lane.taken_over or loaded.lane.attempts > 0
    if lane.kind is TargetKind.RECORD:
        done = lane.effect == Record.DONE
        if done or not (lane.wanted or doubt or lane.confirmed == UNKNOWN):
            effect, delivery = (Record.DONE, Delivery.CONFIRMED) if done else (Record.WITHDRAWN, Delivery.SUPERSEDED)
            return untouched(lane, effect=effect, due=NEVER, delivery=delivery, state=lane.confirmed)
        return None
    if loaded.claims.asks or loaded.claims.suspended or doubt or not at_rest(lane.confirmed):
        return None
    return untouched(lane, effect=Effect.REMOVED, due=NEVER, delivery=Delivery.CONFIRMED, state=lane.confirmed)


def quiet_after(running: Running) -> int:
    """How long a lane stays closed after a call that got no answer, microseconds."""
    return span(running.connector.pace.lands_within)
