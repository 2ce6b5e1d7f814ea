"""A connection's gate: shut while its system does not answer, so that one lane probes and the others wait.

A system that is down for two hours with four hundred lanes behind it gets one call at a time, and one problem.
"""

from collections.abc import Callable

from hub.clock import NEVER
from hub.delivery.retrying import next_attempt
from hub.store.problems import Cause


class Gate:
    """Open until a call fails for want of an answer; then one probe at a time, ever more seldom, until one succeeds."""

    opened: Callable[[], None] | None = None
    """Called when the gate opens again: what waited is due."""

    def __init__(self) -> None:
        self.failing_since: int | None = None
        self.retry_at = 0
        self.cause: Cause | None = None
        """The problem that lanes wait behind, once it is one."""
        self._failures = 0
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether everybody may go through."""
        return self.failing_since is None

    def enter(self, now: int) -> bool:
        """Whether this call may be made; of those that come while the gate is shut, one at its time."""
        if self.is_open:
            return True
        if self._probing or now < self.retry_at:
            return False
        self._probing = True
        return True

    def failed(self, now: int, *, needed_by: int = NEVER, cause: Cause | None = None) -> None:
        """No answer: shut, or stay shut longer. The cause makes it a problem."""
        self.cause = cause or self.cause
        self.failing_since = self.failing_since if self.failing_since is not None else now
        self.retry_at = next_attempt(self._failures, now=now, needed_by=needed_by)
        self._failures += 1
        self._probing = False

    def succeeded(self) -> bool:
        """An answer, whatever it said: open. Tells whether it was shut."""
        was_shut = not self.is_open
        self.failing_since, self.retry_at, self._failures, self._probing, self.cause = None, 0, 0, False, None
        if was_shut and self.opened:
            self.opened()
        return was_shut

    def left(self) -> None:
        """The probe ended without a call."""
        self._probing = False
