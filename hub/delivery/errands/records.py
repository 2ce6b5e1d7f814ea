"""Carrying what happens once: found again, repeated or left to a person, as the connector's abilities decide."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import ClassVar

from hub.clock import NEVER
from hub.delivery.errands.errand import Errand
from hub.delivery.errands.outcomes import UNKNOWN, Outcome, believed, untouched
from hub.model.states import Delivery, Proof, Record
from hub.planner.fold import Desired
from hub.sdk import OnUnknown, Receipt, on_unknown
from hub.store.problems import Cause

SENT = "sent"


class RecordErrand(Errand):
    """One record. Late is better than never, so it has no time after which it is useless."""

    whom_to_ask: ClassVar[str]
    """Whoever knows whether it came."""

    def __post_init__(self) -> None:
        self.lane = self.loaded.lane
        self.desired = Desired(SENT, NEVER, NEVER)
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
    def cost(self) -> int:
        """To send it, and to look for it first where there is doubt."""
        return 1 + self.in_doubt

    @property
    def stands(self) -> bool:
        """Whether it has been sent."""
        return self.lane.effect == Record.DONE

    @property
    def perhaps(self) -> bool:
        """Whether nobody knows if it was sent: its owner vanished, or an answer was lost."""
        return self.lane.taken_over or self.lane.confirmed == UNKNOWN

    def idle(self) -> Outcome | None:
        """What is done stays done; what is wanted no more is withdrawn."""
        if self.stands or (self.lane.effect == Record.WITHDRAWN and not self.lane.wanted):
            delivery = Delivery.CONFIRMED if self.stands else Delivery.SUPERSEDED
            here = Record(self.lane.effect)
            return untouched(self.lane, effect=here, due=NEVER, delivery=delivery, state=self.lane.confirmed)
        return None if self.lane.wanted else self.withdrawn("overtaken before it was sent")

    def left_to_a_person(self) -> Outcome | None:
        """Of what may have been sent, over a connection that can neither look for it nor send it again."""
        unknown = on_unknown(type(self.running.connector))
        if not self.perhaps or unknown is not OnUnknown.STOP:
            return None
        told = f"nobody knows whether it came: ask {self.whom_to_ask}, then retry it or dismiss it"
        return self.stuck(told, Cause("unknown-outcome", self.lane.key))

    async def once(
        self, send: Callable[[], Awaitable[Receipt]], find: Callable[[], Awaitable[Receipt | None]] | None
    ) -> Outcome:
        """Send it, unless it may have been: then look for it, or send it again."""
        found = await find() if self.in_doubt and find else None
        receipt = found or await send()
        if (outcome := self.received(receipt)) is not None:
            return outcome
        proof = Proof.READ if found else Proof.RECEIPT
        return self.confirmed(proof=proof, state=SENT, sent=SENT, reference=receipt.reference)

    def received(self, receipt: Receipt) -> Outcome | None:  # noqa: ARG002 - for those whose end comes later
        """The outcome of what has come and is not done with that; None: it is done."""
        return None

    def withdrawn(self, detail: str) -> Outcome:
        """It is not sent, or not again; what may have been sent before is not forgotten."""
        return Outcome(
            lane=self.lane,
            delivery=Delivery.SUPERSEDED,
            effect=Record.WITHDRAWN,
            due=NEVER,
            state=believed(self.lane),
            detail=detail,
        )

    def stuck(self, detail: str, cause: Cause) -> Outcome:
        """An operator must act."""
        return self.not_so(detail, sent="", due=NEVER, cause=cause, delivery=Delivery.STUCK)

    @abstractmethod
    async def run(self) -> Outcome:
        """Send it, or find that it was sent."""
