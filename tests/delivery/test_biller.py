"""Whoever invoices is woken by what may be due next, and by nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

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
