"""Every statement of a request forgets its municipality: on PostgreSQL the second wall still stands between two."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hub.service.keeping.keys import Scope
from hub.store.engine import walls
from hub.store.engine.database import Towns
from hub.store.engine.postgres import PostgresConnection
from tests.api.site import Site, running
from tests.builders import raw_booking
from tests.counterparts.postgres import Postgres
from tests.databases import Shared
from tests.tenancy.test_the_wall import every_route

OURS, THEIRS, SECRET = "2480", "1480", "HEMLIG"
_FIRST_WALL = re.compile(r"(?:\w+\.)?municipality(?: \|\| '')? = \?")
"""Of the routes that want some."""
QUIET = ("bookings", "claims", "closures", "codes", "entries", "events", "keys", "lanes", "occupancy", "subscriptions")
"""Tables in which nothing of a municipality changes while nobody asks for it and nothing of it is due."""


class Forgetful:
    """Statements of requests for one municipality forget which, once it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.forgets = False
        self.forgot: Counter[str] = Counter()
        self._bound: dict[int, bool] = {}
        begin = PostgresConnection._begin

        def begun(connection: PostgresConnection, how: str, towns: Towns) -> None:
            self._bound[id(connection)] = towns is not None and len(towns) == 1
            begin(connection, how, towns)

        monkeypatch.setattr(PostgresConnection, "_begin", begun)
        for name in ("run", "rows", "rows_later", "rows_each", "each"):
            monkeypatch.setattr(PostgresConnection, name, self._forgetting(getattr(PostgresConnection, name)))

    def _forgetting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def forgetting(connection: PostgresConnection, sql: str, *values: Any) -> Any:
            if self.forgets and self._bound.get(id(connection)):
                torn = _FIRST_WALL.sub(lambda found: f"({found[0]} OR true)", sql)
                self.forgot[torn] += torn != sql
                sql = torn
            return method(connection, sql, *values)

        return forgetting


