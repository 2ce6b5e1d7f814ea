"""What doors tell: whose passage it was, why one was refused, and how little of it is kept."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hub.model import Passage, PassageOutcome, Refusal
from hub.service.doors.passing import Passing
from hub.store import passages
from tests.builders import SATURDAY, a_town, occasion
from tests.delivery.harness import PIN, TOWN, Stage, hour

OPENS, SHUTS = -15, 70
"""Minutes from noon: when the code of a booking from noon to one opens, and shuts."""
Story = list[dict[str, Any]]


def passed(minutes: float, door: str = "outer", key: str | None = PIN) -> Passage:
    at = SATURDAY + timedelta(minutes=minutes)
    return Passage(door=door, at=at, outcome=PassageOutcome.PASSED, key=key)


def refused(minutes: float, reason: Refusal = Refusal.OTHER, *, door: str = "outer", key: str | None = PIN) -> Passage:
    at = SATURDAY + timedelta(minutes=minutes)
    return Passage(door=door, at=at, outcome=PassageOutcome.REFUSED, reason=reason, key=key)


def told(hall: Stage, *some: Passage) -> Story:
    """Take passages in, in one transaction; gives the events that tell of them."""
    known = len(hall.events())
    passing = Passing(hall.rulebook)
    hall.run(hall.writer.call(lambda c: passing.keep(c, TOWN, "locks", some, now=hall.now())))
    return [json.loads(one.body) | {"type": one.type} for one in hall.events()[known:]]


def why(hall: Stage, one: Passage) -> tuple[str, int | None, str | None]:
    """Reason, minutes, booking."""
    (event,) = told(hall, one)
    assert event["type"] == "door.refused"
    return event["reason"], event["minutes"], event["booking"]


def test_a_passage_tells_for_which_booking_by_references_only(hall: Stage) -> None:
    hall.put("B-1", **hour())
    (event,) = told(hall, passed(3))
    assert event == {
        "type": "door.passed", "door": "outer", "at": "2026-11-21T12:03:00Z", "method": None, "credential": PIN,
        "booking": "B-1", "occasion": "1", "resource": "hall.court-1", "facility": "hall",
    }  # fmt: skip


def test_whoever_is_not_ours_is_nobody(hall: Stage) -> None:
    hall.put("B-1", **hour())
    (event,) = told(hall, passed(3, key="janitor 1001"))
    assert (event["credential"], event["booking"], event["facility"]) == (None, None, "hall")
    assert "janitor" not in str(hall.rows("SELECT * FROM passages"))


@pytest.mark.parametrize(
    "one, expected",
    [
        (refused(OPENS - 7), ("too_early", 7, "B-1")),
        (refused(OPENS - 6.5), ("too_early", 7, "B-1")),
        (refused(OPENS - 1 / 60, Refusal.WRONG_DOOR), ("too_early", 1, "B-1")),
        (refused(SHUTS), ("too_late", 1, "B-1")),
        (refused(SHUTS + 20), ("too_late", 20, "B-1")),
        (refused(OPENS), ("other", None, "B-1")),
        (refused(10, Refusal.TOO_EARLY), ("too_early", None, "B-1")),
        (refused(10, door="office"), ("wrong_door", None, None)),
        (refused(13 * 60 + SHUTS), ("no_booking", None, None)),
        (refused(10, Refusal.DISABLED), ("disabled", None, "B-1")),
        (refused(10, Refusal.WRONG_CODE), ("wrong_code", None, "B-1")),
        (refused(10, Refusal.UNKNOWN_CODE, key=None), ("unknown_code", None, None)),
        (refused(10, key=None), ("other", None, None)),
        (refused(OPENS - 30, key=None), ("no_booking", None, None)),
        (refused(10, Refusal.TOO_LATE, key=None), ("too_late", None, None)),
    ],
)
def test_a_refusal_has_the_reason_that_the_bookings_give(
    hall: Stage, one: Passage, expected: tuple[str, int | None, str | None]
) -> None:
    hall.put("B-1", **hour())
    assert why(hall, one) == expected


def test_what_a_closure_holds_back_is_told_as_closed(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.close_resource("snow", of="hall.court-1")
    assert why(hall, refused(10)) == ("closed", None, "B-1")
    assert why(hall, refused(11, key=None)) == ("no_booking", None, None)


def test_of_a_codes_occasions_the_nearest_is_meant(hall: Stage) -> None:
    hall.put("B-1", occasions=[occasion(id="1"), occasion(id="2", after=120)])
    events = told(hall, passed(30), refused(80), refused(100), passed(130))
    assert [one["occasion"] for one in events] == ["1", "1", "2", "2"]


def test_a_hammered_keypad_is_one_row_and_one_event_a_minute(hall: Stage) -> None:
    hall.put("B-1", **hour())
    strokes = [refused(-60 + n / 60, key=None) for n in range(120)]
    assert len(told(hall, *strokes)) == 2
    assert told(hall, *strokes[:10]) == []
    rows = hall.read(lambda c: passages.at_door(c, TOWN, "locks", "outer", until=hall.now() * 2, limit=10))
    assert [row.times for row in rows] == [60, 70]
    assert (rows[1].last - rows[1].first) == 59_000_000


def test_everyone_who_passes_is_told_though_it_is_in_one_minute(hall: Stage) -> None:
    hall.put("B-1", **hour())
    assert len(told(hall, passed(3), passed(3.1), passed(3.2))) == 3
    (came,) = hall.read(lambda c: passages.came(c, TOWN, ["B-1"]))
    assert (came.passages, came.credentials, came.occasion) == (3, 1, "1")


def test_passages_expire_the_oldest_first(hall: Stage) -> None:
    told(hall, passed(-60), passed(-30), passed(0))
    before = passages.minute_of(hall.now()) + 3 * 3600 * 1_000_000
    assert hall.run(hall.writer.call(lambda c: passages.forget(c, TOWN, before=before, limit=1))) == 1
    assert hall.run(hall.writer.call(lambda c: passages.forget(c, TOWN, before=before, limit=5))) == 1
    assert hall.rows("SELECT count(*) FROM passages") == [(1,)]


def test_a_passage_of_one_municipality_is_none_of_anothers(staging: Callable[..., Stage]) -> None:
    hall = staging(a_town(), a_town(key="2481"))
    hall.put("B-1", **hour())
    told(hall, passed(3))
    assert hall.read(lambda c: passages.came(c, "2481", ["B-1"])) == []
    assert hall.read(lambda c: passages.telling(c, "2481", ["locks"])) == frozenset()
    assert hall.read(lambda c: passages.telling(c, TOWN, ["locks", "lamps"])) == {"locks"}
