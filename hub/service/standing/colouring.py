"""The colour of a line on the readiness board. Pure."""

from typing import Literal

from hub.clock import HOUR, MINUTE
from hub.model.states import Delivery, Effect, Proof
from hub.service.standing.showing import Standing

Colour = Literal["green", "waiting", "yellow", "red", "unserved"]

_GRACE = MINUTE
"""What became due just now is not late yet."""
_SOON = HOUR
"""What is needed within an hour and cannot be sent is no longer only waiting."""


def colour(standing: Standing, *, needed: int, now: int, shut: str | None = None) -> Colour:
    """Green is only what was read in its system; red is what stands wrong, is late, or is needed soon and cannot be.

    What a closure holds back is as it should be, and waits. Over a connection that only observes nothing is sent.
    """
    match standing:
        case Standing(state=Effect.STANDING, proof=Proof.READ):
            return "green"
        case Standing(state=Effect.SUSPENDED):
            return "waiting"
        case (
            Standing(state=Effect.STANDING | Effect.OVERRIDDEN)
            | Standing(delivery=Delivery.AWAITING_USER | Delivery.DISMISSED)
        ):
            return "yellow"
        case Standing(state=Effect.LOST) | Standing(delivery=Delivery.STUCK | Delivery.RETRYING | Delivery.EXPIRED):
            return "red"
    if shut == "observe":
        return "yellow"
    late = now - _GRACE if shut is None else now + _SOON
    return "red" if needed < late else "waiting"
