"""Lock and lamp systems with state, which misbehave on demand, and the connectors that lead to them.

The connectors come in by entry points, as a stranger's do: `installed` offers them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum, auto
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import Field, SecretStr

from hub.model import Channel, Credential, Dim, Level, Method, Notice, Release, Setpoint, Switch, Unsaid, Window, Zone
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Chooser,
    Condition,
    Connector,
    ConnectorConfig,
    Control,
    ControlLimits,
    CredentialsError,
    Lent,
    ListsCredentials,
    Notifier,
    Pace,
    PinRules,
    ReadsCredentials,
    ReadsZones,
    Receipt,
    RejectedError,
    RepeatsSafely,
    Sighting,
    TransientError,
    UnknownOutcomeError,
    Validity,
)
from hub.sdk.narrowing import as_kept

Answer = TypeVar("Answer")
EVERYTHING = AccessLimits(methods=frozenset(Method))


class Fault(StrEnum):
    """What goes wrong with a call."""

    DOWN = auto()
    """No connection: nothing was changed."""
    BUSY = auto()
    """Asks to be left alone for seven minutes."""
    FULL = auto()
    """Says no to all in the same words."""
    LOST = auto()
    """Sent, and neither arrived nor answered."""
    UNANSWERED = auto()
    """Done, and not answered."""
    LATE = auto()
    """Not answered, and done when the system gets round to it: `land`."""
    REJECTS = auto()
    REFUSES = auto()
    """The connection's password is wrong."""
    BUG = auto()
    """The connector raises what it never should."""
    DEAF = auto()
    """Says yes, and does nothing."""
    HANGS = auto()
    """Never answers."""


class System:
    """What every system has: a history of calls, faults, and what happens meanwhile."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        """(verb, key) of every call that reached the connector, in order."""
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        """Happens once, inside the next command."""
        self.about = About(version="1.0")
        self.clients: set[object] = set()
        """The connectors that are connected."""
        self.turns: list[Fault] = []
        """How the next commands go wrong, one after another; each begins with what was late landing."""
        self.turns_of: str | None = None
        """The only key whose commands they are, or all."""
        self._faults: dict[str, Fault] = {}
        self._landing: list[Callable[[], object]] = []

    def breaks(self, fault: Fault, key: str = "") -> None:
        """Have every call go wrong, or those about one key, until `recovers`."""
        self._faults[key] = fault

    def recovers(self, key: str = "") -> None:
        """Answer again."""
        self._faults.pop(key, None)

    def land(self) -> None:
        """Do what is still under way."""
        while self._landing:
            self._landing.pop(0)()

    def commands(self, key: str | None = None) -> list[tuple[str, str]]:
        """The calls that were to change something, of one key or of all."""
        return [call for call in self.calls if call[0] != "read" and key in {None, call[1]}]

    def forget(self) -> None:
        """Begin a new history."""
        self.calls.clear()

    async def call(self, verb: str, key: str, act: Callable[[], Answer]) -> Answer:
        """Go through with a call, or not."""
        self.calls.append((verb, key))
        fault = self._faults.get(key, self._faults.get(""))
        if verb != "read":
            fault = await self._begin(key) or fault
        match fault:
            case None:
                return act()
            case Fault.DOWN:
                raise TransientError(f"{key}: no connection")
            case Fault.BUSY:
                raise TransientError("too many requests", retry_after=timedelta(minutes=7))
            case Fault.FULL:
                raise RejectedError("no room for one more")
            case Fault.REJECTS:
                raise RejectedError(f"no such thing as {key}")
            case Fault.REFUSES:
                raise CredentialsError("wrong password")
            case Fault.BUG:
                raise ZeroDivisionError("hemligt")
            case Fault.HANGS:
                await asyncio.Event().wait()
        return self._unanswered(fault, verb, key, act)

    async def _begin(self, key: str) -> Fault | None:
        """Before a command: what was late lands, something happens meanwhile; it may be this one's turn to go wrong."""
        if self.turns_of in {None, key}:
            self.land()
        if self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return self.turns.pop(0) if self.turns and self.turns_of in {None, key} else None

    def _unanswered(self, fault: Fault, verb: str, key: str, act: Callable[[], Answer]) -> Answer:
        """Doubt is about commands only: a look that fails has changed nothing."""
        if verb == "read":
            if fault is Fault.DEAF:
                return act()
            raise TransientError(f"{key}: no answer")
        if fault is Fault.UNANSWERED:
            act()
        if fault is Fault.LATE:
            self._landing.append(act)
        if fault is Fault.DEAF:
            return Receipt()  # type: ignore[return-value]  # every command gives one
        raise UnknownOutcomeError(f"{key}: no answer")


