"""What is known of a connection besides its configuration."""

from typing import NamedTuple

from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection


class Known(NamedTuple):
    """`paused`: by whom or what, None while it runs. `about`: JSON of what its system said of itself."""

    name: str
    paused: str | None
    paused_at: int | None
    about: str | None
    checked_at: int | None
    check_failed: str | None


def known(connection: Connection, municipality: str) -> dict[str, Known]:
    """All that is known, by name; a connection that nothing happened to is not there."""
    sql = "SELECT name, paused, paused_at, about, checked_at, check_failed FROM connections WHERE municipality = ?"
    return {row[0]: Known(*row) for row in connection.rows(sql, (municipality,))}


def paused(connection: Connection) -> dict[tuple[str, str], str]:
    """By whom or what each paused connection is paused, by municipality and name."""
    rows = connection.rows("SELECT municipality, name, paused FROM connections WHERE paused IS NOT NULL")
    return {(municipality, name): by for municipality, name, by in rows}


def answered(connection: Connection, *, since: int) -> dict[tuple[str, str], int]:
    """When the systems that were away and came back since then did so, as any process found."""
    rows = connection.rows("SELECT municipality, name, answered_at FROM connections WHERE answered_at >= ?", (since,))
    return {(municipality, name): at for municipality, name, at in rows}


def set_answered(connection: Connection, municipality: str, name: str, *, now: int) -> None:
    """A system that was away is back."""
    connection.run(
        "INSERT INTO connections(municipality, name, answered_at) VALUES(?, ?, ?) ON CONFLICT(municipality, name)"
        " DO UPDATE SET answered_at = excluded.answered_at",
        (municipality, name, now),
    )


def set_paused(connection: Connection, municipality: str, name: str, by: str | None, *, now: int) -> None:
    """Pause it, or let it run again (None); the first to pause stands."""
    connection.ring(Bell.RULES)
    connection.run(
        "INSERT INTO connections(municipality, name, paused, paused_at) VALUES(?, ?, ?, ?) ON"
        " CONFLICT(municipality, name) DO UPDATE"
        " SET paused_at = CASE WHEN connections.paused IS NULL THEN excluded.paused_at ELSE connections.paused_at END,"
        " paused = CASE WHEN excluded.paused IS NULL THEN NULL ELSE coalesce(connections.paused, excluded.paused) END",
        (municipality, name, by, now),
    )


def set_checked(
    connection: Connection, municipality: str, name: str, *, about: str | None, failed: str | None, now: int
) -> None:
    """Keep what a check found; what the system said before stays when this one failed."""
    connection.run(
        "INSERT INTO connections(municipality, name, about, checked_at, check_failed) VALUES(?, ?, ?, ?, ?)"
        " ON CONFLICT(municipality, name) DO UPDATE SET about = coalesce(excluded.about, connections.about),"
        " checked_at = excluded.checked_at, check_failed = excluded.check_failed",
        (municipality, name, about, now, failed),
    )
