"""Quiet hours and times of digests: right in every night of the year, both clock changes among them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import DAY, HOUR, STOCKHOLM, instant, micros
from hub.model.notifying import Digest, QuietHours, Weekday
from hub.planner.hours import next_digest, quiet_until
from tests.counts import examples

NIGHTS = [datetime(2027, 3, 27, tzinfo=UTC), datetime(2027, 10, 30, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)]
moments = st.builds(
    lambda day, minutes: micros(day + timedelta(minutes=minutes)), st.sampled_from(NIGHTS), st.integers(0, 3 * 24 * 60)
)
walls = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
quiets = (
    st.tuples(walls, walls)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: QuietHours.model_validate({"from": pair[0], "until": pair[1]}))
)
weekdays = st.sets(st.sampled_from(Weekday), min_size=1).map(lambda days: tuple(sorted(days)))


@given(moments, quiets)
@settings(max_examples=examples(200))
def test_quiet_hours_end_after_they_have_begun_and_are_over_then(now: int, quiet: QuietHours) -> None:
    until = quiet_until(now, quiet)
    if until is not None:
        assert now < until <= now + DAY + HOUR
        assert quiet_until(until, quiet) is None
        assert quiet_until(until - 1, quiet) == until, "all of it is quiet until the end"


@given(moments, quiets)
@settings(max_examples=examples(200))
def test_it_is_quiet_when_the_clock_on_the_wall_says_so_but_for_the_hour_that_comes_twice(
    now: int, quiet: QuietHours
) -> None:
    local = instant(now).astimezone(STOCKHOLM)
    wall = f"{local:%H:%M}"
    inside = quiet.begins <= wall < quiet.until
    if quiet.begins > quiet.until:
        inside = wall >= quiet.begins or wall < quiet.until
    odd = local.date().isoformat() in {"2027-03-28", "2027-10-31"} and local.hour < 4
    assert odd or (quiet_until(now, quiet) is not None) is inside


@given(moments, walls, weekdays)
@settings(max_examples=examples(200))
def test_digests_come_once_on_each_of_their_days(now: int, at: str, days: tuple[Weekday, ...]) -> None:
    digest, times = Digest(at=at, weekdays=days), [now]
    for _ in range(2 * len(days) + 1):
        times.append(next_digest(times[-1], digest))
    assert times == sorted(set(times))
    dates = [instant(at_).astimezone(STOCKHOLM).date() for at_ in times[1:]]
    assert len(set(dates)) == len(dates), "never two on one day"
    assert {tuple(Weekday)[day.weekday()] for day in dates} == set(days)
    assert (dates[len(days)] - dates[0]).days == 7, "and none is left out"


def test_a_time_that_spring_leaves_out_comes_an_hour_later_and_one_that_autumn_has_twice_the_first_time() -> None:
    digest = Digest(at="02:30")
    spring = next_digest(micros(datetime(2027, 3, 28, 0, tzinfo=UTC)), digest)
    autumn = next_digest(micros(datetime(2027, 10, 30, 23, tzinfo=UTC)), digest)
    assert instant(spring) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert instant(autumn) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert instant(next_digest(autumn, digest)) == datetime(2027, 11, 1, 1, 30, tzinfo=UTC)
