"""Where it happens: a hub as it is served, with its systems and callers, and ears wherever it says something."""

import asyncio
import contextlib
import io
import logging
import re
import socket
import warnings
import zlib
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hub.app import Hub
from hub.cli import process
from hub.clock import STOCKHOLM, DomainClock
from hub.delivery.lookups.population import Population
from hub.delivery.loop import carrying
from hub.demo.stage import Stage
from hub.service.keeping.keys import Scope, create
from hub.service.process.tracing import Tracing
from hub.settings import Pulse, Settings
from hub.store.engine.database import connect
from hub.store.seals import sealed
from tests.canary.counterparts import Fronts
from tests.canary.hearing import Ears
from tests.canary.planted import Planted
from tests.canary.town import TOWN, Systems, folder
from tests.databases import in_file

START = datetime(2026, 11, 23, 7, tzinfo=STOCKHOLM)
KEYS: dict[str, tuple[Scope, ...]] = {
    "core": (Scope.BOOKINGS_READ, Scope.BOOKINGS_WRITE, Scope.CREDENTIALS_READ),
    "reader": (Scope.BOOKINGS_READ,),
    "operator": (Scope.OPERATOR,),
    "events": (Scope.EVENTS_READ, Scope.SUBSCRIPTIONS_WRITE),
    "grants": (Scope.PERSONS_LOOKUP,),
    "group": (Scope.PERSONS_LOOKUP, Scope.PERSONS_PROTECTION),
    "registrar": (Scope.DOCUMENTS_WRITE,),
    "finance": (Scope.FINANCE_WRITE,),
    "lists": (Scope.ATTENDANCE_READ, Scope.ATTENDANCE_WRITE),
    "grants office": (Scope.ATTENDANCE_READ, Scope.PERSONS_LOOKUP),
    "auditor": (Scope.AUDIT_READ,),
}
"""Of each kind of caller, and no more than they need."""
_KINDS = {
    "metrics": "metric", "console": "page", "audit": "audit", "events": "event", "deliveries": "dead letter",
    "problems": "dead letter", "quarantine": "dead letter", "openapi.json": "page",
}  # fmt: skip


def entering(number: str, whose: str) -> tuple[str, ...]:
    """What `credentials:read` shows of a booking: who may enter, and with what."""
    return (
        f"name of a holder of {whose}", f"name of a new holder of {whose}", f"name of a friend of {whose}",
        f"card of a friend of {whose}", f"door code * of {number}",
    )  # fmt: skip


@dataclass
class Told:
    """A story that has been told."""

    planted: Planted
    ears: Ears = field(default_factory=Ears)


ENOUGH, HARDLY = 10.0, 0.05
"""Seconds that a register has."""


class AtOnce:
    """Moments that come when the register has answered, or has had time enough."""

    def __init__(self, population: Population) -> None:
        self._population, self.patience = population, ENOUGH

    def now(self) -> float:
        return 0.0

    async def until(self, moment: float) -> None:
        del moment
        await asyncio.wait([one.answer for one in self._population._under_way.values()], timeout=self.patience)


class World:
    """The hub, its systems, and callers."""

    def __init__(self, told: Told, home: Path, hub: Hub, stage: Stage, client: httpx.AsyncClient) -> None:
        self.home, self.hub, self.stage, self.client = home, hub, stage, client
        self.planted, self.ears = told.planted, told.ears
        self.keys: dict[str, str] = {}
        self.systems: Systems
        self.fronts: Fronts

    async def make_keys(self) -> None:
        """One for each kind of caller."""
        for name, scopes in KEYS.items():
            key = await self.hub.writer.call(
                lambda c, name=name, scopes=scopes: create(c, municipality=TOWN, name=name, scopes=scopes, now=0)
            )
            self.keys[name] = self.planted.made(f"API key of {name}", key)
        operator = self.hub.operator_key_file.read_text().strip()
        self.keys["admin"] = self.planted.made("the operator's key", operator)

    async def ask(
        self, method: str, path: str, key: str = "core", *, may: Collection[str] = (), status: int = 0, **more: Any
    ) -> httpx.Response:
        """Call; `may`: the secrets that are told to this caller on purpose, `status`: what it must be answered."""
        headers = {"Authorization": f"Bearer {self.keys[key]}"} | dict(more.pop("headers", {}))
        whole = path if path.startswith(("/console", "/metrics", "/v1/openapi")) else f"/v1/{TOWN}{path}"
        answer = await self.client.request(method, whole, headers=headers, **more)
        if answer.status_code != HTTPStatus.UNAUTHORIZED:
            self.ears.give("keys", self.keys[key].encode())
        if may:
            self.ears.give("who may know", answer.content)
        route = path.partition("?")[0]
        place = f"the answer to {method} {route} for {key} ({answer.status_code})"
        word = next((kind for part, kind in _KINDS.items() if part in route), "answer")
        kind = "error body" if answer.is_error else word
        head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        self.ears.hear(kind, place, f"{head}\n\n".encode() + answer.content, may)
        if status:
            assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    async def put(self, number: str, revision: int = 1, *, whose: str, wait: int = 0, **more: Any) -> None:
        """A booking, which is taken; its caller may see credentials: of this booking."""
        headers = {"Prefer": f"wait={wait}", "X-Sent-By": "anna.ek"}
        body = {"number": number, "revision": revision} | more
        answer = await self.ask("PUT", f"/bookings/{number}", json=body, headers=headers, may=entering(number, whose))
        assert answer.status_code in {200, 202}, answer.text
        self.note_codes(number, answer.json())

    def note_codes(self, number: str, answer: Mapping[str, Any]) -> None:
        """Look for the codes that were made for a booking."""
        for one in answer["credentials"]:
            if one["kind"] == "pin" and one["value"]:
                self.planted.code(f"door code {one['value'][-2:]} of {number}", one["value"])

    def open_gates(self) -> None:
        """Have systems asked again that have just failed."""
        for running in self.hub.connections:
            running.gate.succeeded()

    def open_all(self) -> None:
        """Open what is sealed in the database: what lies there is what it is for."""
        connection, known = connect(self.hub.settings.database), {one.value for one in self.planted.secrets.values()}
        try:
            for column in sealed.COLUMNS:
                for value in sealed.after(connection, column, column.start, limit=10_000):
                    opened = self.hub.seal.open(value.sealed, value.place)
                    self.ears.give(column.name, _unpacked(opened))
                    if column is sealed.CODE and opened.decode() not in known:
                        self.planted.code(f"door code {opened.decode()[-2:]} of another", opened.decode())
        finally:
            connection.close()


