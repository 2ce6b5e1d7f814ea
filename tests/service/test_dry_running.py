"""Dry runs: what they say is what the live run then does, they store nothing, and they hold nobody up."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.answers import PlannedClaim
from hub.model.closure import ClosureRequest
from hub.service.accept.accepting import Outcome
from hub.service.accept.bookings import Found, Line
from hub.service.accept.dry_running import Dry, DryLine, DryRuns
from hub.service.governing.closing import Closing
from tests.builders import SATURDAY, a_holder, a_town, occasion, raw_booking
from tests.counts import examples
from tests.databases import Databases
from tests.delivery.harness import TOWN, Stage, hour, staged

Booking = dict[str, Any]


def raw(bookings: list[Booking]) -> list[bytes]:
    return [json.dumps(one).encode() for one in bookings]


async def dry(hall: Stage, bookings: list[Booking]) -> tuple[list[DryLine], list[Found], str]:
    """What each line would come to, what it stands on, and the token."""
    running = await DryRuns(hall.readers, hall.seal, hall.rulebook, hall.clock).begin(TOWN)
    try:
        told = await running.lines(list(enumerate(raw(bookings), 1)))
        return told, list(running.run.found()), running.run.token
    finally:
        await running.close()


async def live(hall: Stage, bookings: list[Booking], found: list[Found]) -> list[Line]:
    async def lines() -> AsyncIterator[bytes]:
        for one in raw(bookings):
            yield one

    return [line async for line in hall.bookings.accept_lines(TOWN, lines(), expected=found)]


def one(told: list[DryLine]) -> Dry:
    (line,) = told
    assert line.dry
    return line.dry


def changes(told: Dry) -> dict[str, set[str]]:
    """Targets and doors by what happens to them."""
    found: dict[str, set[str]] = {}
    for claim in told.difference:
        found.setdefault(claim.change, set()).add(f"{claim.target}{f' {claim.door}' if claim.door else ''}")
    return found


def test_a_new_booking_adds_all_that_it_asks_for(hall: Stage) -> None:
    told = one(hall.run(dry(hall, [raw_booking()]))[0])
    assert (told.outcome, told.revision, told.conflicts) == (Outcome.ACCEPTED, 1, ())
    assert changes(told) == {
        "added": {"locks/hub-B-1 outer", "locks/hub-B-1 inner", "lamps/court-1", "lamps/corridor", "lamps/entrance"}
    }
    assert hall.rows("SELECT count(*) FROM bookings") == [(0,)]


def test_the_difference_names_what_comes_goes_and_stays(hall: Stage) -> None:
    hall.put()
    moved = raw_booking("B-1", 2, occasions=[occasion("hall.court-2")])
    told = one(hall.run(dry(hall, [moved]))[0])
    assert changes(told)["added"] == {"lamps/court-2"}
    assert changes(told)["removed"] == {"lamps/court-1"}
    assert "locks/hub-B-1 outer" in changes(told)["kept"]
    gone = one(hall.run(dry(hall, [raw_booking("B-1", 2, status="cancelled")]))[0])
    assert set(changes(gone)) == {"removed"}


def test_what_would_be_suspended_says_so(hall: Stage) -> None:
    closing = Closing(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)
    times = {"starts_at": SATURDAY, "ends_at": SATURDAY + timedelta(hours=9)}
    wanted = ClosureRequest.model_validate({"revision": 1, "resource": "hall.court-1", **times})
    hall.run(closing.close(TOWN, "snow", wanted))
    told = one(hall.run(dry(hall, [raw_booking()]))[0])
    assert {claim.suspended for claim in told.difference} == {True}


def test_nothing_would_happen_to_what_is_known_or_old(hall: Stage) -> None:
    hall.put(revision=2)
    known, other, old = (
        one(hall.run(dry(hall, [body]))[0])
        for body in (raw_booking("B-1", 2), raw_booking("B-1", 2, **hour(60)), raw_booking("B-1", 1))
    )
    outcomes = [(told.outcome, told.revision, told.difference) for told in (known, other, old)]
    assert outcomes == [
        (Outcome.UNCHANGED, 2, ()),
        (Outcome.REVISION_CONFLICT, 2, ()),
        (Outcome.SUPERSEDED, 2, ()),
    ]


def test_earlier_lines_are_laid_over_what_is_known(hall: Stage) -> None:
    hall.put("B-0")
    lines = [
        raw_booking("B-0", 2, **hour(300)),
        raw_booking("B-1"),
        raw_booking("B-1", 2, **hour(60)),
        raw_booking("B-2"),
        raw_booking("B-3", **hour(90)),
    ]
    told, found, _ = hall.run(dry(hall, lines))
    conflicts = [[c.overlap.number for c in line.dry.conflicts] for line in told if line.dry]
    assert conflicts == [[], [], [], [], ["B-1"]], "B-0 and B-1 have moved away by then"
    assert [each.revision for each in found] == [1, 0, 1, 0, 0]


def test_the_token_is_of_what_was_said_and_of_what_it_stood_on(hall: Stage) -> None:
    lines = [raw_booking("B-1"), raw_booking("B-2", **hour(60))]
    tokens = [hall.run(dry(hall, lines))[2] for _ in range(2)]
    assert tokens[0] == tokens[1]
    others = [hall.run(dry(hall, other))[2] for other in (lines[:1], lines[::-1], [*lines, {}])]
    hall.put("B-9", **hour(30))
    others.append(hall.run(dry(hall, lines))[2])
    assert len({tokens[0], *others}) == 5, "another file, another order, a bad line more, another booking in the way"


def test_a_dry_run_holds_no_writer_up_and_sees_one_moment(hall: Stage) -> None:
    async def story() -> list[DryLine]:
        running = await DryRuns(hall.readers, hall.seal, hall.rulebook, hall.clock).begin(TOWN)
        try:
            await running.lines([(1, raw([raw_booking("B-1")])[0])])
            async with asyncio.timeout(10):
                await hall.accepting("B-8", **hour(60))
            return await running.lines([(2, raw([raw_booking("B-2", **hour(60))])[0])])
        finally:
            await running.close()

    assert one(hall.run(story())).conflicts == (), "what came meanwhile is not in its moment"
    assert hall.rows("SELECT number FROM bookings") == [("B-8",)]


# ---------------------------------------------------------------- and then live

courts = st.sampled_from(["hall.whole", "hall.court-1", "hall.court-2", "hall.court-3"])
bookings = st.builds(
    lambda n, revision, status, court, after, minutes, holders: raw_booking(
        f"B-{n}", revision, status=status,
        occasions=[occasion(court, after=after, minutes=minutes, holders=[a_holder(f"H {h}") for h in range(holders)])],
    ),
    st.integers(0, 7),
    st.integers(1, 3),
    st.sampled_from(["confirmed", "confirmed", "confirmed", "cancelled", "preliminary"]),
    courts,
    st.sampled_from([0, 30, 60, 90]),
    st.sampled_from([30, 60, 90]),
    st.integers(0, 2),
)  # fmt: skip
known = st.lists(bookings, max_size=5, unique_by=lambda body: body["number"])
seasons = st.lists(bookings | st.just({"number": "B-1", "revision": 0}), min_size=1, max_size=8)


def claims(hall: Stage) -> set[tuple[object, ...]]:
    """What stands of each booking."""
    sql = (
        "SELECT b.number, l.connection, l.key, c.door, c.occasion, c.starts, c.ends, c.suspended FROM claims c"
        " JOIN lanes l ON l.id = c.lane JOIN bookings b ON b.id = c.booking"
    )
    return set(hall.rows(sql))


def after(before: set[tuple[object, ...]], told: list[DryLine]) -> set[tuple[object, ...]]:
    """What would stand when everything that was said were done."""
    stands = set(before)
    for line in told:
        if line.dry and line.dry.outcome is Outcome.ACCEPTED:
            number = line.dry.request.number
            stands = {row for row in stands if row[0] != number}
            stands |= {_row(number, claim) for claim in line.dry.difference if claim.change != "removed"}
    return stands


def _row(number: str, claim: PlannedClaim) -> tuple[object, ...]:
    connection, _, key = claim.target.partition("/")
    starts, ends = (round(at.timestamp() * 1_000_000) for at in (claim.starts_at, claim.ends_at))
    return number, connection, key, claim.door or "", claim.occasion, starts, ends, int(claim.suspended)


def outcome(line: Line) -> str:
    return str(line.done.answer.outcome) if line.done else "refused"


def test_the_live_run_does_what_the_dry_run_said(databases: Databases) -> None:
    @settings(max_examples=databases.examples(examples(25)))
    @given(stored=known, season=seasons)
    def runs(stored: list[Booking], season: list[Booking]) -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            pytest.MonkeyPatch.context() as monkeypatch,
            databases.empty() as url,
            staged(url, Path(folder), monkeypatch, a_town()) as hall,
        ):
            judge(hall, stored, season)

    runs()


def judge(hall: Stage, stored: list[Booking], season: list[Booking]) -> None:
    for body in stored:
        hall.run(hall.bookings.accept(TOWN, json.dumps(body).encode()))
    before = claims(hall)
    told, found, _ = hall.run(dry(hall, season))
    assert claims(hall) == before
    done = hall.run(live(hall, season, found))
    assert [outcome(line) for line in done] == [str(line.dry.outcome) if line.dry else "refused" for line in told]
    assert claims(hall) == after(before, told)
    assert [line.done.answer.conflicts for line in done if line.done] == [
        line.dry.conflicts for line in told if line.dry
    ]
