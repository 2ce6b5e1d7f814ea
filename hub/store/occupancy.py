"""Who has which resource when, and so which bookings stand in each other's way."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.clock import DAY
from hub.store.engine.database import Connection, Later

_OF_OTHERS = (
    "SELECT o.resource, o.starts, o.ends, b.number, o.occasion FROM occupancy o JOIN bookings b ON b.id = o.booking"
    " WHERE o.municipality = ? AND o.resource = ? AND o.long = {} AND o.starts > ? AND o.starts < ? AND o.ends > ?"
    " AND b.number <> ?"
)
_OVERLAPPING = f"{_OF_OTHERS.format(0)} UNION ALL {_OF_OTHERS.format(1)}"
"""Most uses are short, and found by their start; the few that are longer than a day are looked for apart."""
_LONGEST = 31 * DAY


class Place(NamedTuple):
    """A booking's use of one resource."""

    municipality: str
    resource: str
    starts: int
    booking: int
    occasion: str
    ends: int


class Overlap(NamedTuple):
    """Another booking's use that overlaps."""

    resource: str
    starts: int
    ends: int
    number: str
    occasion: str


def insert(connection: Connection, places: Iterable[Place]) -> None:
    """Add uses."""
    connection.each(
        "INSERT INTO occupancy(municipality, resource, starts, booking, occasion, ends, long) VALUES(?, ?, ?, ?, ?,"
        " ?, ?)",
        ((*place, is_long(place.starts, place.ends)) for place in places),
    )


def is_long(starts: int, ends: int) -> bool:
    """Whether it is kept with the uses that are longer than a day."""
    return ends - starts > DAY


def delete(connection: Connection, places: Iterable[Place]) -> None:
    """Take uses away."""
    connection.each(
        "DELETE FROM occupancy WHERE municipality = ? AND resource = ? AND long = ? AND starts = ? AND booking = ?"
        " AND occasion = ?",
        ((p.municipality, p.resource, is_long(p.starts, p.ends), p.starts, p.booking, p.occasion) for p in places),
    )


class Span(NamedTuple):
    """A resource in [starts, ends), by bookings but the one of that number."""

    municipality: str
    resource: str
    starts: int
    ends: int
    but: str


def overlapping(
    connection: Connection, municipality: str, resource: str, starts: int, ends: int, *, but: str
) -> list[Overlap]:
    """Uses of the resource in [starts, ends) by bookings but the one of that number."""
    (found,) = overlapping_each_later(connection, [Span(municipality, resource, starts, ends, but)])()
    return found


def overlapping_each_later(connection: Connection, spans: Iterable[Span]) -> Later[list[list[Overlap]]]:
    """The uses of each, with what is asked next."""
    told = connection.rows_each_later(_OVERLAPPING, [_bound(span) for span in spans])
    return lambda: [[Overlap(*row) for row in rows] for rows in told()]


def _bound(span: Span) -> tuple[object, ...]:
    place, times = (span.municipality, span.resource), (span.ends, span.starts, span.but)
    return (*place, span.starts - DAY, *times, *place, span.starts - _LONGEST, *times)


class Coming(NamedTuple):
    """A use that is on or will be, with what its booking asks for (JSON)."""

    resource: str
    starts: int
    ends: int
    occasion: str
    number: str
    asked: str
    unserved: str


def coming(
    connection: Connection, municipality: str, resources: Iterable[str], *, starts: int, ends: int
) -> list[Coming]:
    """Uses of the resources by confirmed bookings in [starts, ends), in order of time."""
    condition, values = connection.among("o.resource", resources)
    rows = connection.rows(
        "SELECT o.resource, o.starts, o.ends, o.occasion, b.number, b.asked, b.unserved FROM occupancy o"
        f" JOIN bookings b ON b.id = o.booking WHERE o.municipality = ? AND {condition} AND o.long IN (0, 1) AND"
        " o.starts > ?"
        " AND o.starts < ? AND o.ends > ? AND b.status = 'confirmed' ORDER BY o.starts, o.resource, b.number",
        [municipality, *values, starts - _LONGEST, ends, starts],
    )
    return [Coming(*row) for row in rows]


def booked(
    connection: Connection, municipality: str, resources: Iterable[str], *, starts: int, ends: int
) -> list[tuple[str, int, int]]:
    """(resource, from, until) of uses of the resources by confirmed bookings at any time of [starts, ends)."""
    condition, values = connection.among("o.resource", resources)
    rows = connection.rows(
        "SELECT o.resource, o.starts, o.ends FROM occupancy o JOIN bookings b ON b.id = o.booking"
        f" WHERE o.municipality = ? AND {condition} AND o.long IN (0, 1) AND o.starts > ? AND o.starts < ?"
        " AND o.ends > ? AND b.status = 'confirmed'",
        [municipality, *values, starts - _LONGEST, ends, starts],
    )
    return [(resource, int(begins), int(stops)) for resource, begins, stops in rows]


def bookings_in(
    connection: Connection,
    municipality: str,
    spans: Iterable[tuple[str, int, int]],
    *,
    since: int,
    after: int,
    limit: int,
) -> list[int]:
    """Ids of bookings that use a resource within any of the (resource, starts, ends), not over at `since`, by id."""
    found: set[int] = set()
    for resource, starts, ends in spans:
        rows = connection.rows(
            "SELECT DISTINCT booking FROM occupancy WHERE municipality = ? AND resource = ? AND long IN (0, 1)"
            " AND starts > ? AND starts < ? AND ends > ? AND booking > ? ORDER BY booking LIMIT ?",
            (municipality, resource, max(starts, since) - _LONGEST, ends, max(starts, since), after, limit),
        )
        found |= {booking for (booking,) in rows}
    return sorted(found)[:limit]


def open_bookings(connection: Connection, municipality: str, *, since: int) -> list[int]:
    """Ids of all bookings that use something after that moment, in order. Walks all uses."""
    sql = "SELECT DISTINCT booking FROM occupancy WHERE municipality = ? AND ends > ? ORDER BY booking"
    return [booking for (booking,) in connection.rows(sql, (municipality, since))]
