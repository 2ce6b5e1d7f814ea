"""Money over time: whatever is booked, changed, cancelled, retried and killed, all three accounts of a debt agree."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import NEVER
from tests.builders import a_town
from tests.counts import examples
from tests.databases import Databases
from tests.delivery.fakes import Fault
from tests.delivery.harness import Stage, hour, staged
from tests.delivery.test_invoices import costs, court

CATALOGUE = (
    {"unit_price": "0.05", "vat": "25", "quantity": "1"},
    {"unit_price": "0.05", "vat": "25", "quantity": "1"},
    {"unit_price": "0.05", "vat": "25", "quantity": "1"},
    {"unit_price": "33.33", "vat": "6", "quantity": "0.5"},
    {"unit_price": "120.00", "vat": "exempt", "quantity": "1"},
    {"unit_price": "80.00", "vat": "0", "quantity": "3"},
    {"unit_price": "-10.00", "vat": "exempt", "quantity": "1"},
)
"""Lines that bookings have or lack. VAT of the first three depends on how many they are; the last needs another."""
CHARGES = st.sets(st.integers(0, 6), max_size=5).map(lambda chosen: sorted(chosen | ({4} if 6 in chosen else set())))
PAYERS: tuple[dict[str, Any], ...] = (
    {"kind": "association", "organisation_number": "802400-0005", "name": "Klubben"},
    {"kind": "company", "organisation_number": "556036-0793", "name": "Bolaget"},
)
NUMBERS = st.integers(1, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NUMBERS, CHARGES, st.sampled_from([0, 0, 0, 1]), st.sampled_from([0, 0, 0, 1])),
        st.tuples(st.just("put"), NUMBERS, CHARGES, st.just(0), st.just(0)),
        st.tuples(st.just("hasty"), NUMBERS, CHARGES),
        st.tuples(st.just("cancel"), NUMBERS),
        st.tuples(st.just("paused"), st.booleans()),
        st.tuples(st.just("fault"), st.sampled_from([Fault.DOWN, Fault.LOST, Fault.UNANSWERED, Fault.REJECTS, None])),
        st.tuples(st.just("pass"), st.sampled_from([1, 10, 600])),
        st.tuples(st.just("killed")),
        st.tuples(st.just("unbilled"), st.booleans()),
    ),
    min_size=6,
    max_size=20,
)


def booked(chosen: list[int]) -> list[dict[str, Any]]:
    return [court(id=f"c{n}", **CATALOGUE[n]) for n in chosen]


class Play:
    """What the core has sent, so that each step is legal."""

    def __init__(self, hall: Stage) -> None:
        self.hall, self.revisions = hall, dict[int, int]()

    def next_revision(self, number: int) -> int:
        self.revisions[number] = self.revisions.get(number, 0) + 1
        return self.revisions[number]

    def do(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("put", number, charges, payer, prepaid):
                asked = costs(*booked(charges), receipt="R-1" if prepaid else None)
                more = hour(60 * number) | {"customer": PAYERS[payer]}
                self.hall.put(f"B-{number}", self.next_revision(number), **more, **asked)
            case ("hasty", number, charges):
                more = hour(60 * number) | costs(*booked(charges))
                self.hall.accept(f"B-{number}", self.next_revision(number), **more)
            case ("cancel", number):
                self.hall.accept(f"B-{number}", self.next_revision(number), status="cancelled")
            case _:
                self.happen(step)

    def happen(self, step: tuple[Any, ...]) -> None:
        """What the core has no part in."""
        match step:
            case ("paused", paused):
                self.hall.run(self.hall.node.health.set_paused("2480", "ledger", "anna" if paused else None))
            case ("fault", None):
                self.hall.ledger.recovers()
            case ("fault", fault):
                self.hall.ledger.breaks(fault)
            case ("pass", minutes):
                self.hall.after(minutes=minutes)
            case ("killed",):
                self.hall.run(self.hall.node.biller.step())
                self.hall.run(self.hall.node.dispatcher._take())
                self.hall.skip(minutes=5)
                self.hall.restart()
            case ("unbilled", carried):
                self.hall.run(self.hall.node.biller.step())
                if carried:
                    self.hall.run(self.hall.node.carry_once())

    def finish(self) -> None:
        """All is well again, and an operator has tried anew what was refused."""
        self.hall.ledger.recovers()
        self.hall.run(self.hall.node.health.set_paused("2480", "ledger", None))
        self.hall.after(minutes=600)
        for problem in self.hall.problems():
            self.hall.run(self.hall.operating.retry("2480", problem.id))
        for _ in range(3):
            self.hall.after(minutes=600)

    def owed_by_ledger(self) -> int:
        """Öre, of what is invoiced; what is paid beforehand is settled for itself."""
        total = 0
        for number in self.revisions:
            money = self.hall.view(f"B-{number}").money
            if money is not None:
                total += int(money.owed * 100)
        return total


def test_what_is_owed_equals_the_ledger_equals_what_was_sent_less_what_was_credited(
    databases: Databases,
) -> None:
    @settings(deadline=None, max_examples=databases.examples(examples(30)))
    @given(steps=STEPS)
    def story(steps: list[tuple[Any, ...]]) -> None:
        with (
            pytest.MonkeyPatch.context() as patch,
            tempfile.TemporaryDirectory() as folder,
            databases.empty() as url,
            staged(url, Path(folder), patch, a_town(finance="ledger")) as hall,
        ):
            judge(hall, steps)

    story()


def judge(hall: Stage, steps: list[tuple[Any, ...]]) -> None:
    """Play it, and hold the accounts against each other."""
    play = Play(hall)
    for step in steps:
        play.do(step)
    play.finish()
    keys = hall.ledger.keys
    assert len(keys) == len(set(keys)), "an invoice that came twice"
    assert hall.rows("SELECT count(*) FROM entries WHERE bills_at < ?", NEVER) == [(0,)]
    assert play.owed_by_ledger() == hall.ledger.owed
    for number in play.revisions:
        view = hall.view(f"B-{number}")
        asked = view.booking.charges if view.booking.status == "confirmed" else ()
        money = view.money
        standing = sorted(
            (line.charge, line.unit_price, line.quantity)
            for line in (money.lines if money else ())
            if line.kind == "charge" and line.state != "dropped"
            and line.id not in {other.reverses for other in money.lines if other.state != "dropped"}  # type: ignore[union-attr]
        )  # fmt: skip
        assert standing == sorted((c.key, c.unit_price, f"{c.quantity.normalize():f}") for c in asked)
