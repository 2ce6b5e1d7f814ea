"""PINs: unique while anyone may need them, not trivial, kept through changes, and rested after use."""

from collections.abc import Callable, Iterator
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import DAY
from hub.errors import RefusedError
from hub.service.doors import allocating
from hub.service.doors.allocating import drawn_pin, is_trivial
from tests.builders import a_holder, a_town, occasion
from tests.delivery.harness import PIN, Stage, hour

Staging = Callable[..., Stage]
A_DAY = 24 * 60


def drawing(monkeypatch: pytest.MonkeyPatch, *pins: str) -> None:
    """Have only these drawn, in turn, over and over."""
    drawn: Iterator[str] = cycle(pins)
    monkeypatch.setattr(allocating, "drawn_pin", lambda _length, **_: next(drawn))
    monkeypatch.setattr(allocating, "_TRIES", 10)


def pin(hall: Stage, number: str = "B-1") -> str:
    value = hall.view(number).credentials[0].value
    assert value
    return value


# ---------------------------------------------------------------- what a PIN is


@pytest.mark.parametrize(
    "text",
    ["1111", "1112", "1212", "1221", "1234", "4321", "0123", "7890", "9012", "2109", "1987", "2026", "123123"],
)
def test_what_anyone_would_try_first_is_trivial(text: str) -> None:
    assert is_trivial(text)


@pytest.mark.parametrize("text", ["4829", "1357", "7391", "0042917", "13579", "20261", "98213"])
def test_other_pins_are_not(text: str) -> None:
    assert not is_trivial(text)


@given(st.integers(4, 10), st.booleans())
def test_a_pin_is_text_of_its_length_and_never_trivial(length: int, leading_zero: bool) -> None:  # noqa: FBT001
    drawn = drawn_pin(length, leading_zero=leading_zero)
    assert len(drawn) == length
    assert drawn.isdecimal()
    assert not is_trivial(drawn)
    assert leading_zero or drawn[0] != "0"


def test_a_leading_zero_is_a_digit_where_it_is_allowed() -> None:
    assert any(drawn_pin(4, leading_zero=True).startswith("0") for _ in range(400))
    assert not any(drawn_pin(4, leading_zero=False).startswith("0") for _ in range(400))


def test_pins_come_from_all_over() -> None:
    drawn = [drawn_pin(6, leading_zero=False) for _ in range(500)]
    assert len(set(drawn)) > 490
    assert {one[-1] for one in drawn} == set("0123456789")
    assert {one[0] for one in drawn} == set("123456789")


