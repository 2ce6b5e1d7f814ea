"""The whole hub behind its API: the real application, a database of its own, and systems that misbehave."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from hub.app import Hub
from hub.delivery.errands import awaiting
from hub.model.configuration import Configuration
from hub.service.keeping.keys import Scope, create
from hub.service.process import figures
from hub.settings import Pulse, Settings
from hub.store.engine.database import connect
from tests.builders import a_town, files_of, raw_booking
from tests.databases import in_file
from tests.delivery import fake_register, fake_registry, fakes
from tests.delivery.fakes import LAMPS, LOCKS, LampSystem, LockSystem
from tests.delivery.harness import MORNING, TOWN, SetClock, leading_to_systems

PROBLEM = "application/problem+json"
NDJSON = "application/x-ndjson"
CORE = (Scope.BOOKINGS_READ, Scope.BOOKINGS_WRITE, Scope.CREDENTIALS_READ)
Answer = httpx.Response


class Site:
    """A caller with a key, and what the caller can look at besides."""

    def __init__(self, client: Any, url: str, clock: SetClock) -> None:
        self.client, self.url, self.clock = client, url, clock
        self.core = self.key(*CORE)
        self.operator = self.key(Scope.OPERATOR)

    def key(self, *scopes: Scope, town: str = TOWN) -> str:
        """A new key with these rights."""
        connection = connect(self.url)
        with connection.transaction():
            made = create(connection, municipality=town, name="+".join(scopes) or "bare", scopes=scopes, now=0)
        connection.close()
        return made

    def ask(
        self, method: str, path: str, *, key: str | None = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Any:
        """Send a request as the booking core, or with another key; the path begins after the municipality."""
        told = {"Authorization": f"Bearer {self.core if key is None else key}"} | dict(headers or {})
        return self.client.request(method, f"/v1/{TOWN}{path}", headers=told, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.ask("GET", path, **more)

    def operate(self, method: str, path: str, **more: Any) -> Any:
        """As an operator."""
        return self.ask(method, path, key=self.operator, **more)

    def put(
        self, number: str = "B-1", revision: int = 1, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Any:
        """Put a booking, and wait until its doors know of it."""
        wanted = {"Prefer": "wait=20"} | dict(headers or {})
        return self.ask("PUT", f"/bookings/{number}", json=raw_booking(number, revision, **more), headers=wanted)

    def put_raw(self, body: bytes, *, kind: str = "application/json", number: str = "B-1") -> Any:
        return self.ask("PUT", f"/bookings/{number}", content=body, headers={"Content-Type": kind})

    def send(self, lines: Iterable[Any], *, ending: str = "\n") -> list[dict[str, Any]]:
        """Import lines, and give the answers; the last is the summary."""
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        answer = self.ask(
            "POST", "/bookings", content=("\n".join(texts) + ending).encode(), headers={"Content-Type": NDJSON}
        )
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def stored(self) -> list[str]:
        """The numbers of all bookings that are stored."""
        return [one["number"] for one in self.get("/bookings?limit=1000").json()["bookings"]]

    def until(self, path: str, **wanted: Any) -> Any:
        """Ask an operator's question until the answer has those fields: the loops run beside us."""
        found: Any = None
        for _ in range(2000):
            found = self.operate("GET", path).json()
            if all(found.get(name) == value for name, value in wanted.items()):
                return found
        pytest.fail(f"{path} never became {wanted}: {found}")

    def move_to(self, moment: datetime) -> None:
        """Set the domain's clock."""
        self.clock.moment = moment

    @property
    def locks(self) -> LockSystem:
        return LOCKS[f"{TOWN}/locks"]

    @property
    def lamps(self) -> LampSystem:
        return LAMPS[f"{TOWN}/lamps"]


def folder_of(town: Configuration, path: Path) -> Path:
    """Write a municipality's folder."""
    for name, text in files_of(leading_to_systems(town)).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


@contextmanager
def running(path: Path, monkeypatch: pytest.MonkeyPatch, url: str = "", **town: Any) -> Iterator[Site]:
    """The hub, from start to stop; on a database of its own, or on one that is there. `town`: how its towns are."""
    fakes.LOCKS.clear()
    fakes.LAMPS.clear()
    fake_register.REGISTERS.clear()
    fake_registry.REGISTRIES.clear()
    fakes.installed(monkeypatch, path, *fake_register.OFFERED, *fake_registry.OFFERED)
    monkeypatch.setattr(awaiting, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(figures, "WHOLE_EVERY", timedelta(0))
    url = url or in_file(path / "hub.db")
    folders = [folder_of(a_town(key=key, **town), path / key) for key in (TOWN, "1480")]
    clock = SetClock(MORNING)
    hub = Hub(Settings(database=url, pulse=Pulse(idle=timedelta(milliseconds=5))), folders, clock=clock, environment={})
    with TestClient(hub.web(), raise_server_exceptions=False) as client:
        yield Site(client, url, clock)
