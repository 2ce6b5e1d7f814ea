"""How much stands at once and how late calls come, held against counting it moment by moment."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import MINUTE, NEVER
from hub.planner.peaks import Call, Late, Peak, late, merged, peak
from tests.counts import examples

span = st.tuples(st.integers(1, 30), st.integers(1, 8)).map(lambda one: (one[0], one[0] + one[1]))
spans = st.lists(span, max_size=9)


def at_once(listed: list[tuple[int, int]], moment: int) -> int:
    return sum(starts <= moment < ends for starts, ends in listed)


@settings(max_examples=examples(400))
@given(spans, st.integers(0, 5))
def test_a_peak_is_what_counting_each_moment_finds(listed: list[tuple[int, int]], room: int) -> None:
    counted = {moment: at_once(listed, moment) for moment in range(40)}
    over = [moment for moment, count in counted.items() if count > room]
    found = peak(listed, room)
    if not over:
        assert found is None
        return
    most = max(counted.values())
    assert found == Peak(most, next(m for m in counted if counted[m] == most), over[0], over[-1] + 1)


@settings(max_examples=examples(200))
@given(spans)
def test_what_is_merged_covers_the_same_and_touches_nothing(listed: list[tuple[int, int]]) -> None:
    joined = merged(listed)
    assert [at_once(joined, m) > 0 for m in range(40)] == [at_once(listed, m) > 0 for m in range(40)]
    assert all(one[1] < other[0] for one, other in pairwise(joined))


def test_one_place_is_free_again_for_what_begins_as_another_ends() -> None:
    assert peak([(1, 5), (5, 9)], 1) is None


def test_a_minutes_worth_goes_at_once_and_the_rest_is_late_by_its_place() -> None:
    needed = 100 * MINUTE
    calls = [Call(needed, needed) for _ in range(20)]
    assert late(calls, 20) is None
    assert late(calls, 10) == Late(1, needed, needed, MINUTE)
    assert late(calls, 5) == Late(11, needed, needed, 3 * MINUTE)


def test_what_may_be_sent_ahead_is_not_late() -> None:
    needed = 100 * MINUTE
    assert late([Call(needed - 60 * MINUTE, needed) for _ in range(20)], 1) is None
    assert late([Call(needed, NEVER) for _ in range(20)], 1) is None


def test_looks_are_calls_too() -> None:
    found = late([Call(0, 0, 2)] * 10, 10)
    assert found
    assert found.by == 1 * MINUTE
