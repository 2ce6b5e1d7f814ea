"""Three clocks: the domain's (settable, lent to simulators), the database's, and the machine's that runs while stopped.

Times in storage are whole microseconds since 1970 UTC, as int: exact, sortable and small.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SECOND = 1_000_000
"""One second in the storage unit."""
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEVER = 1 << 62
"""A time later than any; a column without NULL makes comparisons and partial indexes alike on both databases."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(instant: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime, exact (no float on the way)."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    """The aware UTC datetime of a stored time."""
    return _EPOCH + timedelta(microseconds=at)


def span(length: timedelta) -> int:
    """A length of time in the storage unit."""
    return length // _MICROSECOND


class Clock(Protocol):
    """The domain's time, aware, UTC; may stand elsewhere than the machine's, and may run fast in a demo."""

    def now(self) -> datetime: ...


@dataclass
class DomainClock:
    """Starts where it is told, and runs `speed` times as fast as the machine's steady clock."""

    start: datetime | None = None
    speed: float = 1.0
    _began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """Return the domain's time, UTC."""
        if self.start is None:
            return datetime.now(UTC)
        return (self.start + timedelta(seconds=(time.monotonic() - self._began) * self.speed)).astimezone(UTC)

    def move_to(self, moment: datetime) -> None:
        """Set the domain's time; for demos and tests."""
        self.start, self._began = moment, time.monotonic()


def now_of(clock: Clock) -> int:
    """The domain's time in microseconds; where it is the machine's, without an object on the way."""
    if type(clock) is DomainClock and clock.start is None:
        return time.time_ns() // 1000
    return micros(clock.now())


def running_seconds() -> float:
    """Seconds of the machine's CLOCK_BOOTTIME: goes on while the process or the machine is stopped, and is never set.

    For lease deadlines and time-outs only; never compared with a domain time.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)
