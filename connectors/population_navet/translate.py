"""A record of Navet as a person: pure. Protection first, and closed: whatever is not a clear no is none.

Source: Skatteverket, personpostXML (schema of 2015, and the elements that V3 and V4 add, as public clients have them);
terms 01003, 01020, 01051-01055; read 2026-11-21.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from lxml import etree

from hub.model import AddressKind, Guardian, Person, PersonAddress, PersonLookup, PersonNumber, Protected
from hub.sdk import RejectedError, child_of, children_of, local_name, text_of

FLAGS = ("Sekretessmarkering", "SkyddadFolkbokforing")
_KNOWN = frozenset({*FLAGS, "Arendeuppgift", "Personpost", "Historik", "Sarlosning"})
"""All that may stand directly in a record; anything else may be protection by another name."""
_SPEAKS_OF_PROTECTION = re.compile("sekretess|skydd", re.IGNORECASE)
_DEAD, _EMIGRATED, _HAS_CUSTODY = "AV", "UV", "V"
_ACTIVE = ("", "AKTIVT")
_OF_AGE = 18_00_00
"""Years, months and days, as dates are written here."""


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
        replaced_by=_replaced_by(entry, number),
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
    said = {_said(children_of(post, flag)) for flag in FLAGS}
    if "J" in said:
        return Protected.YES
    clear = {"N", ""} if order_has_protection else {"N"}
    return Protected.NO if said <= clear and not _strange(post) else Protected.UNKNOWN


def _said(flags: list[etree._Element]) -> str:
    """J or N when it is clear, nothing when there is no flag, and else a question mark."""
    values = [flag.text if flag.text in ("J", "N") and not flag.attrib and not len(flag) else "?" for flag in flags]
    if any((flag.text or "").strip().upper() == "J" for flag in flags):
        return "J"
    return "".join(values) if values in ([], ["N"]) else "?"


def _strange(post: etree._Element) -> bool:
    """Whether anything in the record may speak of protection that we do not know."""
    space = etree.QName(post).namespace
    if any(local_name(one) not in _KNOWN or etree.QName(one).namespace != space for one in post):
        return True
    flags = {flag for name in FLAGS for flag in children_of(post, name)}
    names = (name for one in post.iter() if one not in flags for name in (one.tag, *one.attrib))
    return any(_SPEAKS_OF_PROTECTION.search(str(name)) for name in names)


# ---------------------------------------------------------------- what is told of others


@dataclass(frozen=True)
class _Gone:
    """Whether, when and why somebody is not registered any more."""

    cause: str | None = None
    died: str | None = None
    emigrated: str | None = None


def _gone(entry: etree._Element | None, number: PersonNumber) -> _Gone:
    left = child_of(entry, "Avregistrering")
    died = child_of(entry, "Samordningsnummeruppgifter", "DatumAvliden")
    status = text_of(entry, "PersonId", "Identitetsstatus", "IdentitetsstatusVarde")
    if left is None and died is not None:
        return _Gone(_DEAD, died=_day(died.text))
    if left is None:
        return _Gone(status if number.is_coordination_number and status not in _ACTIVE else None)
    cause, day = text_of(left, "AvregistreringsorsakKod") or "unknown", _day(text_of(left, "Avregistreringsdatum"))
    found_dead = child_of(left, "AntraffadDod")
    if cause == _DEAD or found_dead is not None:
        return _Gone(cause, died=day or _day(text_of(left, "AntraffadDod")))
    return _Gone(cause, emigrated=day if cause == _EMIGRATED else None)


def _day(told: str | None) -> str:
    """`20060900` is a month, `19790000` a year, and 0 nothing that is known."""
    written = (told or "").strip().zfill(8)
    found = re.fullmatch(r"(?!0000)([0-9]{4})([0-9]{2})([0-9]{2})", written, re.ASCII)
    if not found:
        return ""
    year, month, day = found.groups()
    if month == "00":
        return year
    return f"{year}-{month}" if day == "00" else f"{year}-{month}-{day}"


def _replaced_by(entry: etree._Element | None, number: PersonNumber) -> PersonNumber | None:
    """The number that the person has now: one hop, and none where several are told."""
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
    now = int(f"{today:%Y%m%d}")
    if now >= _born(number) + _OF_AGE:
        return
    for relation in children_of(child_of(entry, "Relationer"), "Relation"):
        if text_of(relation, "Relationstyp") == _HAS_CUSTODY and _holds(relation, now):
            told = text_of(relation, "RelationId", "PersonNr")
            yield Guardian(identity_number=PersonNumber.parse(told) if told else None, name=_name(relation))


def _born(number: PersonNumber) -> int:
    """Day of birth, as dates are written here; what is not known of it counts as early."""
    return int(number.digits[:8]) - (60 if number.is_coordination_number else 0)


def _holds(relation: etree._Element, now: int) -> bool:
    """Whether it has begun, has not ended, and the other is still registered; a day known in part counts as early."""
    begins, ends = child_of(relation, "RelationFromdatum"), child_of(relation, "RelationTomdatum")
    begun = begins is None or _number(begins, unknown=now + 1) <= now
    lasts = ends is None or _number(ends, unknown=0) >= now
    return begun and lasts and not children_of(relation, "Avregistrering")


def _number(element: etree._Element, *, unknown: int) -> int:
    told = (element.text or "").strip()
    return int(told) if re.fullmatch("[0-9]{1,8}", told, re.ASCII) else unknown
