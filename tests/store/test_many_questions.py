"""The same question of many values: one statement, and to each its own rows."""

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
