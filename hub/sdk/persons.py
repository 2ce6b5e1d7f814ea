"""What connectors to population registers have in common: protection read closed, days known in part, coming of age."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from enum import Enum, auto

from lxml import etree

from hub.model import PersonNumber, Protected
from hub.sdk.xml import local_name

OF_AGE = 18
"""Years. Source: föräldrabalken 9 kap. 1 §, read 2026-11-26."""
_SPEAKS_OF_PROTECTION = re.compile("sekretess|skydd|protected|classified", re.IGNORECASE)


class Flag(Enum):
    """What a register says of one kind of protection."""

    YES = auto()
    NO = auto()
    """Clearly: once, in the one word for it, with nothing more to it."""
    MISSING = auto()
    UNCLEAR = auto()


def flag_of(elements: Sequence[etree._Element], *, yes: str, no: str) -> Flag:
    """Read all the elements of one flag; a yes in any of them is one, however it is written."""
    if any((one.text or "").strip().casefold() == yes.casefold() for one in elements):
        return Flag.YES
    if not elements:
        return Flag.MISSING
    (first, *more) = elements
    return Flag.NO if first.text == no and not (more or first.attrib or len(first)) else Flag.UNCLEAR


def protection_of(flags: Iterable[Flag], *, missing_is_no: bool = False) -> Protected:
    """Whether somebody is protected: no only where every flag says so; `missing_is_no`: or is left out."""
    said = set(flags)
    if Flag.YES in said:
        return Protected.YES
    clear = {Flag.NO, Flag.MISSING} if missing_is_no else {Flag.NO}
    return Protected.NO if said and said <= clear else Protected.UNKNOWN


def speaks_of_protection(record: etree._Element, known: Collection[etree._Element]) -> bool:
    """Whether any element or attribute of the record, those known apart, may be protection by another name or place."""
    others = (one for one in record.iter() if one not in known)
    names = (name for one in others for name in (local_name(one), *(etree.QName(key).localname for key in one.attrib)))
    return any(_SPEAKS_OF_PROTECTION.search(name) for name in names)


def incomplete_date(told: str | None) -> str:
    """A day, month or year as `Person` has them, from YYYYMMDD or YYYY-MM-DD with zeros for what is not known.

    What is no date is empty: that it happened is known, and not when.
    """
    written = (told or "").strip().replace("-", "").ljust(8, "0")
    found = re.fullmatch(r"(?!0000)([0-9]{4})([0-9]{2})([0-9]{2})", written, re.ASCII)
    if not found:
        return ""
    year, month, day = found.groups()
    if month == "00":
        return year
    return f"{year}-{month}" if day == "00" else f"{year}-{month}-{day}"


def is_of_age(number: PersonNumber, today: date) -> bool:
    """Whether nobody has custody of the person any more; what a number does not tell of the day counts as early."""
    born = int(number.digits[:8]) - (60 if number.is_coordination_number else 0)
    return int(f"{today:%Y%m%d}") >= born + OF_AGE * 100_00
