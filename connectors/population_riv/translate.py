"""A record of the service as a person: pure. Protection first, and closed: whatever is not a clear no is none.

Source: Inera, GetPersonsForProfile 5.0, with its rules, read 2026-11-21 and 2026-11-26. Codes are those of Navet.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

from lxml import etree

from connectors.population_riv.config import RivConfig
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

FLAGS = ("protectedPersonIndicator", "protectedPopulationRecord")
_KNOWN = frozenset(
    {*FLAGS, "personalIdentity", "identityLevel", "identityLevelDate", "gender", "testIndicator", "primaryIdentity"}
    | {"version", "name", "linkedIdentity", "referredPersonalIdentities", "birth", "populationRegistrationLocality"}
    | {"populationRegistrationRecord", "addressInformation", "contactInformation", "contactPerson"}
    | {"confirmedIdentity", "administrativeInformation", "deregistration", "maritalStatus", "immigration"}
    | {"citizenship", "relationship", "coOrdinationNumberData", "personalIdentityStatus", "updatePersonActor"}
    | {"updatePersonContactInformationActor", "attachment", "optoutPaperNotification"}
)
"""All that may stand directly in a record; anything else may be protection by another name."""
_DEAD, _EMIGRATED, _HAS_CUSTODY = "AV", "UV", "V"
_OUT_OF_USE = ("GN", "AS", "GS")
_ACTIVE = ("", "AKTIVT")


def person(record: etree._Element | None, lookup: PersonLookup, today: date, config: RivConfig) -> Person | None:
    """Tell what may be told of the record.

    Args:
        record: personRecord.
        lookup: what was asked.
        today: in Sweden.
        config: whether tests are refused, and what a missing flag means.

    Raises:
        RejectedError: it is another number's record, or a test's.
        ValueError: it is no record.
    """
    if record is None:
        return None
    number = lookup.identity_number
    _require(record, number.digits, config)
    protected = protection(record, config)
    if protected is not Protected.NO:
        return Person(identity_number=number, protected=protected)
    gone, where = _gone(record, number), child_of(record, "addressInformation")
    registered = None if gone.cause else _swedish(where, "residentialAddress", AddressKind.REGISTERED)
    forwarding = _swedish(where, "specialPostalAddress", AddressKind.FORWARDING)
    others = forwarding or registered or _abroad(where) or _swedish(where, "givenAddress", AddressKind.CONTACT)
    return Person(
        identity_number=number,
        protected=protected,
        name=_name(record),
        address=None if gone.died is not None else others,
        registered_address=registered,
        municipality=None if gone.cause else _municipality(record),
        deceased=gone.died,
        emigrated=gone.emigrated,
        deregistered=gone.cause,
        replaced_by=_replaced_by(record, gone, number),
        guardians=tuple(_guardians(record, number, today)) if lookup.guardians else (),
    )


def _require(record: etree._Element, digits: str, config: RivConfig) -> None:
    told, test = text_of(record, "personalIdentity", "extension"), text_of(record, "testIndicator")
    if not told or test not in ("true", "false", "1", "0"):
        raise ValueError("a record of nobody")
    if told != digits:
        raise RejectedError("the service answers with another number's record; nothing of it is used: tell Inera")
    if config.production and test in ("true", "1"):
        raise RejectedError("a test's record in production; nothing of it is used: is it the test environment?")


def protection(record: etree._Element, config: RivConfig) -> Protected:
    """Whether the person is protected: no, only when both indicators say so."""
    flags = {name: children_of(record, name) for name in FLAGS}
    person_flag, record_flag = (flag_of(flags[name], yes="true", no="false") for name in FLAGS)
    said = {protection_of([person_flag]), protection_of([record_flag], missing_is_no=config.left_out_is_false)}
    if Protected.YES in said:
        return Protected.YES
    explained = [*chain.from_iterable(flags.values())]
    clear = said == {Protected.NO} and not _strange(record) and not speaks_of_protection(record, explained)
    return Protected.NO if clear else Protected.UNKNOWN


def _strange(record: etree._Element) -> bool:
    """Whether anything stands directly in the record that nobody here knows."""
    space = etree.QName(record).namespace
    return any(local_name(one) not in _KNOWN or etree.QName(one).namespace != space for one in record)


# ---------------------------------------------------------------- what is told of others


@dataclass(frozen=True)
class _Gone:
    """Whether, when and why somebody is not registered any more."""

    cause: str | None = None
    died: str | None = None
    emigrated: str | None = None


def _gone(record: etree._Element, number: PersonNumber) -> _Gone:
    left = child_of(record, "deregistration")
    cause = None if left is None else text_of(left, "deregistrationReasonCode") or "unknown"
    day = _day(left, "deregistrationDate")
    found = [(left, "foundDeadAtDate"), (child_of(record, "coOrdinationNumberData"), "deceasedDate")]
    days = [_day(below, name) for below, name in found if child_of(below, name) is not None]
    if cause == _DEAD or days:
        return _Gone(cause or _DEAD, died=next(filter(None, [day if cause == _DEAD else "", *days]), ""))
    status = text_of(record, "personalIdentityStatus", "identityStatus")
    if cause is None and number.is_coordination_number and status not in _ACTIVE:
        cause = status
    return _Gone(cause, emigrated=day if cause == _EMIGRATED else None)


def _day(below: etree._Element | None, name: str) -> str:
    """As far as it is known: the value's own length says how far."""
    return incomplete_date(text_of(below, name, "value"))


