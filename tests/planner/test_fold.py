"""What a target should be: any order, no surprise between edges, no late wake, no dark minute, no flicker."""

import json
import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import MINUTE, NEVER, micros
from hub.model.booking import Booking, Status
from hub.model.plan import Ask, Claim, TargetKey, TargetKind
from hub.planner.fold import NO_WINDOWS, RELEASE, fold, remaining, same, wakes
from hub.planner.plan import plan
from tests.builders import SATURDAY, a_booking, occasion, rules
from tests.counts import examples

DIM, CREDENTIAL = TargetKind.DIM, TargetKind.CREDENTIAL
HORIZON, LATEST = 10, 80
NOON = micros(SATURDAY)
HALL = rules()

kinds = st.sampled_from([DIM, CREDENTIAL])
moments = st.integers(0, LATEST)
asks = st.lists(
    st.builds(
        lambda starts, length, level, door: Ask(starts, starts + length, level, door),
        st.integers(0, 40),
        st.integers(1, 20),
        st.integers(1, 100),
        st.sampled_from(["", "b"]),
    ),
    max_size=8,
)


def state(kind: TargetKind, listed: list[Ask], now: int) -> str:
    """What should stand at a moment, folded from the claims that the store would still read."""
    return fold(kind, [ask for ask in listed if ask.ends > now], now=now, horizon=HORIZON).state


@settings(max_examples=examples(250, soak=10_000))
@given(kinds, asks, st.randoms(), moments)
def test_the_order_of_claims_never_changes_the_fold(
    kind: TargetKind, listed: list[Ask], chance: random.Random, now: int
) -> None:
    shuffled = chance.sample(listed, len(listed))
    assert fold(kind, listed, now=now, horizon=HORIZON) == fold(kind, shuffled, now=now, horizon=HORIZON)


@settings(max_examples=examples(250))
@given(kinds, asks, moments)
def test_what_has_ended_may_be_left_out(kind: TargetKind, listed: list[Ask], now: int) -> None:
    left = [ask for ask in listed if ask.ends > now]
    assert fold(kind, listed, now=now, horizon=HORIZON) == fold(kind, left, now=now, horizon=HORIZON)


@settings(max_examples=examples(250))
@given(kinds, asks, moments)
def test_a_claim_twice_is_a_claim_once(kind: TargetKind, listed: list[Ask], now: int) -> None:
    assert fold(kind, listed * 2, now=now, horizon=HORIZON) == fold(kind, listed, now=now, horizon=HORIZON)


@settings(max_examples=examples(250, soak=10_000))
@given(kinds, asks, moments)
def test_nothing_changes_between_a_folds_own_edges(kind: TargetKind, listed: list[Ask], now: int) -> None:
    desired = fold(kind, listed, now=now, horizon=HORIZON)
    assert desired.next_edge > now
    for later in range(now, min(desired.next_edge, LATEST)):
        assert same(desired.state, state(kind, listed, later), now=later), later


@settings(max_examples=examples(250, soak=10_000))
@given(kinds, asks, asks, moments)
def test_a_wake_is_never_later_than_the_change(kind: TargetKind, old: list[Ask], new: list[Ask], now: int) -> None:
    before = fold(kind, old, now=now, horizon=HORIZON)
    woken = min([before.next_edge, *(wakes(kind, ask, now=now, horizon=HORIZON) for ask in new)])
    for later in range(now, min(woken, LATEST)):
        assert same(before.state, state(kind, old + new, later), now=later), later


@settings(max_examples=examples(250))
@given(kinds, asks, asks, moments)
def test_taking_claims_away_is_never_noticed_late(kind: TargetKind, kept: list[Ask], gone: list[Ask], now: int) -> None:
    before = fold(kind, kept + gone, now=now, horizon=HORIZON)
    woken = min([before.next_edge, *(wakes(kind, ask, now=now, horizon=HORIZON) for ask in gone)])
    for later in range(now, min(woken, LATEST)):
        assert same(before.state, state(kind, kept, later), now=later), later


@settings(max_examples=examples(250))
@given(asks, moments)
def test_a_zone_has_the_highest_level_that_anyone_wants_now(listed: list[Ask], now: int) -> None:
    wanted = [ask.level for ask in listed if ask.starts <= now < ask.ends]
    assert state(DIM, listed, now) == (f"dim:{max(wanted)}" if wanted else RELEASE)


@settings(max_examples=examples(250))
@given(asks, moments)
def test_doors_open_exactly_when_claimed_and_the_horizon_has_come(listed: list[Ask], now: int) -> None:
    sent = json.loads(state(CREDENTIAL, listed, now))
    for at in range(now, LATEST):
        claimed = {ask.door for ask in listed if ask.starts <= at < ask.ends and ask.starts - HORIZON <= now}
        assert {door for door, starts, ends in sent if starts <= at < ends} == claimed, at


@settings(max_examples=examples(250))
@given(asks, moments)
def test_windows_of_a_door_never_touch_each_other(listed: list[Ask], now: int) -> None:
    windows = sorted(json.loads(state(CREDENTIAL, listed, now)))
    assert all(first[0] != second[0] or first[2] < second[1] for first, second in pairwise(windows))


@settings(max_examples=examples(250))
@given(asks, moments)
def test_time_alone_never_makes_windows_differ(listed: list[Ask], now: int) -> None:
    desired = fold(CREDENTIAL, listed, now=now, horizon=NEVER)
    for later in range(now, LATEST):
        assert remaining(desired.state, later) == remaining(fold(CREDENTIAL, listed, now=later).state, later)


