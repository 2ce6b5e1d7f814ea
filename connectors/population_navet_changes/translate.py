"""A record of a file of changes as a change: pure. Protection first, and closed: an unreadable flag is no clear no.

A record tells what has changed, and what it does not tell is as it was; `xsi:nil` says that something was taken away.
What of it is kept, `bare` says: who, whether protected, which numbers, and whose custody.

Source: Skatteverket, Navetavisering (schema of 2015, and the elements that later versions add, as public clients have
them); terms 01003 and 01020; read 2026-11-21. Letters of relations: as in `population_navet`, read 2026-11-26.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import chain

from lxml import etree
from lxml.builder import E

from hub.model import ChangesFile, PersonChanged, PersonNumber, Protected
from hub.sdk import (
    NIL,
    Flag,
    RejectedError,
    child_of,
    children_of,
    flag_of,
    is_of_age,
    local_name,
    parse_xml,
    protection_of,
    speaks_of_protection,
    text_of,
)

FLAGS = ("Sekretessmarkering", "SkyddadFolkbokforing")
_KNOWN = frozenset({*FLAGS, "Arendeuppgift", "Personpost", "Historik", "Sarlosning"})
"""All that may stand directly in a record; anything else may be protection by another name."""
_NUMBERS = ("PersonNr", "TilldelatPersonNrSamordningsNr")
_KEPT = frozenset(
    {*FLAGS, *_NUMBERS, "HanvisningsPersonNr", "Relationstyp", "RelationFromdatum", "RelationTomdatum", "PostId"}
)
"""Elements whose words are kept: of all others there is only that they were there."""
_LEFT_OUT = frozenset(
    {
        "Namn", "Adresser", "Folkbokforing", "Fodelsedatum", "Fodelse", "Civilstand", "Invandring", "Medborgarskap",
        "Avregistrering", "Samordningsnummeruppgifter", "Historik", "Sarlosning",
    }
)  # fmt: skip
"""Elements that are known, and that nobody here needs."""
_GUARDIAN, _CHILD = "V", "VF"
_DAY = re.compile(r"(?!0000)[0-9]{8}", re.ASCII)
DELIVERY, DAY, POSTS = "delivery", "day", "posts"
"""What is written on what is kept: the delivery that it came in, the day on which it did, and how many records."""
_DESCRIBES = (
    "Effektueringsdatum", "AntalPoster", "AntalPosterTotalt", "AntalFiler", "FilNr", "JobbId", "LopNr",
    "UtsokningsdatumFromTom",
)  # fmt: skip


def bare(post: etree._Element, *, whole: bool) -> etree._Element:
    """The record without names, addresses, and whatever else nobody here needs.

    `whole`: with all its elements, those that nobody needs without their words; for a record that marks somebody, which
    may speak of protection in any of them.
    """
    return _bare(post, frozenset() if whole else _LEFT_OUT)


def _bare(element: etree._Element, without: frozenset[str]) -> etree._Element:
    kept = etree.Element(element.tag)
    for name, value in element.attrib.items():
        kept.set(name, value if name == NIL else "")
    if str(element.tag).rpartition("}")[2] in _KEPT and not len(element):
        kept.text = element.text
    kept.extend(_bare(one, without) for one in element if one.tag not in without)
    return kept


def _is_plain(post: etree._Element) -> bool:
    return etree.QName(post).namespace is None


def number_of(post: etree._Element) -> PersonNumber:
    """Whose record it is. Raises ValueError, which holds no number."""
    who = child_of(post, "Personpost", "PersonId")
    (told,) = {text_of(who, name) for name in _NUMBERS} - {""} or {""}
    return PersonNumber.parse(told)


def protection(post: etree._Element, *, order_has_protection: bool) -> Protected | None:
    """Whether the person is protected; None: nothing is told of it, by an order that would."""
    flags = [children_of(post, flag) for flag in FLAGS]
    read = [flag_of(one, yes="J", no="N") for one in flags]
    said = protection_of(read, missing_is_no=order_has_protection)
    if said is not Protected.NO:
        return said
    strange = any(local_name(one) not in _KNOWN or not _is_plain(one) for one in post) or not _is_plain(post)
    if strange or speaks_of_protection(post, [*chain(*flags)]):
        return Protected.UNKNOWN
    return Protected.NO if set(read) == {Flag.NO} else None


def may_be_protected(post: etree._Element, *, order_has_protection: bool) -> bool:
    """Whether it is told before all others."""
    return protection(post, order_has_protection=order_has_protection) in {Protected.YES, Protected.UNKNOWN}


def change(content: bytes, place: str, *, order_has_protection: bool) -> PersonChanged:
    """What a kept record means. Raises RejectedError."""
    post = parse_xml(content)
    try:
        number = number_of(post)
    except ValueError:
        raise RejectedError(
            "its identity number cannot be read, so nobody is marked and nothing is told: look at the record in the"
            " file, and have it sent again",
            place=place,
        ) from None
    entry, day = child_of(post, "Personpost"), date.fromisoformat(post.get(DAY, ""))
    minor = not is_of_age(number, day)
    return PersonChanged(
        identity_number=number,
        delivery=post.get(DELIVERY, ""),
        protected=protection(post, order_has_protection=order_has_protection),
        other_numbers=tuple(dict.fromkeys(_references(entry, number))),
        guardians=tuple(dict.fromkeys(_related(entry, _GUARDIAN, day))) if minor else (),
        children=tuple(one for one in dict.fromkeys(_related(entry, _CHILD, day)) if not is_of_age(one, day)),
    )


def below(elements: Iterable[etree._Element | None], *path: str) -> list[etree._Element]:
    """All at the end of a path of local names, however many stand where one should."""
    found = list(elements)
    for name in path:
        found = [one for each in found for one in children_of(each, name)]
    return [one for one in found if one is not None]


def _references(entry: etree._Element | None, number: PersonNumber) -> Iterator[PersonNumber]:
    """The numbers that it refers to, forward or back: one hop."""
    several = below([entry], "Hanvisningar", "Hanvisning")
    for element in below([entry, *several], "HanvisningsPersonNr"):
        for told in _read(element.text):
            if told != number:
                yield told


def _related(entry: etree._Element | None, kind: str, day: date) -> Iterator[PersonNumber]:
    """Those of a relation of that kind that has not ended; one that cannot be read has not."""
    for relation in below([entry], "Relationer", "Relation"):
        kinds = {(one.text or "").strip() for one in children_of(relation, "Relationstyp")}
        if kind in kinds and not _has_ended(relation, day):
            for one in below([relation], "RelationId", "PersonNr"):
                yield from _read(one.text)


def _has_ended(relation: etree._Element, day: date) -> bool:
    ends = [(one.text or "").strip() for one in children_of(relation, "RelationTomdatum")]
    return any(_DAY.fullmatch(told) and told < f"{day:%Y%m%d}" for told in ends)


def _read(told: str | None) -> Iterator[PersonNumber]:
    """A number, if it is one."""
    try:
        yield PersonNumber.parse(told or "")
    except ValueError:
        return


# ---------------------------------------------------------------- what a file is


def described(head: etree._Element | None, posts: int, delivery: str) -> bytes:
    """What a file tells of itself (Aviseringsinformation), without sender and receiver, and what was read of it.

    Raises:
        ValueError: it tells something else than the standard says.
    """
    kept = etree.Element("file", {DELIVERY: delivery, POSTS: str(posts)})
    if head is not None:
        told = child_of(head, "Filinformation")
        int(text_of(told, "Utfil", "JobbId"))  # part of the delivery's name
        kept.append(E.BestallningsId(text_of(told, "BestallningsId")))
        kept.extend(E(name, text_of(told, "Utfil", name)) for name in _DESCRIBES)
    content = etree.tostring(kept)
    changes_file(content, None)
    return content


def changes_file(content: bytes, silent: timedelta | None) -> ChangesFile:
    """What a file is, by what it tells of itself; one that tells nothing is a delivery of its own."""
    told = parse_xml(content)
    delivery, posts = told.get(DELIVERY, ""), int(told.get(POSTS, ""))
    if not len(told):
        return ChangesFile(delivery=delivery, series="", part=1, parts=1, posts=posts)
    serial, done = text_of(told, "LopNr"), _day(text_of(told, "Effektueringsdatum"))
    first, last = _days(text_of(told, "UtsokningsdatumFromTom"))
    return ChangesFile(
        delivery=delivery,
        series=text_of(told, "BestallningsId"),
        part=int(text_of(told, "FilNr")),
        parts=int(text_of(told, "AntalFiler")),
        posts=int(text_of(told, "AntalPoster")),
        total=int(text_of(told, "AntalPosterTotalt")),
        serial=int(serial) if serial else None,
        first_day=first,
        last_day=last,
        next_by=done + silent if done and silent else None,
    )


def _days(told: str) -> tuple[date | None, date | None]:
    """The days whose changes were searched for: one, or the first and the last; written with anything between."""
    found = re.fullmatch(r"([0-9]{8})(?:[^0-9]?([0-9]{8}))?", told, re.ASCII)
    if not found:
        return None, None
    first, last = _day(found[1]), _day(found[2] or found[1])
    return (first, last) if first and last and first <= last else (None, None)


def _day(told: str) -> date | None:
    try:
        return datetime.strptime(told, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None