def _replaced_by(record: etree._Element, gone: _Gone, number: PersonNumber) -> PersonNumber | None:
    """The number that the person has now: one hop, and none where several are told.

    Only a number that is out of use leads to the new one; one in use leads back to those before it.
    """
    if gone.cause not in _OUT_OF_USE:
        return None
    listed = children_of(record, "referredPersonalIdentities")
    told = {text_of(one, "referredPersonalIdentity", "extension") for one in listed} - {"", number.digits}
    return PersonNumber.parse(told.pop()) if len(told) == 1 else None


def _name(below: etree._Element) -> str | None:
    """First, middle and last name whole; the shortened one only where there is no other."""
    told = child_of(below, "name")
    parts = (text_of(told, name) for name in ("givenName", "middleName", "surname"))
    return " ".join(filter(None, parts)) or text_of(told, "notificationName") or None


def _municipality(record: etree._Element) -> str | None:
    told = child_of(record, "populationRegistrationLocality")
    code = "".join(text_of(told, name).zfill(2) for name in ("countyCode", "municipalityCode"))
    return code if re.fullmatch(r"(?!00)[0-9]{2}(?!00)[0-9]{2}", code, re.ASCII) else None


def _swedish(where: etree._Element | None, name: str, kind: AddressKind) -> PersonAddress | None:
    told = child_of(where, name)
    lines = tuple(filter(None, (text_of(told, f"postalAddress{n}") for n in (1, 2))))
    city = text_of(told, "city")
    if not (lines or city):
        return None
    postcode = _postcode(text_of(told, "postalCode"))
    return PersonAddress(kind=kind, care_of=text_of(told, "careOf"), lines=lines, postcode=postcode, city=city)


def _postcode(told: str) -> str:
    """A number, so zeros at its beginning are lost on the way."""
    if told and not re.fullmatch("[0-9]{1,5}", told, re.ASCII):
        raise ValueError("no postcode")
    return told.zfill(5) if told.strip("0") else ""


def _abroad(where: etree._Element | None) -> PersonAddress | None:
    told = child_of(where, "addressAbroad")
    lines = tuple(filter(None, (text_of(told, f"postalAddress{n}") for n in (1, 2, 3))))
    country = text_of(told, "countryCode")
    return PersonAddress(kind=AddressKind.ABROAD, lines=lines, country=country) if lines or country else None


def _guardians(record: etree._Element, number: PersonNumber, today: date) -> Iterator[Guardian]:
    """Who has custody today; nobody has it of one who is of age, and nobody who is dead or gone has it."""
    if is_of_age(number, today):
        return
    for relation in children_of(record, "relationship"):
        if text_of(relation, "relationshipType") == _HAS_CUSTODY and _holds(relation, today):
            told = text_of(relation, "relationshipId", "personalIdentity", "extension")
            yield Guardian(identity_number=PersonNumber.parse(told) if told else None, name=_name(relation))


def _holds(relation: etree._Element, today: date) -> bool:
    """Whether it has begun, has not ended, and the other is still registered; a day known in part counts as early."""
    now, begins, ends = f"{today}", child_of(relation, "relationshipFromDate"), child_of(relation, "relationshipToDate")
    begun = begins is None or "" < _day(relation, "relationshipFromDate") <= now
    lasts = ends is None or _day(relation, "relationshipToDate") >= now
    return begun and lasts and not children_of(relation, "deregistration")
