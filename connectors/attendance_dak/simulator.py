"""A believable system of associations: keeps cards, gatherings and members, and exports them as DAK.

Written apart from the reader, from the standard: the two agree only where both are right.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from xml.sax.saxutils import escape, quoteattr

from hub.model import (
    Association,
    Attendance,
    AttendanceMethod,
    Attendee,
    GatheringType,
    Message,
    OrganisationNumber,
    PersonNumber,
    Role,
)
from hub.sdk import STOCKHOLM, Simulator, WritesFiles

NAMESPACES = {
    "2.1": "http://aktivitetskort.net.umea.se/importSchema.xsd",
    "2.2": "http://sverigesforeningssystem.se/importSchema.xsd",
}
MEMBERS = 40
_BEGINS = date(2026, 1, 5)
_NAMES = ("Åsa Öberg", "Nils O'Brien", 'Lo "Kick" Ek', "Zoë & Co", "Bo <Junior> Ask", "Ida Łuczak")
_TYPES = ("Traening", "Match", "Moete", "Oevrigt")
_MEANT = (GatheringType.TRAINING, GatheringType.MATCH, GatheringType.MEETING, GatheringType.OTHER)


@dataclass(frozen=True)
class Member:
    """Somebody in the association's register."""

    id: str
    given: str
    family: str
    number: str


@cache
def member(n: int) -> Member:
    """The same person each time; one in ten has a number that proves nothing."""
    given, family = _NAMES[n % len(_NAMES)].rsplit(" ", 1)
    digits = f"{1960 + n % 55}{1 + n % 12:02}{1 + n % 28:02}{n % 1000:03}"
    number = f"{digits[:8]}TF{n % 100:02}" if n % 10 == 9 else digits + _check(digits[2:])  # noqa: PLR2004 - one in ten
    return Member(f"M-{n:05}", given, family, number)


