"""What the events of a device tell of its doors, and how far they have been read: pure.

A device that keeps its events is asked for a little more each time than what is new, and what was read there already is
remembered by its identity.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from connectors.access_onvif.events import Event
from hub.model import Passage, PassageOutcome, Refusal
from hub.sdk import RawItem, RejectedError

GRANTED, DENIED, NOT_FOUND = "AccessControl/AccessGranted", "AccessControl/Denied", "CredentialNotFound"
REASONS = {
    "CredentialNotEnabled": Refusal.DISABLED,
    "CredentialNotActive": Refusal.TOO_EARLY,
    "CredentialExpired": Refusal.TOO_LATE,
    "InvalidPIN": Refusal.WRONG_CODE,
}
"""Others say no more than that it was refused: `Unauthorized` is another door's credential, and one out of its time."""


def tells(event: Event) -> bool:
    """Whether it is of somebody at a door. What is taken or not after it was granted is not counted again."""
    of_doors = any(event.topic == topic or event.topic.startswith(f"{topic}/") for topic in (GRANTED, DENIED))
    return of_doors and not event.is_state


def identity_of(event: Event) -> str:
    """Give what an event is known again by: its topic, time and tokens; nothing can be read out of it."""
    told = (event.topic, event.at, *(event.items.get(name, "") for name in ("AccessPointToken", "CredentialToken")))
    return sha256("\0".join(told).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Mark:
    """Everything before `since`, by the device's clock, has been read; `seen`: when what was told of lately was."""

    since: datetime
    overlap: timedelta
    seen: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str | None, begin: datetime, overlap: timedelta) -> "Mark":
        """Give where to go on; None: from a moment on."""
        told: dict[str, Any] = json.loads(cursor) if cursor else {"since": begin.isoformat(), "seen": {}}
        return cls(datetime.fromisoformat(told["since"]), overlap, told["seen"])

    def __str__(self) -> str:
        return json.dumps({"since": self.since.isoformat(), "seen": dict(sorted(self.seen.items()))})

    @property
    def start(self) -> datetime:
        """From when to ask."""
        return self.since - self.overlap

    def fresh(self, events: Iterable[Event]) -> list[Event]:
        """Give those of doors that were not seen yet, each once."""
        new = {identity_of(one): one for one in events if tells(one)}
        return [one for identity, one in new.items() if identity not in self.seen]

    def after(self, events: Sequence[Event], now: datetime) -> "Mark":
        """Give where to go on after an answer; never past the device's `now`, whatever an event says of its own."""
        times = [one.time for one in events if one.time is not None and not one.is_state]
        since = min(max([self.since, *times]), max(now, self.since))
        seen = dict(self.seen) | {identity_of(one): (one.time or since).isoformat() for one in events if tells(one)}
        again = since - self.overlap
        return Mark(since, self.overlap, {key: at for key, at in seen.items() if datetime.fromisoformat(at) >= again})


def items_of(events: Iterable[Event], doors: Mapping[str, str], keys: Mapping[str, str]) -> Iterator[RawItem]:
    """Give the items, each with its door and, where it is ours, its key; tokens of others are left out."""
    for event in events:
        point = event.items.get("AccessPointToken", "")
        kept = {
            "at": event.at,
            "topic": event.topic,
            "door": doors.get(point, point),
            "key": keys.get(event.items.get("CredentialToken", ""), ""),
            "reason": event.items.get("Reason", ""),
        }
        yield RawItem(identity_of(event), json.dumps(kept, ensure_ascii=False).encode(), f"event at {event.at}")


def passage_of(item: RawItem) -> Passage:
    """Give the passage that an item tells of.

    Raises:
        RejectedError: it has no door, or no time.
    """
    told = json.loads(item.content)
    at = Event(told["topic"], told["at"], is_state=False).time
    if at is None or not told["door"]:
        raise RejectedError("an event without a door, or without a time; ask who made the device", place=item.place)
    reason = _refusal(told["topic"], told["reason"])
    return Passage(
        door=told["door"],
        at=at,
        outcome=PassageOutcome.PASSED if reason is None else PassageOutcome.REFUSED,
        reason=reason,
        key=told["key"] or None,
    )


def _refusal(topic: str, reason: str) -> Refusal | None:
    if not topic.startswith(DENIED):
        return None
    if NOT_FOUND in topic.split("/"):
        return Refusal.UNKNOWN_CODE
    return REASONS.get(reason, Refusal.OTHER)
