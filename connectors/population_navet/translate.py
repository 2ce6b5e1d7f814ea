"""A record of Navet as a person: pure. Protection first, and closed: whatever is not a clear no is none.

Source: Skatteverket, personpostXML (schema of 2015, and the elements that V3 and V4 add, as public clients have them);
terms 01003, 01020, 01051-01055; read 2026-11-21. Which way a reference leads: Inera, GetPersonsForProfile 5.0, which
passes Navet's on, read 2026-11-26.
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
_KNOWN = frozenset({*FLAGS, "Arendeuppgift", "Personpost", "Historik", "Sarlosning"})
"""All that may stand directly in a record; anything else may be protection by another name."""
_DEAD, _EMIGRATED, _HAS_CUSTODY = "AV", "UV", "V"
_OUT_OF_USE = ("GN", "AS", "GS")
"""Causes that mean another number: an old one, and a coordination number that has ended or is old."""
_ACTIVE = ("", "AKTIVT")


def person(
    post: etree._Element | None, lookup: PersonLookup, today: date, *, order_has_protection: bool
) -> Person | None:
    """Tell what may be told of the record.

    Args:
        post: Folkbokforingspost.
        lookup: what was asked.
        today: in Sweden.
        order_has_protection: a flag that is not there is one that is not set.

    Raises:
        RejectedError: it is another number's record.
        ValueError: it is no record.
    """
    if post is None:
        return None
    number, entry = lookup.identity_number, child_of(post, "Personpost")
    _require_number(entry, number.digits)
    protected = protection(post, order_has_protection=order_has_protection)
    if protected is not Protected.NO:
        return Person(identity_number=number, protected=protected)
    gone, where = _gone(entry, number), child_of(entry, "Adresser")
    registered = None if gone.cause else _swedish(where, "Folkbokforingsadress", AddressKind.REGISTERED)
    forwarding = _swedish(where, "SarskildPostadress", AddressKind.FORWARDING)
    return Person(
        identity_number=number,
        protected=protected,
        name=_name(entry),
        address=None if gone.died is not None else forwarding or registered or _abroad(where),
        registered_address=registered,
        municipality=None if gone.cause else _municipality(entry),
        deceased=gone.died,
        emigrated=gone.emigrated,
        deregistered=gone.cause,
        replaced_by=_replaced_by(entry, gone, number),
        guardians=tuple(_guardians(entry, number, today)) if lookup.guardians else (),
    )


def _require_number(entry: etree._Element | None, digits: str) -> None:
    told = {text_of(entry, "PersonId", name) for name in ("PersonNr", "TilldelatPersonNrSamordningsNr")} - {""}
    if not told:
        raise ValueError("a record of no number")
    if told != {digits}:
        raise RejectedError("Navet answers with another number's record; nothing of it is used: tell Skatteverket")


# ---------------------------------------------------------------- protection


def protection(post: etree._Element, *, order_has_protection: bool) -> Protected:
    """Whether the person is protected: no, only when both flags say so, or are left out by an order that has them."""
    flags = [children_of(post, flag) for flag in FLAGS]
    said = protection_of((flag_of(one, yes="J", no="N") for one in flags), missing_is_no=order_has_protection)
    if said is Protected.NO and (_strange(post) or speaks_of_protection(post, [*chain(*flags)])):
        return Protected.UNKNOWN
    return said


def _strange(post: etree._Element) -> bool:
    """Whether anything stands directly in the record that nobody here knows."""
    space = etree.QName(post).namespace
    return any(local_name(one) not in _KNOWN or etree.QName(one).namespace != space for one in post)


# ---------------------------------------------------------------- what is told of others


@dataclass(frozen=True)
class _Gone:
    """Whether, when and why somebody is not registered any more."""

    cause: str | None = None
    died: str | None = None
    emigrated: str | None = None


def _gone(entry: etree._Element | None, number: PersonNumber) -> _Gone:
    left = child_of(entry, "Avregistrering")
    cause = None if left is None else text_of(left, "AvregistreringsorsakKod") or "unknown"
    day = incomplete_date(text_of(left, "Avregistreringsdatum"))
    found = [child_of(left, "AntraffadDod"), child_of(entry, "Samordningsnummeruppgifter", "DatumAvliden")]
    days = [incomplete_date(one.text) for one in found if one is not None]
    if cause == _DEAD or days:
        return _Gone(cause or _DEAD, died=next(filter(None, [day if cause == _DEAD else "", *days]), ""))
    status = text_of(entry, "PersonId", "Identitetsstatus", "IdentitetsstatusVarde")
    if cause is None and number.is_coordination_number and status not in _ACTIVE:
        cause = status
    return _Gone(cause, emigrated=day if cause == _EMIGRATED else None)


def _replaced_by(entry: etree._Element | None, gone: _Gone, number: PersonNumber) -> PersonNumber | None:
    """The number that the person has now: one hop, and none where several are told.

    Only a number that is out of use leads to the new one; one in use leads back to those before it.
    """
    if gone.cause not in _OUT_OF_USE:
        return None
    listed = children_of(child_of(entry, "Hanvisningar"), "Hanvisning")
    told = {text_of(one, "HanvisningsPersonNr") for one in (entry, *listed)} - {"", number.digits}
    return PersonNumber.parse(told.pop()) if len(told) == 1 else None


def _name(entry: etree._Element | None) -> str | None:
    """First, middle and last name whole; the shortened one only where there is no other."""
    told = child_of(entry, "Namn")
    parts = (text_of(told, name) for name in ("Fornamn", "Mellannamn", "Efternamn"))
    return " ".join(filter(None, parts)) or text_of(told, "Aviseringsnamn") or None


def _municipality(entry: etree._Element | None) -> str | None:
    told = child_of(entry, "Folkbokforing")
    code = "".join(text_of(told, name).zfill(2) for name in ("LanKod", "KommunKod"))
    return code if re.fullmatch(r"(?!00)[0-9]{2}(?!00)[0-9]{2}", code, re.ASCII) else None


def _swedish(where: etree._Element | None, name: str, kind: AddressKind) -> PersonAddress | None:
    told = child_of(where, name)
    lines = tuple(filter(None, (text_of(told, f"Utdelningsadress{n}") for n in (1, 2))))
    city = text_of(told, "Postort")
    if not (lines or city):
        return None
    postcode = _postcode(text_of(told, "PostNr"))
    return PersonAddress(kind=kind, care_of=text_of(told, "CareOf"), lines=lines, postcode=postcode, city=city)


def _postcode(told: str) -> str:
    """A number, so zeros at its beginning are lost on the way."""
    if told and not re.fullmatch("[0-9]{1,5}", told, re.ASCII):
        raise ValueError("no postcode")
    return told.zfill(5) if told.strip("0") else ""


def _abroad(where: etree._Element | None) -> PersonAddress | None:
    told = child_of(where, "Utlandsadress")
    lines = tuple(filter(None, (text_of(told, f"Utdelningsadress{n}") for n in (1, 2, 3))))
    country = text_of(told, "Land")
    return PersonAddress(kind=AddressKind.ABROAD, lines=lines, country=country) if lines or country else None


def _guardians(entry: etree._Element | None, number: PersonNumber, today: date) -> Iterator[Guardian]:
    """Who has custody today; nobody has it of one who is of age."""
    if is_of_age(number, today):
        return
    now = int(f"{today:%Y%m%d}")
    for relation in children_of(child_of(entry, "Relationer"), "Relation"):
        if text_of(relation, "Relationstyp") == _HAS_CUSTODY and _holds(relation, now):
            told = text_of(relation, "RelationId", "PersonNr")
            yield Guardian(identity_number=PersonNumber.parse(told) if told else None, name=_name(relation))


def _holds(relation: etree._Element, now: int) -> bool:
    """Whether it has begun, has not ended, and the other is still registered; a day known in part counts as early."""
    begins, ends = child_of(relation, "RelationFromdatum"), child_of(relation, "RelationTomdatum")
    begun = begins is None or _number(begins, unknown=now + 1) <= now
    lasts = ends is None or _number(ends, unknown=0) >= now
    return begun and lasts and not children_of(relation, "Avregistrering")


def _number(element: etree._Element, *, unknown: int) -> int:
    told = (element.text or "").strip()
    return int(told) if re.fullmatch("[0-9]{1,8}", told, re.ASCII) else unknown
