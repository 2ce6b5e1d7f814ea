"""What the records of messages hold. They are kept in clear, so nothing about persons; the text is made when sent."""

import hashlib
import json
import re
from typing import NamedTuple

from hub.model.notice import Channel

_REST = re.compile(
    r"(?P<revision>\d+)\.(?P<role>[a-z0-9-]+)(?:\.(?P<facility>[a-z0-9-]+))?"
    r"(?P<sms>:sms)?(?::code-(?P<code>[0-9a-f]+))?(?::t(?P<turn>\d+(?:-[0-9a-f]+)?))?(?P<gone>:gone)?"
)


class Slot(NamedTuple):
    """Somebody who is told of bookings in one way: a role, or a role at one facility, by e-mail or text message."""

    role: str
    facility: str = ""
    channel: Channel = Channel.EMAIL

    def __str__(self) -> str:
        at = f".{self.facility}" if self.facility else ""
        return f"{self.role}{at}:sms" if self.channel is Channel.SMS else f"{self.role}{at}"

    @classmethod
    def parse(cls, text: str) -> "Slot":
        """What str() wrote."""
        place, _, sms = text.partition(":")
        role, _, facility = place.partition(".")
        return cls(role, facility, Channel.SMS if sms else Channel.EMAIL)


class NoticeBody(NamedTuple):
    """A message of one revision of a booking to one slot."""

    role: str
    number: str
    revision: int
    facility: str = ""
    channel: str = Channel.EMAIL
    code: str = ""
    """The mark of a credential: about its code only."""
    turn: str = ""
    """How often the closures over the booking have changed at this revision, and which are closed now."""
    gone: bool = False
    """The booking concerns the slot no more."""

    @property
    def slot(self) -> Slot:
        """Who is told, and how."""
        return Slot(self.role, self.facility, Channel(self.channel))

    @property
    def key(self) -> str:
        """Of its lane: another for each revision, slot and turn."""
        more = (
            f":code-{self.code}" if self.code else "",
            f":t{self.turn}" if self.turn else "",
            ":gone" if self.gone else "",
        )
        return f"{self.number}.r{self.revision}.{self.slot}{''.join(more)}"

    @property
    def others(self) -> tuple[str, str]:
        """Between these lie the keys of all that is told of the booking."""
        return between(self.number)

    def to_json(self) -> str:
        """As it is kept: what is usual left out."""
        kept = {k: v for k, v in self._asdict().items() if v != self._field_defaults.get(k)}
        return json.dumps({"notice": kept}, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def read(cls, text: str | None) -> "NoticeBody | None":
        """What to_json wrote; None for a record of another kind."""
        return cls(**json.loads(text)["notice"]) if text and text.startswith('{"notice":') else None

    @classmethod
    def of_key(cls, number: str, key: str) -> "NoticeBody | None":
        """What a key of the booking's says; None when it is no message's."""
        low, _ = between(number)
        found = _REST.fullmatch(key, len(low)) if key.startswith(low) else None
        if found is None:
            return None
        channel = Channel.SMS if found["sms"] else Channel.EMAIL
        where, code, turn = (found[name] or "" for name in ("facility", "code", "turn"))
        return cls(found["role"], number, int(found["revision"]), where, channel, code, turn, bool(found["gone"]))


class DigestBody(NamedTuple):
    """One digest (sammandrag): whose, of which moment, and of which bookings at which revision."""

    slot: str
    period: str
    items: tuple[tuple[str, str], ...]
    """(number, what was to be told of it)."""

    @property
    def others(self) -> tuple[str, str]:
        """Between these lie the keys of all digests of the slot."""
        return digests_of(self.slot)

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps({"digest": self._asdict()}, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def read(cls, text: str | None) -> "DigestBody | None":
        """What to_json wrote; None for a record of another kind."""
        if not text or not text.startswith('{"digest":'):
            return None
        told = json.loads(text)["digest"]
        return cls(told["slot"], told["period"], tuple((number, wish) for number, wish in told["items"]))


class RungBody(NamedTuple):
    """A message about a rung that was taken for a booking, or that it is withdrawn."""

    number: str
    rung: int
    slot: str
    gone: bool = False

    @property
    def key(self) -> str:
        """Of its lane."""
        return f"{self.others[0]}{self.slot}{':gone' if self.gone else ''}"

    @property
    def others(self) -> tuple[str, str]:
        """Between these lie the keys of all messages about the rung."""
        return f"{self.number}.rung-{self.rung}.", f"{self.number}.rung-{self.rung}/"

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps({"rung": self._asdict()}, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def read(cls, text: str | None) -> "RungBody | None":
        """What to_json wrote; None for a record of another kind."""
        return cls(**json.loads(text)["rung"]) if text and text.startswith('{"rung":') else None


class NewsWish(NamedTuple):
    """News for a slot that gets a digest: kept until its time comes."""

    slot: str
    connection: str
    wish: str
    """Revision, and which closures hold it back; another wish is other news."""


def digest_key(slot: str, period: str, count: int) -> str:
    """Of the lane of a digest; those of a slot are in order of time."""
    return f"{digests_of(slot)[0]}{period}.{count:04}"


def digests_of(slot: str) -> tuple[str, str]:
    """Between these keys lie those of all digests of a slot: no other's name begins so."""
    name = slot.replace(".", ":")
    return f"digest.{name}.", f"digest.{name}/"


def credential_mark(connection: str, key: str) -> str:
    """What a credential is called in the key of a message about its code."""
    return hashlib.blake2b(f"{connection}/{key}".encode(), digest_size=4).hexdigest()


def between(number: str) -> tuple[str, str]:
    """Between these keys lie those of all messages of a booking."""
    return f"{number}.r", f"{number}.s"
