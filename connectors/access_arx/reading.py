"""How far the log of events has been read: pure.

A controller that was cut off tells late, and with the times that it wrote down. So each question goes back a little
over what was read before, and what was seen there already is remembered by its identity. Questions are cut into hours,
so that after a long outage no answer is too large.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.access_arx.client import Event
from connectors.access_arx.translate import identity_of

SLICE = 3_600_000
"""Of one question, milliseconds."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Mark:
    """Everything before `since` (milliseconds since 1970 UTC) has been read; `seen`: what was told of since then."""

    since: int
    overlap: int
    """How far before it is asked for again, milliseconds."""
    seen: frozenset[str] = frozenset()

    @classmethod
    def read(cls, cursor: str | None, begin: datetime, overlap: timedelta) -> "Mark":
        """Give where to go on; None: from a moment on."""
        told: dict[str, Any] = json.loads(cursor) if cursor else {"since": moment(begin), "seen": []}
        return cls(told["since"], overlap // _MILLISECOND, frozenset(told["seen"]))

    def __str__(self) -> str:
        return json.dumps({"since": self.since, "seen": sorted(self.seen)})

    @property
    def start(self) -> int:
        """From when to ask."""
        return self.since - self.overlap

    @property
    def end(self) -> int:
        """Before when to ask."""
        return self.since + SLICE

    def fresh(self, events: Sequence[Event]) -> tuple[Event, ...]:
        """Give what was not seen yet, oldest first, each once."""
        new = {identity_of(one): one for one in events if identity_of(one) not in self.seen}
        return tuple(sorted(new.values(), key=lambda one: at(one) or 0))

    def after(self, events: Sequence[Event], server: int) -> "Mark":
        """Give where to go on after an answer; never past the `server`'s time, whatever an event says of its own."""
        times = [told for one in events if (told := at(one)) is not None]
        reached = self.end if self.end <= server else min(max([self.since, *times]), max(server, self.since))
        again = reached - self.overlap
        seen = frozenset(identity_of(one) for one in events if (at(one) or again) >= again)
        return Mark(reached, self.overlap, seen)


def at(event: Event) -> int | None:
    """When it was; None for one that does not say."""
    return int(event.timestamp) if event.timestamp.isdecimal() else None


def moment(time: datetime) -> int:
    """Milliseconds since 1970 UTC."""
    return (time - _EPOCH) // _MILLISECOND


_MILLISECOND = timedelta(milliseconds=1)
