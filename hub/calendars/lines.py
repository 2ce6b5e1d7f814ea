"""An iCalendar file as a tree of components, with the line of each: bounded in size, number and depth."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.calendars.entries import require_size, unusable

MOST_COMPONENTS = 60_000
DEEPEST = 4
"""VCALENDAR, VEVENT, VALARM, and one that we do not know."""
LONGEST_LINE = 100_000


class Line(NamedTuple):
    """A content line, unfolded; `number` is where it begins, from 1."""

    number: int
    raw: bytes


@dataclass
class Component:
    """What stands between a BEGIN and its END."""

    name: str
    line: int
    lines: list[Line] = field(default_factory=list)
    components: "list[Component]" = field(default_factory=list)


def unfolded(raw: bytes) -> Iterator[Line]:
    """Content lines in order. A line that begins with a space or a tab goes on with the one before it."""
    begun, parts = 0, [b""]
    for number, each in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = each.removesuffix(b"\r")
        if line[:1] in {b" ", b"\t"} and begun:
            parts.append(line[1:])
            continue
        if begun and (whole := b"".join(parts)).strip():
            yield Line(begun, whole)
        begun, parts = number, [line]
    if (whole := b"".join(parts)).strip():
        yield Line(begun, whole)


def calendars(raw: bytes) -> list[Component]:
    """The calendars in a file.

    Raises:
        InvalidError: it is none, is cut off, or has more or deeper parts than a calendar has.
    """
    require_size(raw)
    root = Component("", 0)
    stack, count = [root], 0
    for line in unfolded(raw):
        verb, _, name = line.raw.partition(b":")
        match verb.strip().upper():
            case b"BEGIN":
                count += 1
                stack.append(_begun(stack, name, line, count))
            case b"END":
                _ended(stack, name, line)
            case _ if len(stack) == 1:
                raise unusable(f"line {line.number}: an iCalendar file begins with BEGIN:VCALENDAR")
            case _ if len(line.raw) <= LONGEST_LINE:
                stack[-1].lines.append(line)
    if len(stack) > 1:
        open_ = stack[-1]
        raise unusable(f"the file ends within the {open_.name} of line {open_.line}: it was cut off; fetch it again")
    if not root.components:
        raise unusable("there is no calendar in the file; an iCalendar file begins with BEGIN:VCALENDAR")
    return root.components


def _begun(stack: list[Component], name: bytes, line: Line, count: int) -> Component:
    begun = Component(name.strip().upper()[:40].decode("ascii", "replace"), line.number)
    if len(stack) == 1 and begun.name != "VCALENDAR":
        raise unusable(f"line {line.number}: an iCalendar file begins with BEGIN:VCALENDAR")
    if len(stack) > DEEPEST:
        raise unusable(f"line {line.number}: components lie more than {DEEPEST} deep; that is no calendar")
    if count > MOST_COMPONENTS:
        raise unusable(f"line {line.number}: more than {MOST_COMPONENTS} components; send the calendar in parts")
    stack[-1].components.append(begun)
    return begun


def _ended(stack: list[Component], name: bytes, line: Line) -> None:
    ended = name.strip().upper().decode("ascii", "replace")
    if len(stack) == 1 or stack[-1].name != ended[:40]:
        began = f"{stack[-1].name} of line {stack[-1].line}" if len(stack) > 1 else "nothing"
        raise unusable(f"line {line.number}: END:{ended[:40]} where {began} should end; the file is broken")
    stack.pop()
