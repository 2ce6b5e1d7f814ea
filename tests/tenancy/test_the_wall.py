"""Two municipalities with the same booking numbers, connections and keys: by no route does one see the other."""

import asyncio
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import product
from pathlib import Path
from typing import Any

import httpx

from connectors.attendance_dak.simulator import DakExports
from hub.api.application import create_api
from hub.clock import now_of
from hub.conformance.driver import SetClock
from hub.demo.stage import Stage, stage
from hub.service.keeping.keys import Scope
from hub.service.keeping.keys import create as create_key
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
    now = now_of(here.clock)
    return await here.hub.writer.call(
        lambda c: create_key(c, municipality=town, name=f"key-{town}", scopes=SCOPES, now=now)
    )


async def _fill(client: httpx.AsyncClient, keys: dict[str, str]) -> None:
    """The same in both; and in theirs one of everything that there is."""
    for town, name in ((OURS, "Öppna Klubben"), (THEIRS, SECRET)):
        customer = {"kind": "association", "organisation_number": "802400-0005", "name": name}
        body = booking(
            "B-1", occasion("tennishallen.bana-1", "2026-11-23 09:00", "2026-11-23 10:00"), customer=customer
        )
        if town == THEIRS:
            body["occasions"][0]["holders"][0]["name"] = SECRET
            body["extras"] = [{"resource": "tennishallen.bollmaskin", "occasions": ["1"]}]
            price = {"article": "BADM-60", "text": SECRET, "quantity": "1", "unit_price": "120.00", "vat": "exempt"}
            body |= {"charges": [price | {"id": "c1", "occasion": "1"}], "payment": {"kind": "invoice"}}
        answer = await client.put(f"/v1/{town}/bookings/B-1", json=body, headers=bearer(keys[town]))
        assert answer.status_code == 202, answer.text
        closure = {
            "revision": 1, "resource": "tennishallen.bana-5", "reason": SECRET if town == THEIRS else "snö",
            "starts_at": "2026-11-23T00:00:00Z", "ends_at": "2026-11-24T00:00:00Z",
        }  # fmt: skip
        await client.put(f"/v1/{town}/closures/snow", json=closure, headers=bearer(keys[town]))
    theirs: dict[str, Any] = {"headers": bearer(keys[THEIRS])}
    bad, _ = DakExports(SetClock()).with_a_bad_item(3)
    file = {"format": "dak", "name": f"{SECRET}.xml"}
    sent = await client.post(f"/v1/{THEIRS}/attendance/imports", params=file, content=bad, **theirs)
    assert sent.json()["quarantined"] == 1, sent.text
    url = "https://hemliga-sallskapet.example.se/hooks"
    made = await client.put(f"/v1/{THEIRS}/subscriptions/hemlig", json={"url": url, "paused": True}, **theirs)
    assert made.status_code == 201, made.text


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def every_route() -> list[tuple[str, str]]:
    """(method, path) of every route of the API, from the application itself."""
    document = create_api().openapi()
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


NAMES = {
    "number": "B-1",
    "closure": "snow",
    "key": "D-1",
    "resource": "tennishallen.bana-1",
    "name": "arx-tennishallen",
    "problem": "1",
    "spare": "1",
    "row": "1",
    "finding": "1",
    "unsealing": "1",
    "place": "1",
}
OF_SUBSCRIPTIONS = {"name": "hemlig"}
WORDS = (SECRET, "hemliga-sallskapet")
"""What may stand in no answer to us."""


def address_of(path: str, town: str) -> str:
    """The path with names that are theirs, and some of them ours too."""
    names = NAMES | (OF_SUBSCRIPTIONS if "/subscriptions/" in path else {})
    filled = path.replace("{municipality}", town)
    return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], filled)


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
                assert not any(word in answer.text for word in WORDS)
                tried += 1
        assert tried >= 70, "the routes are found by looking, not by a list"

    side_by_side(story)


def test_no_answer_to_one_municipality_holds_anything_of_another() -> None:
    async def story(here: Stage, client: httpx.AsyncClient, keys: dict[str, str]) -> None:
        told: dict[str, dict[str, str]] = {OURS: {}, THEIRS: {}}
        for town, path in product(told, (path for method, path in every_route() if method == "GET")):
            if "stream" not in path and "metrics" not in path:
                answer = await client.get(address_of(path, town), headers=bearer(keys[town]), params=asked_with(path))
                assert answer.status_code in {200, 404}, (path, answer.text)
                told[town][path.removeprefix("/v1/{municipality}")] = answer.text
        for path, text in told[OURS].items():
            assert not any(word in text for word in WORDS), path
        for path in ("/imports", "/quarantine", "/attendance", "/invoices", "/subscriptions", "/problems"):
            listed = [json.loads(told[town][path]) for town in told]
            ours, theirs = (next(iter(one.values())) if isinstance(one, dict) else one for one in listed)
            assert (len(ours), len(theirs) > 0) == (0, True), path
        assert (await client.get("/metrics", headers=bearer(keys[OURS]))).status_code == 403, "of the installation"
        for town in (OURS, THEIRS):
            page = await client.get(f"/console/{town}", headers=bearer(keys[OURS]))
            assert (page.status_code, SECRET in page.text) == (200 if town == OURS else 403, False)

    side_by_side(story)