class LockSystem(System):
    """Doors, and what opens them."""

    def __init__(self) -> None:
        super().__init__()
        self.stands: dict[str, Credential] = {}
        self.disabled: set[str] = set()
        self.unaccepted: set[str] = set()
        """Mobile keys that nobody has accepted yet."""
        self.looks_until_there = 0
        """How many looks say `coming` before what was put is there."""
        self.limits = EVERYTHING
        self.most = 0
        """How many credentials have stood at once."""
        self._coming: dict[str, int] = {}

    def put(self, credential: Credential) -> Receipt:
        kept = as_kept(credential.windows, self.limits)
        known = credential.key in self.stands
        if not known and self.limits.capacity is not None and len(self.stands) >= self.limits.capacity:
            raise RejectedError(f"room for {self.limits.capacity} credentials, and {len(self.stands)} are there")
        self.most = max(self.most, len(self.stands) + (not known))
        value = self._made_up(credential.key) if credential.value is Unsaid.CHOSEN_BY_SYSTEM else credential.value
        self.stands[credential.key] = credential.model_copy(update={"windows": kept, "value": value})
        self._coming[credential.key] = self.looks_until_there
        if self.limits.awaits_user and not known:
            self.unaccepted.add(credential.key)
        condition = Condition.AWAITING_USER if credential.key in self.unaccepted else Condition.STANDING
        return Receipt(f"ref-{credential.key}", condition)

    def _made_up(self, key: str) -> SecretStr | Unsaid:
        known = self.stands.get(key)
        return known.value if known else SecretStr(f"{70_000 + 137 * len(self.calls)}")

    def choose_again(self, key: str) -> str:
        """Have the system give another code to a key, as its janitor can."""
        value = f"{80_000 + 137 * len(self.calls)}"
        self.stands[key] = self.stands[key].model_copy(update={"value": SecretStr(value)})
        return value

    def remove(self, key: str) -> Receipt:
        self.stands.pop(key, None)
        return Receipt(key)

    def look(self, key: str) -> Sighting[Credential] | None:
        if key not in self.stands:
            return None
        return Sighting(self.stands[key], self._condition(key))

    def _condition(self, key: str) -> Condition:
        if key in self.disabled:
            return Condition.DISABLED
        if key in self.unaccepted:
            return Condition.AWAITING_USER
        if self._coming.get(key, 0) > 0:
            self._coming[key] -= 1
            return Condition.COMING
        return Condition.STANDING

    def pin(self, key: str) -> str:
        """The code under a key."""
        value = self.stands[key].value
        assert isinstance(value, SecretStr)
        return value.get_secret_value()

    def opens(self, door: str, at: datetime) -> set[str]:
        """The keys of what would open a door then."""
        return {
            key
            for key, credential in self.stands.items()
            if key not in self.disabled | self.unaccepted and any(_open(w, door, at) for w in credential.windows)
        }


def _open(window: Window, door: str, at: datetime) -> bool:
    return window.door == door and window.starts_at <= at < window.ends_at


