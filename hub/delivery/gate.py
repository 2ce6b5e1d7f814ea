"""A connection's gate: shut while its system does not answer, so that one lane probes and the others wait.

A system that is down for two hours with four hundred lanes behind it gets one call at a time, and one problem. One lamp
that does not answer shuts nothing: it takes two lanes in a row, with no answer in between.
"""

from collections.abc import Callable

from hub.clock import NEVER
from hub.delivery.retrying import next_attempt

_ENOUGH = 2


class Gate:
    """Open until calls fail for want of an answer; then one probe at a time, ever more seldom, until one succeeds."""

    opened: Callable[[], None] | None = None
    """Called when the gate opens again: what waited is due."""

    def __init__(self) -> None:
        self.failing_since: int | None = None
        """When it shut; None while it is open."""
        self.retry_at = 0
        self._failures = 0
        self._unanswered: set[int] = set()
        self._probing: int | None = None
        self._soonest = NEVER
        """When the first of those that were turned away since the last failure is needed."""

    @property
    def is_open(self) -> bool:
        """Whether everybody may go through."""
        return self.failing_since is None

    def enter(self, lane: int, now: int, *, needed_by: int = NEVER) -> bool:
        """Whether this lane may call; of those that come while the gate is shut, one at its time.

        One that is turned away and is needed soon has the next probe made sooner, whichever lane makes it.
        """
        if self.is_open:
            return True
        if self._probing is not None or now < self.retry_at:
            self._soonest = min(self._soonest, needed_by)
            self._try_by(next_attempt(self._failures - 1, now=now, needed_by=needed_by))
            return False
        self._probing = lane
        return True

    def failed(self, lane: int, now: int, *, needed_by: int = NEVER) -> None:
        """No answer: when it is not this lane alone, shut, or stay shut longer.

        Those that were in hand when it shut are one failure together.
        """
        self._unanswered.add(lane)
        in_hand = not self.is_open and self._probing != lane
        self.left(lane)
        if in_hand:
            self._try_by(next_attempt(self._failures - 1, now=now, needed_by=needed_by))
            return
        if self.is_open and len(self._unanswered) < _ENOUGH:
            return
        self.failing_since = now if self.failing_since is None else self.failing_since
        self.retry_at = next_attempt(self._failures, now=now, needed_by=min(needed_by, self._soonest))
        self._failures, self._soonest = self._failures + 1, NEVER

    def _try_by(self, moment: int) -> None:
        self.retry_at = min(self.retry_at, moment)

    def succeeded(self) -> None:
        """An answer, whatever it said: open."""
        was_shut = not self.is_open
        self.failing_since, self.retry_at, self._failures, self._probing = None, 0, 0, None
        self._unanswered.clear()
        self._soonest = NEVER
        if was_shut and self.opened:
            self.opened()

    def left(self, lane: int) -> None:
        """The lane has gone through; another may probe."""
        if self._probing == lane:
            self._probing = None
