"""Whoever invoices is woken by what may be due next, and by nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from hub.service.money import billing, invoicing
from hub.service.money.invoicing import Heading
from tests.builders import a_town
from tests.delivery.harness import Stage, hour

LINE: dict[str, Any] = {
    "id": "c1",
    "occasion": "1",
    "article": "B60",
    "text": "Bana",
    "quantity": "1",
    "unit_price": "120.00",
}
COSTS: dict[str, Any] = {"charges": [LINE | {"vat": "exempt"}], "payment": {"kind": "invoice"}}


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    hall = staging(a_town(finance="ledger"))
    hall.bookings.owed = hall.node.biller.owed
    return hall


def woken(hall: Stage) -> bool:
    """Whether it has been since it last looked; it looks now, and again for what is left."""
    wake = hall.node.biller.wake
    was = wake.is_set()
    wake.clear()
    for _ in range(2):
        hall.run(hall.node.biller.step())
    return was


def test_a_line_wakes_that_may_be_invoiced_before_all_others(hall: Stage) -> None:
    woken(hall)
    hall.accept("B-1", **hour(60), **COSTS)
    assert woken(hall)


def test_a_change_and_a_cancellation_wake_for_what_they_credit(hall: Stage) -> None:
    hall.accept("B-1", **hour(60), **COSTS)
    woken(hall)
    hall.accept("B-1", 2, **hour(60), **(COSTS | {"charges": [LINE | {"vat": "exempt", "quantity": "2"}]}))
    assert woken(hall)
    hall.accept("B-1", 3, status="cancelled")
    assert woken(hall)


def test_what_costs_nothing_or_was_known_wakes_nobody(hall: Stage) -> None:
    hall.accept("B-1", **hour(60), **COSTS)
    woken(hall)
    hall.accept("B-1", **hour(60), **COSTS)
    hall.accept("B-2", **hour(120))
    assert not woken(hall)


def test_a_line_that_is_due_after_others_wakes_nobody(hall: Stage) -> None:
    woken(hall)
    first = hall.node.biller._due = 5
    hall.node.biller.owed(first + 1)
    assert not hall.node.biller.wake.is_set()
    hall.node.biller.owed(first - 1)
    assert hall.node.biller.wake.is_set()


def breaks(patch: pytest.MonkeyPatch, number: str) -> None:
    """Have the invoice of a booking be impossible, as what nobody has thought of would."""
    plain = invoicing.invoice

    def broken(heading: Heading, *told: Any) -> Any:
        if heading.booking == number:
            raise ValueError(number)
        return plain(heading, *told)

    patch.setattr(billing, "invoice", broken)


def test_an_account_that_cannot_be_invoiced_is_a_problem_and_holds_no_other_up(hall: Stage) -> None:
    with pytest.MonkeyPatch.context() as patch:
        breaks(patch, "B-1")
        hall.accept("B-1", **hour(60), **COSTS)
        hall.accept("B-2", **hour(120), **COSTS)
        hall.settle()
        hall.accept("B-3", **hour(180), **COSTS)
        hall.settle()
        assert sorted(one.key for one in hall.ledger.came) == ["B-2.i1", "B-3.i1"]
        (problem,) = hall.problems()
        assert (problem.code, problem.connection, problem.detail) == ("not-invoiced", "ledger", "B-1: ValueError")
        hall.after(minutes=30)
        assert [one.code for one in hall.problems()] == ["not-invoiced"]
    hall.after(minutes=31)
    assert sorted(one.key for one in hall.ledger.came) == ["B-1.i1", "B-2.i1", "B-3.i1"]
    assert hall.problems() == []


def test_what_is_corrected_is_invoiced_at_once_and_what_is_cancelled_is_no_problem(hall: Stage) -> None:
    with pytest.MonkeyPatch.context() as patch:
        breaks(patch, "B-1")
        hall.accept("B-1", **hour(60), **COSTS)
        hall.settle()
    hall.accept("B-1", 2, **hour(60), **COSTS, notify=["vaktmastare"])
    hall.settle()
    assert [one.key for one in hall.ledger.came] == ["B-1.i1"]
    assert hall.problems() == []
    with pytest.MonkeyPatch.context() as patch:
        breaks(patch, "B-2")
        hall.accept("B-2", **hour(120), **COSTS)
        hall.settle()
        assert [one.code for one in hall.problems()] == ["not-invoiced"]
        hall.accept("B-2", 2, status="cancelled")
        hall.settle()
    assert hall.problems() == []
