"""Protection is read closed, and a day is what is known of it."""

from datetime import date

import pytest
from lxml import etree
from lxml.builder import E

from hub.model import PersonNumber, Protected
from hub.sdk import Flag, flag_of, incomplete_date, is_of_age, protection_of, speaks_of_protection
from hub.sdk.xml import NIL


def flag(text: str | None, *inside: etree._Element, **attributes: str) -> etree._Element:
    made = E.flag(*inside, **attributes)
    made.text = text
    return made


@pytest.mark.parametrize(
    "elements, said",
    [
        ([], Flag.MISSING),
        ([flag("N")], Flag.NO),
        ([flag("J")], Flag.YES),
        ([flag(" j\n")], Flag.YES),
        ([flag("N"), flag("J")], Flag.YES),
        ([flag("J", x="1")], Flag.YES),
        ([flag("N"), flag("N")], Flag.UNCLEAR),
        ([flag("n")], Flag.UNCLEAR),
        ([flag("N ")], Flag.UNCLEAR),
        ([flag("")], Flag.UNCLEAR),
        ([flag(None)], Flag.UNCLEAR),
        ([flag("N", **{NIL: "true"})], Flag.UNCLEAR),
        ([flag("N", x="1")], Flag.UNCLEAR),
        ([flag("N", E.more())], Flag.UNCLEAR),
    ],
)
def test_a_flag_is_a_no_in_one_way_only(elements: list[etree._Element], said: Flag) -> None:
    assert flag_of(elements, yes="J", no="N") is said


@pytest.mark.parametrize(
    "flags, protected, where_missing_is_no",
    [
        ([Flag.NO, Flag.NO], Protected.NO, Protected.NO),
        ([Flag.NO, Flag.MISSING], Protected.UNKNOWN, Protected.NO),
        ([Flag.NO, Flag.UNCLEAR], Protected.UNKNOWN, Protected.UNKNOWN),
        ([Flag.UNCLEAR, Flag.YES], Protected.YES, Protected.YES),
        ([Flag.MISSING, Flag.YES], Protected.YES, Protected.YES),
        ([], Protected.UNKNOWN, Protected.UNKNOWN),
    ],
)
def test_nobody_is_unprotected_unless_every_flag_says_so(
    flags: list[Flag], protected: Protected, where_missing_is_no: Protected
) -> None:
    assert protection_of(flags) is protected
    assert protection_of(flags, missing_is_no=True) is where_missing_is_no


def test_protection_by_another_name_or_in_another_place_is_seen() -> None:
    record = E.record(E.Sekretessmarkering("N"), E.name("Lena"))
    assert not speaks_of_protection(record, [record[0]])
    assert speaks_of_protection(record, [])
    for more in (E.name(skyddad="J"), E.a(E.b(etree.Element("{urn:x}ProtectedIdentity")))):
        record.append(more)
        assert speaks_of_protection(record, [record[0]])
        record.remove(more)


@pytest.mark.parametrize(
    "told, read",
    [
        ("20060910", "2006-09-10"),
        ("2006-09-10", "2006-09-10"),
        ("20060900", "2006-09"),
        ("2019-01-00", "2019-01"),
        ("200609", "2006-09"),
        ("19790000", "1979"),
        ("1979", "1979"),
        ("20060012", "2006"),
        ("0000-00-00", ""),
        ("0", ""),
        ("", ""),
        (None, ""),
        ("then", ""),
        ("2006-09-10T00:00:00", ""),
        ("٢٠٠٦٠٩١٠", ""),
    ],
)
def test_a_day_is_what_is_known_of_it(told: str | None, read: str) -> None:
    assert incomplete_date(told) == read


@pytest.mark.parametrize(
    "born, last_day", [("20081127", "2026-11-26"), ("20080229", "2026-02-28"), ("20080060", "2025-12-31")]
)
def test_one_is_of_age_on_the_birthday_and_early_where_it_is_not_known(born: str, last_day: str) -> None:
    number, day = PersonNumber(f"{born}0000"), date.fromisoformat(last_day)
    assert not is_of_age(number, day)
    assert is_of_age(number, date.fromordinal(day.toordinal() + 1))
