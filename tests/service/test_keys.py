"""API keys: long and random, kept as a digest, bound to a municipality and to rights."""

from pathlib import Path
from typing import Any

import pytest

from hub.service.keeping.keys import EVERY_MUNICIPALITY, Holder, Scope, create, digest, holder
from hub.store import keys
from tests.databases import Alone
from tests.delivery.harness import TOWN, Stage, staged


def made(hall: Stage, *scopes: Scope, town: str = TOWN, name: str = "core") -> str:
    def make(connection: Any) -> str:
        return create(connection, municipality=town, name=name, scopes=scopes, now=hall.now())

    return hall.run(hall.writer.call(make))


def test_a_key_is_long_random_and_told_once(
    lone_database: Alone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staged(lone_database.url, tmp_path, monkeypatch) as hall:
        no_file_holds_a_key(hall, lone_database)


def no_file_holds_a_key(hall: Stage, database: Alone) -> None:
    told = {made(hall, Scope.BOOKINGS_WRITE, name=f"core-{n}") for n in range(20)}
    assert len(told) == 20
    assert all(len(key) > 40 for key in told)
    content = b"".join(database.files().values())
    assert b"core-19" in content
    assert not any(key.encode() in content or key[3:].encode() in content for key in told)


def test_a_key_is_known_by_its_digest(hall: Stage) -> None:
    key = made(hall, Scope.BOOKINGS_WRITE, Scope.CREDENTIALS_READ)
    known = hall.read(holder, digest(key))
    assert known == Holder(TOWN, "core", frozenset({Scope.BOOKINGS_WRITE, Scope.CREDENTIALS_READ}))
    assert hall.read(holder, digest(key[:-1])) is None


def test_a_revoked_key_opens_nothing(hall: Stage) -> None:
    key = made(hall, Scope.ADMIN)
    hall.run(hall.writer.call(lambda connection: keys.revoke(connection, TOWN, "core", now=hall.now())))
    assert hall.read(holder, digest(key)) is None


@pytest.mark.parametrize(
    "scopes, asked, may",
    [
        ({Scope.BOOKINGS_READ}, Scope.BOOKINGS_READ, True),
        ({Scope.BOOKINGS_READ}, Scope.BOOKINGS_WRITE, False),
        ({Scope.BOOKINGS_WRITE}, Scope.BOOKINGS_READ, False),
        ({Scope.BOOKINGS_WRITE}, Scope.CREDENTIALS_READ, False),
        ({Scope.OPERATOR}, Scope.BOOKINGS_READ, True),
        ({Scope.OPERATOR}, Scope.CREDENTIALS_READ, False),
        ({Scope.OPERATOR}, Scope.PERSONS_PROTECTION, False),
        ({Scope.OPERATOR}, Scope.ADMIN, False),
        ({Scope.ADMIN}, Scope.CREDENTIALS_READ, True),
        (set(), Scope.BOOKINGS_READ, False),
    ],
)
def test_a_key_gives_its_rights_and_no_other(scopes: set[Scope], asked: Scope, *, may: bool) -> None:
    assert Holder(TOWN, "x", frozenset(scopes)).may(asked, TOWN) is may


@pytest.mark.parametrize("scope", [Scope.BOOKINGS_READ, Scope.OPERATOR, Scope.ADMIN])
def test_a_key_of_one_municipality_opens_no_other(scope: Scope) -> None:
    key = Holder(TOWN, "x", frozenset({scope}))
    assert key.may(scope, TOWN)
    assert not key.may(scope, "1480")
    assert not key.may(scope, EVERY_MUNICIPALITY)
    assert Holder(EVERY_MUNICIPALITY, "x", frozenset({scope})).may(scope, "1480")
