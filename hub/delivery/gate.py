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

    @property
    def is_open(self) -> bool:
        """Whether everybody may go through."""
        return self.failing_since is None

    def enter(self, lane: int, now: int) -> bool:
        """Whether this lane may call; of those that come while the gate is shut, one at its time."""
        if self.is_open:
            return True
        if self._probing is not None or now < self.retry_at:
            return False
        self._probing = lane
        return True

    def failed(self, lane: int, now: int, *, needed_by: int = NEVER) -> None:
        """No answer: when it is not this lane alone, shut, or stay shut longer."""
        self._unanswered.add(lane)
        self.left(lane)
        if self.is_open and len(self._unanswered) < _ENOUGH:
            return
        self.failing_since = now if self.failing_since is None else self.failing_since
        self.retry_at = next_attempt(self._failures, now=now, needed_by=needed_by)
        self._failures += 1

    def succeeded(self) -> None:
        """An answer, whatever it said: open."""
        was_shut = not self.is_open
        self.failing_since, self.retry_at, self._failures, self._probing = None, 0, 0, None
        self._unanswered.clear()
        if was_shut and self.opened:
            self.opened()

    def left(self, lane: int) -> None:
        """The lane has gone through; another may probe."""
        if self._probing == lane:
            self._probing = None
