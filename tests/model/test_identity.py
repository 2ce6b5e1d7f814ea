"""Identity numbers: what is one, what is not, and that none is ever shown."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from hub.model.booking import Customer
from hub.model.identity import IdentityNumber, OrganisationNumber, PersonNumber, luhn_holds
from tests.builders import a_booking, raw_booking

PERSON = "194107081111"
PERSONS = ["194107081111", "19410708-1111", " 194107081111 ", "198112189876"]
COORDINATION = ["199000602384", "199000752387", "197010632391"]
"""Month and day unknown; month unknown; both known. Skatteverket's test numbers."""


class Form(BaseModel):
    """Something that holds both kinds."""

    person: PersonNumber | None = None
    organisation: OrganisationNumber | None = None


@pytest.mark.parametrize("text", PERSONS)
def test_a_personnummer_is_read_with_and_without_hyphen(text: str) -> None:
    number = PersonNumber.parse(text)
    assert number.digits == text.strip().replace("-", "")
    assert not number.is_coordination_number


@pytest.mark.parametrize("text", COORDINATION)
def test_a_samordningsnummer_may_lack_month_and_day(text: str) -> None:
    number = PersonNumber.parse(text)
    assert number.digits == text
    assert number.is_coordination_number


def with_check_digit(digits: str) -> str:
    """Eleven digits and the twelfth that fits."""
    return next(f"{digits}{check}" for check in "0123456789" if luhn_holds(f"{digits[2:]}{check}"))


@pytest.mark.parametrize(
    "text, why",
    [
        ("194107081112", "check digit"),
        ("4107081111", "twelve digits"),
        ("410708-1111", "twelve digits"),
        ("410708+1111", "twelve digits"),
        ("174107081111", "twelve digits"),
        ("1941070811110", "twelve digits"),
        ("19410708111\N{ARABIC-INDIC DIGIT ONE}", "twelve digits"),
        ("", "twelve digits"),
        (with_check_digit("19410229111"), "birth date"),
        (with_check_digit("19411308111"), "birth date"),
        (with_check_digit("19410700111"), "birth date"),
        (with_check_digit("19410001111"), "birth date"),
        (with_check_digit("19901360238"), "out of range"),
        (with_check_digit("19900692238"), "out of range"),
    ],
)
def test_what_is_no_persons_number_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        PersonNumber.parse(text)


def test_the_leap_day_exists_in_leap_years_only() -> None:
    assert PersonNumber.parse(with_check_digit("20000229238")).digits.startswith("20000229")
    with pytest.raises(ValueError, match="birth date"):
        PersonNumber.parse(with_check_digit("19000229238"))


@given(st.dates(date(1880, 1, 1), date(2099, 12, 31)), st.integers(0, 999), st.sampled_from([0, 60]))
def test_every_day_with_its_check_digit_is_a_number_and_with_another_is_not(
    born: date, serial: int, added: int
) -> None:
    day = born.day + added
    digits = with_check_digit(f"{born:%Y%m}{day:02}{serial:03}")
    assert PersonNumber.parse(digits).digits == digits
    wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    with pytest.raises(ValueError, match="check digit"):
        PersonNumber.parse(wrong)


@pytest.mark.parametrize("text", ["802400-0005", "8024000005", "16802400-0005", "168024000005", "212000-2627"])
def test_an_organisation_number_has_four_forms_and_one_meaning(text: str) -> None:
    number = OrganisationNumber.parse(text)
    assert number.digits in {"8024000005", "2120002627"}
    assert not number.is_a_person


@pytest.mark.parametrize("text", ["8024000006", "80240-00005", "17802400-0005", "802400", "802400-000X", ""])
def test_what_is_no_organisation_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="organisation number"):
        OrganisationNumber.parse(text)


@pytest.mark.parametrize("text, person", [("410708-1111", True), ("811218-9876", True), ("802400-0005", False)])
def test_an_organisation_number_whose_third_digit_is_0_or_1_is_a_persons(text: str, *, person: bool) -> None:
    assert OrganisationNumber.parse(text).is_a_person is person


def test_a_sole_traders_protection_is_not_taken_for_granted() -> None:
    told: dict[str, Any] = {"kind": "company", "name": "Anna Ek"}
    assert Customer.model_validate(told | {"organisation_number": "410708-1111"}).protection == "unknown"
    assert Customer.model_validate(told | {"organisation_number": "802400-0005"}).protection == "no"
    assert Customer.model_validate({"kind": "person", "name": "Anna Ek"}).protection == "unknown"


@pytest.mark.parametrize("number", [PersonNumber.parse(PERSON), OrganisationNumber.parse("410708-1111")])
def test_a_number_is_shown_by_nothing_but_its_digits(number: IdentityNumber) -> None:
    holder = Form(person=number if isinstance(number, PersonNumber) else None)
    shown = [repr(number), str(number), f"{number}", f"{number!s:>40}", f"{[number]}", repr(holder), str(holder)]
    assert [text for text in shown if "0708" in text or "1111" in text] == []
    assert number.digits.endswith("7081111")


@pytest.mark.parametrize(
    "told",
    [
        {"person": "194107081112"},
        {"person": "19410229-1118"},
        {"person": 194107081111},
        {"person": "x194107081111"},
        {"organisation": "410708-1112"},
    ],
)
def test_no_error_of_a_number_holds_it(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(told)
    texts = [fault["msg"] for fault in caught.value.errors(include_input=False)]
    assert texts
    assert [text for text in texts if "0708" in text or "111" in text] == []


def test_a_number_says_its_digits_where_json_is_asked_for_and_reads_them_back() -> None:
    form = Form(person=PersonNumber.parse(PERSON))
    assert PERSON in form.model_dump_json()
    assert Form.model_validate_json(form.model_dump_json()) == form


def test_a_booking_shows_nobody() -> None:
    customer = raw_booking()["customer"] | {"kind": "person", "identity_number": PERSON, "organisation_number": None}
    booking = a_booking(customer=customer)
    shown = f"{booking!r} {booking} {booking.customer!r} {booking.occasions[0].holders[0]}"
    told = ["Lena", "Norberg", "Badminton", "701740606", "701740605", "kansli", "0708", "1111"]
    assert [word for word in told if word in shown] == []


def test_a_cards_number_and_a_guests_address_are_shown_by_nothing() -> None:
    holder = {"name": "Åsa", "email": "asa@example.se", "credential": {"kind": "card", "number": "0090421357"}}
    occasion = raw_booking()["occasions"][0] | {"holders": [holder]}
    address = {"street": "Storgatan 1", "postal_code": "903 26", "city": "Umeå"}
    shown = repr(a_booking(occasions=[occasion], customer=raw_booking()["customer"] | {"address": address}))
    assert [word for word in ("Åsa", "asa@", "0090421357", "Storgatan", "903 26") if word in shown] == []


def test_the_error_of_a_booking_shows_nothing_of_its_persons() -> None:
    customer = raw_booking()["customer"] | {"identity_number": "194107081112", "phone": "070-174 06 05", "name": ""}
    with pytest.raises(ValidationError) as caught:
        a_booking(customer=customer, occasions=[])
    told = str(caught.value) + repr(caught.value)
    assert "check digit" in told
    assert [word for word in ("0708", "070-174", "kansli") if word in told] == []


def test_a_fault_of_a_number_points_at_its_field_and_is_told_once() -> None:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate_json('{"person": "194107081112", "organisation": "8024000006"}')
    assert [fault["loc"] for fault in caught.value.errors()] == [("person",), ("organisation",)]