class LampSystem(System):
    """Zones, each at its level; what nobody wants is dark."""

    REST = Dim(percent=0)

    def __init__(self) -> None:
        super().__init__()
        self.levels: dict[str, Level] = {}
        self.stronger: dict[str, Level] = {}
        """What another has set with more right than we."""
        self.looks_until_there = 0
        self.until: dict[str, datetime | None] = {}
        """When each lamp ends by itself; only those with a timer do."""
        self._coming: dict[str, int] = {}

    def put(self, zone: Zone) -> Receipt:
        self.until[zone.key] = zone.until
        released = isinstance(zone.level, Release)
        self.levels[zone.key] = self.REST if released else zone.level
        self._coming[zone.key] = self.looks_until_there
        return Receipt(zone.key)

    def look(self, key: str) -> Sighting[Level]:
        if key in self.stronger:
            return Sighting(self.stronger[key], Condition.OVERRIDDEN, "panic button")
        if self._coming.get(key, 0) > 0:
            self._coming[key] -= 1
            return Sighting(self.REST, Condition.COMING)
        return Sighting(self.levels.get(key, self.REST))

    def percent(self, key: str) -> int:
        """How bright it is."""
        level = self.stronger.get(key, self.levels.get(key, self.REST))
        assert isinstance(level, Dim)
        return level.percent

    def lit(self) -> dict[str, int]:
        """Every zone that is not dark."""
        return {key: self.percent(key) for key in sorted(self.levels) if self.percent(key)}


class MailSystem(System):
    """Mailboxes."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[Notice] = []

    def take(self, notice: Notice) -> Receipt:
        self.came.append(notice)
        return Receipt(f"<{notice.key}@kommun.example>")

    def subjects(self, role: str) -> list[str]:
        """What one of them was told, in order."""
        return [one.subject for one in self.to(f"{role}@kommun.example")]

    def to(self, recipient: str) -> list[Notice]:
        """What came to one address or number, in order."""
        return [one for one in self.came if one.recipient == recipient]


LOCKS: dict[str, LockSystem] = {}
LAMPS: dict[str, LampSystem] = {}
MAIL: dict[str, MailSystem] = {}
"""By the name that a connection's settings give: several nodes reach the same system."""


class FakeConfig(ConnectorConfig):
    """Where a connection leads."""

    system: str = Field(description="which of the systems of the test")


