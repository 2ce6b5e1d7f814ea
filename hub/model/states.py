"""Three closed sets of states, and their legal moves. The table in docs/states.md is made from here."""

from collections.abc import Mapping
from enum import StrEnum, auto


class Effect(StrEnum):
    """Where a standing effect (bestående verkan) is."""

    PLANNED = auto()
    """Wanted later, or wanted now and not yet confirmed."""
    STANDING = auto()
    """Confirmed as it should be."""
    SUSPENDED = auto()
    """A closure holds it back."""
    OVERRIDDEN = auto()
    """Someone set it by hand; left so until the next edge."""
    LOST = auto()
    """Was confirmed, and is not there any more."""
    REMOVING = auto()
    """Wanted no more, and not yet confirmed gone."""
    REMOVED = auto()
    """Nothing of ours stands there."""


class Record(StrEnum):
    """Where a record (post) is."""

    PLANNED = auto()
    DONE = auto()
    WITHDRAWN = auto()


class Delivery(StrEnum):
    """Where the carrying of an effect or record is (leverans)."""

    WAITING = auto()
    """Its time has not come."""
    DUE = auto()
    SENDING = auto()
    RETRYING = auto()
    AWAITING_USER = auto()
    """A person must accept a mobile key."""
    STUCK = auto()
    """An operator must act."""
    CONFIRMED = auto()
    EXPIRED = auto()
    """Its use passed before it could be carried out; reported."""
    SUPERSEDED = auto()
    """Something newer took its place."""
    DISMISSED = auto()
    """An operator gave it up, with a reason."""


class Proof(StrEnum):
    """Why a delivery counts as confirmed (rule 9). Only `read` is green."""

    READ = auto()
    RECEIPT = auto()
    SENT = auto()


EFFECT_MOVES: Mapping[Effect, frozenset[Effect]] = {
    Effect.PLANNED: frozenset({Effect.STANDING, Effect.SUSPENDED, Effect.REMOVED, Effect.REMOVING, Effect.OVERRIDDEN}),
    Effect.STANDING: frozenset(
        {Effect.PLANNED, Effect.SUSPENDED, Effect.OVERRIDDEN, Effect.LOST, Effect.REMOVING, Effect.REMOVED}
    ),
    Effect.SUSPENDED: frozenset({Effect.PLANNED, Effect.STANDING, Effect.REMOVING, Effect.REMOVED, Effect.OVERRIDDEN}),
    Effect.OVERRIDDEN: frozenset(
        {Effect.PLANNED, Effect.STANDING, Effect.SUSPENDED, Effect.REMOVING, Effect.REMOVED, Effect.LOST}
    ),
    Effect.LOST: frozenset({Effect.STANDING, Effect.PLANNED, Effect.SUSPENDED, Effect.REMOVING, Effect.REMOVED}),
    Effect.REMOVING: frozenset({Effect.REMOVED, Effect.PLANNED, Effect.STANDING, Effect.SUSPENDED}),
    Effect.REMOVED: frozenset({Effect.PLANNED, Effect.STANDING, Effect.SUSPENDED, Effect.REMOVING, Effect.OVERRIDDEN}),
}
"""A booking may change at any moment, so most moves are legal; no state is a dead end."""

RECORD_MOVES: Mapping[Record, frozenset[Record]] = {
    Record.PLANNED: frozenset({Record.DONE, Record.WITHDRAWN}),
    Record.DONE: frozenset(),
    Record.WITHDRAWN: frozenset({Record.PLANNED}),
}
"""What is done stays done: a credit is a record of its own."""

_IN_HAND = frozenset({Delivery.SENDING})
_ENDS = frozenset(
    {
        Delivery.CONFIRMED,
        Delivery.RETRYING,
        Delivery.AWAITING_USER,
        Delivery.STUCK,
        Delivery.EXPIRED,
        Delivery.SUPERSEDED,
        Delivery.WAITING,
        Delivery.DUE,
    }
)
_OPEN = _IN_HAND | {Delivery.WAITING, Delivery.DUE, Delivery.SUPERSEDED, Delivery.DISMISSED}

DELIVERY_MOVES: Mapping[Delivery, frozenset[Delivery]] = {
    Delivery.WAITING: _OPEN - {Delivery.WAITING} | {Delivery.EXPIRED, Delivery.CONFIRMED},
    Delivery.DUE: _OPEN - {Delivery.DUE} | {Delivery.EXPIRED, Delivery.CONFIRMED},
    Delivery.SENDING: _ENDS,
    Delivery.RETRYING: _OPEN | {Delivery.EXPIRED, Delivery.STUCK},
    Delivery.AWAITING_USER: _OPEN | {Delivery.CONFIRMED, Delivery.EXPIRED},
    Delivery.STUCK: _OPEN | {Delivery.EXPIRED},
    Delivery.CONFIRMED: frozenset({Delivery.WAITING, Delivery.DUE, Delivery.SENDING, Delivery.DISMISSED}),
    Delivery.EXPIRED: frozenset({Delivery.WAITING, Delivery.DUE, Delivery.SENDING}),
    Delivery.SUPERSEDED: frozenset({Delivery.WAITING, Delivery.DUE, Delivery.SENDING}),
    Delivery.DISMISSED: frozenset({Delivery.WAITING, Delivery.DUE, Delivery.SENDING}),
}
"""Of one lane: when a new generation comes, the lane is due or waiting again, whatever it was."""
