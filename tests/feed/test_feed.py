"""The event feed: nothing skipped, nothing out of order, and every event tells what is so."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from hub.demo.stage import MUNICIPALITY, Stage
from hub.sdk import Misbehaviour
from hub.service.keeping.keys import Scope, create
from hub.service.subscribers.feed import Cursor
from hub.store import feed, keys
from hub.store.engine.database import Connection
from tests.scenarios.plays import LAMPS, LOCKS, at, booking, cancel, events, occasion, play, put

EVENING = ("2026-11-23 18:00", "2026-11-23 19:00")


def court(number: str, n: int = 1, **more: Any) -> dict[str, Any]:
    return booking(number, occasion(f"tennishallen.bana-{n}", *EVENING), **more)


async def follow(client: httpx.AsyncClient, *, limit: int) -> list[dict[str, Any]]:
    """Page through the feed from its beginning, a few at a time."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await client.get("/events", params={"limit": limit} | ({"after": after} if after else {}))).json()
        if not page["events"]:
            return found
        found += page["events"]
        after = page["next"]


def test_pages_of_any_size_give_every_event_once_and_a_bookings_in_order() -> None:
    async def story(_here: Stage, client: httpx.AsyncClient) -> None:
        for revision in range(1, 8):
            for number in ("B-1", "B-2", "B-3"):
                await put(client, court(number, 1 + revision % 5, revision=revision))
        whole = [event["id"] for event in await follow(client, limit=1000)]
        assert len(set(whole)) == len(whole)
        for limit in (1, 2, 7):
            paged = await follow(client, limit=limit)
            assert [event["id"] for event in paged][: len(whole)] == whole
        for number in ("B-1", "B-2", "B-3"):
            accepted = [e for e in await events(client, "booking.accepted") if e["subject"] == number]
            assert [event["data"]["revision"] for event in accepted] == list(range(1, 8))

    play(story)


