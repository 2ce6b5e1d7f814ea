"""A reference registry (diarium) for simulators: series for each authority and year, and a register that all may read.

It plays what goes wrong for real: an answer that never comes after a number was given, and cases that are opened twice
when they are asked for twice. A number that was given is never given again, and never taken back.

Source: OSL 5 kap. 1, 2 and 5 §§, as read 2026-11-21.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

import httpx

from hub.clock import STOCKHOLM, Clock
from hub.model.document import Direction, Document
from hub.sdk.simulator import HasRecords, HttpSimulator, Misbehaviour

Written = Callable[[str, str, int, int], str]
"""How a system writes the number of a case: of authority, series, year and place in the series."""


def usual(authority: str, series: str, year: int, place: int) -> str:
    """`FRI 2026/17`; without a series the authority's first letters stand for it."""
    return f"{series or authority[:2].upper() or 'DNR'} {year}/{place}"


@dataclass(frozen=True)
class Case:
    """A case, and the key by which whoever had it opened calls it."""

    number: str
    key: str
    authority: str
    series: str


@dataclass(frozen=True)
class Entry:
    """A document that is registered."""

    number: str
    """The case's, and its place in it."""
    case: str
    document: Document
    registered_at: datetime


@dataclass(frozen=True)
class PublicEntry:
    """What everybody may read of it (OSL 5:2)."""

    number: str
    day: date
    """When it came in, or was drawn up."""
    direction: Direction
    title: str
    counterpart: str
    """Empty where the register may not say."""
    marked: bool
    """Whether there is a mark of secrecy; its ground is not told."""


class Diarium:
    """The registers of one system."""

    def __init__(self, clock: Clock, *, written: Written = usual, cases: Sequence[str] = ()) -> None:
        """Have these cases already; `written`: how new ones are numbered."""
        self._clock, self._written = clock, written
        self.cases = [Case(number, "", "", "") for number in cases]
        self.entries: list[Entry] = []
        self.silent = 0
        """So many of the next changes are made and not answered."""
        self._series: dict[tuple[str, str, int], int] = {}

    @property
    def size(self) -> int:
        """Grows with every change."""
        return len(self.cases) + len(self.entries)

    def open_case(self, key: str, authority: str, series: str) -> Case:
        """Open a case, another each time."""
        year = self._clock.now().astimezone(STOCKHOLM).year
        place = self._series[authority, series, year] = self._series.get((authority, series, year), 0) + 1
        case = Case(self._written(authority, series, year, place), key, authority, series)
        self.cases.append(case)
        return case

    def opened(self, key: str) -> list[Case]:
        """The cases that were opened under a key."""
        return [case for case in self.cases if key and case.key == key]

    def numbered(self, number: str) -> Case | None:
        """The case of that number."""
        return next((case for case in self.cases if case.number == number), None)

    def register(self, document: Document, case: Case) -> Entry:
        """Register a document in a case, another time if it is told so."""
        place = 1 + sum(entry.case == case.number for entry in self.entries)
        entry = Entry(f"{case.number}-{place}", case.number, document, self._clock.now())
        self.entries.append(entry)
        return entry

    def found(self, key: str) -> list[Entry]:
        """All that is registered under a key."""
        return [entry for entry in self.entries if entry.document.key == key]

    def public(self) -> list[PublicEntry]:
        """The register as it hangs out for everybody: no protected title, and nobody who may not be named."""
        return [_public(entry) for entry in self.entries]


def _public(entry: Entry) -> PublicEntry:
    document = entry.document
    came = document.received_at.astimezone(STOCKHOLM).date() if document.received_at else document.dated
    named = "" if document.counterpart_protected else document.counterpart
    return PublicEntry(entry.number, came, document.direction, document.title, named, document.secrecy is not None)


class DiariumSimulator(HttpSimulator, HasRecords):
    """A system over HTTP with a registry in it; how it speaks is its own."""

    can: ClassVar[frozenset[Misbehaviour]] = frozenset({Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.diarium = Diarium(clock, written=self.written, cases=self.known_cases)
        self.refuses = False

    known_cases: ClassVar[tuple[str, ...]] = ("FN-2026-00017",)
    """Cases that others have opened; the kit's examples name this one."""

    @staticmethod
    def written(authority: str, series: str, year: int, place: int) -> str:
        """How the number of a case is written."""
        return usual(authority, series, year, place)

    def records(self) -> Sequence[object]:
        return [entry.document for entry in self.diarium.entries]

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - all of it does
        self.refuses = how is Misbehaviour.REFUSES

    def recover(self) -> None:
        self.refuses = False

    def handle(self, request: httpx.Request) -> httpx.Response:
        before = self.diarium.size
        response = self.answer(request)
        if self.diarium.size > before and self.diarium.silent > 0:
            self.diarium.silent -= 1
            raise httpx.ReadTimeout("the answer is lost after the number was given", request=request)
        return response

    @abstractmethod
    def answer(self, request: httpx.Request) -> httpx.Response:
        """Act, and answer."""

    @abstractmethod
    def config(self) -> Mapping[str, object]: ...
