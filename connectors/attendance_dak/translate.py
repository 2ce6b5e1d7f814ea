"""A gathering in canonical words; pure.

Times are Swedish wall time. In the hour that comes twice in October the first is meant, unless the gathering would then
end before it starts; a time in the hour that is left out in March is the same moment an hour later.

Source: DAK 2.1 and 2.2, read 2026-11-21.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache

from lxml import etree
from pydantic import ValidationError

from connectors.attendance_dak.client import SEPARATOR
from connectors.attendance_dak.versions import Version
from hub.model import (
    Association,
    Attendance,
    AttendanceMethod,
    Attendee,
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

_OF_ASSOCIATION = ("foereningsID", "foereningsNamn", "organisationsnummer")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}

_Mark = tuple[str, str, str, str, str]
"""Tag, id, present, disability, leads for once (TillfaelligLedare)."""
Persons = dict[tuple[str, str], bytes]
"""What stands of somebody, by the tag and the id that lists name them with."""


def attendance(content: bytes, place: str) -> Attendance:
    """What a gathering with its persons means.

    Raises:
        RejectedError: something that it cannot do without is missing or impossible.
    """
    gathering, *persons = content.split(SEPARATOR)
    post = _parsed(gathering)
    version = Version(etree.QName(post).namespace)
    card = post[0][0]
    return _Told(version, place).gathering(post, card, card[0], {_named(entry): entry for entry in persons})


def _parsed(content: bytes) -> etree._Element:
    return etree.fromstring(content, _PARSER)


_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _true(text: str) -> bool | None:
    """What a boolean says; None for nothing, or for something else."""
    known = _TRUTH.get(text)
    return known if known is not None else _TRUTH.get(text.strip())


@lru_cache(1000)
def _association(id_: str, name: str, number: str) -> Association:
    """Whose gathering it is; a number that does not hold is left out."""
    try:
        return Association(id=id_, name=name[:200], organisation_number=OrganisationNumber.parse(number))
    except ValueError:
        return Association(id=id_, name=name[:200])


@lru_cache(4096)
def _named(entry: bytes) -> tuple[str, str]:
    """How lists name somebody of a register."""
    one = _parsed(entry)
    return str(one.tag), one.get("id", "").strip()


@lru_cache(4096)
def _attendee(entry: bytes, role: Role, present: bool, disability: bool) -> Attendee:  # noqa: FBT001 - a cache's key
    """Somebody on a list. The same people come to most gatherings, and are read once."""
    one = _parsed(entry)
    told = {str(child.tag).rpartition("}")[2]: (child.text or "").strip() for child in one}
    number, unverified = _number(told.get("Personnummer", ""))
    return Attendee(
        id=one.get("id", "").strip(),
        role=role,
        present=present,
        disability=disability,
        given_name=told.get("Foernamn", "")[:200],
        family_name=told.get("Efternamn", "")[:200],
        identity_number=number,
        unverified_number=unverified,
    )


class _Tags:
    """The names of one version, and how its lists are walked."""

    def __init__(self, version: Version) -> None:
        self.begins = len(version.tag(""))
        self.roles = {version.tag(name): role for name, role in _ROLES.items()}
        self.present, self.disability, self.leads = map(version.tag, ("Naervarande", "Handikapp", "TillfaelligLedare"))
        self.uneven = etree.XPath(
            "boolean(d:DeltagarLista/d:Deltagare[count(d:Naervarande) != 1 or count(d:Handikapp) != 1"
            " or d:TillfaelligLedare or @tillfaelligLedare]"
            " | d:LedarLista/d:Ledare[count(d:Naervarande) != 1 or count(d:Handikapp) != 1])",
            namespaces={"d": version.value},
        )

    def marks(self, told: etree._Element) -> Iterable[_Mark]:
        """Each mark on the lists: its tag, whose it is, and what stands in it."""
        marks = list(told.iter(*self.roles))
        if self.uneven(told):
            return map(self._one_by_one, marks)
        present, disability = ([one.text or "" for one in told.iter(tag)] for tag in (self.present, self.disability))
        each = zip(marks, present, disability, strict=True)
        return ((str(mark.tag), mark.get("id", ""), came, disabled, "") for mark, came, disabled in each)

    def _one_by_one(self, mark: etree._Element) -> _Mark:
        """Slower, for lists on which more or less stands than once of each."""
        present, disability, leads = (mark.findtext(tag) or "" for tag in (self.present, self.disability, self.leads))
        return str(mark.tag), mark.get("id", ""), present, disability, mark.get("tillfaelligLedare") or leads


_tags = cache(_Tags)


class _Told:
    """What is told of one gathering."""

    def __init__(self, version: Version, place: str) -> None:
        self._version, self._place, self._tags = version, place, _tags(version)
        self._texts: dict[str, str] = {}

    def gathering(
        self, post: etree._Element, card: etree._Element, told: etree._Element, persons: Persons
    ) -> Attendance:
        begins = self._tags.begins
        self._texts = {str(child.tag)[begins:]: (child.text or "").strip() for child in told}
        method = _METHODS.get(self._text("Metod"))
        if method is None:
            raise self._refused("Metod is none of Add, Update and Remove; write which")
        starts, ends = self._times(told)
        try:
            return Attendance(
                association=_association(*(post[0].get(name, "") for name in _OF_ASSOCIATION)),
                card=card.get("NaervarokortNummer", ""),
                code=told.get("kod", ""),
                method=method,
                starts_at=starts,
                ends_at=ends,
                activity=self._text("Aktivitet")[:200],
                venue=self._text("Lokal")[:200],
                type=_TYPES.get(self._text("Typ"), GatheringType.OTHER),
                own_sport=_true(self._text("Lagidrott")),
                attendees=self._attendees(told, persons),
            )
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, fault["loc"])) or fault["msg"] for fault in error.errors())
            raise self._refused(f"cannot be used: {fields}") from None

    def _times(self, told: etree._Element) -> tuple[datetime, datetime]:
        day, end_day = self._date(told.get("Datum", ""), "Datum"), self._text("StoppDatum")
        begin, over = self._time("StartTid"), self._time("StoppTid")
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
        if (found := _date(text.strip())) is None:
            raise self._refused(f"{name} is no date; write YYYY-MM-DD")
        return found

    def _time(self, name: str) -> timedelta:
        if (found := _time(self._text(name))) is None:
            raise self._refused(f"{name} is no time; write HH:MM:SS")
        return found

    def _attendees(self, told: etree._Element, persons: Persons) -> tuple[Attendee, ...]:
        """Those who stand in a register; the others have been named already."""
        seen: dict[tuple[str, Role], Attendee] = {}
        for tag, named, present, disability, leads in self._tags.marks(told):
            id_ = named.strip()
            entry = persons.get((tag, id_))
            if entry is not None:
                one = _attendee(
                    entry,
                    Role.LEADER if _true(leads) else self._tags.roles[tag],
                    _true(present) is not False,
                    _true(disability) is True,
                )
                known = seen.get((id_, one.role))
                seen[id_, one.role] = one if known is None or not known.present else known
        return tuple(seen.values())

    def _text(self, name: str) -> str:
        return self._texts.get(name, "")

    def _refused(self, reason: str) -> RejectedError:
        return RejectedError(reason, place=self._place)


@lru_cache(1000)
def _date(text: str) -> date | None:
    found = _DATE.fullmatch(text)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


@lru_cache(1000)
def _time(text: str) -> timedelta | None:
    """Since midnight; `24:00:00` is the midnight that ends the day."""
    if text.startswith("24:00:00"):
        return _A_DAY
    if not (found := _TIME.fullmatch(text)):
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


@lru_cache(4096)
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
