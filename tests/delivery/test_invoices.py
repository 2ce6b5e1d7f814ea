"""Invoices: one for each booking or period, credited by line when a booking changes, and never one too many."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hub.model import InvoiceKind
from hub.model.closure import ClosureRequest
from hub.model.ledger import EntryKind, EntryState
from hub.model.states import Delivery, Record
from hub.service.governing.closing import Closing
from tests.builders import a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import TOWN, Stage, hour

Staging = Callable[..., Stage]
CHARGE, CREDIT = InvoiceKind.INVOICE, InvoiceKind.CREDIT


def court(price: str = "120.00", **more: Any) -> dict[str, Any]:
    return {
        "id": "c1", "occasion": "1", "article": "BADM-60", "text": "Bana 60 min", "quantity": "1", "unit_price": price,
        "vat": "exempt",
    } | more  # fmt: skip


def machine(**more: Any) -> dict[str, Any]:
    return court("80.00", id="c2", article="BOLL", text="Bollmaskin", vat="25") | more


def costs(*charges: dict[str, Any], receipt: str | None = None) -> dict[str, Any]:
    """The fields of a booking that costs something."""
    payment = {"kind": "prepaid", "receipt": receipt} if receipt else {"kind": "invoice"}
    return {"charges": list(charges), "payment": payment}


@pytest.fixture
def hall(staging: Staging) -> Stage:
    return staging(a_town(finance="ledger"))


def sent(hall: Stage) -> list[tuple[str, str]]:
    return [(one.key, str(one.payable)) for one in hall.ledger.came]


def lines(hall: Stage, number: str = "B-1") -> list[tuple[EntryKind, EntryState, str]]:
    money = hall.view(number).money
    return [(line.kind, line.state, str(line.amount)) for line in money.lines] if money else []


def test_a_booking_is_invoiced_at_once_with_its_vat_terms_and_reference(staging: Staging) -> None:
    codes = {"BADM-60": {"konto": "3411", "ansvar": "4711"}, "default": {"konto": "3999"}}
    hall = staging(a_town(finance="ledger", charging={"terms_days": 20, "accounting": codes}))
    hall.put(**costs(court(), machine(quantity="1.5")))
    (invoice,) = hall.ledger.came
    assert (invoice.key, invoice.kind, invoice.booking) == ("B-1.i1", CHARGE, "B-1")
    assert [(line.text, line.net, line.accounting) for line in invoice.lines] == [
        ("Bana 60 min", Decimal("120.00"), codes["BADM-60"]),
        ("Bollmaskin", Decimal("120.00"), codes["default"]),
    ]
    assert (invoice.vat, invoice.payable) == (Decimal("30.00"), Decimal("270.00"))
    assert (invoice.issued, invoice.due) == (date(2026, 11, 21), date(2026, 12, 11))
    assert invoice.period == (date(2026, 11, 21), date(2026, 11, 21))
    view = hall.view().money
    assert view is not None
    (shown,) = view.invoices
    assert (shown.state, shown.delivery, shown.reference) == (Record.DONE, Delivery.CONFIRMED, "L-B-1.i1")
    assert (shown.payable, view.owed) == (Decimal("270.00"), Decimal("270.00"))
    assert [event.subject for event in hall.events("invoice.transferred")] == ["B-1.i1"]


def test_the_same_booking_again_costs_nothing_more(hall: Stage) -> None:
    for revision in (1, 2, 3):
        hall.put(revision=revision, **costs(court()), notify=[] if revision < 3 else ["vaktmastare"])
    assert sent(hall) == [("B-1.i1", "120.00")]


def test_a_moved_booking_of_the_same_price_gets_no_second_invoice(hall: Stage) -> None:
    hall.put(**costs(court()))
    hall.put(revision=2, **hour(120), **costs(court()))
    assert sent(hall) == [("B-1.i1", "120.00")]


def test_a_line_that_changes_is_credited_whole_and_charged_anew(hall: Stage) -> None:
    hall.put(**costs(court(), machine()))
    hall.put(revision=2, **costs(court(), machine(quantity="2")))
    assert sent(hall) == [("B-1.i1", "220.00"), ("B-1.i2", "200.00"), ("B-1.c1", "100.00")]
    credit = hall.ledger.came[2]
    assert (credit.kind, credit.credits) == (CREDIT, "B-1.i1")
    assert [(line.id, line.article, line.rate) for line in credit.lines] == [("2", "BOLL", Decimal(25))]
    assert hall.ledger.owed == 32000


def test_a_cancelled_booking_is_credited_to_nothing(hall: Stage) -> None:
    hall.put(**costs(court(), machine()))
    hall.cancel()
    assert sent(hall) == [("B-1.i1", "220.00"), ("B-1.c1", "220.00")]
    assert hall.ledger.owed == 0
    assert hall.view().money.owed == 0  # type: ignore[union-attr]
    hall.put(revision=3, status="cancelled")
    assert len(hall.ledger.came) == 2


def test_credits_of_one_invoice_line_by_line_add_up_to_it_to_the_ore(staging: Staging) -> None:
    """Three lines whose VAT would be 0.01 each, and is 0.04 together."""
    hall = staging(a_town(finance="ledger", charging={"whole_kronor": False}))
    small = [court("0.05", id=f"c{n}", vat="25") for n in range(3)]
    hall.put(**costs(*small))
    for revision in (2, 3, 4):
        hall.put(revision=revision, **costs(*small[revision - 1 :]))
    assert [str(one.payable) for one in hall.ledger.came] == ["0.19", "0.06", "0.07", "0.06"]
    assert hall.ledger.owed == 0


def test_whole_kronor_are_rounded_once_and_credited_as_they_were(staging: Staging) -> None:
    hall = staging(a_town(finance="ledger", charging={"whole_kronor": True}))
    hall.put(**costs(court("100.40"), machine(unit_price="0.90", vat="6")))
    (invoice,) = hall.ledger.came
    assert (invoice.total, invoice.rounding, invoice.payable) == (Decimal("101.35"), Decimal("-0.35"), Decimal(101))
    hall.put(revision=2, **costs(court("100.40")))
    hall.put(revision=3, **costs())
    assert [str(one.payable) for one in hall.ledger.came] == ["101.00", "1.00", "100.00"]


def test_a_discount_is_never_sent_as_a_debt_below_zero(hall: Stage) -> None:
    discount = court("-20.00", id="rabatt", article="RABATT", text="Ungdomsrabatt")
    hall.put(**costs(court()))
    hall.put(revision=2, **costs(court(), discount))
    hall.put(revision=3, **costs(court()))
    assert [(one.kind, str(one.payable)) for one in hall.ledger.came] == [
        (CHARGE, "120.00"), (CHARGE, "100.00"), (CREDIT, "120.00"), (CHARGE, "120.00"), (CREDIT, "100.00"),
    ]  # fmt: skip
    assert hall.ledger.owed == 12000


def test_another_payer_is_another_debt(hall: Stage) -> None:
    hall.put(**costs(court()))
    another = {"kind": "company", "organisation_number": "556036-0793", "name": "Hallvärden AB"}
    hall.put(revision=2, customer=another, **costs(court()))
    first, second, credit = hall.ledger.came
    assert (first.customer, second.customer.name) == (credit.customer, "Hallvärden AB")
    assert hall.ledger.owed == 12000


def test_what_is_outside_of_vat_has_an_invoice_of_its_own(hall: Stage) -> None:
    hall.put(**costs(court(), machine(vat="0")))
    assert sorted(str(one.payable) for one in hall.ledger.came) == ["120.00", "80.00"]
    assert {line.vat.value for one in hall.ledger.came for line in one.lines} == {"E", "O"}
    hall.cancel()
    assert hall.ledger.owed == 0


def test_after_the_last_occasion_and_not_before(staging: Staging) -> None:
    hall = staging(a_town(finance="ledger", charging={"customers": {"association": {"when": "after_last_occasion"}}}))
    hall.put(**costs(court()))
    hall.at("12:59")
    assert hall.ledger.came == []
    hall.put(revision=2, **hour(120), **costs(court("60.00")))
    hall.at("14:59")
    assert hall.ledger.came == []
    hall.at("15:00")
    assert sent(hall) == [("B-1.i1", "60.00")]
    assert lines(hall)[0] == (EntryKind.CHARGE, EntryState.DROPPED, "120.00")


def test_a_month_is_one_invoice_for_each_customer_and_says_which_bookings(staging: Staging) -> None:
    hall = staging(a_town(finance="ledger", charging={"customers": {"association": {"when": "monthly"}}}))
    hall.put("B-1", **costs(court()))
    hall.put("B-2", **hour(60), **costs(court("60.00")))
    hall.put("B-3", **hour(60 * 24 * 12), **costs(court("70.00")))
    hall.put("B-4", customer={"kind": "company", "organisation_number": "556036-0793", "name": "AB"}, **costs(court()))
    hall.put("B-2", 2, status="cancelled")
    hall.at("23:30", days=9)
    november, december = {one.booking for one in hall.ledger.came}, date(2026, 12, 1)
    assert [(one.issued < december, len(one.lines)) for one in hall.ledger.came] == [(True, 1), (False, 1)]
    assert "B-4" in november, "a company is invoiced at once"
    collected = hall.ledger.came[1]
    assert [(line.booking, line.on) for line in collected.lines] == [("B-1", date(2026, 11, 21))]
    assert collected.key.endswith(".2026-11.i1")
    hall.put("B-1", 2, status="cancelled")
    assert (hall.ledger.came[-1].kind, hall.ledger.came[-1].credits) == (CREDIT, collected.key)


def test_what_comes_late_to_a_period_is_its_second_invoice(staging: Staging) -> None:
    hall = staging(a_town(finance="ledger", charging={"customers": {"association": {"when": "monthly"}}}))
    hall.put("B-1", **costs(court()))
    hall.at("12:00", days=11)
    hall.put("B-2", **hour(60), **costs(court("60.00")))
    assert [key.partition(".")[2] for key in hall.ledger.keys] == ["2026-11.i1", "2026-11.i2"]


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.BUSY, Fault.REFUSES])
def test_a_ledger_that_is_down_gets_each_invoice_once_when_it_is_back(hall: Stage, fault: Fault) -> None:
    hall.ledger.breaks(fault)
    hall.put("B-1", **costs(court()))
    hall.put("B-2", **hour(60), **costs(court("60.00")))
    hall.ledger.recovers()
    if fault is Fault.REFUSES:
        hall.run(hall.node.health.set_paused(TOWN, "ledger", None))
    hall.at("20:00")
    assert sorted(sent(hall)) == [("B-1.i1", "120.00"), ("B-2.i1", "60.00")]


def test_an_invoice_that_waits_is_called_back_when_its_booking_changes(hall: Stage) -> None:
    """The connection is paused: nothing has been tried, so nothing is credited."""
    hall.run(hall.node.health.set_paused(TOWN, "ledger", "anna"))
    hall.put(**costs(court(), machine()))
    hall.put(revision=2, **costs(court(), machine(quantity="3")))
    hall.run(hall.node.health.set_paused(TOWN, "ledger", None))
    hall.settle()
    assert sent(hall) == [("B-1.i2", "420.00")]
    money = hall.view().money
    assert money is not None
    assert [(one.key, one.state) for one in money.invoices] == [("B-1.i2", Record.DONE)]
    assert [line.state for line in money.lines] == [EntryState.INVOICED, EntryState.DROPPED, EntryState.INVOICED]


def test_a_refused_invoice_is_made_anew_when_the_booking_is_corrected(hall: Stage) -> None:
    hall.ledger.breaks(Fault.REJECTS)
    hall.put(**costs(court()))
    assert [problem.code for problem in hall.problems()] == ["rejected"]
    hall.ledger.recovers()
    another = {"kind": "association", "organisation_number": "802002-8711", "name": "Rätt förening"}
    hall.put(revision=2, customer=another, **costs(court()))
    assert sent(hall) == [("B-1.i2", "120.00")]
    assert hall.problems() == []


def test_an_invoice_of_which_something_is_credited_is_not_called_back(hall: Stage) -> None:
    """It is refused while a change came in: to call it back would leave its credit with nothing to take off from."""
    hall.ledger.turns = [Fault.REJECTS]
    hall.ledger.meanwhile = lambda: hall.accepting(revision=2, **costs(court()))
    hall.put(**costs(court(), machine()))
    hall.put(revision=3, **costs(court("60.00")))
    (problem,) = [one for one in hall.problems() if one.code == "rejected"]
    hall.run(hall.operating.retry(TOWN, problem.id))
    hall.at("20:00")
    assert sorted(sent(hall)) == [("B-1.c1", "100.00"), ("B-1.c2", "120.00"), ("B-1.i1", "220.00"), ("B-1.i2", "60.00")]
    assert hall.ledger.owed == 6000


def test_a_credit_note_waits_for_its_invoice(hall: Stage) -> None:
    hall.ledger.turns = [Fault.UNANSWERED]
    hall.ledger.turns_of = "B-1.i1"
    hall.put(**costs(court()))
    hall.put(revision=2, status="cancelled")
    assert hall.ledger.keys == ["B-1.i1"]
    hall.after(minutes=2)
    assert hall.ledger.keys == ["B-1.i1", "B-1.c1"], "it was asked for and found, then the credit followed"


@pytest.mark.parametrize(
    "connector, came, delivery",
    [
        ("test_finance", 1, Delivery.CONFIRMED),
        ("FolderLedger", 1, Delivery.CONFIRMED),
        ("MuteLedger", 1, Delivery.STUCK),
    ],
)
def test_an_answer_that_is_lost_makes_no_second_invoice(
    staging: Staging, connector: str, came: int, delivery: Delivery
) -> None:
    hall = staging(a_town(finance="ledger", connectors={"ledger": {"connector": connector}}))
    hall.ledger.turns = [Fault.UNANSWERED]
    hall.put(**costs(court()))
    hall.after(minutes=10)
    assert len(hall.ledger.came) == came
    money = hall.view().money
    assert money is not None
    assert money.invoices[0].delivery is delivery


def test_paid_beforehand_is_a_receipt_and_no_invoice(hall: Stage) -> None:
    hall.put(**costs(court(), machine(), receipt="SWISH-1"))
    hall.at("20:00")
    assert hall.ledger.came == []
    assert lines(hall) == [
        (EntryKind.CHARGE, EntryState.SETTLED, "120.00"),
        (EntryKind.CHARGE, EntryState.SETTLED, "80.00"),
        (EntryKind.RECEIPT, EntryState.SETTLED, "220.00"),
    ]
    assert hall.view().money.owed == 0  # type: ignore[union-attr]


def test_a_refund_names_the_receipt_that_the_booking_core_told_last(hall: Stage) -> None:
    hall.put(**costs(court(), receipt="SW-1"))
    hall.put(revision=2, **costs(court(), receipt="SW-2"))
    hall.put(revision=3, status="cancelled", **costs(court(), receipt="SW-2"))
    assert [json.loads(event.body)["receipt"] for event in hall.events("refund.requested")] == ["SW-2"]


def test_a_revision_that_costs_otherwise_has_changed_something_and_one_that_does_not_has_not(hall: Stage) -> None:
    told = [
        hall.put(revision=n, **costs(*lines_)).answer.changed
        for n, lines_ in enumerate([[court()], [court()], [court("100.00")], [], [], [machine()]], 1)
    ]
    assert told == [True, False, True, True, False, True]


def test_a_prepaid_booking_that_is_cancelled_asks_for_its_refund_once(hall: Stage) -> None:
    hall.put(**costs(court(), machine(), receipt="SWISH-1"))
    hall.put(revision=2, **costs(court(), receipt="SWISH-1"))
    hall.put(revision=3, status="cancelled")
    hall.put(revision=3, status="cancelled")
    hall.put(revision=4, status="cancelled")
    asked = [event.body for event in hall.events("refund.requested")]
    assert asked == [
        '{"revision": 2, "amount": "100.00", "receipt": "SWISH-1"}',
        '{"revision": 3, "amount": "120.00", "receipt": "SWISH-1"}',
    ]
    assert hall.view().money.owed == 0  # type: ignore[union-attr]


def test_from_invoice_to_paid_beforehand_is_a_credit_and_a_receipt(hall: Stage) -> None:
    hall.put(**costs(court()))
    hall.put(revision=2, **costs(court(), receipt="SWISH-1"))
    assert sent(hall) == [("B-1.i1", "120.00"), ("B-1.c1", "120.00")]
    assert lines(hall)[-1] == (EntryKind.RECEIPT, EntryState.SETTLED, "120.00")


def test_a_closure_leaves_money_alone(hall: Stage) -> None:
    hall.put(**costs(court()), occasions=[occasion()])
    before = lines(hall)
    closing = Closing(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)
    day = {"starts_at": "2026-11-21T00:00:00Z", "ends_at": "2026-11-22T00:00:00Z"}
    wanted = ClosureRequest.model_validate({"revision": 1, "resource": "hall.court-1", **day})
    assert hall.run(closing.close(TOWN, "snow", wanted)).answer.bookings == 1
    hall.settle()
    assert lines(hall) == before
    assert len(hall.ledger.came) == 1


def test_nothing_of_a_person_stands_in_clear_in_the_ledger(hall: Stage) -> None:
    person = {"kind": "person", "identity_number": "199001019802", "name": "Lena Norberg", "protected": "no"}
    hall.put(customer=person, **costs(court(text="Bana, Lena Norberg")))
    stored = repr(hall.rows("SELECT * FROM entries")) + repr(hall.rows("SELECT * FROM invoices"))
    stored += repr(hall.rows("SELECT * FROM lanes"))
    assert len(hall.ledger.came) == 1
    assert "Norberg" not in stored
    assert "9001019802" not in stored


def test_the_address_of_somebody_who_may_be_protected_is_on_no_invoice(hall: Stage) -> None:
    address = {"street": "Hemliga vägen 7", "postal_code": "903 26", "city": "Umeå"}
    for number, protected in (("B-1", "unknown"), ("B-2", "yes"), ("B-3", "no")):
        person = {"kind": "person", "identity_number": "199001019802", "name": "Lena", "address": address}
        hall.put(number, customer=person | {"protected": protected}, **costs(court()))
    assert [one.customer.address is None for one in hall.ledger.came] == [True, True, False]
