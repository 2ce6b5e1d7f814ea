import json
from pathlib import Path

import pytest

from hub.client import Refused
from hub.store.engine.migrating import HEAD
from tests.cli.conftest import Run
from tests.counterparts.ports import free_port
from tests.live import Live, booked, settled


def made(run: Run, name: str, *scopes: str, municipality: str = "2480") -> str:
    """A new key."""
    told = [word for scope in scopes for word in ("--scope", scope)]
    answer = run("key", "create", "--municipality", municipality, "--name", name, *told)
    assert answer.exit_code == 0, answer.output
    return answer.stdout.strip()


def test_a_key_may_what_its_scopes_say(run: Run, live: Live) -> None:
    body = json.dumps(booked("K-1", court=3)).encode()
    with live.town(made(run, "reader", "bookings:read")) as reader, pytest.raises(Refused) as refused:
        reader.put_booking(body, "K-1")
    assert refused.value.details.code == "forbidden"
    with live.town(made(run, "writer", "bookings:write", "bookings:read")) as writer:
        assert writer.put_booking(body, "K-1").outcome == "accepted"


def test_the_code_is_hidden_from_a_key_that_may_not_see_it(run: Run, live: Live) -> None:
    with live.town() as town:
        answer = town.put_booking(json.dumps(booked("K-2", court=4)).encode(), "K-2")
        settled(town, "K-2", "arx")
    told = run("explain", "K-2", KNUTPUNKT_KEY=made(run, "porter", "bookings:read"))
    assert "(needs credentials:read)" in told.output
    assert str(answer.credentials[0].value) not in told.output


def test_a_revoked_key_opens_nothing(run: Run) -> None:
    key = made(run, "gone", "bookings:read")
    assert run("key", "revoke", "--municipality", "2480", "--name", "gone").exit_code == 0
    assert run("status", KNUTPUNKT_KEY=key).exit_code == 2


def test_a_key_that_is_not_there_cannot_be_revoked(run: Run) -> None:
    assert run("key", "revoke", "--municipality", "2480", "--name", "nobody").exit_code == 1


def test_the_list_tells_who_may_what_and_never_the_key(run: Run) -> None:
    key = made(run, "board", "bookings:read", "credentials:read")
    told = run("key", "list", "--json").stdout
    found = {one["name"]: one for one in json.loads(told)["keys"]}
    assert found["board"]["scopes"] == ["bookings:read", "credentials:read"]
    assert found["operator"]["municipality"] == "*"
    assert key not in told
    assert "board" in run("key", "list").output


def test_programs_get_the_new_key_by_name(run: Run) -> None:
    told = run("key", "create", "--municipality", "2480", "--name", "api", "--scope", "operator", "--json")
    assert json.loads(told.stdout)["key"].startswith("kp_")


def test_a_key_for_a_town_that_is_not_served_reaches_none(run: Run) -> None:
    told = run("status", KNUTPUNKT_KEY=made(run, "stranger", "operator", municipality="0180"))
    assert told.exit_code == 2
    assert "--municipality" in told.stderr


def test_an_unknown_scope_is_refused_and_the_known_ones_told(run: Run) -> None:
    told = run("key", "create", "--municipality", "2480", "--name", "x", "--scope", "everything")
    assert told.exit_code == 2
    assert "'bookings:read'" in told.stderr


def test_the_keys_of_personal_fields_are_told_and_never_shown(run: Run, live: Live) -> None:
    file = Path(live.database.removeprefix("sqlite:///")).with_suffix(".key")
    told = run("key", "sealing", "--json")
    (one,) = json.loads(told.stdout)["keys"]
    assert (one["seals"], len(one["id"])) == (True, 8)
    secrets = [word for word in file.read_text().split() if len(word) == 64]
    shown = told.output + run("key", "sealing").output + run("key", "list").output
    assert len(secrets) == 3
    assert not [secret for secret in secrets if secret in shown]


def test_no_database_is_made_by_asking_for_a_key(run: Run, tmp_path: object) -> None:
    told = run("key", "list", "--database", f"sqlite:///{tmp_path}/none.db")
    assert told.exit_code == 2
    assert "no database at" in told.stderr


def test_migrating_what_is_new_enough_changes_nothing(run: Run, new_database: str) -> None:
    first, second = (json.loads(run("migrate", "--json", "--database", new_database).stdout) for _ in range(2))
    assert (first["before"], first["after"]) == (None, HEAD)
    assert (second["before"], second["after"]) == (HEAD, HEAD)


def test_keys_are_made_and_taken_away_in_the_database_itself(run: Run, database: str) -> None:
    words = ("--municipality", "2480", "--name", "core", "--database", database)
    assert run("key", "create", *words, "--scope", "bookings:read").exit_code == 0
    assert json.loads(run("key", "list", "--json", "--database", database).stdout)["keys"] == []
    (key,) = json.loads(run("key", "list", "--municipality", "2480", "--json", "--database", database).stdout)["keys"]
    assert (key["name"], key["scopes"], key["revoked_at"]) == ("core", ["bookings:read"], None)
    assert run("key", "revoke", *words).exit_code == 0
    assert run("key", "revoke", *words).exit_code == 1


def test_a_database_that_does_not_answer_is_told_and_its_password_not(run: Run) -> None:
    told = run("key", "list", "--database", f"postgresql://hub:secret@127.0.0.1:{free_port()}/hub")
    assert told.exit_code == 2
    assert "the database cannot do it now" in told.stderr
    assert "secret" not in told.output
