"""How near an end is: a stage for each threshold, that only grows as time goes."""

from hypothesis import given
from hypothesis import strategies as st

from hub.clock import DAY
from hub.model.expiry import AHEAD_DAYS, ENDED, days_left, stage

MOMENTS = st.integers(0, 4 * 10**15)


@given(MOMENTS, MOMENTS)
def test_a_stage_grows_with_time_and_ends_with_the_end(ends: int, now: int) -> None:
    assert stage(ends, now=now) <= stage(ends, now=now + 1)
    assert (stage(ends, now=now) == ENDED) == (ends <= now)
    assert (stage(ends, now=now) == 0) == (ends - now > AHEAD_DAYS[0] * DAY)


@given(MOMENTS)
def test_each_threshold_is_a_stage_of_its_own(ends: int) -> None:
    for number, days in enumerate(AHEAD_DAYS):
        assert stage(ends, now=ends - days * DAY - 1) == number
        assert stage(ends, now=ends - days * DAY) == number + 1
    assert stage(ends, now=ends - 1) == len(AHEAD_DAYS)


def test_days_that_are_left_are_whole_and_never_below_none() -> None:
    assert [days_left(10 * DAY, now=now) for now in (0, 1, 9 * DAY, 10 * DAY - 1, 10 * DAY, 30 * DAY)] == [
        10, 9, 1, 0, 0, 0,
    ]  # fmt: skip
