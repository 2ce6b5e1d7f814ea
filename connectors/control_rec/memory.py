"""Pure: what is known of a zone, from messages that come late and in any order.

Times are the edge device's own, compared with one another only: its clock need not be ours. What was sent and what was
heard are kept apart, for one process sends and another may be called.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from connectors.control_rec.messages import Code
from hub.model import Level, Release, fulfils
from hub.sdk import Condition, Sighting


class Kept(BaseModel):
    """What is kept as text between calls."""

    model_config = ConfigDict(frozen=True)


class Sent(Kept):
    """The last command."""

    command: str = ""
    """Its id; empty: there was none."""
    wanted: Level = Release()
    after: datetime | None = None
    """The latest time that was known of the zone when it was sent."""


class Heard(Kept):
    """What the device told."""

    level: Level | None = None
    level_at: datetime | None = None
    command: str = ""
    """Of the answer that came last."""
    code: Code | None = None
    answered_at: datetime | None = None
    failure: str = ""
    failed_at: datetime | None = None

    @property
    def latest(self) -> datetime | None:
        """The latest time of all."""
        times = [at for at in (self.level_at, self.answered_at, self.failed_at) if at]
        return max(times, default=None)

    def observed(self, level: Level, at: datetime) -> "Heard":
        """With one observation more; an older one changes nothing."""
        if self.level_at is not None and at < self.level_at:
            return self
        return self.model_copy(update={"level": level, "level_at": at})

    def answered(self, command: str, code: Code, at: datetime) -> "Heard":
        """With one answer more; an older one to another command changes nothing."""
        if self.answered_at is not None and at < self.answered_at:
            return self
        return self.model_copy(update={"command": command, "code": code, "answered_at": at})

    def failed(self, failure: str, at: datetime) -> "Heard":
        """With one exception more; an older one changes nothing."""
        if self.failed_at is not None and at < self.failed_at:
            return self
        return self.model_copy(update={"failure": failure, "failed_at": at})


KeptT = TypeVar("KeptT", bound=Kept)


class Known:
    """A zone as it is known: the last command, and what was heard."""

    def __init__(self, sent: Sent, heard: Heard, *, answers: bool, has_sensor: bool) -> None:
        """Know this much. `answers`: each command should have an answer; `has_sensor`: something tells the level."""
        self.sent, self.heard = sent, heard
        self._answers, self._has_sensor = answers, has_sensor

    @property
    def code(self) -> Code | None:
        """The answer to the last command."""
        return self.heard.code if self.sent.command and self.heard.command == self.sent.command else None

    @property
    def is_refused(self) -> bool:
        """Whether the last command was answered with anything but success."""
        return self.code in {Code.REJECTED, Code.NONE}

    @property
    def is_answered(self) -> bool:
        """Whether the last command is known to have been attempted, or no answer is to be waited for."""
        return self.code is Code.SUCCESS or not self._answers

    @property
    def has_failed(self) -> bool:
        """Whether the last that is known is that something went wrong."""
        at = self.heard.failed_at
        return _later(at, self.sent.after) and not _later(self.heard.level_at, at)

    @property
    def tells_of_now(self) -> bool:
        """Whether the level was observed after the last command came into force, by the device's own times."""
        at = self.heard.level_at
        if not self.sent.command:
            return at is not None
        since = self.heard.answered_at if self.code else None
        return _later(at, self.sent.after) and (since is None or (at is not None and at >= since))

    @property
    def _is_so(self) -> bool:
        """Whether the level that was observed last is the one that is wanted."""
        level = self.heard.level
        return level is not None and self.sent.wanted != Release() and fulfils(level, self.sent.wanted)

    @property
    def stands(self) -> bool:
        """Whether it is as it was told to be, by what its sensor says."""
        if not self.sent.command or self.has_failed or self.is_refused:
            return False
        if self.sent.wanted == Release():
            return self.tells_of_now
        return self._is_so and (self.is_answered or self.tells_of_now)

    def sighting(self) -> Sighting[Level] | None:
        """How it is; None: nothing is known yet."""
        level, wanted = self.heard.level, self.sent.wanted
        if self.has_failed:
            return Sighting(level or wanted, Condition.FAILED, self.heard.failure or "an exception without a text")
        if self.is_refused and not self.tells_of_now:
            return Sighting(level or wanted, Condition.FAILED, f"the command was answered with {self.code}")
        if level is not None and (self.stands or self.tells_of_now):
            return Sighting(level)
        if not self.sent.command:
            return None if self._has_sensor else Sighting(wanted, Condition.SENT)
        return Sighting(wanted, Condition.COMING if self._has_sensor else Condition.SENT)


def _later(at: datetime | None, than: datetime | None) -> bool:
    return at is not None and (than is None or at > than)


def whole(texts: Sequence[str | None]) -> tuple[Sent, Heard]:
    """From what was kept; what is lost, or was kept by another version, is nothing."""
    sent, heard = texts
    return (_read(Sent, sent), _read(Heard, heard))


def _read(kept: type[KeptT], text: str | None) -> KeptT:
    try:
        return kept.model_validate_json(text) if text else kept()
    except ValueError:
        return kept()
