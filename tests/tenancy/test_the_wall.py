"""Two municipalities with the same booking numbers, connections and keys: by no route does one see the other."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from hub.api.application import create_api
from hub.clock import micros
from hub.demo.stage import Stage, stage
from hub.service.keys import Scope
from hub.service.keys import create as create_key
from tests.scenarios.plays import FOLDER, at, booking, lines, occasion

OURS, THEIRS = "2480", "2482"
SECRET = "Hemliga Sällskapet"
"""In everything that the other municipality has; it may stand in no answer to us."""
SCOPES = [scope for scope in Scope if scope is not Scope.ADMIN]
Story = Callable[[Stage, httpx.AsyncClient, dict[str, str]], Awaitable[None]]


def neighbour(home: Path) -> Path:
    """The same folder, for the municipality next door."""
    folder = home / "neighbour"
    shutil.copytree(FOLDER, folder)
    town = folder / "municipality.yaml"
    town.write_text(town.read_text().replace('"2480"', f'"{THEIRS}"').replace("Umeå kommun", "Skellefteå kommun"))
    return folder


def side_by_side(story: Story) -> None:
    """Both in one hub, with the same booking in each, and a key of each with every scope."""

    async def told() -> None:
        with tempfile.TemporaryDirectory() as home:
            async with stage(FOLDER, Path(home), at("2026-11-23 07:00"), 0, neighbour(Path(home))) as (
                here,
                address,
                _,
            ):
                keys = {town: await _key(here, town) for town in (OURS, THEIRS)}
                async with httpx.AsyncClient(base_url=address, timeout=40) as client:
                    await _fill(client, keys)
                    await here.quiet()
                    await story(here, client, keys)

    asyncio.run(told())


async def _key(here: Stage, town: str) -> str:
    now = micros(here.clock.now())
    return await here.hub.writer.call(
        lambda c: create_key(c, municipality=town, name=f"key-{town}", scopes=SCOPES, now=now)
    )


async def _fill(client: httpx.AsyncClient, keys: dict[str, str]) -> None:
    for town, name in ((OURS, "Öppna Klubben"), (THEIRS, SECRET)):
        customer = {"kind": "association", "organisation_number": "802400-0005", "name": name}
        body = booking(
            "B-1", occasion("tennishallen.bana-1", "2026-11-23 09:00", "2026-11-23 10:00"), customer=customer
        )
        if town == THEIRS:
            body["occasions"][0]["holders"][0]["name"] = SECRET
            body["extras"] = [{"resource": "tennishallen.bollmaskin", "occasions": ["1"]}]
        answer = await client.put(f"/v1/{town}/bookings/B-1", json=body, headers=bearer(keys[town]))
        assert answer.status_code == 202, answer.text
        closure = {
            "revision": 1, "resource": "tennishallen.bana-5", "reason": SECRET if town == THEIRS else "snö",
            "starts_at": "2026-11-23T00:00:00Z", "ends_at": "2026-11-24T00:00:00Z",
        }  # fmt: skip
        await client.put(f"/v1/{town}/closures/snow", json=closure, headers=bearer(keys[town]))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def every_route() -> list[tuple[str, str]]:
    """(method, path) of every route of the API, from the application itself."""
    document = create_api().openapi()
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


NAMES = {
    "number": "B-1",
    "closure": "snow",
    "resource": "tennishallen.bana-1",
    "name": "arx-tennishallen",
    "problem": "1",
}


def address_of(path: str, town: str) -> str:
    filled = path.replace("{municipality}", town)
    return re.sub(r"\{(\w+)\}", lambda found: NAMES.get(found[1], "B-1"), filled)


BODIES: dict[str, dict[str, Any]] = {
    "json": {"json": {}},
    "ndjson": {"content": lines([booking("B-9")]), "headers": {"Content-Type": "application/x-ndjson"}},
}


def test_a_key_of_one_municipality_opens_no_route_of_another() -> None:
    async def story(_here: Stage, client: httpx.AsyncClient, keys: dict[str, str]) -> None:
        tried = 0
        for method, path in every_route():
            if "{municipality}" not in path:
                continue
            for body in BODIES.values():
                headers = bearer(keys[OURS]) | body.get("headers", {})
                sent = (
                    {key: value for key, value in body.items() if key != "headers"} if method in {"PUT", "POST"} else {}
                )
                answer = await client.request(method, address_of(path, THEIRS), headers=headers, **sent)
                refused = (
                    401 if path.endswith("/inbox") else 403
                )  # whoever calls there has no key, and proves it otherwise
                assert answer.status_code == refused, (method, path, answer.status_code, answer.text)
                assert SECRET not in answer.text
                tried += 1
        assert tried >= 30, "the routes are found by looking, not by a list"

    side_by_side(story)


def test_no_answer_to_one_municipality_holds_anything_of_another() -> None:
    async def story(here: Stage, client: httpx.AsyncClient, keys: dict[str, str]) -> None:
        headers = bearer(keys[OURS])
        for method, path in every_route():
            if method == "GET" and "stream" not in path and "metrics" not in path:
                days = {"from": "2026-11-01", "to": "2026-11-30"} if path.endswith("/attendance") else {}
                answer = await client.get(address_of(path, OURS), headers=headers, params=days)
                assert answer.status_code in {200, 404}, (path, answer.text)
                assert SECRET not in answer.text, path
        mine = (await client.get(f"/v1/{OURS}/bookings/B-1", headers=headers)).json()
        theirs = (await client.get(f"/v1/{THEIRS}/bookings/B-1", headers=bearer(keys[THEIRS]))).json()
        assert mine["booking"]["customer"]["name"] == "Öppna Klubben"
        assert theirs["booking"]["customer"]["name"] == SECRET
        events = (await client.get(f"/v1/{OURS}/events", headers=headers)).json()["events"]
        assert {event["source"] for event in events} == {f"/v1/{OURS}"}
        cancelled = mine["booking"] | {"revision": 2, "status": "cancelled"}
        await client.put(f"/v1/{OURS}/bookings/B-1", json=cancelled, headers=headers)
        await here.quiet()
        still = (await client.get(f"/v1/{THEIRS}/bookings/B-1", headers=bearer(keys[THEIRS]))).json()
        assert {effect["state"] for effect in still["effects"]} <= {"standing", "planned"}
        assert (await client.get("/metrics", headers=headers)).status_code == 403, "figures are the installation's"

    side_by_side(story)


def test_every_route_under_a_municipality_asks_who_is_calling() -> None:
    async def story(_here: Stage, client: httpx.AsyncClient, _keys: dict[str, str]) -> None:
        for method, path in every_route():
            if "{municipality}" in path:
                answer = await client.request(method, address_of(path, OURS))
                assert answer.status_code == 401, (method, path, answer.status_code)

    side_by_side(story)
