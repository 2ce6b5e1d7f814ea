"""The three closed sets of states, and their moves."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from hub.model.states import DELIVERY_MOVES, EFFECT_MOVES, RECORD_MOVES, Delivery, Effect, Record

TABLES: list[tuple[type[StrEnum], Mapping[Any, frozenset[Any]]]] = [
    (Effect, EFFECT_MOVES),
    (Record, RECORD_MOVES),
    (Delivery, DELIVERY_MOVES),
]
STANDING: list[tuple[type[StrEnum], Mapping[Any, frozenset[Any]]]] = [
    (Effect, EFFECT_MOVES),
    (Delivery, DELIVERY_MOVES),
]


@pytest.mark.parametrize("states, moves", TABLES)
def test_every_state_has_its_moves_and_they_lead_to_states(
    states: type[StrEnum], moves: Mapping[StrEnum, frozenset[StrEnum]]
) -> None:
    assert set(moves) == set(states)
    assert {to for ends in moves.values() for to in ends} <= set(states)


@pytest.mark.parametrize("states, moves", STANDING)
def test_no_state_of_what_stands_is_a_dead_end(
    states: type[StrEnum], moves: Mapping[StrEnum, frozenset[StrEnum]]
) -> None:
    for state in states:
        assert reached_from(state, moves) == set(states), state


@pytest.mark.parametrize("states, moves", TABLES)
def test_staying_is_no_move(states: type[StrEnum], moves: Mapping[StrEnum, frozenset[StrEnum]]) -> None:
    assert [state for state in states if state in moves[state]] == []


def reached_from(state: StrEnum, moves: Mapping[StrEnum, frozenset[StrEnum]]) -> set[StrEnum]:
    """Every state that can follow, sooner or later."""
    found, ahead = set[StrEnum](), [state]
    while ahead:
        for following in moves[ahead.pop()] - found:
            found.add(following)
            ahead.append(following)
    return found


def test_a_record_that_is_done_stays_done() -> None:
    assert RECORD_MOVES[Record.DONE] == frozenset()


def test_a_record_that_was_withdrawn_may_be_wanted_again() -> None:
    assert RECORD_MOVES[Record.WITHDRAWN] == {Record.PLANNED}


def test_only_what_is_being_sent_becomes_retrying() -> None:
    assert {state for state, ends in DELIVERY_MOVES.items() if Delivery.RETRYING in ends} == {Delivery.SENDING}


def test_the_words_are_those_of_the_contract() -> None:
    assert set(Effect) == {"planned", "standing", "suspended", "overridden", "lost", "removing", "removed"}
    assert set(Record) == {"planned", "done", "withdrawn"}
    ends = {"confirmed", "expired", "superseded", "dismissed"}
    assert set(Delivery) - ends == {"waiting", "due", "sending", "retrying", "awaiting_user", "stuck"}
    assert ends < set(Delivery)
