"""The same question of many values, or the same change of many rows: one statement, and to each its own."""

from contextlib import closing

import pytest

from hub.store.engine.database import connect
from hub.store.events import Event, append

_SUBJECTS = "SELECT subject, at FROM events WHERE municipality = ? AND at >= ? AND at < ? ORDER BY at"


@pytest.mark.parametrize("many", [0, 1, 3, 4, 17, 64, 200])
def test_each_of_many_is_answered_with_its_own_rows(database: str, many: int) -> None:
    with closing(connect(database)) as connection, connection.transaction():
        append(connection, [Event("2480", "told", f"B-{n}", "{}", n) for n in range(300)])
        asked = [("2480", n, n + n % 3) for n in range(many)]
        one_by_one = [connection.rows(_SUBJECTS, one) for one in asked]
        assert connection.rows_each(_SUBJECTS, asked) == one_by_one
        assert [len(rows) for rows in one_by_one] == [n % 3 for n in range(many)]


@pytest.mark.parametrize("many", [0, 1, 3, 200])
def test_what_is_asked_of_many_later_is_as_it_stood_then(many: int, database: str) -> None:
    with closing(connect(database)) as connection, connection.transaction():
        append(connection, [Event("2480", "told", "B-1", "{}", n) for n in range(200)])
        told = connection.rows_each_later(_SUBJECTS, [("2480", n, n + 1) for n in range(many)])
        connection.run("DELETE FROM events")
        assert told() == [[("B-1", n)] for n in range(many)]


@pytest.mark.parametrize("table", ["events", "bookings"])
def test_ids_are_told_before_their_rows_are_there_and_none_twice(table: str, database: str) -> None:
    insert = {
        "events": "INSERT INTO events(id, municipality, type, subject, body, at) VALUES(?, '2480', 't', ?, '', 0)",
        "bookings": "INSERT INTO bookings(id, municipality, number, revision, status, content, body, persons, asked,"
        " unserved, configuration, accepted_at) VALUES(?, '2480', ?, 1, 'confirmed', '', '', '', '', '', 1, 0)",
    }[table]
    with closing(connect(database)) as connection:
        told: list[int] = []
        for many in (0, 2, 1):
            with connection.transaction():
                ids = connection.ids_later(table, many)()
                connection.each(insert, [(id_, f"{id_}") for id_ in ids])
                told += ids
        assert connection.rows(f"SELECT id FROM {table} ORDER BY id") == [(id_,) for id_ in told]  # noqa: S608
        assert len({*told}) == 3


def test_ids_of_what_happened_are_not_used_again_when_it_is_gone(database: str) -> None:
    with closing(connect(database)) as connection, connection.transaction():
        append(connection, [Event("2480", "told", "B-1", "{}", 0)])
        ((last,),) = connection.rows("SELECT max(id) FROM events")
        connection.run("DELETE FROM events")
        assert connection.ids_later("events", 1)()[0] > last


_MOVE = "UPDATE events SET body = coalesce(v.body, events.body), at = v.at FROM v WHERE events.id = v.event"
_MOVED = (("event", "bigint"), ("body", "text"), ("at", "bigint"))


@pytest.mark.parametrize("many", [0, 1, 3, 17, 64, 200])
def test_each_of_many_is_changed_as_it_is_to_be(database: str, many: int) -> None:
    with closing(connect(database)) as connection, connection.transaction():
        append(connection, [Event("2480", "told", f"B-{n}", "{}", n) for n in range(210)])
        ids = [id_ for (id_,) in connection.rows("SELECT id FROM events ORDER BY id")]
        changes = [(id_, None if n % 2 else f"{n}", n * 10) for n, id_ in enumerate(ids[:many])]
        connection.change(_MOVE, _MOVED, reversed(changes))
        found = connection.rows("SELECT id, body, at FROM events ORDER BY id")
    assert found[:many] == [(id_, body or "{}", at) for id_, body, at in changes]
    assert found[many:] == [(id_, "{}", n) for n, id_ in enumerate(ids) if n >= many]
