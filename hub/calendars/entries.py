"""What reading a file gives: entries, each a booking or what is wrong with it; and a file that cannot be read."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, ParamSpec, TypeVar

from pydantic import ValidationError

from hub.errors import FieldFault, InvalidError
from hub.model.booking import Booking

MOST_BYTES = 20_000_000
"""Of one file; a season of a municipality is less."""

Read = TypeVar("Read")
P = ParamSpec("P")


class Fault(NamedTuple):
    """One fault, and where in the file it stands; `detail` says what to do."""

    line: int
    place: str
    """A property or a column; empty when it is the whole event or row."""
    code: str
    detail: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.place}" if self.place else f"line {self.line}"
        return f"{where}: {self.detail}"


class Entry(NamedTuple):
    """One booking of a file: as our API takes it, or None and its faults. `line` is where it begins, from 1."""

    line: int
    name: str
    """What the file calls it: a UID, or a number."""
    number: str | None
    booking: bytes | None
    faults: tuple[Fault, ...] = ()


class UnreadableError(Exception):
    """A part that cannot be read; becomes a fault of its entry."""

    def __init__(self, line: int, place: str, detail: str, *, code: str = "invalid-value") -> None:
        super().__init__(detail)
        self.fault = Fault(line, place, code, detail)


class Gathering:
    """Collects the faults of one entry, all at once."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def read(self, part: Callable[P, Read], *told: P.args, **named: P.kwargs) -> Read | None:
        """What the part gives; None, and a fault more, when it cannot be read."""
        try:
            return part(*told, **named)
        except UnreadableError as error:
            self.faults.append(error.fault)
            return None


def unusable(detail: str, *, code: str = "invalid-file") -> InvalidError:
    """A file of which nothing can be believed."""
    return InvalidError([FieldFault("", code, detail)], code=code)


def require_size(raw: bytes) -> None:
    """Refuse a file that is too large. Raises InvalidError."""
    if len(raw) > MOST_BYTES:
        raise unusable(f"a file is at most {MOST_BYTES} bytes; send it in parts, or as NDJSON", code="too-large")


def as_json(booking: Mapping[str, Any]) -> bytes:
    """One line of NDJSON, the same for the same booking."""
    return json.dumps(booking, ensure_ascii=False, separators=(",", ":")).encode()


Origins = Mapping[tuple[str | int, ...], tuple[int, str]]
"""Line and place from which each part of a booking was made; `()` is that of all of it."""


def faults_of(booking: Mapping[str, Any], origins: Origins) -> list[Fault]:
    """What is wrong with a booking that was made of a file, each fault where its part stands in the file."""
    try:
        Booking.model_validate(booking)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False, include_context=False)
        return [_fault(fault["loc"], fault["msg"], origins) for fault in told]
    return []


def _fault(loc: tuple[str | int, ...], message: str, origins: Origins) -> Fault:
    steps = next(loc[:n] for n in range(len(loc), -1, -1) if loc[:n] in origins)
    line, place = origins[steps]
    what = "" if place else ".".join(str(step) for step in loc if isinstance(step, str))
    detail = message.removeprefix("Value error, ")
    return Fault(line, place, "invalid-value", f"{what}: {detail}" if what else detail)