async def _started(server: uvicorn.Server) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.005)


def _unpacked(opened: bytes) -> bytes:
    """Some of it is packed before it is sealed."""
    try:
        return zlib.decompress(opened)
    except zlib.error:
        return opened


@contextlib.asynccontextmanager
async def world(home: Path, told: Told) -> AsyncIterator[World]:
    """The hub as `knutpunkt serve` has it, on a loopback address, with systems that are there for real."""
    clock, exporter, provider = DomainClock(START), InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    fronts = Fronts(told.ears)
    systems = Systems(told.planted, clock, fronts)
    data = home / "data"
    data.mkdir()
    database = in_file(data / "hub.db")
    async with fronts.answering() as address, _mailbox(systems):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            settings = Settings(
                database=database,
                port=listening.getsockname()[1],
                pulse=Pulse(finish=timedelta(seconds=1)),
            )
            systems.address = address
            town = folder(home / "town", systems, address)
            hub = Hub(settings, [town], clock=clock, environment=systems.environment, tracing=Tracing(provider))
            app = hub.web()
            server = process._Server(process._config(app, settings))
            async with app.router.lifespan_context(app):
                serving = asyncio.create_task(server.serve([listening]))
                await _started(server)
                async with httpx.AsyncClient(base_url=process.address(settings), timeout=30) as client:
                    made = World(told, home, hub, Stage(hub, clock, client), client)
                    made.fronts, made.systems = fronts, systems
                    yield made
                    made.open_all()
                fronts.leave.set()
                hub.end_streams()
                server.should_exit = True
                await serving
    for span in exporter.get_finished_spans():
        told.ears.hear("span", span.name, span.to_json(indent=None))
    keys = (data / "hub.key").read_text()
    for n, key in enumerate(re.findall(r"[0-9a-f]{64}", keys)):
        told.ears.give("key file", told.planted.made(f"key {n} of the key file", key).encode())


@contextlib.asynccontextmanager
async def _mailbox(systems: Systems) -> AsyncIterator[None]:
    await systems.mail.start()
    try:
        yield
    finally:
        await systems.mail.stop()


@contextlib.contextmanager
def as_served(ears: Ears) -> Iterator[None]:
    """Logs as `--log-level debug` has them, and whatever is written on standard output and error."""
    loggers = [logging.getLogger(name) for name in process._QUIET]
    levels = [one.level for one in loggers]
    out, err = io.StringIO(), io.StringIO()
    with ears.logs(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        process.log_at("debug")
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
    ears.hear("log", "standard output", out.getvalue())
    ears.hear("log", "standard error", err.getvalue())


@contextlib.contextmanager
def landing_soon() -> Iterator[None]:
    """What got no answer has landed at once: nobody waits for half a minute of the machine's time."""
    before = carrying.quiet_after
    carrying.quiet_after = lambda running: 0  # noqa: ARG005 - as it is called
    try:
        yield
    finally:
        carrying.quiet_after = before


def listened(home: Path, told: Told) -> None:
    """Hear what is left on disk when all has ended."""
    told.ears.files(home / "data", _FILES, _OWNERS)
    told.ears.files(home / "backups", _FILES, ())
    told.ears.database(home / "data" / "hub.db")
    for file in sorted((home / "counterparts").rglob("*")):
        if file.is_file():
            told.ears.give("ledger", file.read_bytes())


_FILES = {".zip": "backup", "hub.db": "database", "-wal": "database", "-shm": "database"}
_OWNERS = ("hub.key", "hub.operator-key")
"""Files of the owner's own (mode 0600): the keys stand in them, and nothing else does."""
