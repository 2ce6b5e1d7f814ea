"""What reading a folder found: where, what is wrong, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum, auto


class Severity(StrEnum):
    """Whether a folder can be used with it."""

    ERROR = auto()
    """The folder is refused."""
    WARNING = auto()
    """Something is left out or odd; the folder is used."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file; both counted from 1."""

    line: int
    column: int


START = Place(1, 1)
"""Where a finding stands that concerns a whole file, or a file that is not there."""

Path = tuple[str | int, ...]
"""Keys and list indices (from 0), from the top of a file down."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or odd, at its place. The code is stable; the message is for people."""

    severity: Severity
    code: str
    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message} [{self.code}]"


def at(place: Place, severity: Severity, code: str, file: str, path: Path, message: str) -> Finding:
    """A finding at a place."""
    return Finding(severity, code, file, place.line, place.column, ".".join(map(str, path)), message)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Without doubles; by file, then from top to bottom."""
    return tuple(sorted(set(findings), key=lambda each: (each.file, each.line, each.column, each.path, each.message)))


def instead_of(name: str, known: Iterable[str]) -> str:
    """What the writer may have meant: the nearest known name, else all there are."""
    choices = sorted(known)
    if near := get_close_matches(name, choices, n=1):
        return f"did you mean `{near[0]}`?"
    return f"there {'is' if len(choices) == 1 else 'are'} {', '.join(choices) or 'none'}"
