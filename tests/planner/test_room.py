"""Whose place it is in a lock that is full."""

from hub.clock import HOUR, NEVER
from hub.model.room import Spell
from hub.planner.room import AGAIN, SOON, Turn, turn

NOW = 1_000 * HOUR


def spell(lane: int, after: float, *, inside: bool = False, firm: bool = False, hours: float = 1) -> Spell:
    starts = NOW + int(after * HOUR)
    return Spell(lane, starts, starts + int(hours * HOUR), inside, firm)


def asked(*spells: Spell, lane: int, taken: int | None = None, gone: int = 0) -> Turn:
    inside = {one.lane for one in spells if one.inside}
    return turn(spells, lane, capacity=2, taken=len(inside) + gone if taken is None else taken, gone=gone, now=NOW)


def test_the_later_window_waits_for_the_first_of_those_ahead_to_end() -> None:
    its = asked(spell(1, 1, inside=True), spell(2, 2, inside=True), spell(3, 9), lane=3)
    assert its == Turn(has_place=False, taken=2, again=NOW + 2 * HOUR)


def test_the_earlier_window_has_the_latest_make_room_and_comes_again_for_its_place() -> None:
    its = asked(spell(1, 1, inside=True), spell(2, 9, inside=True), spell(3, 2), lane=3)
    assert its == Turn(has_place=False, taken=2, again=NOW + AGAIN, leave=(2,))
    assert not asked(spell(1, 1, inside=True), spell(2, 9, inside=True), spell(3, 2), lane=2).has_place


def test_two_that_begin_together_do_not_turn_each_other_out() -> None:
    both = spell(1, 1, inside=True), spell(2, 2, inside=True), spell(0, 2)
    assert asked(*both, lane=2).has_place
    assert asked(*both, lane=0).leave == ()


def test_nobody_is_turned_out_who_stands_at_the_door_or_was_shut_off_by_a_person() -> None:
    begun, firm, late = spell(1, -0.1, inside=True), spell(2, 9, inside=True, firm=True), spell(3, -0.2)
    its = asked(begun, firm, late, lane=3)
    assert (its.has_place, its.leave, its.short) == (False, (), True)
    assert asked(begun, firm, late, lane=1).has_place
    assert asked(begun, firm, late, lane=2).has_place


def test_what_nobody_wants_and_cannot_be_had_away_takes_a_place() -> None:
    its = asked(spell(1, 1, inside=True), spell(2, 2), lane=2, gone=1)
    assert (its.has_place, its.leave) == (False, ())
    assert asked(spell(1, 1, inside=True), spell(2, 2), lane=2, taken=2).again == NOW + AGAIN, "it is going just now"


def test_somebody_is_told_near_the_window_and_only_when_no_room_is_in_sight() -> None:
    soon = 0.1
    lasting = spell(1, -1, inside=True, hours=3), spell(2, -1, inside=True, hours=3)
    assert asked(*lasting, spell(3, soon), lane=3).short
    assert not asked(*lasting, spell(3, 1), lane=3).short, "not yet"
    assert asked(*lasting, spell(3, 1), lane=3).again == NOW + HOUR - SOON
    ending = spell(1, -1, inside=True, hours=1 + soon), lasting[1]
    assert not asked(*ending, spell(3, soon), lane=3).short, "one ends in time"


def test_windows_that_touch_are_one_and_later_ones_do_not_count() -> None:
    club = [spell(1, -1, inside=True, hours=2), spell(1, 1, inside=True), spell(1, 170, inside=True)]
    its = asked(*club, spell(2, -1, inside=True, hours=9), spell(3, 5), lane=3)
    assert its == Turn(has_place=False, taken=2, again=NOW + 2 * HOUR)


def test_a_place_that_is_there_is_simply_had() -> None:
    assert asked(spell(1, 1, inside=True), spell(2, 2), lane=2) == Turn(has_place=True, taken=1)
    assert asked(spell(1, 1, inside=True), lane=1).again == NEVER
    assert asked(spell(1, -1), spell(2, -1, inside=True), lane=1).again == NEVER
