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
