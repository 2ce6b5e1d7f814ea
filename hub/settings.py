"""How one process of the hub runs; all of it can be said on the command line or as KNUTPUNKT_... variables."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """The rhythm of delivery, in the machine's time."""

    lease: timedelta = timedelta(seconds=60)
    """How long a node holds a lane. A connector's `lands_within` is at most half of it (rule 8)."""
    batch: int = 400
    """Lanes that a node carries at once, at most."""
    idle: timedelta = timedelta(milliseconds=200)
    """The longest sleep when nothing is due; accepting wakes it."""
    finish: timedelta = timedelta(seconds=20)
    """How long a node that is told to stop waits for what it has in hand."""
    look_every: timedelta = timedelta(minutes=10)
    """How often all that stands is read back, in the domain's time."""
    check_every: timedelta = timedelta(minutes=5)
    """How often every connection is checked."""
    settled: timedelta = timedelta(minutes=1)
    """How long after a rotation of keys nothing that was sealed with the old one is written any more."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One process."""

    database: str = "sqlite:///knutpunkt.db"
    host: str = "127.0.0.1"
    port: int = 8480
    simulate: bool = False
    """Start the simulator of every connection, and point the connection at it."""
    traces: str | None = None
    """Where to send traces, an address of OTLP over HTTP."""
    carries: bool = True
    """Whether this process carries, sends webhooks and does what is periodic, or leaves that to others."""
    pulse: Pulse = Pulse()
