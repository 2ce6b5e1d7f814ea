"""A record of SPAR as a person: pure. Protection first, and closed; of each history, the row of the day.

Source: SPAR, Personsök 2021.1 (schemas of 2021-10-08), read 2026-11-21 and 2026-11-26.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

from lxml import etree

from hub.model import AddressKind, Guardian, Person, PersonAddress, PersonLookup, PersonNumber, Protected
from hub.sdk import (
    RejectedError,
    child_of,
    children_of,
    flag_of,
    incomplete_date,
    is_of_age,
    local_name,
    protection_of,
    speaks_of_protection,
    text_of,
)

FLAGS = ("Sekretessmarkering", "SkyddadFolkbokforing")
_DATES = ("SekretessDatum", "SkyddadFolkbokforingDatum")
_KNOWN = frozenset(
    {*FLAGS, *_DATES, "PersonId", "SenasteAndringSPAR", "SummeradInkomst", "InkomstAr", "Namn", "Persondetaljer"}
    | {"Folkbokforing", "Folkbokforingsadress", "SarskildPostadress", "Utlandsadress", "Kontaktadress", "Relation"}
    | {"Fastighet"}
)
"""All that may stand directly in a record; anything else may be protection by another name."""
_NAMESPACES = "http://statenspersonadressregister.se/schema/"
_DEAD, _EMIGRATED, _HAS_CUSTODY = ("AV", "A"), "UV", "VÅRDNADSHAVARE"
"""Older rows have codes of one letter."""
_OUT_OF_USE = ("GN", "AS", "GS", "G")
_DAYS_OF_DEATH = ("Avlidendatum", "AntraffadDodDatum", "SnAvlidendatum")
_ACTIVE = ("", "AKTIVT")


def person(post: etree._Element | None, lookup: PersonLookup, today: date) -> Person | None:
    """Tell what may be told of the record.

    Args:
        post: PersonsokningSvarspost.
        lookup: what was asked.
        today: in Sweden.

    Raises:
        RejectedError: it is another number's record.
        ValueError: it is no record, or which of its rows holds today cannot be known.
    """
    if post is None:
        return None
    number, digits = lookup.identity_number, text_of(post, "PersonId", "IdNummer")
    if not digits:
        raise ValueError("a record of no number")
    if digits != number.digits:
        raise RejectedError("SPAR answers with another number's record; nothing of it is used: tell SPAR")
    protected = protection(post, today)
    if protected is not Protected.NO:
        return Person(identity_number=number, protected=protected)
    return _told(post, lookup, today)


def _told(post: etree._Element, lookup: PersonLookup, today: date) -> Person:
    number, details = lookup.identity_number, _row(post, "Persondetaljer", today)
    gone = _gone(details, number)
    registered = None if gone.cause else _address(post, "Folkbokforingsadress", AddressKind.REGISTERED, today)
    others = (
        _address(post, "SarskildPostadress", AddressKind.FORWARDING, today)
        or registered
        or _address(post, "Utlandsadress", AddressKind.ABROAD, today)
        or _address(post, "Kontaktadress", AddressKind.CONTACT, today)
    )
    return Person(
        identity_number=number,
        protected=Protected.NO,
        name=_name(_row(post, "Namn", today)),
        address=None if gone.died is not None else others,
        registered_address=registered,
        municipality=None if gone.cause else _municipality(_row(post, "Folkbokforing", today)),
        deceased=gone.died,
        emigrated=gone.emigrated,
        deregistered=gone.cause,
        replaced_by=_replaced_by(details, gone, number),
        guardians=tuple(_guardians(post, number, today)) if lookup.guardians else (),
    )


# ---------------------------------------------------------------- protection


def protection(post: etree._Element, today: date) -> Protected:
    """Whether the person is protected: no, only when both flags say so, and no row that is not past says otherwise."""
    flags = [children_of(post, flag) for flag in FLAGS]
    rows = [row for row in children_of(post, "Persondetaljer") if not _is_past(row, today)]
    of_rows = [children_of(row, flag) for row in rows for flag in FLAGS]
    both = {
        protection_of(flag_of(one, yes="JA", no="NEJ") for one in flags),
        protection_of((flag_of(one, yes="JA", no="NEJ") for one in of_rows), missing_is_no=True)
        if of_rows
        else Protected.NO,
    }
    if Protected.YES in both:
        return Protected.YES
    clear = both == {Protected.NO} and not _strange(post) and not speaks_of_protection(post, [*_explained(post)])
    return Protected.NO if clear else Protected.UNKNOWN


def _explained(post: etree._Element) -> Iterator[etree._Element]:
    """Whatever speaks of protection where it should."""
    for name in (*FLAGS, *_DATES):
        yield from children_of(post, name)
    yield from chain.from_iterable(
        children_of(row, flag) for row in children_of(post, "Persondetaljer") for flag in FLAGS
    )


def _strange(post: etree._Element) -> bool:
    """Whether anything stands directly in the record that nobody here knows."""
    spaces = (etree.QName(one).namespace or "" for one in post)
    return any(local_name(one) not in _KNOWN for one in post) or not all(s.startswith(_NAMESPACES) for s in spaces)


# ---------------------------------------------------------------- rows


def _row(post: etree._Element, name: str, today: date) -> etree._Element | None:
    """The row of today; none where none holds."""
    return _one([row for row in children_of(post, name) if _holds(row, today)])


def _one(rows: list[etree._Element]) -> etree._Element | None:
    if len(rows) > 1:
        raise ValueError("several rows of one day")
    return rows[0] if rows else None


def _holds(row: etree._Element, today: date) -> bool:
    """Whether it holds on that day: from the first of its days, to the one before the last; without days always."""
    begins, ends = text_of(row, "DatumFrom"), text_of(row, "DatumTill")
    if not (begins or ends):
        return True
    return date.fromisoformat(begins[:10]) <= today < date.fromisoformat(ends[:10])


def _is_past(row: etree._Element, today: date) -> bool:
    ends = text_of(row, "DatumTill")
    return bool(ends) and date.fromisoformat(ends[:10]) <= today


# ---------------------------------------------------------------- what is told of others


@dataclass(frozen=True)
class _Gone:
    """Whether, when and why somebody is not registered any more."""

    cause: str | None = None
    died: str | None = None
    emigrated: str | None = None


def _gone(details: etree._Element | None, number: PersonNumber) -> _Gone:
    cause, day = text_of(details, "AvregistreringsorsakKod") or None, child_of(details, "Avregistreringsdatum")
    found = [one for name in _DAYS_OF_DEATH if (one := child_of(details, name)) is not None]
    if cause in _DEAD or found:
        days = [incomplete_date(one.text) for one in [*found, *([] if day is None else [day])]]
        return _Gone(cause or _DEAD[0], died=next(filter(None, days), ""))
    if cause is None and day is not None:
        cause = "unknown"
    status = text_of(details, "SnStatus")
    if cause is None and number.is_coordination_number and status not in _ACTIVE:
        cause = status
    left = cause == _EMIGRATED
    return _Gone(cause, emigrated=incomplete_date(None if day is None else day.text) if left else None)


def _replaced_by(details: etree._Element | None, gone: _Gone, number: PersonNumber) -> PersonNumber | None:
    """The number that the person has now: one hop, and none where several are told.

    Without a direction it may be an old one, unless this one is out of use.
    """
    newer = {"Till", ""} if gone.cause in _OUT_OF_USE else {"Till"}
    told = {text_of(one, "IdNummer") for one in children_of(details, "Hanvisning") if text_of(one, "Typ") in newer}
    told -= {"", number.digits}
    return PersonNumber.parse(told.pop()) if len(told) == 1 else None


def _name(row: etree._Element | None) -> str | None:
    """First, middle and last name whole; the shortened one only where there is no other."""
    parts = (text_of(row, name) for name in ("Fornamn", "Mellannamn", "Efternamn"))
    return " ".join(filter(None, parts)) or text_of(row, "Aviseringsnamn") or None


def _municipality(row: etree._Element | None) -> str | None:
    code = text_of(row, "FolkbokfordLanKod") + text_of(row, "FolkbokfordKommunKod")
    return code if re.fullmatch("[0-9]{4}", code, re.ASCII) else None


def _address(post: etree._Element, name: str, kind: AddressKind, today: date) -> PersonAddress | None:
    """The address of today; each stands in the shape of Sweden or of abroad, with days of its own."""
    shapes = [shape for one in children_of(post, name) for shape in one]
    told = _one([shape for shape in shapes if _holds(shape, today)])
    lines = tuple(filter(None, (text_of(told, f"Utdelningsadress{n}") for n in (1, 2, 3))))
    city, country = text_of(told, "Postort"), text_of(told, "Land")
    if not (lines or city or country):
        return None
    postcode = text_of(told, "PostNr")
    return PersonAddress(
        kind=kind, care_of=text_of(told, "CareOf"), lines=lines, postcode=postcode, city=city, country=country
    )


def _guardians(post: etree._Element, number: PersonNumber, today: date) -> Iterator[Guardian]:
    """Who has custody today; nobody has it of one who is of age, and nobody who is dead or gone has it."""
    if is_of_age(number, today):
        return
    for relation in children_of(post, "Relation"):
        left = any(children_of(relation, name) for name in ("AvregistreringsorsakKod", *_DAYS_OF_DEATH))
        if text_of(relation, "Relationstyp") == _HAS_CUSTODY and _holds(relation, today) and not left:
            told = text_of(relation, "IdNummer")
            yield Guardian(identity_number=PersonNumber.parse(told) if told else None, name=_name(relation))
