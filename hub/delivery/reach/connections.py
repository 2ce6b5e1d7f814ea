"""Opening the connections of every municipality, lending them what they need, and closing them."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

import httpx

from hub.clock import Clock, now_of
from hub.configuration.secrets import resolve
from hub.delivery.reach.papers import Papers
from hub.delivery.reach.running import Running, push_horizon
from hub.delivery.reach.ways import WHOLE, Share
from hub.discovery import load_connector
from hub.errors import ConfigurationError
from hub.model.configuration import Configuration
from hub.model.connection import Connection as Settings
from hub.model.plan import TargetKey
from hub.planner.rules import lines_of
from hub.sdk import Connector, ConnectorError, Lent, RawItem
from hub.sdk.http import transport
from hub.sdk.tunnel import through
from hub.store import connections, connector_state, waking
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.seals.sealed import CONNECTOR_STATE
from hub.store.seals.sealing import Place, Seal

LOG = logging.getLogger("hub.connections")


OPEN_WITHIN_SECONDS = 2.0
"""How long the start waits for connections to open; those that take longer go on opening by themselves."""


_LOOK_SECONDS = 0.05


class StandIns(Protocol):
    """What stands in for the systems of connections: nothing, or simulators."""

    def settings(self, municipality: str, name: str, settings: Settings) -> Mapping[str, Any] | None:
        """Settings that lead to the stand-in; None: the connection's own hold."""

    def transport(self, municipality: str, name: str) -> httpx.AsyncBaseTransport | None:
        """The way to a stand-in that is asked over HTTP."""


class NoStandIns:
    """Every connection reaches its own system."""

    def settings(self, municipality: str, name: str, settings: Settings) -> None:
        """None."""

    def transport(self, municipality: str, name: str) -> None:
        """None."""


class SealedState:
    """A connector's durable strings, kept in the database, sealed."""

    def __init__(self, municipality: str, name: str, writer: Writer, readers: Readers, seal: Seal) -> None:
        self._place, self._writer, self._readers, self._seal = (municipality, name), writer, readers, seal

    def _bound(self, key: str) -> Place:
        municipality, name = self._place
        return CONNECTOR_STATE.place(municipality, f"{name}/{key}")

    async def get(self, key: str) -> str | None:
        sealed = await self._readers.read(connector_state.get, *self._place, key)
        return self._seal.open(sealed, self._bound(key)).decode() if sealed else None

    async def put(self, key: str, value: str) -> None:
        await self._writer.call(
            connector_state.put, *self._place, key, self._seal.close(value.encode(), self._bound(key))
        )

    async def delete(self, key: str) -> None:
        await self._writer.call(connector_state.delete, *self._place, key)


def _heard(connection: Connection, municipality: str, name: str, *, now: int) -> None:
    """A system is back: what waited is due, and other processes know."""
    connections.set_answered(connection, municipality, name, now=now)
    waking.make_due(connection, municipality, name, now=now)


