"""The audit on the command line: who did what, and whether the list is as the hub wrote it."""

import csv
import getpass
import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hub.cli.acts import SWEDISH
from hub.clock import SECOND
from hub.model.audit import Act
from hub.service.audit.acting import Actor
from hub.service.audit.auditing import Auditing, Note
from hub.service.audit.chaining import chained
from hub.store.engine.database import Session, connect
from hub.store.engine.migrating import migrate
from hub.store.seals.keyring import key_from
from hub.store.seals.sealing import Seal
from tests.cli.conftest import Run
from tests.databases import in_file
from tests.live import Live, booked

NOTES = [
    Note("2480", Act.BOOKING_ACCEPTED, "B-1", 0, '{"revision":1}', Actor("core", "=Anna Ek")),
    Note("2480", Act.BOOKING_SEEN, "B-1", 5 * SECOND, "", Actor("desk")),
]


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Session]]:
    """A database that no hub serves, with two leaves in the chain."""
    url = in_file(tmp_path / "hub.db")
    seal = Seal(key_from(tmp_path / "hub.key"))
    with closing(connect(url)) as session:
        for each in NOTES:
            with session.transaction():
                Auditing(seal).write(session, [each])
        with session.transaction():
            session.run("INSERT INTO configurations(municipality, version, files, created_at, current)"
                        " VALUES('2480', 1, '{}', 0, 1)")  # fmt: skip
            chained(session, seal)
        yield url, session


def told(run: Run, url: str, *words: str) -> Any:
    answer = run("audit", "--database", url, *words)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def test_what_a_hub_and_a_person_at_the_machine_did_is_listed(run: Run, live: Live) -> None:
    with live.town() as town:
        town.put_booking(json.dumps(booked("AU-1", court=5)).encode(), "AU-1")
    assert run("explain", "AU-1").exit_code == 0
    found = json.loads(run("audit", "--subject", "AU-1", "--json").stdout)["rows"]
    assert [(row["act"], row["who"]) for row in found] == [
        ("booking.codes_shown", "operator"),
        ("booking.accepted", "operator"),
    ]
    run("key", "create", "--municipality", "2480", "--name", "desk", "--scope", "bookings:read")
    run("key", "revoke", "--municipality", "2480", "--name", "desk")
    found = json.loads(run("audit", "--subject", "desk", "--json", "--person", getpass.getuser()).stdout)["rows"]
    assert [(row["act"], row["who"], row["person"]) for row in found] == [
        ("key.revoked", "cli", getpass.getuser()),
        ("key.made", "cli", getpass.getuser()),
    ]


def test_a_list_is_read_by_people_in_their_language(run: Run, there: tuple[str, Session]) -> None:
    listed = told(run, there[0], "--language", "sv")
    assert "bokning visad" in listed
    assert "=Anna Ek" in listed
    assert "1970-01-01 01:00" in listed
    assert "booking.seen" in told(run, there[0], "--language", "en")


def test_a_table_for_spreadsheets_reckons_nothing(run: Run, there: tuple[str, Session]) -> None:
    rows = list(csv.DictReader(io.StringIO(told(run, there[0], "--csv", "--act", "booking.accepted")), delimiter=";"))
    assert [(row["place"], row["subject"], row["person"]) for row in rows] == [("1", "B-1", "'=Anna Ek")]


def test_rows_are_found_by_time_and_as_many_as_are_asked_for(run: Run, there: tuple[str, Session]) -> None:
    def found(*words: str) -> int:
        return len(json.loads(told(run, there[0], "--json", "--until", "1971-01-01", *words))["rows"])

    assert (found(), found("--limit", "1"), found("--since", "1970-01-01T01:00:05")) == (2, 1, 1)
    assert (found("--who", "desk"), found("--until", "1970-01-01T01:00:05")) == (1, 1)


def test_to_look_leaves_a_row_too(run: Run, there: tuple[str, Session]) -> None:
    told(run, there[0], "--subject", "B-1")
    (seen,) = json.loads(told(run, there[0], "--json", "--act", "audit.seen"))["rows"]
    assert (seen["private"], seen["who"], seen["told"]) == ("subject B-1", "cli", {"rows": 2})


def test_an_audit_as_the_hub_wrote_it_is_told_with_its_end(run: Run, there: tuple[str, Session]) -> None:
    url, _ = there
    answer = run("audit", "verify", "--database", url, "--json")
    (chain,) = json.loads(answer.stdout)["chains"]
    assert (answer.exit_code, chain["place"], chain["found"]) == (0, 2, 0)
    head = f"2480:2:{chain['link']}"
    assert head in run("audit", "verify", "--database", url).output
    assert run("audit", "verify", "--database", url, "--head", head).exit_code == 0
    assert run("audit", "verify", "--database", url, "--head", head.replace(":2:", ":1:")).exit_code == 1
    assert run("audit", "verify", "--database", url, "--head", "nonsense").exit_code == 2


def test_a_row_that_a_hand_changed_is_named_and_ends_1(run: Run, there: tuple[str, Session]) -> None:
    url, session = there
    with session.transaction():
        session.run("UPDATE audit SET subject = 'B-2' WHERE act = 'booking.seen'")
    answer = run("audit", "verify", "--database", url, "--language", "sv")
    assert answer.exit_code == 1
    assert "ändrat plats 2 (blad 2.0): now booking.seen B-2 by desk at 1970-01-01 00:00:05 UTC" in answer.output


def test_an_end_that_was_cut_with_all_that_remembers_it_is_missed_by_who_kept_it(
    run: Run, there: tuple[str, Session]
) -> None:
    url, session = there
    (chain,) = json.loads(run("audit", "verify", "--database", url, "--json").stdout)["chains"]
    with session.transaction():
        for table in ("audit", "audit_leaves", "installation"):
            session.run(f"DELETE FROM {table}")  # noqa: S608 - a table of our own
    answer = run("audit", "verify", "--database", url, "--head", f"2480:2:{chain['link']}")
    assert (answer.exit_code, "was cut" in answer.output) == (1, True)


def test_keys_backups_and_restores_stand_in_the_installations_own(run: Run, live: Live, tmp_path: Path) -> None:
    file, other = tmp_path / "night.zip", f"sqlite:///{tmp_path / 'other.db'}"
    assert run("backup", str(file)).exit_code == 0
    found = json.loads(run("audit", "--municipality", "*", "--act", "database.backed_up", "--json").stdout)["rows"]
    assert (found[0]["subject"], found[0]["who"]) == ("night.zip", "cli")
    assert run("restore", str(file), "--database", other).exit_code == 0
    with closing(connect(other)) as session:
        ((left,),) = session.rows("SELECT value FROM installation WHERE name LIKE 'untold/%'")
    assert json.loads(left)[:2] == ["database.restored", "night.zip"], "told by the next hub that has the key file"


def test_a_database_that_was_brought_to_this_version_says_so(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    key_from(tmp_path / "hub.key")
    assert run("migrate", "--database", url).exit_code == 0
    found = json.loads(run("audit", "--database", url, "--municipality", "*", "--json").stdout)["rows"]
    assert [row["act"] for row in found] == ["database.migrated"]
    migrate(url)
    assert run("migrate", "--database", url).exit_code == 0
    assert len(json.loads(run("audit", "--database", url, "--municipality", "*", "--act", "database.migrated",
                              "--json").stdout)["rows"]) == 1, "nothing was changed"  # fmt: skip


def test_every_act_has_a_swedish_name() -> None:
    assert set(SWEDISH) == set(Act)
    assert len(set(SWEDISH.values())) == len(Act)
