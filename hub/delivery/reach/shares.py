"""What a process may use of each connection while others carry too: a share of its limits, the oldest first.

Each says every other second that it is there; one that is not heard of for eight is gone, and starts no call when it
has not been heard. A new one waits as long, so that all others know of it and have less, before it uses its share. One
that was killed on the same machine is seen to be gone at once.

The oldest leads: it does what one does for all of them, and has a part of every connection.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hub.clock import running_seconds, span
from hub.delivery.reach.connections import Connections
from hub.delivery.reach.ways import NONE, Share
from hub.store import nodes
from hub.store.engine.database import Connection
from hub.store.engine.writer import Writer
from hub.store.nodes import Beat, Living

BEAT = timedelta(seconds=2)
LEASE = timedelta(seconds=8)


def own_name() -> str:
    """Which machine since its last start, which processes it can see there, and which it is."""
    return f"{_home()}/{os.getpid()}/{secrets.token_hex(3)}"


def _home() -> str:
    """The machine since its last start, and the space of process numbers; empty where there is no telling."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    return ""


def is_gone(name: str) -> bool:
    """Whether a process was on this machine, and is no more."""
    home, _, rest = name.rpartition("/")[0].rpartition("/")
    if not home or home != _home() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


class Shares:
    """Of one process."""

    every = BEAT
    """How often it says that it is there."""

    def __init__(self, writer: Writer, connections: Connections, name: str | None = None) -> None:
        self._writer, self._connections, self._name = writer, connections, name or own_name()
        self._sure_until = 0.0
        self.share = NONE
        self.led: Callable[[], None] = lambda: None
        """Called when this process has come to lead."""
        connections.is_sure = self.is_sure

    def is_sure(self) -> bool:
        """Whether the others know of this process: past that they use what was its."""
        return running_seconds() < self._sure_until

    @property
    def name(self) -> str:
        """What the others know it by."""
        return self._name

    @property
    def leads(self) -> bool:
        """Whether this is the oldest of those that are there: it does what one does for all, and has a part of all."""
        return self.share.of > 0 and self.share.place == 0 and self.is_sure()

    async def begin(self) -> None:
        """Know of the others before anything is called."""
        self._connections.divide(NONE)
        await self._writer.call(_clear)
        await self.beat()

    async def beat(self) -> None:
        """Say that this process is there, and have what is its.

        One that cannot say so for long hangs up, for others may be connected in its place; one that was alone need not.
        """
        started = running_seconds()
        try:
            living = await self._writer.do(nodes.beat, Beat(self._name, span(LEASE)))
        except Exception:
            if self.share.of > 1 and not self.is_sure():
                self._have(NONE)
            raise
        led = self.leads
        self._sure_until = started + LEASE.total_seconds()
        self._have(_share(living, self._name))
        if self.leads and not led:
            self.led()

    def _have(self, share: Share) -> None:
        if share != self.share:
            self.share = share
            self._connections.divide(share)

    async def leave(self) -> None:
        """Let the others have it at once; nothing is called from here any more."""
        self.share, self._sure_until = NONE, 0.0
        await self._writer.call(nodes.leave, self._name)


def _clear(connection: Connection) -> None:
    """Processes that were killed here have not said that they go."""
    for name in nodes.names(connection):
        if is_gone(name):
            nodes.leave(connection, name)


def _share(living: Living, name: str) -> Share:
    """Its place; nothing while those who were there before it may not have heard of it."""
    place = next(place for place, (other, _) in enumerate(living.nodes) if other == name)
    _, since = living.nodes[place]
    others = any(began <= since for other, began in living.nodes if other != name)
    if others and living.now - since < span(LEASE):
        return NONE
    return Share(place, len(living.nodes))