def test_a_leading_zero_reaches_the_lock(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing(monkeypatch, "04917")
    hall.put()
    assert pin(hall) == hall.locks.pin(PIN) == "04917"


# ---------------------------------------------------------------- unique


def test_two_bookings_of_one_time_never_share_a_pin(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing(monkeypatch, "48291", "48291", "73915")
    hall.put("B-1")
    hall.put("B-2", **hour(of="hall.court-2"))
    assert {pin(hall, "B-1"), pin(hall, "B-2")} == {"48291", "73915"}


def test_two_holders_of_one_booking_never_share_a_pin(staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing(monkeypatch, "48291", "48291", "73915")
    hall = staging(a_town(strategy="per_holder"))
    hall.put(**hour(holders=[a_holder("Lena"), a_holder("Omar")]))
    assert {one.value for one in hall.view().credentials} == {"48291", "73915"}


def test_a_used_pin_rests_for_its_quarantine_and_may_then_come_again(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing(monkeypatch, "48291", "73915")
    hall.put("B-1")
    drawing(monkeypatch, "48291", "73915")
    hall.put("B-2", **hour(6 * A_DAY))
    assert pin(hall, "B-2") == "73915"
    drawing(monkeypatch, "48291")
    hall.put("B-3", **hour(22 * A_DAY))
    assert pin(hall, "B-3") == "48291"


def test_a_pin_that_is_already_in_the_lock_is_not_given_whenever_it_opens(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing(monkeypatch, "48291", "73915")
    hall.put("B-1", **hour(10 * A_DAY))  # sent at once, since the horizon is 14 days
    drawing(monkeypatch, "48291", "73915")
    hall.put("B-2")  # and its quarantine ends after 7
    assert pin(hall, "B-2") == "73915"
    assert {hall.locks.pin(key) for key in hall.locks.stands} == {"48291", "73915"}


def test_a_pin_that_will_be_used_later_is_not_given_to_whoever_rests_into_it(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing(monkeypatch, "48291", "73915")
    hall.put("B-1", **hour(5 * A_DAY))
    drawing(monkeypatch, "48291", "73915")
    hall.put("B-2")
    assert pin(hall, "B-2") == "73915"


def test_a_domain_without_a_free_pin_refuses_and_stores_nothing(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing(monkeypatch, "48291")
    hall.put("B-1")
    with pytest.raises(RefusedError, match="no free PIN of 5 digits at locks") as caught:
        hall.put("B-2", **hour(of="hall.court-2"))
    assert caught.value.code == "no-free-pin"
    assert hall.rows("SELECT number FROM bookings") == [("B-1",)]
    assert hall.rows("SELECT key FROM lanes WHERE key LIKE '%B-2%'") == []


def test_a_booking_that_grows_into_anothers_time_gets_another_pin_and_the_lock_learns_it(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing(monkeypatch, "48291", "73915")
    hall.put("B-1")
    drawing(monkeypatch, "48291")
    hall.put("B-2", **hour(22 * A_DAY))
    drawing(monkeypatch, "73915")
    hall.put("B-1", 2, occasions=[occasion(id="1"), occasion(id="2", after=22 * A_DAY)])
    assert (pin(hall, "B-1"), pin(hall, "B-2")) == ("73915", "48291")
    assert hall.locks.pin("hub-B-1") == "73915"


# ---------------------------------------------------------------- kept, and rested


def test_a_booking_keeps_its_pin_through_every_change(hall: Stage) -> None:
    hall.put()
    first = pin(hall)
    hall.put(revision=2, **hour(A_DAY, of="hall.court-2"))
    hall.put(revision=3, **hour(3 * A_DAY, holders=[a_holder("Omar")]))
    assert pin(hall) == hall.locks.pin(PIN) == first


def test_a_booking_that_is_confirmed_again_has_the_same_pin(hall: Stage) -> None:
    hall.put()
    first = pin(hall)
    hall.cancel()
    assert hall.locks.stands == {}
    hall.put(revision=3)
    assert pin(hall) == hall.locks.pin(PIN) == first


def test_a_cancelled_bookings_pin_rests(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing(monkeypatch, "48291", "73915")
    hall.put("B-1")
    hall.cancel("B-1")
    drawing(monkeypatch, "48291", "73915")
    hall.put("B-2")
    assert pin(hall, "B-2") == "73915"


def test_the_pin_of_a_booking_far_ahead_rests_too_when_it_is_cancelled(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing(monkeypatch, "48291", "73915")
    hall.put("B-1", **hour(90 * A_DAY))
    hall.cancel("B-1")
    drawing(monkeypatch, "48291", "73915")
    hall.put("B-2", **hour(A_DAY))
    assert pin(hall, "B-2") == "73915"


def test_a_rested_pin_that_somebody_else_got_is_not_given_back(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing(monkeypatch, "48291")
    hall.put("B-1", **hour(60 * A_DAY))
    hall.cancel("B-1")
    hall.skip(days=40)
    hall.put("B-2", **hour(60 * A_DAY))
    drawing(monkeypatch, "73915")
    hall.put("B-1", 3, **hour(60 * A_DAY, of="hall.court-2"))
    assert {pin(hall, "B-1"), pin(hall, "B-2")} == {"48291", "73915"}


def test_a_pin_is_forgotten_when_its_quarantine_is_over(hall: Stage) -> None:
    hall.put()
    hall.skip(days=6)
    hall.run(hall.node.worker.forget_codes())
    assert hall.rows("SELECT count(*) FROM codes") == [(1,)]
    hall.skip(days=2)
    hall.run(hall.node.worker.forget_codes())
    assert hall.rows("SELECT count(*) FROM codes") == [(0,)]


def test_a_code_that_somebody_still_needs_is_never_forgotten(hall: Stage) -> None:
    hall.put(**hour(300 * A_DAY))
    hall.skip(days=299)
    hall.run(hall.node.worker.forget_codes())
    assert pin(hall)


# ---------------------------------------------------------------- what holders bring


def test_a_cards_number_reaches_the_lock_and_belongs_to_its_holder(hall: Stage) -> None:
    card = a_holder("Åsa", credential={"kind": "card", "number": "0090421357"})
    hall.put(**hour(holders=[a_holder("Lena"), card]))
    values = {one.holder: one.value for one in hall.view().credentials}
    assert values["Åsa"] == "0090421357"
    assert {hall.locks.pin(key) for key in hall.locks.stands} == set(values.values())


def test_a_card_may_open_for_two_bookings_at_once(hall: Stage) -> None:
    card = a_holder("Åsa", credential={"kind": "card", "number": "0090421357"})
    hall.put("B-1", **hour(holders=[card]))
    hall.put("B-2", **hour(120, holders=[card]))
    (credential,) = hall.locks.stands.values()
    assert len(credential.windows) == 4, "a lock knows a card once, and it opens two doors twice"


def test_each_holder_is_told_the_own_code_whoever_else_is_named(staging: Staging) -> None:
    hall = staging(a_town(strategy="per_holder"))
    omar, lena = a_holder("Omar"), a_holder("Lena")
    machine = occasion("hall.machine", id="m", holders=[omar])
    done = hall.accept(occasions=[machine, occasion(id="c", holders=[lena])])
    (told,) = hall.answer(done).credentials
    assert told.holder == "Lena"
    hall.settle()
    assert told.value == hall.locks.pin(next(iter(hall.locks.stands)))


def test_a_quarantine_is_days_of_the_domains_clock(hall: Stage) -> None:
    hall.put()
    ((starts, ends),) = hall.rows("SELECT starts, ends FROM codes")
    windows = hall.rows("SELECT min(starts) - ?, max(ends) + ? FROM claims WHERE door <> ''", 14 * DAY, 7 * DAY)
    assert [(starts, ends)] == windows
