"""Many bookings at once: bounded ahead, in order, and held to the plan of a dry run when the caller wants that."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from hub.clock import micros
from hub.errors import RefusedError
from hub.model.closure import ClosureRequest
from hub.service.accept import bookings
from hub.service.accept.accepting import Outcome
from hub.service.accept.bookings import Found, Line
from hub.service.accept.dry_running import DryRuns
from hub.service.governing.closing import Closing
from hub.service.rulebook import Rulebook
from hub.store import closures
from hub.store.closures import Stored
from hub.store.engine.writer import Readers
from tests.builders import SATURDAY, raw_booking
from tests.delivery.harness import TOWN, Stage, hour


def line(number: str, revision: int = 1, **more: Any) -> bytes:
    return json.dumps(raw_booking(number, revision, **more)).encode()


async def each(lines: Iterable[bytes]) -> AsyncIterator[bytes]:
    for one in lines:
        yield one


async def answered(hall: Stage, lines: AsyncIterator[bytes], expected: Iterator[Found] | None = None) -> list[Line]:
    return [told async for told in hall.bookings.accept_lines(TOWN, lines, expected=expected)]


async def planned(hall: Stage, lines: list[bytes]) -> Iterator[Found]:
    """What a dry run of the lines stands on."""
    running = await DryRuns(hall.readers, hall.seal, hall.rulebook, hall.clock).begin(TOWN)
    await running.lines(list(enumerate(lines, 1)))
    await running.close()
    return running.run.found()


async def snow(hall: Stage, *, revision: int = 1) -> None:
    """Close a court that none of the bookings here is on."""
    closing = Closing(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)
    times = {"starts_at": SATURDAY, "ends_at": SATURDAY + timedelta(hours=9)}
    wanted = ClosureRequest.model_validate({"revision": revision, "resource": "hall.court-3", **times})
    await closing.close(TOWN, "snow", wanted)


async def there_are(hall: Stage, wanted: int) -> None:
    """Wait until so many bookings are on disk."""
    found = 0
    async with asyncio.timeout(20):
        while found < wanted:
            ((found,),) = await hall.readers.read(lambda c: c.rows("SELECT count(*) FROM bookings"))


def outcomes(told: Iterable[Line]) -> list[str]:
    """What became of each line: the outcome, or the code of why not."""
    return [
        one.done.answer.outcome if one.done else one.refused.code if one.refused else "nothing was said" for one in told
    ]


@pytest.mark.parametrize("lines_at_once, bytes_at_once", [(1000, 5000), (4, 1_000_000), (1000, 100)])
def test_an_import_holds_no_more_than_it_may(
    hall: Stage, monkeypatch: pytest.MonkeyPatch, lines_at_once: int, bytes_at_once: int
) -> None:
    monkeypatch.setattr(bookings, "AHEAD", lines_at_once)
    monkeypatch.setattr(bookings, "AHEAD_BYTES", bytes_at_once)
    season = [line(f"B-{n}", **hour(60 * n)) for n in range(40)]
    held: dict[int, int] = {}
    most: list[tuple[int, int]] = []

    async def pulled() -> AsyncIterator[bytes]:
        for n, raw in enumerate(season, 1):
            most.append((len(held), sum(held.values())))
            yield raw
            held[n] = len(raw)

    async def story() -> int:
        count = 0
        async for told in hall.bookings.accept_lines(TOWN, pulled()):
            held.pop(told.line, None)
            count += 1
        return count

    assert hall.run(story()) == 40
    assert max(count for count, _ in most) <= lines_at_once
    assert max(size for _, size in most) <= max(bytes_at_once, len(season[-1]))
    if bytes_at_once > len(season[-1]):
        assert max(count for count, _ in most) > 1, "one is read while another is written"


def test_lines_that_are_planned_anew_keep_their_order(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules change behind this node's back: all lines under way are refused once, and the first waits longest."""
    real, slow = Rulebook.load, [200]

    async def load(self: Rulebook, readers: Readers) -> None:
        turns = slow.pop() if slow else 0
        await real(self, readers)
        for _ in range(turns):
            await asyncio.sleep(0.001)

    monkeypatch.setattr(Rulebook, "load", load)
    asked = Stored(
        id="snow", revision=1, resource="hall.court-3", starts=micros(SATURDAY), ends=micros(SATURDAY) + 1,
        reason=None, lifted=False, version=0, applied=True,
    )  # fmt: skip
    season = [line("B-1", revision, **hour(60 * (revision % 2))) for revision in range(1, 101)]

    async def story() -> list[Line]:
        await hall.writer.call(closures.put, TOWN, asked)
        return await answered(hall, each(season))

    told = hall.run(story())
    assert outcomes(told) == [Outcome.ACCEPTED] * 100, "none was overtaken by a later revision"
    assert [one.line for one in told] == list(range(1, 101))


