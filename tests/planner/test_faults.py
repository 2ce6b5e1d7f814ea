"""What only the configuration knows to be wrong with a booking: all of it at once, each at its place."""

import json
from typing import Any

import pytest

from hub.errors import InvalidError
from hub.service.asking.preparing import read_booking
from tests.builders import a_charge, a_holder, occasion, raw_booking, rules

HALL = rules()


def faults(*occasions: dict[str, Any], **changed: Any) -> list[tuple[str, str]]:
    """(pointer, code) of each fault, in order."""
    raw = raw_booking(occasions=list(occasions) or [occasion()], **changed)
    with pytest.raises(InvalidError) as caught:
        read_booking(json.dumps(raw).encode(), HALL)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def test_a_discount_larger_than_what_it_is_taken_off_is_refused_at_its_place() -> None:
    discount = a_charge(id="rabatt", unit_price="-130.00")
    assert faults(charges=[a_charge(id="c1"), discount]) == [("/charges/1/unit_price", "below-zero")]
    other_vat = a_charge(id="rabatt", unit_price="-10.00", vat="25")
    assert faults(charges=[a_charge(id="c1"), other_vat]) == [("/charges/1/unit_price", "below-zero")]


def test_a_booking_without_faults_is_read() -> None:
    assert read_booking(json.dumps(raw_booking()).encode(), HALL).number == "B-1"


def test_every_fault_is_told_with_its_place() -> None:
    found = faults(
        occasion("hall.court-9", id="a"),
        occasion("hall.court-1", id="a", after=120),
        extras=[{"resource": "hall.cannon", "occasions": ["a", "z"]}],
        charges=[a_charge(occasion="q"), a_charge(occasion="q")],
        notify=["vaktmastare", "husmor"],
    )
    assert set(found) == {
        ("/occasions/0/resource", "unknown-resource"),
        ("/occasions/0/id", "doubled-id"),
        ("/occasions/1/id", "doubled-id"),
        ("/extras/0/resource", "unknown-resource"),
        ("/extras/0/occasions/1", "unknown-occasion"),
        ("/charges/0/occasion", "unknown-occasion"),
        ("/charges/1/occasion", "unknown-occasion"),
        ("/charges/0/id", "doubled-id"),
        ("/charges/1/id", "doubled-id"),
        ("/notify/1", "unknown-role"),
    }


def test_a_hidden_card_number_is_not_taken_back_as_one() -> None:
    """Whoever may not see card numbers, reads a booking and sends it back, would lock the holder out."""
    hidden = a_holder(credential={"kind": "card", "number": "********"})
    found = faults(occasion(holders=[a_holder(), hidden], id="a"))
    assert found == [("/occasions/0/holders/1/credential/number", "hidden-number")]


def test_faults_of_shape_and_of_the_configuration_come_together() -> None:
    broken = occasion("hall.court-9", id="b") | {"ends_at": "2026-11-21T11:00:00+01:00"}
    found = faults(occasion("hall.court-8", id="a"), broken, notify=["husmor"], colour="red")
    assert set(found) == {
        ("/occasions/1/ends_at", "invalid-value"),
        ("/occasions/1/resource", "unknown-resource"),
        ("/occasions/0/resource", "unknown-resource"),
        ("/notify/0", "unknown-role"),
        ("/colour", "unknown-field"),
    }


def test_nothing_is_said_of_references_to_what_could_not_be_read() -> None:
    broken = occasion(id="b") | {"starts_at": "2026-11-21T12:00:00"}
    assert faults(broken, charges=[a_charge(occasion="b")]) == [("/occasions/0/starts_at", "naive-time")]


def test_a_field_with_a_slash_in_its_name_is_pointed_at_as_json_pointer_says() -> None:
    assert ("/a~1b~0c", "unknown-field") in faults(**{"a/b~c": 1})


@pytest.mark.parametrize(
    "first, second",
    [
        ("hall.court-1", "hall.court-1"),
        ("hall.whole", "hall.court-1"),
        ("hall.court-1", "hall.whole"),
        ("hall.whole", "hall.whole"),
    ],
)
def test_a_bookings_own_overlap_is_a_fault_also_of_whole_and_part(first: str, second: str) -> None:
    assert faults(occasion(first, id="a"), occasion(second, id="b", after=30)) == [("/occasions/1", "own-overlap")]


def test_the_later_of_two_that_overlap_is_pointed_at_wherever_it_stands() -> None:
    assert faults(occasion(id="late", after=59), occasion(id="early")) == [("/occasions/0", "own-overlap")]


def test_occasions_that_touch_or_lie_side_by_side_are_no_overlap() -> None:
    raw = raw_booking(
        occasions=[occasion(id="a"), occasion(id="b", after=60), occasion("hall.court-2", id="c", after=30)]
    )
    assert len(read_booking(json.dumps(raw).encode(), HALL).occasions) == 3


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"B-1"', b"\xff\xfe", b'{"number": "\xe5"}'])
def test_what_is_no_json_object_is_refused_without_a_fault_of_ours(raw: bytes) -> None:
    with pytest.raises(InvalidError):
        read_booking(raw, HALL)


def test_no_fault_repeats_what_was_sent() -> None:
    customer = raw_booking()["customer"] | {"identity_number": "194107081112", "phone": "0701740605"}
    with pytest.raises(InvalidError) as caught:
        read_booking(json.dumps(raw_booking(customer=customer)).encode(), HALL)
    assert len(caught.value.faults) == 2
    assert [word for word in ("0708", "0701740605", "kansli") if word in str(caught.value)] == []


@pytest.mark.parametrize("peppol_id", ["", "xx", "0007", "0007:", "0007:5567 890123", "0007:" + "1" * 51])
def test_an_address_in_peppol_that_is_none_is_told_before_anything_is_invoiced(peppol_id: str) -> None:
    customer = raw_booking()["customer"] | {"invoice": {"peppol_id": peppol_id}}
    assert faults(customer=customer) == [("/customer/invoice/peppol_id", "invalid-value")]


@pytest.mark.parametrize("number", ["  ", "a\nb", " 17", "12\u00a03", "x\u0000y"])
def test_a_card_number_that_no_reader_shows_is_told_at_its_place(number: str) -> None:
    card = a_holder(credential={"kind": "card", "number": number})
    assert ("/occasions/0/holders/0/credential/number", "invalid-value") in faults(occasion(holders=[card]))


def test_what_comes_to_more_than_an_invoice_can_say_is_told_at_its_line() -> None:
    dear = a_charge(id="c1", unit_price="9999999999.99")
    assert faults(charges=[dear, a_charge(id="c2", unit_price="0.01")]) == [("/charges/1/unit_price", "invalid-value")]
    assert faults(charges=[dear | {"quantity": "2"}]) == [("/charges/0/unit_price", "invalid-value")]


@pytest.mark.parametrize("receipt", ["a\u0000b", "\u0000", "SW-1\n"])
def test_a_receipt_is_one_line_that_can_be_read(receipt: str) -> None:
    payment = {"kind": "prepaid", "receipt": receipt}
    assert ("/payment/receipt", "invalid-value") in faults(charges=[a_charge(id="c1")], payment=payment)


def test_u0000_is_told_wherever_it_is_and_a_backslash_before_u0000_is_none() -> None:
    customer = raw_booking()["customer"] | {"name": "Kim \u0000"}
    assert ("/customer/name", "invalid-value") in faults(customer=customer)
    customer["name"] = "Kim \\u0000"
    assert read_booking(json.dumps(raw_booking(customer=customer)).encode(), HALL).customer.name == "Kim \\u0000"