def test_what_one_municipality_changes_changes_nothing_of_another() -> None:
    """Every route that changes something is called by us, in our own name, with names and numbers that they have."""

    async def story(here: Stage, client: httpx.AsyncClient, keys: dict[str, str]) -> None:
        before = await state_of(client, keys[THEIRS])
        done = []
        for method, path in every_route():
            if method in {"PUT", "POST", "DELETE"} and "/connections/" not in path:
                address = address_of(path, OURS)
                params = {"format": "dak"} if path.endswith("/imports") else {}
                answer = await client.request(
                    method, address, headers=bearer(keys[OURS]), json=BODY_OF.get(path, {}), params=params
                )
                assert not any(word in answer.text for word in WORDS), (method, path)
                done.append((method, path.removeprefix("/v1/{municipality}"), answer.status_code))
        refused = {path for _, path, status in done if status == 404 and re.search("{(row|problem|finding)}", path)} | {
            path for method, path, status in done if status == 404 and "/subscriptions/{name}" in path
        }
        assert len(refused) == 10, "a row, a problem, a finding and a subscription of theirs are nothing to us"
        assert ("DELETE", "/closures/{closure}", 202) in done, "ours of the same name is lifted"
        await here.quiet()
        assert await state_of(client, keys[THEIRS]) == before

    side_by_side(story)


BODY_OF: dict[str, dict[str, Any]] = {
    "/v1/{municipality}/bookings/{number}": booking(
        "B-1",
        occasion("tennishallen.bana-1", "2026-11-23 09:00", "2026-11-23 10:00"),
        status="cancelled",
        revision=2,
    ),
    "/v1/{municipality}/subscriptions/{name}:replay": {"after": None},
    "/v1/{municipality}/quarantine:rerun": {"connection": "dak"},
    "/v1/{municipality}/findings/{finding}:adopt": {"reason": "ours"},
    "/v1/{municipality}/findings/{finding}:ignore": {"until": "2026-12-01T00:00:00Z"},
}


def asked_with(path: str) -> dict[str, str]:
    """What a route must be told."""
    if path.endswith("/attendance"):
        return {"from": "2026-01-01", "to": "2026-12-31"}
    if "/figures/" in path:
        return {"month": "2026-10"}
    if path.endswith("/zones:explain"):
        return {"zone": "tennishallen/bana-1", "from": "2026-11-23T09:00:00Z", "to": "2026-11-24T09:00:00Z"}
    return {"door": "TH-ENTRE", "at": "2026-11-23T09:00:00Z"} if path.endswith("/doors:explain") else {}


async def state_of(client: httpx.AsyncClient, key: str) -> dict[str, Any]:
    """All that a municipality is told of itself, but how the time has passed."""
    found: dict[str, Any] = {}
    for method, path in every_route():
        if method == "GET" and "{municipality}" in path and not re.search("stream|status|connections|readiness", path):
            answer = await client.get(address_of(path, THEIRS), headers=bearer(key), params=asked_with(path))
            found[path] = answer.text if path.endswith(".csv") else answer.json()
    looks = re.compile("seen|shown")
    rows = found["/v1/{municipality}/audit"]["rows"]
    found["/v1/{municipality}/audit"] = [row | {"place": 0} for row in rows if not looks.search(row["act"])]
    return found


def test_a_stream_tells_one_municipality_nothing_of_another() -> None:
    async def story(_here: Stage, client: httpx.AsyncClient, keys: dict[str, str]) -> None:
        async with (
            asyncio.timeout(20),
            client.stream("GET", f"/v1/{OURS}/events/stream", headers=bearer(keys[OURS])) as answer,
        ):
            lines_ = answer.aiter_lines()
            assert (await anext(lines_)).startswith(":")
            for town in (THEIRS, OURS):
                body = booking(f"N-{town}", occasion("tennishallen.bana-2", "2026-11-23 20:00", "2026-11-23 21:00"))
                put = await client.put(f"/v1/{town}/bookings/N-{town}", json=body, headers=bearer(keys[town]))
                assert put.status_code == 202
            data = [line async for line in until(lines_, f"N-{OURS}") if line.startswith("data: ")]
        sources = {json.loads(line.removeprefix("data: "))["source"] for line in data}
        assert sources == {f"/v1/{OURS}"}

    side_by_side(story)


async def until(lines_: AsyncIterator[str], word: str) -> AsyncIterator[str]:
    """The lines up to the one that holds a word."""
    async for line in lines_:
        yield line
        if word in line:
            return


def test_every_route_under_a_municipality_asks_who_is_calling() -> None:
    async def story(_here: Stage, client: httpx.AsyncClient, _keys: dict[str, str]) -> None:
        for method, path in every_route():
            if "{municipality}" in path:
                answer = await client.request(method, address_of(path, OURS))
                assert answer.status_code == 401, (method, path, answer.status_code)

    side_by_side(story)
