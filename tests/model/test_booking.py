"""The booking as it comes in: what is one, and every fault with its place."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.model.booking import Booking, Status
from tests.builders import SATURDAY, a_booking, a_charge, a_holder, occasion, raw_booking


def faults(**changed: Any) -> set[tuple[str, str]]:
    """(place, type) of each fault of a booking with those fields."""
    with pytest.raises(ValidationError) as caught:
        a_booking(**changed)
    return {("/".join(map(str, fault["loc"])), fault["type"]) for fault in caught.value.errors()}


def an_occasion(**changed: Any) -> dict[str, Any]:
    return occasion() | changed


def charged(**changed: Any) -> dict[str, Any]:
    return {"charges": [a_charge(**changed)]}


def test_a_whole_booking_reads_and_is_written_as_it_was() -> None:
    booking = a_booking(charges=[a_charge()], extras=[{"resource": "hall.machine", "occasions": ["1"]}])
    assert Booking.model_validate_json(booking.model_dump_json()) == booking
    assert booking.status is Status.CONFIRMED
    assert booking.occasions[0].starts_at == SATURDAY


CONTRACT = """
{
  "number": "B-2026-004711", "revision": 3, "status": "confirmed",
  "customer": {"kind": "association", "organisation_number": "802400-0005", "name": "Umeå Badmintonklubb",
               "protected": "no", "email": "kansli@example.se", "phone": "+46701740605",
               "invoice": {"peppol_id": "0007:8024000005", "reference": "Anna Ek"}},
  "occasions": [
    {"id": "1", "resource": "tennishallen.bana-3",
     "starts_at": "2026-11-23T18:00:00+01:00", "ends_at": "2026-11-23T19:00:00+01:00", "activity": "training",
     "holders": [{"name": "Lena Norberg", "phone": "+46701740606", "credential": {"kind": "pin"}}]}
  ],
  "extras": [{"resource": "tennishallen.bollmaskin", "occasions": ["1"]}],
  "charges": [{"id": "c1", "occasion": "1", "article": "BADM-60", "text": "Badmintonbana 60 min", "quantity": "1",
               "unit_price": "120.00", "vat": "exempt"}],
  "payment": {"kind": "invoice"},
  "registration": {"required": false},
  "notify": ["vaktmastare"]
}
"""


def test_the_contracts_example_is_a_booking() -> None:
    booking = Booking.model_validate_json(CONTRACT)
    assert booking.charges[0].unit_price == Decimal("120.00")
    assert json.loads(booking.model_dump_json())["occasions"][0]["starts_at"] == "2026-11-23T17:00:00Z"


def test_the_same_moment_in_two_zones_is_the_same_content() -> None:
    here = an_occasion(starts_at="2026-11-21T13:00:00+01:00", ends_at="2026-11-21T14:00:00+01:00")
    there = an_occasion(starts_at="2026-11-21T12:00:00Z", ends_at="2026-11-21T13:00:00Z")
    assert a_booking(occasions=[here]) == a_booking(occasions=[there])
    assert a_booking(occasions=[here]).model_dump_json() == a_booking(occasions=[there]).model_dump_json()


@given(st.timezones(), st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - hypothesis wants them bare
def test_a_booking_from_any_zone_of_the_world_is_kept_in_utc(zone: Any, wall: datetime) -> None:
    starts = wall.replace(tzinfo=zone)
    raw = an_occasion(starts_at=starts, ends_at=starts.astimezone(UTC) + timedelta(hours=1))
    kept = a_booking(occasions=[raw]).occasions[0]
    assert kept.starts_at.utcoffset() == timedelta()
    assert kept.starts_at == starts.astimezone(UTC)
    assert kept.ends_at - kept.starts_at == timedelta(hours=1)


@pytest.mark.parametrize(
    "changed, place, kind",
    [
        ({"occasions": [an_occasion(starts_at="2026-11-21T12:00:00")]}, "occasions/0/starts_at", "timezone_aware"),
        ({"occasions": [an_occasion(ends_at="2026-11-21T11:00:00Z")]}, "occasions/0/ends_at", "value_error"),
        ({"occasions": [an_occasion(ends_at="2026-11-21T12:00:00Z")]}, "occasions/0/ends_at", "value_error"),
        ({"occasions": [occasion(minutes=31 * 24 * 60 + 1)]}, "occasions/0/ends_at", "value_error"),
        ({"occasions": [an_occasion(starts_at="1999-12-31T12:00:00Z")]}, "occasions/0/starts_at", "value_error"),
        ({"occasions": [an_occasion(ends_at="2200-01-01T12:00:00Z")]}, "occasions/0/ends_at", "value_error"),
        ({"occasions": [an_occasion(starts_at="i morgon")]}, "occasions/0/starts_at", "datetime_from_date_parsing"),
        ({"occasions": [an_occasion(resource="hall")]}, "occasions/0/resource", "string_pattern_mismatch"),
        ({"occasions": [an_occasion(rum="A")]}, "occasions/0/rum", "extra_forbidden"),
        ({"occasions": []}, "occasions", "value_error"),
        ({"number": "B 1"}, "number", "string_pattern_mismatch"),
        ({"number": "../B"}, "number", "string_pattern_mismatch"),
        ({"revision": 0}, "revision", "greater_than_equal"),
        ({"revision": "1"}, "revision", "int_type"),
        ({"revision": 1.0}, "revision", "int_type"),
        ({"revision": True}, "revision", "int_type"),
        ({"revision": 2**60}, "revision", "less_than_equal"),
        ({"status": "booked"}, "status", "enum"),
        ({"customer": None}, "customer", "model_type"),
        ({"colour": "red"}, "colour", "extra_forbidden"),
        (charged(unit_price="120.005"), "charges/0/unit_price", "decimal_max_places"),
        (charged(unit_price="NaN"), "charges/0/unit_price", "finite_number"),
        (charged(unit_price="1e40"), "charges/0/unit_price", "decimal_max_digits"),
        (charged(quantity="0"), "charges/0/quantity", "greater_than"),
        (charged(quantity="-1"), "charges/0/quantity", "greater_than"),
        (charged(quantity="0.1234"), "charges/0/quantity", "decimal_max_places"),
        (charged(vat="7"), "charges/0/vat", "literal_error"),
        (charged(article="A\nB"), "charges/0/article", "string_pattern_mismatch"),
        ({"payment": {"kind": "prepaid"}}, "payment/receipt", "value_error"),
        ({"payment": {"kind": "prepaid", "receipt": ""}}, "payment/receipt", "value_error"),
        ({"payment": {"kind": "invoice", "receipt": "SW-1"}}, "payment/receipt", "value_error"),
        ({"payment": {"kind": "free", "receipt": "SW-1"}}, "payment/receipt", "value_error"),
        ({"payment": {"kind": "swish"}}, "payment/kind", "literal_error"),
        ({"notify": ["Vaktmästare"]}, "notify/0", "string_pattern_mismatch"),
        ({"extras": [{"resource": "hall.machine", "occasions": []}]}, "extras/0/occasions", "too_short"),
    ],
)
def test_a_fault_is_found_at_its_place(changed: dict[str, Any], place: str, kind: str) -> None:
    assert (place, kind) in faults(**changed)


@pytest.mark.parametrize(
    "changed, place",
    [
        ({"phone": "070-1740606"}, "phone"),
        ({"phone": "+0701740606"}, "phone"),
        ({"email": "lena"}, "email"),
        ({"email": "Lena <lena@example.se>"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "Le\x00na"}, "name"),
        ({"name": "L" * 201}, "name"),
        ({"credential": {"kind": "pin", "number": "1234"}}, "credential/number"),
        ({"credential": {"kind": "mobile_key", "number": "1234"}}, "credential/number"),
        ({"credential": {"kind": "tagg"}}, "credential/kind"),
        ({"protected": "nej"}, "protected"),
    ],
)
def test_a_holders_fault_is_found_at_its_place(changed: dict[str, Any], place: str) -> None:
    found = faults(occasions=[occasion(holders=[a_holder(), a_holder(**changed)])])
    assert {where for where, _ in found} == {f"occasions/0/holders/1/{place}"}


def test_only_a_card_has_a_number_and_a_card_must_have_one() -> None:
    card = a_holder(credential={"kind": "card", "number": "0090421357"})
    assert a_booking(occasions=[occasion(holders=[card])]).occasions[0].holders[0].credential.number == "0090421357"
    assert faults(occasions=[occasion(holders=[a_holder(credential={"kind": "card"})])])


def test_a_mobile_key_goes_to_a_phone() -> None:
    holder = a_holder(credential={"kind": "mobile_key"})
    assert a_booking(occasions=[occasion(holders=[holder])]).occasions[0].holders[0].phone
    del holder["phone"]
    assert faults(occasions=[occasion(holders=[holder])])


def test_an_occasion_of_exactly_31_days_is_taken() -> None:
    longest = a_booking(occasions=[occasion(minutes=31 * 24 * 60)]).occasions[0]
    assert longest.ends_at - longest.starts_at == timedelta(days=31)


def test_a_prepaid_booking_has_its_receipt() -> None:
    assert a_booking(payment={"kind": "prepaid", "receipt": "SW-1"}).payment.receipt == "SW-1"


def test_a_cancelled_booking_may_have_lost_its_occasions() -> None:
    assert a_booking(status="cancelled", occasions=[]).occasions == ()


def test_all_faults_are_told_at_once() -> None:
    found = faults(
        number="", status="booked", occasions=[an_occasion(ends_at="2026-11-21T11:00:00Z"), {}], charges=[{}]
    )
    places = {place for place, _ in found}
    assert places >= {
        "number",
        "status",
        "occasions/0/ends_at",
        "occasions/1/id",
        "occasions/1/resource",
        "charges/0/vat",
    }


def test_a_charge_without_an_id_is_known_by_occasion_and_article() -> None:
    assert a_booking(charges=[a_charge()]).charges[0].key == "1.BADM-60"
    assert a_booking(charges=[a_charge(id="c1")]).charges[0].key == "c1"


def test_a_booking_is_never_changed_in_place() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        a_booking().revision = 2  # type: ignore[misc]


@pytest.mark.parametrize("amount", ["0", "0.1", "-120.00", "9999999999.99", "120"])
def test_amounts_are_exact(amount: str) -> None:
    kept = a_booking(**charged(unit_price=amount)).charges[0].unit_price
    assert kept == Decimal(amount)
    again = Booking.model_validate_json(json.dumps(raw_booking(**charged(unit_price=amount))))
    assert again.charges[0].unit_price == Decimal(amount)


@pytest.mark.parametrize("amount", [120, 120.5, "1_000", "1e5", "+5", " 5 ", "١٢٠", "1.234", "", True, None])
def test_an_amount_that_is_spelt_otherwise_is_refused_where_it_came_as_json(amount: object) -> None:
    with pytest.raises(ValidationError, match="must be a text such as"):
        Booking.model_validate_json(json.dumps(raw_booking(**charged(unit_price=amount))))


@pytest.mark.parametrize("moment", [1796490000, 1796490000000, "1796490000", "12:00", 1.5, True])
def test_a_time_that_is_a_number_is_refused(moment: object) -> None:
    with pytest.raises(ValidationError, match="must be a date and a time with its offset"):
        Booking.model_validate_json(json.dumps(raw_booking(occasions=[occasion() | {"starts_at": moment}])))