class Both:
    """A hub for both, on a database to which it is that role; they have the same, and what is theirs is called so."""

    def __init__(self, site: Site, url: str, forgetful: Forgetful) -> None:
        self.site, self._url, self.forgetful = site, url, forgetful
        scopes = [scope for scope in Scope if scope is not Scope.ADMIN]
        self.keys = {town: site.key(*scopes, town=town) for town in (OURS, THEIRS)}
        for town, word in ((OURS, "OPEN"), (THEIRS, SECRET)):
            for number in ("B-1", word):
                self.ask("PUT", f"/bookings/{number}", town, json=raw_booking(number), headers={"Prefer": "wait=20"})
            self.ask("PUT", f"/closures/{word}", town, json=closure(word))
            hook = {"url": f"https://{word.lower()}.example.se/", "paused": True}
            self.ask("PUT", "/subscriptions/core", town, json=hook)

    def ask(self, method: str, path: str, town: str = OURS, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.keys[town]}"} | more.pop("headers", {})
        return self.site.client.request(method, f"/v1/{town}{path}", headers=headers, **more)

    def theirs(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that they have in the tables that are quiet."""
        with psycopg.connect(self._url) as connection:
            sql = "SELECT * FROM {} WHERE municipality = %s ORDER BY 1, 2, 3"
            return {name: connection.execute(sql.format(name).encode(), (THEIRS,)).fetchall() for name in QUIET}


def closure(word: str) -> dict[str, Any]:
    day = {"starts_at": "2026-12-24T00:00:00Z", "ends_at": "2026-12-25T00:00:00Z"}
    return {"revision": 1, "resource": "hall.court-3", "reason": word} | day


@pytest.fixture(params=["ordinary", "superuser"])
def both(
    request: pytest.FixtureRequest,
    shared_database: Shared,
    postgres: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Both]:
    monkeypatch.chdir(tmp_path)
    forgetful, url = Forgetful(monkeypatch), shared_database.emptied()
    if request.param == "superuser":
        url = postgres.url(url.rpartition("/")[2], role="postgres")
    with running(tmp_path, monkeypatch, url) as site:
        yield Both(site, url, forgetful)


with_the_wall = pytest.mark.parametrize("both", ["ordinary"], indirect=True)
without = pytest.mark.parametrize("both", ["superuser"], indirect=True)


def asked_with(path: str) -> dict[str, str]:
    """What a route must be told."""
    days = {"from": "2026-01-01", "to": "2026-12-31"}
    told = {"/attendance": days, "/doors:explain": {"door": "hall/OUTER"}, "/zones:explain": {"zone": "hall/court-1"}}
    return told.get(path, {})


@with_the_wall
def test_no_answer_holds_anything_of_another_though_every_statement_forgot_whom_it_is_for(both: Both) -> None:
    mine = [path for method, path in every_route() if method == "GET" and "{municipality}" in path]
    names = {
        "{number}": "B-1",
        "{name}": "core",
        "{resource}": "hall.court-1",
        "{unsealing}": "1",
        "{key}": "D-1",
        "{place}": "1",
    }
    told: dict[str, Any] = {}
    both.forgetful.forgets = True
    for path in (path.removeprefix("/v1/{municipality}") for path in mine if "stream" not in path):
        named = re.sub(r"{\w+}", lambda found: names[found[0]], path)
        told[path] = both.ask("GET", named, params=asked_with(path))
    assert len(told) > 15
    assert sum(map(bool, both.forgetful.forgot.values())) > 20, "so many statements"
    for path, answer in told.items():
        assert answer.status_code == (404 if re.search("{(unsealing|key)}", path) else 200), (path, answer.text)
        assert SECRET not in answer.text.upper(), path
    assert [one["number"] for one in told["/bookings"].json()["bookings"]] == ["B-1", "OPEN"]
    assert told["/status"].json()["bookings"] == {"confirmed": 2}


@with_the_wall
def test_nothing_of_another_is_changed_though_every_statement_forgot_whom_it_is_for(both: Both) -> None:
    before = both.theirs()
    both.forgetful.forgets = True
    assert changes(both) == [202, 202, 202, 202, 200, 204, 200]
    both.forgetful.forgets = False
    assert both.theirs() == before
    assert before["subscriptions"]
    assert before["lanes"]
    assert both.ask("GET", f"/bookings/{SECRET}").status_code == 200, "of the same name, and ours"


def changes(both: Both, turn: int = 0) -> list[int]:
    """What we change, by names that they have too, for the first time or again; gives what was answered."""
    cancelled = raw_booking("B-1", 2 + turn, status="cancelled")
    return [
        both.ask("PUT", "/bookings/B-1", json=cancelled, headers={"Prefer": "wait=20"}).status_code,
        both.ask("PUT", f"/bookings/{SECRET}", json=raw_booking(SECRET)).status_code,
        both.ask(
            "PUT", "/closures/OPEN", json=closure("OPEN") | {"revision": 2 + 2 * turn, "reason": "snow"}
        ).status_code,
        both.ask("DELETE", "/closures/OPEN", params={"revision": 3 + 2 * turn}).status_code,
        both.ask("POST", "/subscriptions/core:resume").status_code,
        both.ask("DELETE", "/subscriptions/core").status_code,
        both.ask("POST", "/deliveries:retry", json={}).status_code,
    ]


@without
def test_without_the_wall_the_same_statements_tell_all_and_change_what_is_theirs(
    both: Both, caplog: pytest.LogCaptureFixture
) -> None:
    before = both.theirs()
    both.forgetful.forgets = True
    assert SECRET in both.ask("GET", "/bookings").text
    tries = (changes(both, turn) and both.theirs() for turn in range(5))
    assert any(after != before for after in tries), "of what, and when, depends on whose rows come first"
    both.forgetful.forgets = False
    assert walls.MISSING in [record.message for record in caplog.get_records("setup")], "told when it started"
