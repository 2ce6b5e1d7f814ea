"""The settings of one connection: a broker, the locks behind it, and which of their slots are the hub's."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from hub.sdk import ConnectorConfig
from hub.sdk.mqtt import BrokerConfig

Slots = Annotated[str, StringConstraints(pattern=r"^\d{1,3}-\d{1,3}$")]
"""The first and the last slot, both counted in."""


@dataclass(frozen=True)
class Lock:
    """One lock, its topics and the slots that are the hub's."""

    name: str
    state: str
    slots: range
    notes: str
    """Topic of the note about a slot, with `{slot}` in it."""

    @property
    def set(self) -> str:
        """Where it takes commands."""
        return f"{self.state}/set"

    @property
    def get(self) -> str:
        """Where it is asked."""
        return f"{self.state}/get"

    @property
    def availability(self) -> str:
        """Where Zigbee2MQTT tells whether it can be reached."""
        return f"{self.state}/availability"

    def note(self, slot: int | str) -> str:
        """The topic of the note about one slot."""
        return self.notes.replace("{slot}", str(slot))

    def noted(self, topic: str) -> int | None:
        """The slot that a topic of a note is about, also one that is not the hub's any more."""
        before, _, after = self.notes.partition("{slot}")
        slot = topic.removeprefix(before).removesuffix(after)
        return int(slot) if slot.isdecimal() and topic == self.note(slot) else None


class OneLock(ConnectorConfig):
    """What is particular to one lock."""

    state: str | None = Field(default=None, description="Its own state topic.")
    slots: Slots | None = Field(default=None, description="Its own slots for the hub.")


class ZigbeeConfig(BrokerConfig):
    """One broker, one Zigbee2MQTT behind it, and its locks."""

    locks: dict[str, OneLock] = Field(
        min_length=1, description="Each lock by its door's key, with its own `state` and `slots`, or `{}`."
    )
    slots: Slots = Field(
        description="Slots of a lock that are the hub's, such as `11-30`, a code each; what is in others, and what is"
        " in these without a note of ours, is never touched."
    )
    state_topic: str = Field(default="zigbee2mqtt/{lock}", description="State topic of locks that name none.")
    bridge_topic: str = Field(
        default="zigbee2mqtt/bridge/state", description="Where Zigbee2MQTT tells whether it is online."
    )
    notes_topic: str = Field(
        default="knutpunkt/{lock}/slots/{slot}",
        description="Where the broker keeps, retained, what the hub put into which slot.",
    )
    notes_secret: SecretStr = Field(
        min_length=16,
        description="A secret of this connection's own, 16 characters or more: a note marks a code with it, and holds"
        " none. With another one all codes are taken for changed.",
    )
    report_within: timedelta = Field(
        default=timedelta(seconds=5),
        gt=timedelta(0),
        le=timedelta(seconds=9),
        description="Seconds within which a lock tells what is in a slot.",
    )

    def lock(self, name: str) -> Lock:
        """One lock that is configured."""
        own = self.locks[name]
        first, _, last = (own.slots or self.slots).partition("-")
        state = own.state or self.state_topic.replace("{lock}", name)
        return Lock(name, state, range(int(first), int(last) + 1), self.notes_topic.replace("{lock}", name))

    @model_validator(mode="after")
    def _topics_can_be_used(self) -> Self:
        locks = [self.lock(name) for name in self.locks]
        faults = [fault for lock in locks for fault in _faults(lock)]
        if why := _unfit(self.bridge_topic):
            faults.append(f"bridge topic {self.bridge_topic!r} {why}")
        faults += [
            f"two locks share their {what} topic; write {{lock}} into it"
            for what in ("state", "notes")
            if len({getattr(lock, what) for lock in locks}) < len(locks)
        ]
        if faults:
            msg = "; ".join(faults)
            raise ValueError(msg)
        return self


def _faults(lock: Lock) -> list[str]:
    topics = {"state": lock.state, "notes": lock.notes.replace("{slot}", "0")}
    faults = [
        f"lock {lock.name}: {name} topic {topic!r} {why}" for name, topic in topics.items() if (why := _unfit(topic))
    ]
    if "{slot}" not in lock.notes.split("/"):
        faults.append(f"lock {lock.name}: notes topic {lock.notes!r} has no level that is {{slot}}")
    if not lock.slots:
        faults.append(f"lock {lock.name}: its slots end before they begin")
    return faults


def _unfit(topic: str) -> str:
    """Why nothing can be published there, or nothing."""
    if not topic or set(topic) & {"+", "#", "\0"} or topic.startswith("$"):
        return "is empty, has a wildcard, or belongs to the broker ($)"
    return "has a name in braces that is not known" if "{" in topic else ""
