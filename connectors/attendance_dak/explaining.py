"""What is wrong with a record, in words: what should stand there, and never what does, for it may name somebody."""

from collections.abc import Iterator
from typing import Any, cast

from lxml import etree

from connectors.attendance_dak.versions import Version, thorough
from hub.model import PersonNumber

_SHOULD: dict[str, str] = {
    "StartTid": "write a time, HH:MM:SS",
    "StoppTid": "write a time, HH:MM:SS",
    "StoppDatum": "write a date, YYYY-MM-DD",
    "Aktivitet": "at most 150 characters",
    "Lokal": "at most 150 characters",
    "Typ": "write Traening, Match, Moete or Oevrigt",
    "Metod": "write Add, Update or Remove",
    "Lagidrott": "write true or false",
    "Handikapp": "write true or false",
    "Naervarande": "write true or false",
    "TillfaelligLedare": "write true or false",
    "Personnummer": "write twelve digits, YYYYMMDDNNNN; the person counts, without an identity that can be checked",
    "Sammankomst": "Datum is a date, and kod 3 to 50 characters",
    "Deltagare": "id is 2 to 50 characters, tillfaelligLedare true or false",
    "Ledare": "id is 2 to 50 characters",
}
"""By element; what is said of its attributes too."""


def faults(record: etree._Element, version: Version) -> Iterator[str]:
    """Every fault of a record that is not as its schema says."""
    for error in thorough(version).iter_errors(cast("Any", record)):
        name = _local(error.elem.tag) if error.elem is not None else ""
        if type(error).__name__ == "XMLSchemaChildrenValidationError":
            yield f"{name}: {_children(error)}"
        else:
            yield f"{name}: {_SHOULD.get(name, 'not as the standard says')}"


def _children(error: object) -> str:
    """Which child is missing, or should not be there; names of elements only."""
    wrong, expected = getattr(error, "invalid_tag", None), getattr(error, "expected_tags", None) or ()
    told = f"{_local(wrong)} should not stand here" if wrong else "something is missing"
    return f"{told}; expected {', '.join(map(_local, expected))}" if expected else told


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2].rpartition(":")[2]


def unproven(number: str) -> list[str]:
    """What is said of a number that does not hold; nothing of one that does."""
    try:
        PersonNumber.parse(number)
    except ValueError:
        return ["Personnummer: cannot be checked (a reserve number, or a wrong digit); the person counts, unverified"]
    return []
