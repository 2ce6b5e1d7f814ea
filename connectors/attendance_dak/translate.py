"""A gathering in canonical words; pure.

Times are Swedish wall time. In the hour that comes twice in October the first is meant, unless the gathering would then
end before it starts; a time in the hour that is left out in March is the same moment an hour later.

Source: DAK 2.1 and 2.2, read 2026-11-21.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from lxml import etree
from pydantic import ValidationError

from connectors.attendance_dak.client import SEPARATOR
from connectors.attendance_dak.versions import Version
from hub.model import (
    Association,
    Attendance,
    AttendanceMethod,
    GatheringType,
    OrganisationNumber,
    PersonNumber,
    Role,
)
from hub.sdk import STOCKHOLM, RejectedError

_METHODS = {"Add": AttendanceMethod.REPLACE, "Update": AttendanceMethod.MERGE, "Remove": AttendanceMethod.REMOVE}
_TYPES = {"Traening": GatheringType.TRAINING, "Match": GatheringType.MATCH, "Moete": GatheringType.MEETING}
_ROLES = {"Deltagare": Role.PARTICIPANT, "Ledare": Role.LEADER}
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?")
_A_DAY = timedelta(days=1)
_LONGEST_NUMBER = 20

_TRUTH = {"true": True, "1": True, "false": False, "0": False}

Plain = dict[str, Any]
Persons = dict[tuple[str, str], dict[str, str]]


def attendance(content: bytes, place: str) -> Attendance:
    """What a gathering with its persons means.

    Raises:
        RejectedError: something that it cannot do without is missing or impossible.
    """
    gathering, *persons = content.split(SEPARATOR)
    post = _parsed(gathering)
    version = Version(etree.QName(post).namespace)
    card = post[0][0]
    return _Told(version, place).gathering(post, card, card[0], dict(map(_person, persons)))


def _parsed(content: bytes) -> etree._Element:
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


@lru_cache(4096)
def _person(entry: bytes) -> tuple[tuple[str, str], dict[str, str]]:
    """Somebody of a register: whom lists name so, and what stands of them. The same people come to most gatherings."""
    one = _parsed(entry)
    texts = {str(child.tag).rpartition("}")[2]: (child.text or "").strip() for child in one}
    return (str(one.tag), one.get("id", "").strip()), texts


class _Told:
    """What is told of one gathering."""

    def __init__(self, version: Version, place: str) -> None:
        self._version, self._place = version, place
        self._begins = len(version.tag(""))
        self._roles = {version.tag(name): role for name, role in _ROLES.items()}

    def gathering(
        self, post: etree._Element, card: etree._Element, told: etree._Element, persons: Persons
    ) -> Attendance:
        method = _METHODS.get(self._text(told, "Metod"))
        if method is None:
            raise self._refused("Metod is none of Add, Update and Remove; write which")
        starts, ends = self._times(told)
        try:
            return Attendance(
                association=self._association(post[0]),
                card=card.get("NaervarokortNummer", ""),
                code=told.get("kod", ""),
                method=method,
                starts_at=starts,
                ends_at=ends,
                activity=self._text(told, "Aktivitet")[:200],
                venue=self._text(told, "Lokal")[:200],
                type=_TYPES.get(self._text(told, "Typ"), GatheringType.OTHER),
                own_sport=_TRUTH.get(self._text(told, "Lagidrott")),
                attendees=self._attendees(told, persons),  # type: ignore[arg-type] # read by the model
            )
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, fault["loc"])) or fault["msg"] for fault in error.errors())
            raise self._refused(f"cannot be used: {fields}") from None

    def _association(self, told: etree._Element) -> Association:
        name, number = told.get("foereningsNamn", "")[:200], told.get("organisationsnummer", "")
        try:
            return Association(
                id=told.get("foereningsID", ""), name=name, organisation_number=OrganisationNumber.parse(number)
            )
        except ValueError:
            return Association(id=told.get("foereningsID", ""), name=name)

    def _times(self, told: etree._Element) -> tuple[datetime, datetime]:
        day, end_day = self._date(told.get("Datum", ""), "Datum"), self._text(told, "StoppDatum")
        begin, over = self._time(told, "StartTid"), self._time(told, "StoppTid")
        starts = _moment(day, begin)
        last = self._date(end_day, "StoppDatum") if end_day else day
        if not end_day and self._version is Version.V21 and over <= begin:
            last = day + _A_DAY
        ends = _moment(last, over)
        if ends <= starts:
            ends = _moment(last, over, fold=1)
        if ends <= starts:
            raise self._refused("StoppTid is before StartTid; write the right time, or the day after as StoppDatum")
        return starts, ends

    def _date(self, text: str, name: str) -> date:
        found = _DATE.fullmatch(text.strip())
        try:
            return date.fromisoformat(found[1]) if found else date.fromisoformat("")
        except ValueError:
            raise self._refused(f"{name} is no date; write YYYY-MM-DD") from None

    def _time(self, told: etree._Element, name: str) -> timedelta:
        """Since midnight; `24:00:00` is the midnight that ends the day."""
        text = self._text(told, name)
        if text.startswith("24:00:00"):
            return _A_DAY
        found = _TIME.fullmatch(text)
        if not found:
            raise self._refused(f"{name} is no time; write HH:MM:SS")
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)

    def _attendees(self, told: etree._Element, persons: Persons) -> list[Plain]:
        """Those who stand in a register; the others have been named already."""
        seen: dict[tuple[str, Role], Plain] = {}
        for tag, role in self._roles.items():
            for mark in told.iter(tag):
                id_ = mark.get("id", "").strip()
                person = persons.get((tag, id_))
                if person is not None:
                    one = self._attendee(id_, role, mark, person)
                    known = seen.get((id_, one["role"]))
                    seen[id_, one["role"]] = one if known is None or not known["present"] else known
        return list(seen.values())

    def _attendee(self, id_: str, role: Role, mark: etree._Element, person: dict[str, str]) -> Plain:
        """As the model reads it: thousands are read at once, and one by one would take twice as long."""
        number, unverified = _number(person.get("Personnummer", ""))
        told = self._texts(mark)
        leads = mark.get("tillfaelligLedare") or told.get("TillfaelligLedare", "")
        return {
            "id": id_,
            "role": Role.LEADER if _TRUTH.get(leads) else role,
            "present": _TRUTH.get(told.get("Naervarande", "")) is not False,
            "disability": _TRUTH.get(told.get("Handikapp", "")) is True,
            "given_name": person.get("Foernamn", "")[:200],
            "family_name": person.get("Efternamn", "")[:200],
            "identity_number": number,
            "unverified_number": unverified,
        }

    def _texts(self, element: etree._Element) -> dict[str, str]:
        """What stands in an element's children, by their names."""
        begins = self._begins
        return {str(child.tag)[begins:]: (child.text or "").strip() for child in element}

    def _text(self, element: etree._Element, name: str) -> str:
        return (element.findtext(self._version.tag(name)) or "").strip()

    def _refused(self, reason: str) -> RejectedError:
        return RejectedError(reason, place=self._place)


def _moment(day: date, at: timedelta, *, fold: int = 0) -> datetime:
    """Wall time; the clock that is turned in the night does not lengthen it."""
    naive = datetime.combine(day, time()) + at
    return naive.replace(tzinfo=STOCKHOLM, fold=fold).astimezone(UTC)


@lru_cache(4096)
def _number(text: str) -> tuple[PersonNumber | None, str]:
    """The identity number; one that does not hold, such as a reserve number, is kept as it is and proves nothing."""
    try:
        return PersonNumber.parse(text), ""
    except ValueError:
        return None, text[:_LONGEST_NUMBER]
