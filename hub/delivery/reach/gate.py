"""A gate (a circuit breaker): shut while a system does not answer, and then nothing is sent.

open     every lane goes; one that gets no answer has the system asked, harmlessly, whether it is there
shut     nobody goes: at `retry_at` one lane has the system asked, ever more seldom
trying   it said that it is there: one lane after the other goes, and the first answer of any kind opens the gate

Of an endpoint that cannot be asked, one lane at a time tries instead. A system that is down for two hours with four
hundred lanes behind it gets one question at a time, and is one problem. One lamp that does not answer shuts nothing, as
long as its system does. What a system refuses is an answer.
"""

from collections.abc import Callable
from enum import IntEnum

from hub.clock import NEVER, SECOND
from hub.delivery.reach.retrying import next_attempt

_ENOUGH = 2
"""Lanes in a row without an answer that shut the gate, when nobody could ask the system itself."""
_ENOUGH_VOUCHED = 5
"""The same, though the system says that it is there."""
_LEAST_PATIENCE, _MOST_PATIENCE = 10 * SECOND, 60 * SECOND
"""How long others wait while one asks or tries: as long as it rests if that fails; they are woken if it does not."""
_BLIPS = 1
"""How often a system may be silent before that is a problem, when nothing is needed soon."""


class Entry(IntEnum):
    """What a lane may do."""

    WAIT = 0
    """Come again at `wait_until`."""
    GO = 1
    ASK = 2
    """Ask the system first whether it is there: `answered` or `silent`."""


class Gate:
    """Of one connection or endpoint, in one process. `asks`: whether its system can be asked if it is there."""

    opened: Callable[[], None] | None = None
    """Called when the gate opens: what waited is due."""
    may_open: Callable[[], None] | None = None
    """Called when another has heard from the system: what waited is due, and one tries."""

    def __init__(self, *, asks: bool = False) -> None:
        self._asks = asks
        self.failing_since: int | None = None
        """When it shut; None while it is open."""
        self.retry_at = 0
        self.silent_at = 0
        """When there was no answer last."""
        self._trying = False
        self._failures = 0
        self._unanswered: set[int] = set()
        self._inside: int | None = None
        """The lane that asks or tries."""
        self._patience = _LEAST_PATIENCE
        self._not_before = 0
        self._soonest = NEVER
        """When the first of those that were turned away since the last failure is needed."""

    @property
    def is_open(self) -> bool:
        """Whether everybody may go through."""
        return self.failing_since is None

    @property
    def lasts(self) -> bool:
        """Whether it is more than a blip."""
        return self._failures > _BLIPS

    def enter(self, lane: int, now: int, *, needed_by: int = NEVER) -> Entry:
        """What this lane may do; it must leave again.

        One that is turned away and is needed soon has the system asked sooner, by whichever lane.
        """
        if self.is_open:
            return Entry.GO
        if self._inside is not None or now < self.retry_at:
            self._soonest = min(self._soonest, needed_by)
            self._ask_by(next_attempt(self._failures - 1, now=now, needed_by=needed_by))
            return Entry.WAIT
        self._inside = lane
        if self._asks and not self._trying:
            return Entry.ASK
        self._trying = True
        return Entry.GO

    def wait_until(self, now: int) -> int:
        """When a lane that was turned away comes again."""
        return max(self.retry_at, now + (SECOND if self._inside is None else self._patience))

    def left(self, lane: int) -> None:
        """The lane has gone through; another may."""
        if self._inside == lane:
            self._inside = None

    def failed(
        self, lane: int, now: int, *, vouched: bool | None = None, needed_by: int = NEVER, not_before: int = 0
    ) -> None:
        """A call got no answer.

        Args:
            lane: whose it was.
            now: microseconds.
            vouched: whether the system says that it is there; None when nobody could ask.
            needed_by: when the lane is needed.
            not_before: when the system wants to be asked again.
        """
        self.silent_at, self._not_before = now, max(self._not_before, not_before)
        self._unanswered.add(lane)
        tried = self._inside == lane
        self.left(lane)
        if not self.is_open and not (tried and self._trying):
            self._ask_by(next_attempt(self._failures - 1, now=now, needed_by=needed_by))
            return  # in hand when it shut: one failure together
        if vouched is False or len(self._unanswered) >= self._enough(vouched=vouched):
            self._shut(now, needed_by)

    def _enough(self, *, vouched: bool | None) -> int:
        """How many lanes in a row must get no answer."""
        if self._trying:
            return _ENOUGH if self._asks else 1
        return _ENOUGH_VOUCHED if vouched else _ENOUGH

    def silent(self, now: int, *, needed_by: int = NEVER) -> None:
        """The system was asked whether it is there, and did not answer."""
        self.silent_at = now
        self._shut(now, needed_by)

    def _shut(self, now: int, needed_by: int) -> None:
        self.failing_since = now if self.failing_since is None else self.failing_since
        again = next_attempt(self._failures, now=now, needed_by=min(needed_by, self._soonest))
        self.retry_at = max(again, self._not_before)
        self._patience = min(max(again - now, _LEAST_PATIENCE), _MOST_PATIENCE)
        self._failures, self._soonest, self._trying = self._failures + 1, NEVER, False
        self._unanswered.clear()

    def _ask_by(self, moment: int) -> None:
        self.retry_at = max(min(self.retry_at, moment), self._not_before)

    def answered(self, now: int) -> None:
        """The system says that it is there: one after the other may try."""
        if not self.is_open:
            self._trying, self.retry_at = True, min(self.retry_at, now)

    def hurry(self, now: int) -> None:
        """The clock was set: what was put off until a moment of the old one is not."""
        self._not_before, self.retry_at = 0, min(self.retry_at, now)

    def back(self, now: int) -> None:
        """Another has heard from it: what waits is due, and one tries."""
        if not self.is_open and not self._trying:
            self.answered(now)
            if self.may_open:
                self.may_open()

    def succeeded(self) -> None:
        """An answer to a lane, whatever it said: open."""
        was_shut = not self.is_open
        self.failing_since, self.retry_at, self._failures, self._inside = None, 0, 0, None
        self._trying, self._not_before, self._soonest = False, 0, NEVER
        self._unanswered.clear()
        if was_shut and self.opened:
            self.opened()
