"""Maintenance windows: in Swedish time, right in the nights of both clock changes, and joined where they touch."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.clock import DAY, MINUTE, STOCKHOLM, instant, micros
from hub.model.maintenance import Maintenance, held, spans

TUESDAY = datetime(2026, 11, 24, tzinfo=STOCKHOLM)
SPRING, AUTUMN = datetime(2027, 3, 28, tzinfo=STOCKHOLM), datetime(2026, 10, 25, tzinfo=STOCKHOLM)
"""Sundays on which the clock changes."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def window(begins: str, until: str, *weekdays: str) -> Maintenance:
    told: dict[str, Any] = {"from": begins, "until": until} | ({"weekdays": weekdays} if weekdays else {})
    return Maintenance.model_validate(told)


def at(day: datetime, clock: str) -> int:
    hour, minute = map(int, clock.split(":"))
    return micros(day.replace(hour=hour, minute=minute).astimezone(UTC))


def local(*windows: Maintenance, day: datetime, days: int = 1) -> list[tuple[str, str]]:
    """Begin and end of what lies in some days, in UTC."""
    found = spans(windows, since=micros(day), until=micros(day) + days * DAY)
    return [(f"{instant(a):%H:%M}", f"{instant(b):%H:%M}") for a, b in found]


def test_a_weekly_window_holds_on_its_days_in_swedish_time() -> None:
    weekly = window("02:00", "04:30", "tuesday", "thursday")
    assert local(weekly, day=TUESDAY) == [("01:00", "03:30")]
    assert local(weekly, day=TUESDAY + timedelta(days=1)) == []
    assert len(local(weekly, day=TUESDAY, days=28)) == 8


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    nightly = window("22:00", "02:00", "tuesday")
    assert held([nightly], at(TUESDAY, "23:00")) is not None
    assert held([nightly], at(TUESDAY, "01:00")) is None
    assert held([nightly], at(TUESDAY + timedelta(days=1), "01:59")) is not None
    assert held([nightly], at(TUESDAY + timedelta(days=1), "02:00")) is None, "half-open"


def test_a_dated_window_is_there_once() -> None:
    once = window("2026-12-01T22:00", "2026-12-02T06:00")
    day = datetime(2026, 12, 1, tzinfo=STOCKHOLM)
    assert local(once, day=day, days=60) == [("21:00", "05:00")]
    assert local(once, day=day + timedelta(days=7), days=400) == []


def test_windows_that_touch_are_one() -> None:
    assert local(window("02:00", "04:00", "tuesday"), window("03:00", "05:00", "tuesday"), day=TUESDAY) == [
        ("01:00", "04:00")
    ]
    whole = window("00:00", "23:59", *DAYS), window("23:59", "00:00", *DAYS)
    assert len(local(*whole, day=TUESDAY, days=14)) == 1


def test_in_the_night_of_spring_a_time_that_is_left_out_begins_at_the_jump_and_ends_an_hour_later() -> None:
    assert local(window("01:00", "04:00", "sunday"), day=SPRING) == [("00:00", "02:00")]
    assert local(window("02:30", "04:00", "sunday"), day=SPRING) == [("01:00", "02:00")]
    assert local(window("01:00", "02:30", "sunday"), day=SPRING) == [("00:00", "01:30")]


def test_in_the_night_of_autumn_the_hour_that_comes_twice_is_all_in_it() -> None:
    assert local(window("01:00", "04:00", "sunday"), day=AUTUMN) == [("23:00", "03:00")]
    assert local(window("02:15", "02:45", "sunday"), day=AUTUMN) == [("00:15", "01:45")]


@pytest.mark.parametrize(
    "begins, until, weekdays, told",
    [
        ("2:00", "04:00", ("monday",), "`2:00` is not written as 02:00"),
        ("02:00", "02:00", ("monday",), "same time"),
        ("02:00", "04:00", (), "2026-12-01T22:00"),
        ("2026-12-01T22:00", "2026-12-01T21:00", (), "come after"),
        ("2026-12-01T22:00", "2027-02-01T22:00", (), "31 days"),
    ],
)
def test_what_is_no_window_is_said_to_be_none(begins: str, until: str, weekdays: tuple[str, ...], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        window(begins, until, *weekdays)


@given(
    st.integers(0, 2 * 365 * 24 * 60), st.integers(0, 24 * 60 - 1), st.integers(1, 24 * 60 - 1), st.sampled_from(DAYS)
)
def test_a_moment_is_held_when_its_wall_time_lies_in_the_window(after: int, begins: int, length: int, day: str) -> None:
    """Away from the nights of the changes, where wall times are no order."""
    moment = micros(datetime(2026, 1, 1, tzinfo=UTC)) + after * MINUTE
    ends = (begins + length) % (24 * 60)
    weekly = window(f"{begins // 60:02}:{begins % 60:02}", f"{ends // 60:02}:{ends % 60:02}", day)
    wall = instant(moment).astimezone(STOCKHOLM)
    if any((wall + timedelta(days=d)).utcoffset() != wall.utcoffset() for d in (-2, -1, 1, 2)):
        return
    since = (wall.weekday() - DAYS.index(day)) % 7 * 24 * 60 + wall.hour * 60 + wall.minute
    inside = begins <= since < begins + length or begins <= since + 7 * 24 * 60 < begins + length
    assert (held([weekly], moment) is not None) == inside
