"""A season held against what one system can take: capacity, codes, calls a minute, long windows, dates."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from hub.clock import DAY, HOUR, MINUTE, instant, micros
from hub.model.rehearsed import RehearsalFinding
from hub.sdk import AccessLimits, Validity
from hub.service.governing.bounds import Bounds
from hub.service.governing.fitting import Fitting
from hub.store.season import Held, Part, Season
from tests.builders import SATURDAY

NOON = micros(SATURDAY)


@pytest.fixture
def season() -> Iterator[Season]:
    kept = Season()
    yield kept
    kept.close()


def booked(
    season: Season, n: int, starts: int, length: int = HOUR, *, door: str = "outer", forms: int = 90_000
) -> None:
    """One booking with a code of its own."""
    key, ends = f"hub-B-{n}", NOON + starts + length
    parts = [Part(f"B-{n}", "locks", "credential", key, door, NOON + starts, ends, 1)]
    season.keep(f"B-{n}", 1, parts, [Held(f"B-{n}", "locks", key, forms, NOON + starts, ends + 7 * DAY)])


def daily(season: Season, days: int) -> None:
    """One code that opens for an hour a day."""
    starts = [NOON + n * DAY for n in range(days)]
    parts = [Part("B-1", "locks", "credential", "hub-~x", "outer", at, at + HOUR, 1) for at in starts]
    season.keep("B-1", 1, parts, [])


def lit(season: Season, n: int, zone: str, starts: int, level: int = 60) -> None:
    """One booking of a lamp, for an hour."""
    part = Part(f"L-{n}", "locks", "dim", zone, "", NOON + starts, NOON + starts + HOUR, level)
    season.keep(f"L-{n}", 1, [part], [])


def found(
    season: Season, limits: AccessLimits | None = None, *, per_minute: int | None = None, days: int = 14
) -> list[RehearsalFinding]:
    bounds = Bounds("locks", limits or AccessLimits(), False, per_minute, days * DAY, 2)  # noqa: FBT003
    return list(Fitting(bounds, season).findings())


def test_a_lock_with_too_few_places_is_told_with_when_where_and_the_horizon_that_would_do(season: Season) -> None:
    for n in range(6):
        booked(season, n, n * 2 * DAY, door="outer" if n else "inner")
    (one,) = found(season, AccessLimits(capacity=3))
    assert (one.kind, one.fits, one.connection, one.count, one.limit) == ("capacity", False, "locks", 6, 3)
    assert one.doors == ("outer", "inner")
    assert one.since == instant(NOON - 8 * DAY)
    assert one.at == instant(NOON - 4 * DAY)
    assert one.until == instant(NOON + 4 * DAY + HOUR)
    assert one.days == 5
    assert found(season, AccessLimits(capacity=3), days=5) == []


def test_where_no_safe_horizon_is_enough_none_is_named(season: Season) -> None:
    for n in range(4):
        booked(season, n, n * MINUTE)
    (one,) = found(season, AccessLimits(capacity=3))
    assert one.days is None


def test_an_associations_many_windows_take_one_place(season: Season) -> None:
    parts = [
        Part("B-1", "locks", "credential", "hub-~x", "outer", NOON + n * DAY, NOON + n * DAY + HOUR, 1)
        for n in range(9)
    ]
    season.keep("B-1", 1, parts, [])
    assert found(season, AccessLimits(capacity=1)) == []


def test_a_newer_revision_takes_the_place_of_the_one_before(season: Season) -> None:
    booked(season, 1, 0)
    booked(season, 2, 0)
    season.keep("B-2", 2, [], [])
    assert found(season, AccessLimits(capacity=1)) == []
    assert season.revision("B-2") == 2


def test_more_codes_in_use_and_at_rest_than_there_are_is_told(season: Season) -> None:
    for n in range(10):
        booked(season, n, n * 2 * HOUR, forms=10)
    (one,) = found(season)
    assert (one.kind, one.fits, one.count, one.limit) == ("codes", False, 10, 10)


def test_lamps_that_all_light_in_one_minute_are_late_where_calls_are_counted(season: Season) -> None:
    for n in range(30):
        lit(season, n, f"lamp-{n}", 0)
    (one,) = found(season, per_minute=20)
    assert (one.kind, one.fits, one.limit, one.count) == ("rate", False, 20, 60)
    assert (one.since, one.minutes, len(one.doors)) == (instant(NOON), 2, 3)
    assert found(season, per_minute=60) == []


def test_a_lamp_that_stays_as_it_is_is_not_sent_again(season: Season) -> None:
    lit(season, 1, "lamp", 0)
    lit(season, 2, "lamp", 30 * MINUTE, level=40)
    lit(season, 3, "lamp", HOUR)
    fitting = Fitting(Bounds("locks", None, False, 1, 0, 1), season)  # noqa: FBT003
    assert list(fitting.findings()) == []
    assert [call.at for call in fitting._calls] == [NOON, NOON + 2 * HOUR]


def test_codes_that_are_sent_days_ahead_are_in_time_and_those_of_a_lock_of_dates_are_not(season: Season) -> None:
    for n in range(30):
        booked(season, n, 0)
    assert found(season, per_minute=5) == []
    late, dates = found(season, AccessLimits(validity=Validity.DATES), per_minute=5)
    assert (late.kind, late.minutes, late.doors) == ("rate", 11, ("outer",))
    assert (dates.kind, dates.fits, dates.count) == ("dates", True, 30)


def test_a_window_over_twelve_hours_goes_in_pieces_and_fits(season: Season) -> None:
    booked(season, 1, 0, 30 * HOUR)
    booked(season, 2, 0, 12 * HOUR, door="inner")
    (one,) = found(season, AccessLimits(longest_window=timedelta(hours=12)))
    assert (one.kind, one.fits, one.count, one.limit, one.minutes, one.doors) == (
        "pieces", True, 1, 720, 1800, ("outer",),
    )  # fmt: skip


def test_slots_at_a_door_are_filled_with_the_earliest_and_told(season: Season) -> None:
    parts = [
        Part("B-1", "locks", "credential", "hub-~x", "outer", NOON + n * DAY, NOON + n * DAY + HOUR, 1)
        for n in range(5)
    ]
    season.keep("B-1", 1, parts, [])
    (one,) = found(season, AccessLimits(windows_per_door=2))
    assert (one.kind, one.fits, one.count, one.limit) == ("windows", True, 5, 2)
    assert found(season, AccessLimits(windows_per_door=5)) == []


def test_a_lock_that_tells_its_limits_only_when_it_runs_is_said_to(season: Season) -> None:
    booked(season, 1, 0)
    (one,) = Fitting(Bounds("locks", None, True, None, 14 * DAY, 2), season).findings()  # noqa: FBT003
    assert (one.kind, one.fits) == ("unknown-limits", True)
