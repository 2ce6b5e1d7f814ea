"""Carrying a message: once, as far as its system allows; what was overtaken before it was sent is never sent."""

from hub.clock import NEVER
from hub.delivery.errand import Errand
from hub.delivery.leasing import Loaded
from hub.delivery.outcomes import UNKNOWN, Outcome, untouched
from hub.delivery.running import Running
from hub.model.plan import NoticeBody
from hub.model.states import Delivery, Proof, Record
from hub.planner.fold import Desired
from hub.sdk import Notifier, OnUnknown, on_unknown
from hub.service.notices import Known, Notices
from hub.store.problems import Cause

_SENT = "sent"


class NoticeErrand(Errand):
    """One message to one role. Late is better than never, so it has no time after which it is useless."""

    def __init__(self, loaded: Loaded, running: Running, now: int, body: NoticeBody, notices: Notices) -> None:
        self._body, self._notices = body, notices
        super().__init__(loaded, running, now)

    def __post_init__(self) -> None:
        self.lane = self.loaded.lane
        self.desired = Desired(_SENT, NEVER, NEVER)
        self.next_edge = NEVER

    @property
    def effect(self) -> Record:
        """What it comes to."""
        return Record.DONE

    @property
    def failing_effect(self) -> Record:
        """Where it is while it cannot be sent."""
        return Record.PLANNED

    @property
    def wanted_until(self) -> int | None:
        """It never becomes useless."""
        return None

    @property
    def stands(self) -> bool:
        """Whether it has been sent."""
        return self.lane.effect == Record.DONE

    def idle(self) -> Outcome | None:
        """What is done stays done; what is wanted no more is withdrawn."""
        if self.stands or (self.lane.effect == Record.WITHDRAWN and not self.lane.wanted):
            delivery = Delivery.CONFIRMED if self.stands else Delivery.SUPERSEDED
            here = Record(self.lane.effect)
            return untouched(self.lane, effect=here, due=NEVER, delivery=delivery, state=self.lane.confirmed)
        return None if self.lane.wanted else self._withdrawn("overtaken before it was sent")

    async def run(self) -> Outcome:
        """Write it and send it."""
        connector = self.running.connector
        if not isinstance(connector, Notifier):
            return self._stuck("the connection sends no messages", Cause("rejected", "sends no messages"))
        perhaps = self.lane.taken_over or self.lane.confirmed == UNKNOWN
        if perhaps and on_unknown(type(connector)) is OnUnknown.STOP:
            told = "nobody knows whether it came: ask the recipient, then retry it or dismiss it"
            return self._stuck(told, Cause("unknown-outcome", self.lane.key))
        known = self.loaded.known or Known(None, before=False)
        notice = self._notices.written(self.lane.municipality, self._body, known)
        if notice is None:
            return self._withdrawn("nothing to tell: nobody had been told of the booking, or nobody is to be told")
        receipt = await connector.send_notice(notice)
        return self.confirmed(proof=Proof.RECEIPT, state=_SENT, sent=_SENT, reference=receipt.reference)

    def _withdrawn(self, detail: str) -> Outcome:
        return Outcome(
            lane=self.lane,
            delivery=Delivery.SUPERSEDED,
            effect=Record.WITHDRAWN,
            due=NEVER,
            state=self.lane.confirmed,
            detail=detail,
        )

    def _stuck(self, detail: str, cause: Cause) -> Outcome:
        return self.not_so(detail, sent="", due=NEVER, cause=cause, delivery=Delivery.STUCK)
