"""What sensors told: what came lately as it came, and for longer an hour a row.

Times are in microseconds, values in thousandths of their unit.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from hub.clock import DAY, HOUR
from hub.store.engine.database import Connection

LATELY = 2 * DAY
"""For so long each reading is kept by itself: one that comes once more is known, and counts once."""


class SensorKey(NamedTuple):
    """A sensor in its source."""

    connection: str
    key: str
    quantity: str


class Reading(NamedTuple):
    """One value of a sensor."""

    sensor: int
    at: int
    value: int


class Hour(NamedTuple):
    """What a sensor told in an hour, and at which moments first and last."""

    sensor: int
    hour: int
    readings: int
    total: int
    least: int
    most: int
    first: int
    first_at: int
    last: int
    last_at: int


_COLUMNS = ", ".join(Hour._fields)
_MAKE = "INSERT INTO sensors(municipality, connection, key, quantity) VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING"
_ADD = (
    "INSERT INTO readings(municipality, sensor, at, value) VALUES(?, ?, ?, ?)"
    " ON CONFLICT(municipality, sensor, at) DO NOTHING RETURNING sensor, at, value"
)
_EARLIER = "excluded.first_at < reading_hours.first_at"
_LATER = "excluded.last_at > reading_hours.last_at"
_LAY_TO = (
    f"INSERT INTO reading_hours(municipality, {_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(municipality, sensor, hour) DO UPDATE SET readings = reading_hours.readings + excluded.readings,"
    " total = reading_hours.total + excluded.total,"
    " least = CASE WHEN excluded.least < reading_hours.least THEN excluded.least ELSE reading_hours.least END,"
    " most = CASE WHEN excluded.most > reading_hours.most THEN excluded.most ELSE reading_hours.most END,"
    f" first = CASE WHEN {_EARLIER} THEN excluded.first ELSE reading_hours.first END,"
    f" first_at = CASE WHEN {_EARLIER} THEN excluded.first_at ELSE reading_hours.first_at END,"
    f" last = CASE WHEN {_LATER} THEN excluded.last ELSE reading_hours.last END,"
    f" last_at = CASE WHEN {_LATER} THEN excluded.last_at ELSE reading_hours.last_at END"
)


def sensors(connection: Connection, municipality: str, keys: Collection[SensorKey]) -> dict[SensorKey, int]:
    """The numbers of those sensors that ever told anything."""
    condition, values = connection.among("key", {one.key for one in keys})
    sql = f"SELECT connection, key, quantity, id FROM sensors WHERE municipality = ? AND {condition}"
    found = {SensorKey(*key): id_ for *key, id_ in connection.rows(sql, [municipality, *values])} if keys else {}
    return {key: id_ for key, id_ in found.items() if key in keys}


def numbered(connection: Connection, municipality: str, keys: Collection[SensorKey]) -> dict[SensorKey, int]:
    """The numbers of those sensors; who tells for the first time gets one."""
    found = sensors(connection, municipality, keys)
    if new := sorted(set(keys) - found.keys()):
        connection.each(_MAKE, [(municipality, *key) for key in new])
        found = sensors(connection, municipality, keys)
    return found


def add(connection: Connection, municipality: str, told: Iterable[Reading]) -> list[Reading]:
    """Keep readings, each of another sensor or time, sorted; gives those that were not known."""
    rows = [(municipality, *one) for one in told]
    return [Reading(*row) for row in connection.all_returning(_ADD, rows)]


def hours_of(told: Iterable[Reading]) -> list[Hour]:
    """Readings laid together by the hour, sorted."""
    found: dict[tuple[int, int], Hour] = {}
    for sensor, at, value in sorted(told):
        hour = at - at % HOUR
        had = found.get((sensor, hour), Hour(sensor, hour, 0, 0, value, value, value, at, value, at))
        found[sensor, hour] = had._replace(
            readings=had.readings + 1,
            total=had.total + value,
            least=min(had.least, value),
            most=max(had.most, value),
            last=value,
            last_at=at,
        )
    return [found[place] for place in sorted(found)]


def lay_to(connection: Connection, municipality: str, hours: Sequence[Hour]) -> None:
    """Lay what is new to its hours, sorted."""
    connection.each(_LAY_TO, [(municipality, *hour) for hour in hours])


def hours(connection: Connection, municipality: str, sensor: int, *, since: int, until: int) -> list[Hour]:
    """The hours of a sensor that begin in [since, until), and before them the last one that there is."""
    place = f"SELECT {_COLUMNS} FROM reading_hours WHERE municipality = ? AND sensor = ?"
    before = connection.rows(f"{place} AND hour < ? ORDER BY hour DESC LIMIT 1", (municipality, sensor, since))
    within = connection.rows(f"{place} AND hour >= ? AND hour < ? ORDER BY hour", (municipality, sensor, since, until))
    return [Hour(*row) for row in [*before, *within]]


def latest(connection: Connection, municipality: str, sensor: int) -> Hour | None:
    """The last hour in which a sensor told anything."""
    sql = f"SELECT {_COLUMNS} FROM reading_hours WHERE municipality = ? AND sensor = ? ORDER BY hour DESC LIMIT 1"
    rows = connection.rows(sql, (municipality, sensor))
    return Hour(*rows[0]) if rows else None


def lately(connection: Connection, municipality: str, sensor: int, *, since: int, until: int) -> list[Reading]:
    """What a sensor told in [since, until), and before that the last that is kept by itself, in order of time."""
    place = "SELECT sensor, at, value FROM readings WHERE municipality = ? AND sensor = ?"
    before = connection.rows(f"{place} AND at < ? ORDER BY at DESC LIMIT 1", (municipality, sensor, since))
    within = connection.rows(f"{place} AND at >= ? AND at < ? ORDER BY at", (municipality, sensor, since, until))
    return [Reading(*row) for row in [*before, *within]]


def last_at_most(connection: Connection, municipality: str, sensor: int, value: int) -> int | None:
    """When a sensor told so much or less for the last time; None where it did not lately."""
    sql = "SELECT at FROM readings WHERE municipality = ? AND sensor = ? AND value <= ? ORDER BY at DESC LIMIT 1"
    rows = connection.rows(sql, (municipality, sensor, value))
    return int(rows[0][0]) if rows else None


def forget_lately(connection: Connection, municipality: str, *, before: int, limit: int) -> int:
    """Remove the oldest readings by themselves; their hours stay. Gives how many."""
    sql = (
        "DELETE FROM readings WHERE municipality = ? AND at < ? AND at <= coalesce((SELECT at FROM readings"
        " WHERE municipality = ? AND at < ? ORDER BY at LIMIT 1 OFFSET ?), ?)"
    )
    return connection.run(sql, (municipality, before, municipality, before, limit - 1, before))


def forget(connection: Connection, municipality: str, *, before: int, limit: int) -> int:
    """Remove the oldest hours; gives how many."""
    sql = (
        "DELETE FROM reading_hours WHERE municipality = ? AND hour < ? AND hour <= coalesce((SELECT hour"
        " FROM reading_hours WHERE municipality = ? AND hour < ? ORDER BY hour LIMIT 1 OFFSET ?), ?)"
    )
    return connection.run(sql, (municipality, before, municipality, before, limit - 1, before))