def _check(digits: str) -> str:
    """The check digit. Source: SKV 704, read 2026-11-21."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(digits))
    return str(-total % 10)


class DakExports(Simulator, WritesFiles):
    """One association's system; `version` is what it exports."""

    version = "2.2"

    def __init__(self, clock: object, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)  # type: ignore[arg-type]
        self._meant: list[Message] = []

    def config(self) -> Mapping[str, object]:
        return {}

    def meant(self) -> Sequence[Message]:
        return self._meant

    def file(self, count: int, *, first: int = 0, changed: frozenset[int] = frozenset()) -> bytes:
        numbers = range(first, first + count)
        self._meant = [self.message(n, changed=n in changed) for n in numbers]
        return self.document("".join(self.gathering(n, changed=n in changed) for n in numbers))

    def with_a_bad_item(self, count: int) -> tuple[bytes, str]:
        numbers = range(count)
        self._meant = [self.message(n) for n in numbers]
        bad = self.gathering(count).replace("<StartTid>", "<StartTid>kl ")
        whole = [self.gathering(n) for n in numbers]
        place = f"Sammankomst[{count // 2 + 1}]"
        return self.document("".join([*whole[: count // 2], bad, *whole[count // 2 :]])), place

    def pieces(self, count: int) -> Iterator[bytes]:
        """The same as a file, however many gatherings, in pieces."""
        head, tail = self.document("\0").split(b"\0")
        yield head
        for n in range(count):
            yield self.gathering(n).encode()
        yield tail

    def document(self, gatherings: str) -> bytes:
        """A whole file with these gatherings on one card."""
        participants = "".join(_person("Deltagare", member(n)) for n in range(MEMBERS))
        leaders = "".join(_person("Ledare", member(n)) for n in range(MEMBERS, MEMBERS + 4))
        text = (
            f'<?xml version="1.0" encoding="utf-8"?>\n<Aktivitetskort xmlns="{NAMESPACES[self.version]}">\n'
            f'<Kommun kommunID="2480" version="{self.version}">\n'
            '<Foerening foereningsID="F1" foereningsNamn="Umeå Badmintonklubb" organisationsnummer="802400-0005">\n'
            '<Naervarokort NaervarokortNummer="7">\n<Aktivitet>Badminton</Aktivitet>\n<Lokal>Tennishallen</Lokal>\n'
            f"<NamnPaaKort>Ungdom</NamnPaaKort>\n<Sammankomster>\n{gatherings}</Sammankomster>\n</Naervarokort>\n"
            f"</Foerening>\n</Kommun>\n<DeltagarRegister>\n{participants}</DeltagarRegister>\n"
            f"<LedarRegister>\n{leaders}</LedarRegister>\n</Aktivitetskort>\n"
        )
        return text.encode()

    def gathering(self, n: int, *, changed: bool = False) -> str:
        """One gathering as it is exported; every third goes on past midnight."""
        starts, ends = self._times(n)
        late = ends.date() > starts.date() and self.version != "2.1"
        day = f"<StoppDatum>{ends:%Y-%m-%d}</StoppDatum>" if late else ""
        participants = "".join(
            _mark("Deltagare", member(p), absent=p in self._absent(n, changed=changed)) for p in self._who(n)
        )
        return (
            f'<Sammankomst Datum="{starts:%Y-%m-%d}" kod="K{n:06}"><StartTid>{starts:%H:%M:%S}</StartTid>'
            f"<StoppTid>{ends:%H:%M:%S}</StoppTid>{day}<Aktivitet>Träning {n}</Aktivitet><Lokal>Bana {n % 5}</Lokal>"
            f"<Typ>{_TYPES[n % 4]}</Typ><Metod>Add</Metod><Lagidrott>{str(n % 2 == 0).lower()}</Lagidrott>"
            f"<DeltagarLista>{participants}</DeltagarLista>"
            f"<LedarLista>{_mark('Ledare', member(MEMBERS + n % 4))}</LedarLista></Sammankomst>\n"
        )

    def message(self, n: int, *, changed: bool = False) -> Attendance:
        """The same gathering in canonical words."""
        starts, ends = self._times(n)
        absent = self._absent(n, changed=changed)
        came = [_attendee(member(p), Role.PARTICIPANT, present=p not in absent) for p in self._who(n)]
        return Attendance(
            association=Association(
                id="F1", name="Umeå Badmintonklubb", organisation_number=OrganisationNumber.parse("802400-0005")
            ),
            card="7",
            code=f"K{n:06}",
            method=AttendanceMethod.REPLACE,
            starts_at=starts,
            ends_at=ends,
            activity=f"Träning {n}",
            venue=f"Bana {n % 5}",
            type=_MEANT[n % 4],
            own_sport=n % 2 == 0,
            attendees=(*came, _attendee(member(MEMBERS + n % 4), Role.LEADER, present=True)),
        )

    def _times(self, n: int) -> tuple[datetime, datetime]:
        day = _BEGINS + timedelta(days=n % 9000)
        starts = datetime.combine(day, time(23, 30) if n % 3 == 0 else time(18), STOCKHOLM)
        ends = datetime.combine(
            day + timedelta(days=n % 3 == 0), time(0, 30) if n % 3 == 0 else time(19, 30), STOCKHOLM
        )
        return starts, ends

    def _who(self, n: int) -> list[int]:
        return sorted({(n * 7 + k * 3) % MEMBERS for k in range(20)})

    def _absent(self, n: int, *, changed: bool) -> frozenset[int]:
        who = self._who(n)
        return frozenset(who[:3] if changed else who[:1])


def _person(role: str, one: Member) -> str:
    return (
        f"<{role} id={quoteattr(one.id)}><Foernamn>{escape(one.given)}</Foernamn>"
        f"<Efternamn>{escape(one.family)}</Efternamn><Personnummer>{one.number}</Personnummer></{role}>\n"
    )


def _mark(role: str, one: Member, *, absent: bool = False) -> str:
    here = str(not absent).lower()
    return f"<{role} id={quoteattr(one.id)}><Handikapp>false</Handikapp><Naervarande>{here}</Naervarande></{role}>"


@cache
def _attendee(one: Member, role: Role, *, present: bool) -> Attendee:
    numbered = "TF" not in one.number
    return Attendee(
        id=one.id,
        role=role,
        present=present,
        given_name=one.given,
        family_name=one.family,
        identity_number=PersonNumber.parse(one.number) if numbered else None,
        unverified_number="" if numbered else one.number,
    )