def test_a_closure_in_the_midst_of_an_import_that_is_held_to_a_plan_ends_it(hall: Stage) -> None:
    season = [line(f"B-{n}", **hour(60 * n)) for n in range(6)]

    async def snowing() -> AsyncIterator[bytes]:
        for n, raw in enumerate(season):
            if n == 3:
                await there_are(hall, 3)
                await snow(hall)
            yield raw

    async def story() -> list[Line]:
        return await answered(hall, snowing(), await planned(hall, season))

    told = hall.run(story())
    assert outcomes(told) == [Outcome.ACCEPTED] * 3 + ["state-changed"] * 3
    assert [one.number for one in told] == [f"B-{n}" for n in range(6)]
    assert {number for (number,) in hall.rows("SELECT number FROM bookings")} == {"B-0", "B-1", "B-2"}


def test_a_closure_that_this_node_has_not_heard_of_ends_it_too(hall: Stage) -> None:
    asked = Stored(
        id="snow", revision=1, resource="hall.court-3", starts=micros(SATURDAY), ends=micros(SATURDAY) + 1,
        reason=None, lifted=False, version=0, applied=True,
    )  # fmt: skip

    async def story() -> list[Line]:
        expected = await planned(hall, [line("B-1")])
        await hall.writer.call(closures.put, TOWN, asked)
        return await answered(hall, each([line("B-1")]), expected)

    assert outcomes(hall.run(story())) == ["state-changed"]
    assert hall.rows("SELECT number FROM bookings") == []


def test_a_revision_that_came_in_between_ends_only_its_line(hall: Stage) -> None:
    season = [line(f"B-{n}", 3, **hour(60 * n)) for n in range(3)]

    async def story() -> list[Line]:
        expected = await planned(hall, season)
        await hall.bookings.accept(TOWN, line("B-1", 2, **hour(60)))
        return await answered(hall, each(season), expected)

    assert outcomes(hall.run(story())) == [Outcome.ACCEPTED, "state-changed", Outcome.ACCEPTED]


def test_one_booking_that_is_held_to_a_plan_is_refused_once_a_closure_came(hall: Stage) -> None:
    async def story() -> None:
        (found,) = await planned(hall, [line("B-1")])
        await snow(hall)
        with pytest.raises(RefusedError) as refused:
            await hall.bookings.accept(TOWN, line("B-1"), expected=found)
        assert refused.value.code == "state-changed"

    hall.run(story())
    assert hall.rows("SELECT number FROM bookings") == []


def test_the_number_of_a_line_that_is_refused_is_told_where_it_can_be_read(hall: Stage) -> None:
    bad = [line("B-1", colour="red"), b'{"number": "B-2"}', b'{"number": "B 3"}', b'["B-4"]', b"{", b"[" * 5000]
    told = hall.run(answered(hall, each(bad)))
    assert [one.number for one in told] == ["B-1", "B-2", None, None, None, None]