def _plain(settings: Settings) -> Settings:
    """As a stand-in is reached: on this machine, and nobody asks who we are."""
    return settings.model_copy(update={"proxy": None, "ca_file": None, "client_certificate": None})


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Whatever cannot be used is told with the file that says so."""
    try:
        yield
    except ConfigurationError as error:
        msg = f"connections/{name}.yaml: {error}"
        raise ConfigurationError(msg) from None


def require_secrets(configuration: Configuration, environment: Mapping[str, str]) -> None:
    """Raises ConfigurationError where a secret of some connection is not to be had here."""
    for name, settings in configuration.connections.items():
        with _named(name):
            resolve(settings.settings, environment)


class Changed(NamedTuple):
    """How the connections of a municipality are others than before."""

    opened: list[str]
    """Those that are new, or have other settings."""
    horizons: set[str]
    """Of those: whose grants are sent at another time before their windows."""
    failed: dict[str, ConfigurationError]
    """Those whose settings cannot be used here."""
    zones: list[TargetKey]
    """Zones whose own rules are others."""


class Connections:
    """All running connections of this process, by municipality and name."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal, clock: Clock, lease: timedelta) -> None:
        self._writer, self._readers, self._seal, self._clock, self._lease = writer, readers, seal, clock, lease
        self._running: dict[tuple[str, str], Running] = {}
        self._lent: dict[tuple[str, str], Lent] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._how: tuple[Mapping[str, str], StandIns] = ({}, NoStandIns())
        """With which environment, and which stand-ins, connections are opened."""
        self.woken: Callable[[], None] = lambda: None
        """Called when lanes were made due."""
        self.carries = True
        """Whether this process calls any system."""
        self.share = WHOLE
        """What this process may use of each."""
        self.is_sure: Callable[[], bool] = lambda: True
        """Whether the other processes know of this one."""
        self.without: tuple[tuple[str, str], ...] = ()
        """Those of which it has no share."""
        self.replaced: Callable[[], None] = lambda: None
        """Called when a connection has another connector in the place of one that is closed."""
        self.heard: Callable[[str, str, RawItem], None] = lambda _town, _name, _item: None
        """Takes what connections hear."""
        self.around: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] = lambda way: way
        """Laid around the way to each system that is asked over HTTP."""

    def _is_sure(self) -> bool:
        return self.is_sure()

    def divide(self, share: Share) -> None:
        """Have another share of every connection; connected is only who has some of it."""
        self.share = share
        for running in tuple(self):
            running.ways.divide(share)
            if running.ways.part and not running.is_open:
                self._begin(self._open(running))
            elif running.is_open and not running.ways.part:
                self._hang_up(running)
        self._reckon()
        self.woken()

    def _reckon(self) -> None:
        self.without = tuple(running.place for running in self if not running.ways.part)

    def _hang_up(self, running: Running) -> None:
        """Others are connected in place of this process; should it be its turn again, it begins anew."""
        try:
            self._replace(*running.place, running.settings, running.paused)
        except ConfigurationError as error:
            LOG.warning("connection %s/%s stays connected: %s", *running.place, error)
        else:
            self.replaced()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Have it done, without waiting for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return task

    def find(self, municipality: str, name: str) -> Running | None:
        """The running connection of that name."""
        return self._running.get((municipality, name))

    def __iter__(self) -> Iterator[Running]:
        return iter(tuple(self._running.values()))

    async def open_all(self, configuration: Configuration, environment: Mapping[str, str], stand_ins: StandIns) -> None:
        """Open every connection of a municipality; one that does not answer is opened all the same.

        Raises:
            ConfigurationError: settings that cannot be used, or a secret that is not to be had.
        """
        town = configuration.municipality.key
        self._how = environment, stand_ins
        for name, settings in configuration.connections.items():
            self._make(town, name, settings, environment, stand_ins)
        self._rule(configuration)
        await self.opened(town, configuration.connections)

    async def opened(self, municipality: str, names: Iterable[str]) -> None:
        """Open connections that were made; wait a little, as at the start."""
        self._reckon()
        made = [running for name in names if (running := self.find(municipality, name)) and running.ways.part]
        opening = {self._begin(self._open(running)) for running in made}
        if opening:
            await asyncio.wait(opening, timeout=OPEN_WITHIN_SECONDS)

    def follow(self, configuration: Configuration, paused: Mapping[tuple[str, str], str]) -> Changed:
        """Have exactly the connections of another configuration; those that are as before go on as they are.

        One whose settings cannot be used here goes on with those of before, if it has any.
        """
        town, wanted = configuration.municipality.key, configuration.connections
        there = {running.name: running for running in self if running.municipality == town}
        changed = Changed([], set(), {}, [])
        for name in there.keys() - wanted.keys():
            self._leave((town, name))
        for name, settings in wanted.items():
            before = there.get(name)
            if before is not None and before.settings == settings:
                continue
            try:
                self._replace(town, name, settings, paused.get((town, name)))
            except ConfigurationError as error:
                changed.failed[name] = error
                continue
            changed.opened.append(name)
            if before is not None and before.horizon != self._running[town, name].horizon:
                changed.horizons.add(name)
        changed.zones.extend(self._rule(configuration))
        return changed

    def _rule(self, configuration: Configuration) -> list[TargetKey]:
        """Have each zone go by its rules; gives those whose rules were others."""
        town, rules, others = configuration.municipality.key, lines_of(configuration), list[TargetKey]()
        for running in self:
            if running.municipality == town:
                lines = {target.key: rule for target, rule in rules.items() if target.connection == running.name}
                keys = running.lines.keys() | lines.keys()
                others += [TargetKey(running.name, k) for k in keys if running.lines.get(k) != lines.get(k)]
                running.lines = lines
        return others

    def _replace(self, town: str, name: str, settings: Settings, paused: str | None) -> None:
        before, lent = self._running.get((town, name)), self._lent.get((town, name))
        self._make(town, name, settings, *self._how)
        self._running[town, name].paused = paused
        self._running[town, name].lines = before.lines if before is not None else {}
        if before is not None and lent is not None:
            self._soon_closed(before, lent)

    async def reread(self, running: Running) -> Running:
        """Begin a connection anew if its secrets are others than when it was opened; gives what runs in its place."""
        place, (environment, stand_ins) = running.place, self._how
        if place not in self._running or stand_ins.settings(*place, running.settings) is not None:
            return running
        running = self._running[place]
        try:
            plain = resolve(running.settings.settings, environment)
            if running.connector.config_type.model_validate(plain) == running.connector.config:
                return running
            self._replace(*place, running.settings, running.paused)
        except (ConfigurationError, ValueError) as error:
            LOG.warning("connection %s/%s goes on with the secrets that it has: %s", *place, type(error).__name__)
            return running
        anew = self._running[place]
        await self.opened(place[0], [place[1]])
        self.replaced()
        return anew

    def _leave(self, place: tuple[str, str]) -> None:
        self._soon_closed(self._running.pop(place), self._lent.pop(place))

    def _soon_closed(self, running: Running, lent: Lent) -> None:
        """Close a connection when what is carried over it has come to its end."""
        task = asyncio.get_running_loop().create_task(_closed(running, lent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self, running: Running) -> None:
        running.is_open = True
        try:
            await running.connector.open()
        except ConnectorError as error:
            LOG.warning("connection %s/%s did not open: %s", *running.place, error)

    def _make(
        self, municipality: str, name: str, settings: Settings, environment: Mapping[str, str], stand_ins: StandIns
    ) -> None:
        connector_type = load_connector(settings.connector)
        told = stand_ins.settings(municipality, name, settings)
        with _named(name):
            try:
                plain = told if told is not None else resolve(settings.settings, environment)
                papers = Papers(settings if told is None else _plain(settings), environment)
                way = stand_ins.transport(municipality, name) or transport(tls=papers.tls, proxy=papers.proxy)
                config = connector_type.config_type.model_validate(plain)
            except ValueError as error:
                msg = f"the settings cannot be used ({type(error).__name__}); run knutpunkt check"
                raise ConfigurationError(msg) from None
        lent = self._lend(municipality, name, connector_type, way, papers)
        connector = connector_type(config, lent)
        if connector.pace.lands_within > self._lease / 2:
            msg = (
                f"{settings.connector}: lands_within {connector.pace.lands_within} is over half a lease, {self._lease}"
            )
            raise ConfigurationError(msg)
        running = Running(municipality, name, settings, connector, push_horizon(settings, connector), papers)
        running.carries = self.carries
        running.ways.is_sure = self._is_sure
        running.ways.divide(self.share)
        running.gate.opened = lambda: self._soon(_heard, municipality, name)
        running.gate.may_open = lambda: self._soon(waking.make_due, municipality, name)
        self._running[running.place], self._lent[running.place] = running, lent

    def _lend(
        self,
        municipality: str,
        name: str,
        connector_type: type[Connector[Any]],
        way: httpx.AsyncBaseTransport,
        papers: Papers,
    ) -> Lent:
        return Lent(
            transport=self.around(way),
            tls=papers.tls,
            tunnel=through(papers.proxy) if papers.proxy else None,
            clock=self._clock,
            state=SealedState(municipality, name, self._writer, self._readers, self._seal),
            log=logging.getLogger(f"hub.connector.{name}"),
            touched=lambda key: self._soon(waking.ask_for_a_look, municipality, name, (key,)),
            heard=lambda item: self.heard(municipality, name, item),
            timeout=connector_type.pace.timeout,
        )

    def _soon(self, function: Callable[..., Any], *place: object) -> None:
        """Have lanes made due, without waiting for it."""
        task = asyncio.get_running_loop().create_task(self._made_due(function, *place))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _made_due(self, function: Callable[..., Any], *place: object) -> None:
        now = now_of(self._clock)
        await self._writer.call(lambda connection: function(connection, *place, now=now))
        self.woken()

    async def close(self) -> None:
        """Close every connection, and all that was lent."""
        for task in tuple(self._opening):
            task.cancel()
        for place, running in tuple(self._running.items()):
            await _hung_up(running, self._lent[place])
        if self._tasks:
            await asyncio.wait(self._tasks)


async def _closed(running: Running, lent: Lent) -> None:
    while running.going:  # noqa: ASYNC110 - a moment, once in a season
        await asyncio.sleep(_LOOK_SECONDS)
    await _hung_up(running, lent)


async def _hung_up(running: Running, lent: Lent) -> None:
    """Close it, if it was ever opened, and take back what was lent."""
    running.hush()
    if running.is_open:
        await running.connector.close()
    await lent.aclose()
