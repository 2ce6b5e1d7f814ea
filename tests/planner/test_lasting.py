"""How long something lasts: months across changes of the clock, and spans that are laid together and cut."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import HOUR
from hub.planner.lasting import Month, hours, united, used, without

Spans = list[tuple[int, int]]
ALL = (0, 1000)
SPANS = st.lists(st.tuples(st.integers(-50, 1050), st.integers(0, 200)).map(lambda t: (t[0], t[0] + t[1])), max_size=8)


@pytest.mark.parametrize(
    "month, length", [((2026, 3), 743), ((2026, 10), 745), ((2026, 11), 720), ((2026, 2), 672), ((2026, 12), 744)]
)
def test_a_month_is_as_long_as_its_clock_makes_it(month: tuple[int, int], length: int) -> None:
    assert hours([Month(*month).span]) == length


def test_months_follow_each_other() -> None:
    assert (Month(2026, 12).after, Month(2026, 1).before) == ((2027, 1), (2025, 12))
    assert str(Month(2026, 3)) == "2026-03"


def minutes(spans: list[tuple[int, int]]) -> set[int]:
    """All that spans cover within the whole."""
    return {at for starts, ends in spans for at in range(max(starts, 0), min(ends, 1000))}


@given(SPANS, SPANS)
def test_what_is_united_and_what_is_left_is_what_the_moments_say(some: Spans, others: Spans) -> None:
    one, other = united(some, ALL), united(others, ALL)
    assert minutes(one) == minutes(some)
    assert all(before[1] < after[0] for before, after in pairwise(one))
    left = without(one, other)
    assert minutes(left) == minutes(one) - minutes(other)
    assert sum(ends - starts for starts, ends in left) == len(minutes(left))


def test_half_a_hundredth_is_rounded_up() -> None:
    assert hours([(0, HOUR // 200)]) == Decimal("0.01")


@pytest.mark.parametrize(
    "meter, counted",
    [
        ([], None),
        ([(5, 5)], None),
        ([(5, 7)], 2),
        ([(5, 5), (9, 9)], 4),
        ([(5, 5), (5, 5)], 0),
        ([(990, 995), (3, 8)], 10),
    ],
)
def test_a_meter_that_falls_was_exchanged(meter: list[tuple[int, int]], counted: int | None) -> None:
    assert used(meter) == counted
