"""A configuration from the command line: planned, applied, listed and taken back, with a hub that serves or without."""

import json
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.cli import configuring, foretold
from hub.cli.words import Words
from hub.model.configured import ChangedLine, ChangedLines, Lit
from hub.store.engine.database import connect
from tests.cli.conftest import Run
from tests.databases import in_file
from tests.live import NOON, TOWN, UMEA, Live, booked, running, settled


def changed(tmp_path: Path, name: str = "changed", *, lead: int = 45) -> Path:
    """Umeå, whose tennis hall opens its doors earlier."""
    folder = tmp_path / name
    shutil.copytree(UMEA, folder)
    hall = folder / "facilities" / "tennishallen.yaml"
    text = hall.read_text()
    assert "lead_minutes: 15" in text
    hall.write_text(text.replace("lead_minutes: 15", f"lead_minutes: {lead}"))
    return folder


def told(run: Run, live: Live, *words: str, code: int = 0) -> Any:
    answer = run(*words, "--database", live.database, "--json", KNUTPUNKT_URL=live.url)
    assert answer.exit_code == code, answer.output
    return json.loads(answer.stdout)


def test_a_hub_that_serves_follows_what_is_applied_and_taken_back(run: Run, tmp_path: Path) -> None:
    folder = changed(tmp_path)
    (tmp_path / "home").mkdir()
    with running(tmp_path / "home") as live, live.town() as town:
        town.put_booking(json.dumps(booked("CF-1")).encode(), "CF-1")
        before = settled(town, "CF-1", "arx").credentials
        plan = told(run, live, "plan", str(folder), "--at", NOON.isoformat())
        assert (plan["current"], plan["bookings"], plan["changed"], plan["refused"]) == (1, 1, 1, [])
        made = told(run, live, "apply", str(folder))
        assert made == {"municipality": TOWN, "version": 2, "before": 1, "applied": True, "changed": 1}
        after = settled(town, "CF-1", "arx")
        assert after.configuration == 2
        assert [one.value for one in after.credentials] == [one.value for one in before]
        assert after.credentials[0].window.starts_at < before[0].window.starts_at
        assert told(run, live, "rollback")["version"] == 1
        assert settled(town, "CF-1", "arx").credentials == before
        listed = told(run, live, "history")
        assert [(one["version"], one["current"], one["who"]) for one in listed["versions"]] == [
            (2, False, "cli"),
            (1, True, "cli"),
        ]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    """A database that no hub serves."""
    monkeypatch.setattr(configuring, "_HUB_BEGINS_WITHIN_SECONDS", 0.0)
    return Live("http://127.0.0.1:9", "", in_file(tmp_path / "hub.db"))


def test_where_no_hub_runs_the_command_does_it_all(run: Run, alone: Live, tmp_path: Path) -> None:
    assert told(run, alone, "plan", str(UMEA))["current"] is None
    assert told(run, alone, "apply", str(UMEA))["version"] == 1
    assert told(run, alone, "apply", str(UMEA)) == {
        "municipality": TOWN, "version": 1, "before": 1, "applied": True, "changed": 0,
    }  # fmt: skip
    assert told(run, alone, "apply", str(changed(tmp_path))) == {
        "municipality": TOWN, "version": 2, "before": 1, "applied": True, "changed": 0,
    }  # fmt: skip
    assert told(run, alone, "rollback", "1")["applied"]
    assert run("rollback", "9", "--database", alone.database).exit_code == 1


def test_what_differs_is_told_in_both_languages(run: Run, alone: Live, tmp_path: Path) -> None:
    folder = str(changed(tmp_path))
    told(run, alone, "apply", str(UMEA))
    swedish = run("plan", folder, "--database", alone.database, "--language", "sv").output
    assert "av 0 bokningar som inte är över ändras 0, jämfört med version 1" in swedish
    assert "lead_minutes changed from 15 to 45" in swedish
    assert "of 0 bookings" in run("plan", folder, "--database", alone.database, "--language", "en").output
    applied = run("apply", folder, "--database", alone.database, "--language", "sv").output
    assert applied == "2480: version 2 gäller, 0 bokningar planerades om.\n"
    listed = run("history", "--database", alone.database, "--language", "sv").output
    assert "* 2" in listed
    assert "lead_minutes changed from 15 to 45" in listed


def test_a_folder_with_errors_is_refused_with_its_lines(run: Run, alone: Live, tmp_path: Path) -> None:
    folder = changed(tmp_path)
    (folder / "municipality.yaml").write_text("key: [\n")
    for command in ("plan", "apply"):
        answer = run(command, str(folder), "--database", alone.database)
        assert (answer.exit_code, "municipality.yaml" in answer.stderr) == (1, True)
    assert told(run, alone, "apply", str(UMEA))["version"] == 1


def test_a_connection_that_may_not_go_yet_is_told_before_and_refused(run: Run, alone: Live, tmp_path: Path) -> None:
    told(run, alone, "apply", str(UMEA))
    with closing(connect(alone.database)) as session, session.transaction():
        session.run(
            "INSERT INTO lanes(municipality, connection, key, kind, due, effect, delivery, confirmed)"
            " VALUES(?, 'arx-tennishallen', 'hub-B-1', 'credential', 0, 'standing', 'confirmed', '1[]x')",
            (TOWN,),
        )
    folder = changed(tmp_path)
    (folder / "connections" / "arx-tennishallen.yaml").rename(folder / "connections" / "other.yaml")
    hall = folder / "facilities" / "tennishallen.yaml"
    hall.write_text(hall.read_text().replace("arx-tennishallen", "other"))
    plan = told(run, alone, "plan", str(folder), code=1)
    assert plan["refused"] == [
        {"connection": "arx-tennishallen", "targets": 1, "records": 0, "example": "hub-B-1"}
    ]  # fmt: skip
    assert "Nekas: anslutningen arx-tennishallen" in run(
        "plan", str(folder), "--database", alone.database, "--language", "sv"
    ).output  # fmt: skip
    answer = run("apply", str(folder), "--database", alone.database)
    assert (answer.exit_code, "arx-tennishallen: 1 targets" in answer.stderr) == (1, True)
    assert told(run, alone, "history")["versions"][0]["version"] == 1


def test_a_municipality_that_is_not_here_has_no_history(run: Run, alone: Live) -> None:
    assert run("history", "--municipality", "9999", "--database", alone.database).exit_code == 1
    assert run("history", "--database", alone.database).exit_code == 2


def test_lines_of_zones_that_would_be_others_are_shown_with_when_first_and_how_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    at = datetime(2026, 11, 28, 21, 0, tzinfo=UTC)
    lit = Lit(starts_at=at - timedelta(hours=2), ends_at=at + timedelta(hours=1), level=60)
    line = ChangedLine(zone="hall/a", stretches=2, at=at, before=lit, after=None, hours_before=12.5, hours_after=11.5)
    for language, said in (
        ("en", ("3 zones would have other rules; of 1", "hall/a", "2026-11-28 22:00", "released", "12.5 → 11.5")),
        ("sv", ("3 zoner får andra regler; för 1", "hall/a", "20:00", "släppt")),
    ):
        foretold._lines(ChangedLines(rules=3, zones=1, examples=(line,)), Words("sv" if language == "sv" else "en"))
        shown = capsys.readouterr().out
        assert [one for one in said if one not in shown] == []
