"""A booking put goes past FastAPI's routing, and nobody can tell."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hub.api.application import create_api
from hub.api.direct import DirectPut
from hub.app import Hub
from hub.clock import DomainClock
from hub.settings import Settings
from tests.bench import town

Told = tuple[int, dict[str, str], str]

CALLS: dict[str, tuple[str, str, bytes, dict[str, str]]] = {
    "accepted": ("PUT", "B-000000000", town.line(0), {}),
    "the same again": ("PUT", "B-000000000", town.line(0), {}),
    "another number": ("PUT", "B-000000001", town.line(0), {}),
    "another content": ("PUT", "B-000000000", town.line(0).replace(b"court-0", b"court-1"), {}),
    "no JSON": ("PUT", "B-000000000", b"{", {}),
    "nothing": ("PUT", "B-000000000", b"", {}),
    "no key": ("PUT", "B-000000000", town.line(0), {"Authorization": ""}),
    "another kind": ("PUT", "B-000000000", town.line(0), {"Content-Type": "text/plain"}),
    "a percent sign": ("PUT", "B-000000000%2F", town.line(0), {}),
    "deleted": ("DELETE", "B-000000000", b"", {}),
}


def test_the_direct_way_answers_as_the_documented_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town.write(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "offered"))
    direct, around = (asyncio.run(all_asked(tmp_path, name)) for name in ("direct", "around"))
    for call in CALLS:
        assert direct[call] == around[call], call


async def all_asked(folder: Path, way: str) -> dict[str, Told]:
    """What a hub answers to each call, one after the other; `around` knows no direct way."""
    clock = DomainClock(town.BEGINS - timedelta(days=60))  # nothing is due
    hub = Hub(Settings(database=f"sqlite:///{folder}/{way}.db"), [folder / "town"], clock=clock)
    app = create_api()
    if way == "around":
        app.user_middleware = [
            one for one in app.user_middleware if getattr(one.cls, "__name__", "") != DirectPut.__name__
        ]
    await hub.start()
    app.state.desk = hub.desk
    key = hub.operator_key_file.read_text().strip()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "X-Request-Id": "test"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub/v1/2480/bookings/") as client:
        answers = {
            name: told(await client.request(method, path, content=body, headers=headers | more))
            for name, (method, path, body, more) in CALLS.items()
        }
    await hub.stop()
    return answers


def told(response: httpx.Response) -> Told:
    """Status, headers and body; a PIN is another each time."""
    body = re.sub(r'"value":"\d+"|"expected_at":"[^"]+"', "", response.text)
    return response.status_code, {**response.headers, "content-length": ""}, body