def test_joined_windows_are_compared_by_what_is_left_and_not_by_their_text() -> None:
    morning, evening = Ask(18, 19, 1, "a"), Ask(19, 20, 1, "a")
    joined, alone = fold(CREDENTIAL, [morning, evening], now=10).state, fold(CREDENTIAL, [evening], now=19).state
    assert joined == '[["a",18,20]]'
    assert joined != alone
    assert same(joined, alone, now=19)
    assert not same(joined, alone, now=18)


def test_what_was_never_confirmed_is_the_same_as_nothing() -> None:
    assert not same(None, NO_WINDOWS, now=0)
    assert not same(None, RELEASE, now=0)
    assert not same("?", "dim:60", now=0)
    assert not same("dim:60", "dim:61", now=0)


def test_a_window_beyond_the_horizon_waits_and_the_edge_says_until_when() -> None:
    ask = Ask(50, 60, 1, "a")
    early = fold(CREDENTIAL, [ask], now=39, horizon=10)
    assert (early.state, early.next_edge, early.wanted) == (NO_WINDOWS, 40, False)
    due = fold(CREDENTIAL, [ask], now=40, horizon=10)
    assert (due.state, due.next_edge, due.needed_by) == ('[["a",50,60]]', 60, 50)


def test_a_zone_knows_nothing_of_a_horizon() -> None:
    assert fold(DIM, [Ask(50, 60, 7, "")], now=0, horizon=10).next_edge == 50
    assert wakes(DIM, Ask(50, 60, 7, ""), now=0, horizon=10) == 50


def test_what_has_ended_wakes_nobody() -> None:
    assert wakes(DIM, Ask(0, 10, 1, ""), now=10) == NEVER
    assert wakes(CREDENTIAL, Ask(0, 10, 1, "a"), now=9, horizon=5) == 9


# ---------------------------------------------------------------- bookings, folded

many = st.lists(
    st.tuples(
        st.sampled_from(["hall.whole", "hall.court-1", "hall.court-2", "hall.court-3"]),
        st.integers(0, 120),
        st.integers(1, 60),
        st.sampled_from(["training", "match"]),
    ),
    min_size=1,
    max_size=6,
)


def booked(listed: list[tuple[str, int, int, str]]) -> list[Booking]:
    return [
        a_booking(f"B-{n}", occasions=[occasion(resource, after=after, minutes=minutes, activity=activity)])
        for n, (resource, after, minutes, activity) in enumerate(listed)
    ]


def claims_by_target(bookings: list[Booking]) -> dict[TargetKey, list[Claim]]:
    found: dict[TargetKey, list[Claim]] = {}
    for booking in bookings:
        for claim in plan(booking, (), HALL).claims:
            found.setdefault(claim.target, []).append(claim)
    return found


def asked(claims: list[Claim]) -> list[Ask]:
    return [Ask(claim.starts, claim.ends, claim.level, claim.door) for claim in claims]


@settings(max_examples=examples(100))
@given(many)
def test_no_booked_minute_is_dark(listed: list[tuple[str, int, int, str]]) -> None:
    bookings = booked(listed)
    targets = claims_by_target(bookings)
    for booking in bookings:
        (kept,) = booking.occasions
        for claim in plan(booking, (), HALL).claims:
            for now in range(micros(kept.starts_at), micros(kept.ends_at), MINUTE):
                desired = fold(claim.kind, asked(targets[claim.target]), now=now)
                if claim.door:
                    windows = json.loads(desired.state)
                    assert any(d == claim.door and s <= now < e for d, s, e in windows), (claim, now)
                else:
                    assert int(desired.state.partition(":")[2]) >= claim.level, (claim, now)


@settings(max_examples=examples(100))
@given(st.lists(st.integers(1, 90), min_size=2, max_size=5), st.randoms())
def test_adjacent_bookings_never_flicker(lengths: list[int], chance: random.Random) -> None:
    listed, after = [], 0
    for length in lengths:
        listed.append(("hall.court-1", after, length, "training"))
        after += length
    chance.shuffle(listed)
    for claims in claims_by_target(booked(listed)).values():
        if claims[0].door:
            continue
        now, last = NOON - 15 * MINUTE, NOON + (after + 10) * MINUTE
        desired = fold(DIM, asked(claims), now=now)
        while desired.next_edge < last:
            assert desired.state == f"dim:{claims[0].level}"
            desired = fold(DIM, asked(claims), now=desired.next_edge)
        assert fold(DIM, asked(claims), now=last).state == RELEASE


def test_adjacent_occasions_of_a_booking_are_one_window() -> None:
    first, second = occasion(id="a"), occasion("hall.court-2", id="b", after=60)
    targets = claims_by_target([a_booking(occasions=[first, second])])
    claims = targets[TargetKey("locks", "hub-B-1")]
    desired = fold(CREDENTIAL, asked(claims), now=NOON - 60 * MINUTE)
    windows = json.loads(desired.state)
    assert windows == [[d, NOON - 15 * MINUTE, NOON + 130 * MINUTE] for d in ("inner", "outer")]


@given(many)
def test_cancelling_everything_leaves_nothing(listed: list[tuple[str, int, int, str]]) -> None:
    gone = [booking.model_copy(update={"status": Status.CANCELLED}) for booking in booked(listed)]
    assert claims_by_target(gone) == {}
    assert fold(DIM, [], now=NOON) == (RELEASE, NEVER, NEVER)
    assert fold(CREDENTIAL, [], now=NOON) == (NO_WINDOWS, NEVER, NEVER)
