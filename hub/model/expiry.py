"""What of a connection ends, and how near that is: certificates, the account or its password. Pure."""

from enum import StrEnum, auto
from typing import Final, NamedTuple

from hub.clock import DAY

AHEAD_DAYS: Final = (60, 30, 7)
"""How long ahead an operator is told, each time again."""
ENDED: Final = len(AHEAD_DAYS) + 1
"""The stage of what has ended."""


class Thing(StrEnum):
    """What ends."""

    SERVER_CERTIFICATE = auto()
    """The system's own, as it was shown when a connection was made."""
    CLIENT_CERTIFICATE = auto()
    """Ours."""
    PRIVATE_CA = auto()
    """Of the file by which the system is trusted."""
    CREDENTIALS = auto()
    """The account, or its password."""


class Expiry(NamedTuple):
    """One thing and its end, microseconds; `name` is the host or the file, and empty for credentials."""

    thing: Thing
    name: str
    ends: int


def stage(ends: int, *, now: int) -> int:
    """How near: 0 for farther than all of AHEAD_DAYS, then one more at each of them, ENDED at last."""
    return ENDED if ends <= now else sum(ends - now <= days * DAY for days in AHEAD_DAYS)


def days_left(ends: int, *, now: int) -> int:
    """Whole days until then; 0 on the last one."""
    return max(0, (ends - now) // DAY)
