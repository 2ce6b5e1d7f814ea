"""One INSERT for many rows."""

import pytest

from hub.store.engine.database import SqliteConnection
from hub.store.engine.many import is_insert, statements

SQL = "INSERT INTO t(a, b) VALUES(?, ?) ON CONFLICT(a) DO UPDATE SET b = t.b || excluded.b RETURNING a, b"


@pytest.fixture
def database() -> SqliteConnection:
    connection = SqliteConnection(":memory:")
    connection.run("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)")
    return connection


@pytest.mark.parametrize("count", [0, 1, 3, 4, 63, 64, 65, 200, 1000])
def test_every_row_is_inserted_once_however_many_there_are(database: SqliteConnection, count: int) -> None:
    rows = [(n, f"{n}") for n in range(count)]
    assert sorted(database.all_returning(SQL, rows)) == rows
    database.each("INSERT INTO t(a, b) VALUES(?, ?)", [(-n - 1, "") for n in range(count)])
    assert database.rows("SELECT count(*) FROM t") == [(2 * count,)]


def test_rows_that_meet_are_taken_in_order(database: SqliteConnection) -> None:
    database.all_returning(SQL, [(n % 2, f"{n}") for n in range(70)])
    evens = "".join(str(n) for n in range(0, 70, 2))
    assert database.rows("SELECT b FROM t WHERE a = 0") == [(evens,)]


def test_a_season_is_few_statements_of_few_texts() -> None:
    told = list(statements(SQL, [(n, "") for n in range(1000)]))
    assert len(told) < 25
    assert len({text for text, _ in told}) <= 5
    assert all(text.count("?") == len(values) < 32_766 for text, values in told)


def test_what_is_no_insert_is_done_row_by_row(database: SqliteConnection) -> None:
    database.each("INSERT INTO t(a, b) VALUES(?, ?)", [(1, "x"), (2, "y")])
    database.each("UPDATE t SET b = ? WHERE a = ?", [("z", 1), ("w", 2)])
    assert database.rows("SELECT b FROM t ORDER BY a") == [("z",), ("w",)]
    assert not is_insert("UPDATE t SET b = ? WHERE a = ?")
    with pytest.raises(ValueError, match="UPDATE"):
        next(statements("UPDATE t SET b = ? WHERE a = ?", [("z", 1)]))
