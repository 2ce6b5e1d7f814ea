"""A running connection: its connector, its gate, and how hard it may be pressed."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hub.clock import DAY, NEVER, span
from hub.delivery.reach.gate import Gate
from hub.delivery.reach.papers import Papers
from hub.delivery.reach.ways import Ways
from hub.model.connection import Connection as Settings
from hub.model.maintenance import Span, spans
from hub.planner.lines import LineRule
from hub.sdk import (
    AccessControl,
    Connector,
    Control,
    CredentialsError,
    ReadsCredentials,
    ReadsZones,
    TransientError,
    UnknownOutcomeError,
)
from hub.sdk.deadlines import Deadlines

LOG = logging.getLogger("hub.connections")
_MICROSECOND = timedelta(microseconds=1)


@dataclass
class Running:
    """One connection of one municipality, opened."""

    municipality: str
    name: str
    settings: Settings
    connector: Connector[Any]
    horizon: int
    """Microseconds before its window when a grant is sent; NEVER for zones."""
    papers: Papers
    """Whom it trusts, and what it shows."""
    gate: Gate = field(default_factory=lambda: Gate(asks=True))
    lines: Mapping[str, LineRule] = field(default_factory=dict)
    """Of its zones, by key: those that have rules of their own."""
    going: int = 0
    """Lanes of this connection that this node carries now."""
    paused: str | None = None
    """By whom or what; None while it runs."""
    per_minute: int | None = field(init=False)
    """Commands and looks a minute; None: as many as there are."""
    ways: Ways = field(init=False)
    deadlines: Deadlines = field(init=False)
    """Of its carryings: what takes longer has no answer."""
    carries: bool = True
    """Whether this process may ever call anything over it."""
    is_open: bool = False
    """Whether this process is, or may be, connected."""
    _question: asyncio.Task[bool] | None = None
    _windows: tuple[int, int, list[Span]] = (0, 0, [])
    """Maintenance windows of a day, and of which."""

    def __post_init__(self) -> None:
        at_once = self._limit("calls_at_once") or self.connector.pace.calls_at_once
        self.per_minute = self._limit("calls_per_minute")
        its = self.connector
        self._access = its if isinstance(its, AccessControl) else None
        self._control = its if isinstance(its, Control) else None
        self._reads_zones = its if isinstance(its, ReadsZones) else None
        self._reads_credentials = its if isinstance(its, ReadsCredentials) else None
        self.deadlines = Deadlines(its.pace.lands_within.total_seconds())
        self.ways = Ways(at_once, self.per_minute, clients=self._limit("clients_at_once"))

    def _limit(self, name: str) -> int | None:
        """As the connector declares, or as the configuration lowers; None: as many as there are."""
        told = (getattr(self.connector.pace, name), getattr(self.settings.pace, name, None))
        return min((limit for limit in told if limit is not None), default=None)

    @property
    def place(self) -> tuple[str, str]:
        """Municipality and name."""
        return self.municipality, self.name

    @property
    def observes(self) -> bool:
        """Whether nothing may be sent."""
        return self.settings.mode == "observe"

    def held(self, now: int) -> int | None:
        """When the maintenance window ends that a moment (microseconds) lies in; None when it lies in none."""
        if not self.settings.maintenance:
            return None
        since, until, windows = self._windows
        if not since <= now < until:
            windows = spans(self.settings.maintenance, since=now, until=now + DAY)
            self._windows = now, now + DAY, windows
        return next((window.ends for window in windows if window.begins <= now < window.ends), None)

    @property
    def most_going(self) -> int:
        """How many of its lanes a node may hold: a slow system must not fill the node."""
        return max(4 * self.ways.part, 16)

    @property
    def is_full(self) -> bool:
        """Whether it holds as many."""
        return self.going >= self.most_going

    async def answers(self) -> bool:
        """Whether the system is there, by a question that changes nothing; all who wonder at once ask it once.

        Raises:
            CredentialsError: it is, and does not let us in.
        """
        if self._question is None or self._question.done():
            self._question = asyncio.create_task(self._asked())
            self._question.add_done_callback(_heeded)
        return await asyncio.shield(self._question)

    async def _asked(self) -> bool:
        try:
            async with asyncio.timeout(self.connector.pace.lands_within.total_seconds()):
                await self.connector.check()
        except (TransientError, UnknownOutcomeError, TimeoutError):
            return False
        except CredentialsError:
            raise
        except Exception as error:  # noqa: BLE001 - no is an answer, and a connector's bug is told where it is checked
            LOG.debug("connection %s: %s in check", self.name, type(error).__name__)
        return True

    def hush(self) -> None:
        """Have nobody ask any more whether the system is there."""
        if self._question is not None:
            self._question.cancel()

    def access(self) -> AccessControl | None:
        """The connector as a lock system, if it is one."""
        return self._access

    def control(self) -> Control | None:
        """The connector as a control system, if it is one."""
        return self._control

    def off_timer(self, key: str) -> int | None:
        """How long a zone's own device can be told to stay as it is, microseconds; None: for ever."""
        control = self.control()
        timer = control.off_timer(self.connector.config, key) if control else None
        return None if timer is None else span(timer)

    def reads_zones(self) -> ReadsZones | None:
        """The connector, if it can say how a zone is."""
        return self._reads_zones

    def reads_credentials(self) -> ReadsCredentials | None:
        """The connector, if it can say what stands at the doors."""
        return self._reads_credentials


def push_horizon(settings: Settings, connector: Connector[Any]) -> int:
    """How long before its window a grant is sent, microseconds; zones have none."""
    if isinstance(connector, AccessControl):
        return settings.push_horizon // _MICROSECOND
    return NEVER


def _heeded(question: asyncio.Task[bool]) -> None:
    """Also when all who wondered have given up waiting, and it ended in an error."""
    if not question.cancelled():
        question.exception()
