"""What a lock is sent of what should open: never less than is wanted, and never more."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import STOCKHOLM
from hub.model import Window
from hub.sdk import AccessLimits, Validity, widened
from hub.sdk.narrowing import as_kept, merged, narrowed, takes_all

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 24), datetime(2026, 10, 26)  # noqa: DTZ001  (hypothesis adds the zone)
FRIDAY = datetime(2026, 3, 6, 18, tzinfo=UTC)


def at(hour: float, hours: float = 1, door: str = "a") -> Window:
    """A window so many hours after noon."""
    starts_at = NOON + timedelta(hours=hour)
    return Window(door=door, starts_at=starts_at, ends_at=starts_at + timedelta(hours=hours))


def only(*windows: Window) -> frozenset[Window]:
    return frozenset(windows)


def open_at(windows: Iterable[Window], moment: datetime) -> set[str]:
    return {window.door for window in windows if window.starts_at <= moment < window.ends_at}


windows = st.builds(at, st.integers(0, 60), st.integers(1, 40), st.sampled_from(["a", "b"]))
limits = st.builds(
    AccessLimits,
    validity=st.sampled_from(Validity),
    windows_per_door=st.sampled_from([None, 1, 2]),
    longest_window=st.sampled_from([None, timedelta(hours=3), timedelta(hours=12)]),
)


@given(wanted=st.frozensets(windows, max_size=6), limits=limits)
def test_what_is_sent_from_edge_to_edge_opens_what_should_open_and_no_more(
    wanted: frozenset[Window], limits: AccessLimits
) -> None:
    now, edges = NOON - timedelta(hours=1), 0
    while True:
        sent, following = narrowed(wanted, limits, now)
        assert following is None or following > now
        for minute in range(0, 6100, 30):
            moment = now + timedelta(minutes=minute)
            if moment >= (following or datetime.max.replace(tzinfo=UTC)):
                break
            assert open_at(sent, moment) == open_at(wanted, moment)
        if following is None:
            break
        now, edges = following, edges + 1
        assert edges < 500


@given(wanted=st.frozensets(windows, max_size=6), limits=limits, hour=st.integers(-1, 100))
def test_what_is_sent_is_within_the_limits(wanted: frozenset[Window], limits: AccessLimits, hour: int) -> None:
    now = NOON + timedelta(hours=hour)
    sent, _ = narrowed(wanted, limits, now)
    for door in ("a", "b"):
        assert len([w for w in sent if w.door == door]) <= (limits.windows_per_door or 99)
    assert all(w.ends_at - w.starts_at <= (limits.longest_window or timedelta(days=99)) for w in sent)
    assert limits.validity is Validity.TIMES or all(w.starts_at <= now < w.ends_at for w in sent)
    assert all(w.ends_at > now for w in sent)


@given(wanted=st.frozensets(windows, max_size=6), limits=limits, hour=st.integers(-1, 100))
def test_narrowing_what_was_narrowed_changes_nothing_where_nothing_is_cut(
    wanted: frozenset[Window], limits: AccessLimits, hour: int
) -> None:
    now = NOON + timedelta(hours=hour)
    sent, _ = narrowed(wanted, limits, now)
    if limits.longest_window is None:
        assert narrowed(sent, limits, now)[0] == sent


@given(wanted=st.frozensets(windows, max_size=6), limits=limits, hour=st.integers(-1, 100))
def test_a_lock_that_takes_all_is_sent_what_is_left_of_it_and_has_no_edge(
    wanted: frozenset[Window], limits: AccessLimits, hour: int
) -> None:
    now = NOON + timedelta(hours=hour)
    left = frozenset(window for window in merged(wanted) if window.ends_at > now)
    assert not takes_all(limits) or narrowed(wanted, limits, now) == (left, None)


def test_a_lock_with_times_gets_all_windows_at_once() -> None:
    assert narrowed([at(6), at(30)], AccessLimits(), NOON) == (only(at(6), at(30)), None)


def test_a_lock_without_times_gets_a_window_at_its_start_and_loses_it_at_its_end() -> None:
    limits = AccessLimits(validity=Validity.NONE)
    assert narrowed([at(6)], limits, NOON) == (only(), at(6).starts_at)
    assert narrowed([at(6)], limits, at(6).starts_at) == (only(at(6)), at(6).ends_at)
    assert narrowed([at(6)], limits, at(6).ends_at) == (only(), None)


def test_one_window_a_door_is_the_earliest_and_the_next_comes_when_it_ends() -> None:
    limits = AccessLimits(windows_per_door=1)
    assert narrowed([at(6), at(30), at(6, door="b")], limits, NOON) == (only(at(6), at(6, door="b")), at(6).starts_at)
    assert narrowed([at(6), at(30)], limits, at(6).starts_at) == (only(at(6)), at(6).ends_at)
    assert narrowed([at(6), at(30)], limits, at(6).ends_at) == (only(at(30)), None)


@pytest.mark.parametrize(
    "hour, starts, ends, edge", [(0, 6, 18, 6), (12, 12, 24, 18), (18, 18, 30, None), (30, None, None, None)]
)
def test_a_long_window_in_a_lock_for_short_ones_is_handed_over_without_a_gap(
    hour: int, starts: int | None, ends: int | None, edge: int | None
) -> None:
    limits = AccessLimits(windows_per_door=1, longest_window=timedelta(hours=12))
    sent, following = narrowed([at(6, 24)], limits, NOON + timedelta(hours=hour))
    assert [(w.starts_at, w.ends_at) for w in sent] == (
        [] if starts is None or ends is None else [(NOON + timedelta(hours=starts), NOON + timedelta(hours=ends))]
    )
    assert following == (None if edge is None else NOON + timedelta(hours=edge))


def test_windows_that_touch_are_one() -> None:
    assert merged([at(7), at(6), at(9), at(6.5, door="b")]) == [at(6, 2), at(9), at(6.5, door="b")]


def test_a_lock_of_dates_shows_whole_local_days() -> None:
    over_midnight = Window(door="a", starts_at=FRIDAY, ends_at=FRIDAY + timedelta(hours=6))
    (kept,) = as_kept([over_midnight], AccessLimits(validity=Validity.DATES))
    assert kept.starts_at == datetime(2026, 3, 6, tzinfo=STOCKHOLM)
    assert kept.ends_at == datetime(2026, 3, 8, tzinfo=STOCKHOLM)


def test_a_window_that_ends_at_midnight_does_not_open_the_next_day() -> None:
    until_midnight = Window(door="a", starts_at=FRIDAY, ends_at=FRIDAY + timedelta(hours=5))
    (kept,) = as_kept([until_midnight], AccessLimits(validity=Validity.DATES))
    assert kept.ends_at == datetime(2026, 3, 7, tzinfo=STOCKHOLM)


@given(
    start=st.datetimes(*OCTOBER, timezones=st.just(UTC)),
    length=st.timedeltas(timedelta(seconds=1), timedelta(hours=30)),
)
def test_widening_never_cuts_and_gives_times_that_mean_one_moment(start: datetime, length: timedelta) -> None:
    window = Window(door="a", starts_at=start, ends_at=start + length)
    wide = widened(window)
    assert wide.starts_at <= window.starts_at
    assert wide.ends_at >= window.ends_at
    for edge in (wide.starts_at, wide.ends_at):
        local = edge.astimezone(STOCKHOLM)
        assert local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset()
        assert edge.microsecond == 0
    assert widened(wide) == wide


@pytest.mark.parametrize("moment", [datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 7, 1, 0, 30, tzinfo=UTC)])
def test_an_ordinary_night_is_not_widened(moment: datetime) -> None:
    window = Window(door="a", starts_at=moment, ends_at=moment + timedelta(hours=2))
    assert widened(window) == window