class BlindLocks(Connector[FakeConfig], AccessControl):
    """Locks that take orders and tell nothing."""

    access_limits: AccessLimits = EVERYTHING

    def __init__(self, config: FakeConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.system = LOCKS.setdefault(config.system, LockSystem())
        self.system.limits = self.access_limits

    async def open(self) -> None:
        self.system.clients.add(self)

    async def close(self) -> None:
        self.system.clients.discard(self)

    async def check(self) -> About:
        return await self.system.call("read", "about", lambda: self.system.about)

    async def put_credential(self, credential: Credential) -> Receipt:
        return await self.system.call("put", credential.key, lambda: self.system.put(credential))

    async def remove_credential(self, key: str) -> Receipt:
        return await self.system.call("remove", key, lambda: self.system.remove(key))


class FakeLocks(BlindLocks, ReadsCredentials, ListsCredentials):
    """Locks that also tell what stands in them."""

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        return await self.system.call("read", key, lambda: self.system.look(key))

    async def list_credentials(self) -> AsyncIterator[Sighting[Credential]]:
        for key in tuple(self.system.stands):
            if found := self.system.look(key):
                yield found


class DayLocks(FakeLocks):
    """Locks that keep dates and no times."""

    access_limits = AccessLimits(validity=Validity.DATES)


class FewLocks(FakeLocks):
    """Locks with room for three credentials; a fourth is refused."""

    access_limits = AccessLimits(capacity=3)


class FewAppLocks(FakeLocks):
    """The same, whose holders must accept in an app: what is there is left there."""

    access_limits = AccessLimits(capacity=3, awaits_user=True, methods=frozenset(Method))


class AppLocks(FakeLocks):
    """Locks whose holders must accept in an app."""

    access_limits = AccessLimits(awaits_user=True, methods=frozenset(Method))


class OwnLocks(FakeLocks):
    """Locks that make their PINs themselves."""

    access_limits = AccessLimits(pin=PinRules(chosen_by=frozenset({Chooser.SYSTEM})))


class BlindAppLocks(BlindLocks):
    """The same, and nobody can say whether they did."""

    access_limits = AppLocks.access_limits


class BlindLamps(Connector[FakeConfig], Control):
    """Lamps that take orders and tell nothing."""

    control_limits = ControlLimits(levels=frozenset({Dim, Switch, Setpoint, Release}))

    def __init__(self, config: FakeConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.system = LAMPS.setdefault(config.system, LampSystem())

    async def check(self) -> About:
        return await self.system.call("read", "about", lambda: self.system.about)

    async def put_zone(self, zone: Zone) -> Receipt:
        return await self.system.call("put", zone.key, lambda: self.system.put(zone))

    def rest_level(self, key: str) -> Level | None:  # noqa: ARG002 - all rest at the same
        return LampSystem.REST


class FakeLamps(BlindLamps, ReadsZones):
    """Lamps that also tell how they are."""

    async def read_zone(self, key: str) -> Sighting[Level]:
        return await self.system.call("read", key, lambda: self.system.look(key))


class TimedLamps(FakeLamps):
    """Lamps that can be told to go out by themselves, half an hour ahead."""

    @classmethod
    def off_timer(cls, config: Any, key: str) -> timedelta | None:  # noqa: ARG003 - all have one
        return timedelta(minutes=30)


class MuteLamps(FakeLamps):
    """Lamps of a system that tells how some are, and none of these."""

    async def put_zone(self, zone: Zone) -> Receipt:
        return replace(await super().put_zone(zone), condition=Condition.SENT)

    async def read_zone(self, key: str) -> Sighting[Level]:  # noqa: ARG002 - none of them tells
        return Sighting(Release(), Condition.SENT)


class FakeMail(Connector[FakeConfig], Notifier, RepeatsSafely):
    """Mail, whose second message is known for the first."""

    def __init__(self, config: FakeConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.system = MAIL.setdefault(config.system, MailSystem())

    async def check(self) -> About:
        return await self.system.call("read", "about", lambda: self.system.about)

    async def send_notice(self, notice: Notice) -> Receipt:
        return await self.system.call("send", notice.recipient, lambda: self.system.take(notice))


class FakeSms(FakeMail):
    """Text messages, whose second is known for the first."""

    channels = frozenset({Channel.SMS})


class CarelessMail(Connector[FakeConfig], Notifier):
    """Mail whose second message is another."""

    def __init__(self, config: FakeConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.system = MAIL.setdefault(config.system, MailSystem())

    async def check(self) -> About:
        return await self.system.call("read", "about", lambda: self.system.about)

    async def send_notice(self, notice: Notice) -> Receipt:
        return await self.system.call("send", notice.recipient, lambda: self.system.take(notice))


class HastyLamps(FakeLamps):
    """Lamps that are given up on at once."""

    pace = Pace(timeout=timedelta(milliseconds=20), lands_within=timedelta(milliseconds=20))


def installed(monkeypatch: pytest.MonkeyPatch, folder: Path, *more: type[Connector[FakeConfig]]) -> None:
    """Offer the connectors of this module, and more, by entry points, as an installed package does."""
    offered: Iterable[type[Connector[FakeConfig]]] = (
        FakeLocks,
        BlindLocks,
        DayLocks,
        FewLocks,
        FewAppLocks,
        AppLocks,
        BlindAppLocks,
        OwnLocks,
        FakeLamps,
        BlindLamps,
        TimedLamps,
        HastyLamps,
        MuteLamps,
        FakeMail,
        FakeSms,
        CarelessMail,
        *more,
    )
    package = folder / "stranger" / "stranger-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    names = {"FakeLocks": "test_locks", "FakeLamps": "test_lamps", "FakeMail": "test_mail", "FakeSms": "test_sms"}
    names |= {"FakeLedger": "test_finance", "FakeRegistry": "test_registry"}
    lines = [f"{names.get(each.__name__, each.__name__)} = {each.__module__}:{each.__name__}" for each in offered]
    (package / "entry_points.txt").write_text("\n".join(["[hub.connectors]", *lines]) + "\n")
    monkeypatch.syspath_prepend(str(package.parent))
