"""Credentials that bookings share: whose code, for which season, and windows that nobody takes from another."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import DAY, MINUTE, NEVER, instant, micros
from hub.model.plan import Ask, Plan, TargetKind
from hub.planner.fold import NO_WINDOWS, fold, remaining
from hub.planner.plan import number_of, plan
from hub.planner.sharing import is_seasonal, is_shared, season_of
from tests.builders import a_booking, a_holder, a_town, occasion, rules
from tests.counts import examples
from tests.delivery.fake_register import number as numbered

SHARED = rules(a_town(strategy="per_association"))
CLUB: dict[str, Any] = {
    "kind": "association",
    "organisation_number": "802400-0005",
    "name": "Provköpings Badmintonklubb",
}
PERSON = numbered("19800101980")
OTHER: dict[str, Any] = {"kind": "association", "organisation_number": "802002-8711", "name": "Teg"}


def planned(*occasions: dict[str, Any], number: str = "B-1", customer: dict[str, Any] = CLUB) -> Plan:
    return plan(a_booking(number, occasions=list(occasions) or [occasion()], customer=customer), (), SHARED)


def keys(asked: Plan) -> list[str]:
    return [grant.target.key for grant in asked.grants]


# ---------------------------------------------------------------- whose


def test_an_association_has_one_code_at_all_its_bookings_and_no_other_has_it() -> None:
    mine, also_mine = keys(planned()), keys(planned(occasion("hall.court-2", after=9000), number="B-2"))
    assert mine == also_mine
    assert len(mine) == 1
    assert mine != keys(planned(customer=OTHER))


def test_a_shared_key_has_our_mark_and_says_neither_who_nor_which_booking() -> None:
    (key,) = keys(planned())
    assert key.startswith("hub-~")
    assert is_shared(key)
    assert is_seasonal(key)
    assert number_of(key) is None
    assert not any(told in key for told in ("802400", "0005", "Prov", "B-1"))


@pytest.mark.parametrize(
    "customer",
    [
        {"kind": "person", "name": "Lena Norberg", "identity_number": PERSON.digits},
        {"kind": "person", "name": "Lena Norberg"},
        {"kind": "internal", "organisation_number": "212000-2627", "name": "Östra skolan"},
        {"kind": "company", "organisation_number": PERSON.digits[2:], "name": "Norbergs bygg"},
        {"kind": "association", "name": "Nya klubben"},
    ],
)
def test_whoever_has_no_number_that_is_theirs_alone_and_no_persons_gets_a_code_for_each_booking(
    customer: dict[str, Any],
) -> None:
    asked = planned(customer=customer)
    assert keys(asked) == ["hub-B-1"]
    assert asked.grants[0].season is None


def test_a_card_and_a_phone_are_one_credential_in_all_bookings_whatever_the_strategy() -> None:
    holders = [
        a_holder("Åsa Berg", credential={"kind": "card", "number": "0090421357"}),
        a_holder("Bo Lind", credential={"kind": "mobile_key"}),
    ]
    asked = [plan(a_booking(n, occasions=[occasion(holders=holders)]), (), rules()) for n in ("B-1", "B-2")]
    assert keys(asked[0]) == keys(asked[1])
    assert all(is_shared(key) and not is_seasonal(key) for key in keys(asked[0]))


# ---------------------------------------------------------------- seasons


def test_an_occasion_opens_with_the_code_of_the_season_in_which_it_starts() -> None:
    """At Swedish midnight, though the door opens a quarter before."""
    last = occasion(id="a", since=datetime(2027, 8, 31, 21, 59, tzinfo=UTC))
    first = occasion("hall.court-2", id="b", since=datetime(2027, 8, 31, 22, 0, tzinfo=UTC))
    asked = planned(last, first)
    by_occasion = {claim.occasion: claim.target.key for claim in asked.claims if claim.door}
    assert {place: key.rpartition(".")[2] for place, key in by_occasion.items()} == {"a": "2026", "b": "2027"}
    assert len(asked.grants) == 2


@given(st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - given a zone
def test_seasons_follow_one_another_without_a_gap_and_each_moment_lies_in_one(at: datetime) -> None:
    moment = micros(at)
    season = season_of(moment, "09-01")
    assert season.starts <= moment < season.ends
    assert season_of(season.ends, "09-01").starts == season.ends
    assert season_of(season.starts - 1, "09-01").ends == season.starts
    assert 364 * DAY < season.ends - season.starts < 367 * DAY


def test_planning_twice_is_planning_once_whatever_the_day_is() -> None:
    assert planned() == planned()
    season = season_of(micros(instant(planned().claims[-1].starts)), "09-01")
    assert planned().grants[0].season == (season.starts, season.ends)


# ---------------------------------------------------------------- the union

Booked = dict[int, list[Ask]]
windows = st.lists(
    st.builds(
        lambda starts, length, door: Ask(starts * MINUTE, (starts + length) * MINUTE, 1, door),
        st.integers(0, 60),
        st.integers(1, 30),
        st.sampled_from(["outer", "inner"]),
    ),
    min_size=1,
    max_size=4,
)
booked = st.dictionaries(st.integers(1, 5), windows, min_size=1, max_size=5)


def minutes(asks: Sequence[Ask]) -> set[tuple[str, int]]:
    return {(ask.door, minute) for ask in asks for minute in range(ask.starts // MINUTE, ask.ends // MINUTE)}


def opened(state: str) -> set[tuple[str, int]]:
    """(door, minute) of all that a state opens."""
    return minutes([Ask(starts, ends, 1, door) for door, starts, ends in remaining(state, 0)])


def folded(bookings: Booked, order: Sequence[int] = ()) -> str:
    asks = [ask for number in order or bookings for ask in bookings[number]]
    return fold(TargetKind.CREDENTIAL, asks, now=0, horizon=NEVER).state


@settings(max_examples=examples(300))
@given(booked, st.data())
def test_a_shared_credential_opens_just_what_its_bookings_ask_for_in_any_order(
    bookings: Booked, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(list(bookings)))
    assert folded(bookings, order) == folded(bookings)
    assert opened(folded(bookings)) == minutes([ask for asks in bookings.values() for ask in asks])


@settings(max_examples=examples(300))
@given(booked, st.data())
def test_one_booking_that_leaves_takes_nothing_that_another_asks_for(bookings: Booked, data: st.DataObject) -> None:
    leaves = data.draw(st.sampled_from(sorted(bookings)))
    rest = {number: asks for number, asks in bookings.items() if number != leaves}
    state = folded(rest)
    assert opened(state) == minutes([ask for asks in rest.values() for ask in asks])
    assert opened(state) <= opened(folded(bookings))
    assert bool(rest) == (state != NO_WINDOWS)
    assert json.loads(folded({**rest, leaves: bookings[leaves]})) == json.loads(folded(bookings)), (
        "and it may come back"
    )
