"""When to try again, and who may try: pure."""

from datetime import timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import NEVER, SECOND
from hub.delivery.reach.gate import Gate
from hub.delivery.reach.retrying import FIRST, LONGEST, LONGEST_WHEN_LATE, next_attempt

NOW = 1_000_000 * SECOND


def series(needed_by: int, count: int) -> list[int]:
    """The waits, in seconds, of a call that fails again and again."""
    now, waits = NOW, []
    for attempts in range(count):
        due = next_attempt(attempts, now=now, needed_by=needed_by)
        waits.append((due - now) // SECOND)
        now = due
    return waits


def test_the_wait_doubles_from_five_seconds_to_five_minutes() -> None:
    assert series(NEVER, 9) == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_the_nearer_the_door_the_harder_it_is_tried() -> None:
    waits = series(NOW + 10 * 60 * SECOND, 12)
    assert waits == [5, 10, 20, 40, 52, 47, 42, 38, 34, 31, 27, 25]
    assert list(accumulate(waits))[-1] < 10 * 60


def test_what_is_late_already_is_tried_every_minute() -> None:
    assert series(NOW - SECOND, 8) == [5, 10, 20, 40, 60, 60, 60, 60]


def test_a_system_that_asks_for_time_gets_it() -> None:
    due = next_attempt(0, now=NOW, needed_by=NOW, retry_after=timedelta(minutes=7))
    assert due == NOW + 7 * 60 * SECOND
    assert next_attempt(9, now=NOW, retry_after=timedelta(seconds=1)) == NOW + LONGEST


@given(st.integers(0, 10_000), st.one_of(st.just(NEVER), st.integers(0, 2 * NOW)))
def test_a_wait_is_between_five_seconds_and_five_minutes(attempts: int, needed_by: int) -> None:
    wait = next_attempt(attempts, now=NOW, needed_by=needed_by) - NOW
    assert FIRST <= wait <= LONGEST
    if needed_by <= NOW:
        assert wait <= LONGEST_WHEN_LATE


@given(st.integers(0, 50), st.integers(NOW, 2 * NOW), st.integers(0, NOW))
def test_what_is_needed_sooner_is_never_tried_later(attempts: int, needed_by: int, earlier: int) -> None:
    sooner = next_attempt(attempts, now=NOW, needed_by=max(NOW + 1, needed_by - earlier))
    assert sooner <= next_attempt(attempts, now=NOW, needed_by=max(NOW + 1, needed_by))


# ---------------------------------------------------------------- the gate


def shut(gate: Gate) -> Gate:
    """Two lanes without an answer."""
    for lane in (1, 2):
        assert gate.enter(lane, NOW)
        gate.failed(lane, NOW)
    return gate


def test_one_lane_without_an_answer_shuts_nothing() -> None:
    gate = Gate()
    for _ in range(5):
        assert gate.enter(1, NOW)
        gate.failed(1, NOW)
    assert gate.is_open
    assert gate.enter(2, NOW)


def test_two_lanes_without_an_answer_in_between_shut_the_gate() -> None:
    gate = shut(Gate())
    assert not gate.is_open
    assert gate.failing_since == NOW
    assert not gate.enter(3, NOW)


def test_an_answer_in_between_keeps_it_open() -> None:
    gate = Gate()
    gate.failed(1, NOW)
    gate.succeeded()
    gate.failed(2, NOW)
    assert gate.is_open


def test_one_probes_at_a_time_and_ever_more_seldom() -> None:
    gate, now, waits = shut(Gate()), NOW, []
    for lane in range(3, 9):
        waits.append((gate.retry_at - now) // SECOND)
        now = gate.retry_at
        assert not gate.enter(lane, now - 1)
        assert gate.enter(lane, now)
        assert not gate.enter(lane + 100, now)
        gate.failed(lane, now)
        gate.left(lane)
    assert waits == [5, 10, 20, 40, 80, 160]
    assert gate.failing_since == NOW


def test_those_in_hand_when_it_shut_are_one_failure_together() -> None:
    gate = Gate()
    assert all(gate.enter(lane, NOW) for lane in range(8))
    for lane in range(8):
        gate.failed(lane, NOW)
    assert gate.retry_at == NOW + FIRST


def test_a_probe_that_left_without_calling_makes_room_for_another() -> None:
    gate = shut(Gate())
    now = gate.retry_at
    assert gate.enter(3, now)
    gate.left(4)
    assert not gate.enter(5, now)
    gate.left(3)
    assert gate.enter(5, now)


def test_an_answer_opens_the_gate_and_tells_once() -> None:
    gate, told = shut(Gate()), list[str]()
    gate.opened = lambda: told.append("open")
    assert gate.enter(3, gate.retry_at)
    gate.succeeded()
    gate.succeeded()
    assert told == ["open"]
    assert gate.is_open
    assert all(gate.enter(lane, NOW) for lane in range(10))


def test_after_it_opened_the_waits_begin_anew() -> None:
    gate = shut(Gate())
    gate.failed(3, gate.retry_at)
    gate.succeeded()
    shut(gate)
    assert gate.retry_at == NOW + FIRST


@pytest.mark.parametrize("seconds, wait", [(100, 10), (20, 5), (3000, 40)])
def test_a_gate_before_which_something_urgent_waits_is_tried_sooner(seconds: int, wait: int) -> None:
    gate = shut(Gate())
    now = NOW
    for _ in range(3):
        now = gate.retry_at
        assert gate.enter(3, now)
        gate.failed(3, now, needed_by=now + seconds * SECOND)
    assert gate.retry_at == now + wait * SECOND