def test_fifty_callers_of_one_booking_leave_one_order_and_lose_no_revision() -> None:
    async def story(_here: Stage, client: httpx.AsyncClient) -> None:
        async def caller(revision: int) -> tuple[int, int, bool]:
            body = court("B-1", 1 + revision % 5, revision=revision)
            answer = await client.put("/bookings/B-1", json=body)
            return revision, answer.status_code, answer.json().get("outcome") == "accepted"

        answered = await asyncio.gather(*(caller(1 + n // 2) for n in range(50)))
        assert {status for _, status, _ in answered} <= {200, 202, 409}
        assert [accepted for revision, _, accepted in answered if revision == 25].count(True) == 1
        view = (await client.get("/bookings/B-1")).json()
        assert view["booking"]["revision"] == 25
        told = [event["data"]["revision"] for event in await events(client, "booking.accepted")]
        assert told == sorted(set(told)), "a revision that was accepted was accepted once, in order"
        assert sorted(revision for revision, _, accepted in answered if accepted) == told

    play(story)


def test_a_page_is_of_one_moment_while_others_write() -> None:
    async def story(_here: Stage, client: httpx.AsyncClient) -> None:
        stop = asyncio.Event()

        async def write() -> None:
            revision = 0
            while not stop.is_set():
                revision += 1
                await asyncio.gather(*(put(client, court(f"B-{n}", n, revision=revision)) for n in range(1, 6)))

        writing = asyncio.create_task(write())
        seen: list[int] = []
        after = None
        for _ in range(60):
            page = (await client.get("/events", params={"limit": 3} | ({"after": after} if after else {}))).json()
            seen += [int(event["id"]) for event in page["events"]]
            after = page["next"]
        stop.set()
        await writing
        whole = [int(event["id"]) for event in await events(client)]
        assert seen == whole[: len(seen)]

    play(story)


def test_a_cursor_of_another_epoch_or_of_nobody_is_told_so() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        await put(client, court("B-1"))
        cursor = (await client.get("/events")).json()["next"]
        other = Cursor("00000000", Cursor.read(cursor).id).written()
        gone = await client.get("/events", params={"after": other})
        assert (gone.status_code, gone.json()["code"]) == (410, "cursor-gone")
        assert (await client.get("/events/stream", params={"after": other})).status_code == 410
        for nonsense in (
            "x",
            "AAAA",
            "%%%",
            "å",
            Cursor("00000000", 2**80).written(),
            Cursor("00000000", -1).written(),
        ):
            answer = await client.get("/events", params={"after": nonsense})
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid-cursor"), nonsense
        assert await here.hub.readers.read(feed.epoch) == Cursor.read(cursor).epoch

    play(story)


def test_a_stream_gives_events_as_they_come_and_goes_on_where_it_broke() -> None:
    async def story(_here: Stage, client: httpx.AsyncClient) -> None:
        first = await streamed(client, 1, lambda: put(client, court("B-1")))
        assert (first[0]["event"], json.loads(first[0]["data"])["subject"]) == ("booking.accepted", "B-1")
        await put(client, court("B-2", 2))
        await put(client, court("B-3", 3))
        rest = await streamed(client, 20, None, last=first[0]["id"])
        subjects = [json.loads(event["data"])["subject"] for event in rest if event["event"] == "booking.accepted"]
        assert subjects == ["B-2", "B-3"]
        assert [event["event"] for event in rest].count("booking.effective") == 3

    play(story)


def test_a_stream_ends_when_its_key_is_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.api.desk._REMEMBERED_SECONDS", 0.0)

    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        def made(connection: Connection) -> str:
            return create(connection, municipality=MUNICIPALITY, name="reader", scopes=[Scope.EVENTS_READ], now=0)

        headers = {"Authorization": f"Bearer {await here.hub.writer.call(made)}"}
        async with asyncio.timeout(10), client.stream("GET", "/events/stream", headers=headers) as answer:
            lines = answer.aiter_lines()
            assert (await anext(lines)).startswith(":")
            await here.hub.writer.call(lambda c: keys.revoke(c, MUNICIPALITY, "reader", now=1))
            await put(client, court("B-1"))
            assert [line async for line in lines if line.startswith("data")] == []

    play(story)


def test_streams_without_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.api.events._MOST_STREAMS", 2)

    async def story(_here: Stage, client: httpx.AsyncClient) -> None:
        async with AsyncExitStack() as opened:
            asked = await asyncio.gather(*(opened.enter_async_context(streaming(client)) for _ in range(5)))
            assert sorted(answer.status_code for answer in asked) == [200, 200, 429, 429, 429]
            (refused, *_) = [answer for answer in asked if answer.status_code == 429]
            assert json.loads(await refused.aread())["code"] == "too-many-streams"
        for n in range(1, 4):
            assert await streamed(client, 1, partial(put, client, court(f"B-{n}", n))), "there is room again"

    play(story)


def test_a_hub_stops_though_callers_hang_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """One reads nothing of its stream, one never sends the rest of its booking."""
    monkeypatch.setattr("hub.demo.stage._FINISH_SECONDS", 1)
    hanging: list[socket.socket] = []

    async def story(_here: Stage, client: httpx.AsyncClient) -> None:
        place = (client.base_url.host, client.base_url.port or 0)
        key = client.headers["authorization"]
        for line, more in (
            ("GET /v1/2480/events/stream", ""),
            ("PUT /v1/2480/bookings/B-1", "Content-Type: application/json\r\nContent-Length: 900\r\n"),
        ):
            hanging.append(socket.create_connection(place))
            hanging[-1].sendall(f"{line} HTTP/1.1\r\nHost: hub\r\nAuthorization: {key}\r\n{more}\r\n".encode())
        await put(client, court("B-2"))

    play(story)
    told = [each.recv(12) for each in hanging]
    for each in hanging:
        each.close()
    assert told == [b"HTTP/1.1 200", b"HTTP/1.1 500"], "what was not whole is not told as taken"


@asynccontextmanager
async def streaming(client: httpx.AsyncClient) -> AsyncIterator[httpx.Response]:
    """A stream of events, from its first line; or the refusal of one."""
    async with asyncio.timeout(20), client.stream("GET", "/events/stream") as answer:
        lines = answer.aiter_lines()  # kept: one that nobody holds is collected, and closes the stream
        if answer.status_code == 200:
            assert (await anext(lines)).startswith(":")
        yield answer


async def streamed(client: httpx.AsyncClient, count: int, act: Any, *, last: str = "") -> list[dict[str, str]]:
    """Read so many events of the stream, or as many as come in two seconds."""
    found: list[dict[str, str]] = []
    headers = {"Last-Event-ID": last} if last else {}
    async with client.stream("GET", "/events/stream", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert (await anext(lines)).startswith(":")
        if act:
            await act()
        event: dict[str, str] = {}
        try:
            async with asyncio.timeout(2):
                async for line in lines:
                    name, _, value = line.partition(": ")
                    if line:
                        event[name] = value
                    elif event.get("id"):
                        found.append(event)
                        event = {}
                    if len(found) == count:
                        break
        except TimeoutError:
            return found
    return found


def test_a_booking_is_effective_once_and_told_when_it_is_no_longer() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        await put(client, court("B-1"), wait=5)
        await here.quiet()
        kinds = ("booking.effective", "credential.ready", "outcome.revised", "effect.lost", "credential.changed")
        assert [event["type"] for event in await events(client, *kinds)] == ["credential.ready", "booking.effective"]
        ready = (await events(client, "credential.ready"))[0]
        value = (await client.get("/bookings/B-1")).json()["credentials"][0]["value"]
        assert value not in json.dumps(await events(client)), "no event tells a code"
        assert ready["subject"] == "B-1"
        await here.play_until(at("2026-11-23 18:10"))
        here.simulators.misbehave(MUNICIPALITY, LAMPS, Misbehaviour.SET_BY_HAND, "bana-1")
        await asyncio.sleep(0.3)
        await here.quiet()
        revised = await events(client, "outcome.revised", "effect.overridden")
        assert {event["type"] for event in revised} == {"outcome.revised", "effect.overridden"}
        assert len(await events(client, "outcome.revised")) == 1

    play(story)


def test_a_code_that_somebody_takes_away_is_lost_and_given_back_once() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        await put(client, court("B-1"), wait=5)
        for _ in range(2):
            here.simulators.misbehave(MUNICIPALITY, LOCKS, Misbehaviour.DELETED_BY_HAND, "hub-B-1")
            await here.hub.worker.look_at_all()
            await here.quiet()
        lost = [event["data"]["repaired"] for event in await events(client, "effect.lost")]
        assert lost == [True, False]
        (problem,) = await here.problems()
        assert problem.code == "vanished"

    play(story)


def test_time_that_moves_within_a_booking_is_not_free() -> None:
    async def story(_here: Stage, client: httpx.AsyncClient) -> None:
        await put(client, court("B-1"))
        later = booking("B-1", occasion("tennishallen.bana-1", "2026-11-23 18:30", "2026-11-23 19:30"), revision=2)
        await put(client, later)
        (freed,) = await events(client, "time.released")
        assert freed["data"]["starts_at"] == "2026-11-23T17:00:00Z"
        assert freed["data"]["ends_at"] == "2026-11-23T17:30:00Z"
        await cancel(client, later)
        assert len(await events(client, "time.released")) == 2

    play(story)
