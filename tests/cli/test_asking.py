"""status, problems and explain."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.cli import reconcile, sensors, status
from hub.cli.words import Words
from hub.client import At
from hub.model.answers import BookingAnswer
from hub.model.expiry import Thing
from hub.model.findings import Decision, Finding, Reconciled, What
from hub.model.sensed import SensorAnswer
from hub.model.standing import ExpiryAnswer, SealingAnswer, StatusAnswer
from tests.cli.conftest import Run
from tests.live import NOON, TOWN, Live, booked, settled


@pytest.fixture
def town(live: Live) -> Iterator[At]:
    with live.town() as town:
        yield town


@pytest.fixture
def put(town: At) -> BookingAnswer:
    """A booking whose code stands in the locks, and another on the court beside."""
    town.put_booking(json.dumps(booked("E-2", court=2)).encode(), "E-2")
    answer = town.put_booking(json.dumps(booked("E-1")).encode(), "E-1")
    settled(town, "E-1", "arx")
    return answer


def test_status_counts_everything(run: Run, put: BookingAnswer) -> None:
    told = json.loads(run("status", "--json").stdout)
    assert told["municipality"] == TOWN
    assert told["bookings"]["confirmed"] >= 2
    assert sum(told["effects"].values()) == sum(told["deliveries"].values()) >= 4
    assert told["unserved"] == {}
    assert told["problems"] == 0
    assert set(told["connections"].values()) == {"running"}


def test_status_in_words(run: Run, put: BookingAnswer) -> None:
    assert "Municipality 2480, 2026-11-22 12:0" in run("status").output
    assert "Utan anslutning" in run("status", "--language", "sv").output


def test_status_says_what_ends_soon_and_how_far_sealing_anew_has_come(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    told = StatusAnswer.model_validate_json(run("status", "--json").stdout)
    last = datetime(2026, 12, 24, 23, tzinfo=UTC)
    ends = ExpiryAnswer(
        connection="arx", thing=Thing.SERVER_CERTIFICATE, name="arx.example.se", ends_at=last,
        last_day=last.date(), days=32,
    )  # fmt: skip
    sealing = SealingAnswer(key="3f9a12c4", state="resealing", percent=37)
    more = told.model_copy(update={"expires": (ends,), "sealing": sealing})
    for language, said in (
        ("sv", ("arx: certifikatet för arx.example.se 2026-12-24 (dagar kvar: 32)", "förseglar om: 37 %")),
        ("en", ("arx: the certificate of arx.example.se 2026-12-24 (days left: 32)", "being sealed anew: 37 %")),
    ):
        status._show(more, Words("sv" if language == "sv" else "en"))
        shown = capsys.readouterr().out
        assert [one for one in said if one not in shown] == []


def test_sensors_are_listed_with_what_each_told_last(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"connection": "mqtt", "key": "air", "quantity": "temperature", "unit": "celsius", "resource": "hall.bana-1"}
    silent = {"at": datetime(2026, 11, 27, 7, 30, tzinfo=UTC), "state": "silent"}
    found = [
        SensorAnswer.model_validate(told | {"sensor": "hall/air", "zone": None, "value": "21.5"} | silent),
        SensorAnswer.model_validate(
            {"sensor": "hall/people", "connection": None, "key": "pir", "quantity": "occupancy", "unit": None}
            | {"resource": None, "zone": "entry", "value": None, "at": None, "state": "unserved"}
        ),
    ]
    for language, said in (
        (
            "sv",
            ("hall.bana-1", "temperatur 21.5 °C", "2026-11-27 08:30", "tyst i ett dygn", "närvaro -", "utan anslut"),
        ),
        (
            "en",
            ("hall.bana-1", "temperature 21.5 °C", "2026-11-27 08:30", "silent for a day", "occupancy -", "unserved"),
        ),
    ):
        sensors._show(found, Words("sv" if language == "sv" else "en"))
        shown = capsys.readouterr().out
        assert [one for one in said if one not in shown] == []
    sensors._show([], Words("en"))
    assert "No facility has sensors." in capsys.readouterr().out


def test_problems_are_none(run: Run) -> None:
    assert run("problems").output == "No open problems.\n"
    assert json.loads(run("problems", "--json").stdout) == []


def test_a_problem_that_is_not_there_cannot_be_retried(run: Run) -> None:
    told = run("problems", "--retry", "4711")
    assert told.exit_code == 1
    assert "no open problem 4711" in told.stderr


def test_a_paused_connection_is_resumed(run: Run, town: At) -> None:
    town.pause("mqtt-kulturhuset")
    told = run("problems").output
    assert "mqtt-kulturhuset is paused by" in told
    assert "knutpunkt problems --resume mqtt-kulturhuset" in told
    assert "No open problems" not in told
    assert (
        "mqtt-kulturhuset är återupptagen" in run("problems", "--resume", "mqtt-kulturhuset", "--language", "sv").output
    )
    assert run("problems", "--resume", "nowhere").exit_code == 1
    assert json.loads(run("problems", "--resume", "mqtt-kulturhuset", "--json").stdout)["state"] == "running"


def test_every_connection_is_reconciled_and_nothing_differs(run: Run, put: BookingAnswer) -> None:
    told = run("reconcile")
    assert told.exit_code == 0, told.output
    assert "arx-tennishallen: " in told.output
    assert "0 made by others, 0 differ." in told.output
    (one,) = json.loads(run("reconcile", "arx-tennishallen", "--json").stdout)
    assert (one["outcome"], one["findings"]) == ("compared", [])
    assert run("reconcile", "nowhere").exit_code == 1


def test_what_was_found_is_shown_with_what_was_decided(capsys: pytest.CaptureFixture[str]) -> None:
    found = Finding(
        id=7, target="locks/hub-B-9", what=What.ORPHAN, detail="opens outer until 2026-11-21 14:00", since=NOON,
        seen_at=NOON, decision=Decision.IGNORED, until=NOON,
    )  # fmt: skip
    reconcile._show(
        [Reconciled(connection="locks", outcome="compared", at=NOON, compared=2, findings=(found,))],
        Words("en"),
        as_json=False,
    )
    shown = capsys.readouterr().out
    assert "locks: 2 compared, 0 made by others, 1 differ." in shown
    assert "nobody asks for it" in shown
    assert "ignored until 2026-11-22 12:00" in shown


def test_a_finding_is_decided_upon_with_a_reason_or_a_time(run: Run) -> None:
    assert "why may it stay" in run("reconcile", "--adopt", "1").stderr
    assert "for how long" in run("reconcile", "--ignore", "1").stderr
    told = run("reconcile", "--revoke", "4711")
    assert (told.exit_code, "no finding 4711" in told.stderr) == (1, True)


def test_explain_tells_what_has_happened_and_will_and_who_else_asks(run: Run, put: BookingAnswer) -> None:
    told = run("explain", "E-1").output
    past, coming = told.split("What will happen")
    assert "Booking E-1, revision 1, confirmed" in past
    assert "read back" in past
    assert put.credentials[0].value is not None
    assert put.credentials[0].value in past
    assert "2026-11-22 16:55" in coming
    assert "will be 60 %" in coming
    others = coming.split("Who else claims the same targets")[1]
    assert "mqtt-tennishallen/gemensam" in others
    assert "E-2" in others


def test_explain_in_swedish(run: Run, put: BookingAnswer) -> None:
    told = run("explain", "E-1", "--language", "sv").output
    assert "Vad som ska hända" in told
    assert "blir 60 %" in told
    assert "bokningen mottagen" in told
    assert "revision 1, status bekräftad" in told
    assert "skickade 2 tidsfönster; bevis: avläst" in told
    assert "tillfälle 1 (training), 5 min innan det börjar" in told
    english = [word for word in ("occasion", "proof", "sent ", "climate", "window", "confirmed") if word in told]
    assert english == []


def test_explain_for_programs_is_the_apis_own_answer(run: Run, put: BookingAnswer) -> None:
    told = json.loads(run("explain", "E-1", "--json").stdout)
    assert told["booking"]["number"] == "E-1"
    assert {"effects", "credentials", "timeline", "others", "conflicts", "unserved"} < set(told)


def test_a_door_is_explained_in_both_languages_and_for_programs(run: Run, put: BookingAnswer) -> None:
    told = run("explain", "--door", "TH-ENTRE")
    assert told.exit_code == 0, told.stderr
    assert "- booking E-1 opens it from" in told.output or "- next is booking E-1" in told.output
    assert "What opens it now and within a day" in told.output
    swedish = run("explain", "--door", "TH-ENTRE", "--at", "2026-12-24T03:00+01:00", "--language", "sv").output
    assert "- ingen bokning öppnar den inom ett dygn" in swedish
    answer = json.loads(run("explain", "--door", "Tennishallen entre", "--json").stdout)
    assert {one["number"] for one in answer["opens"]} >= {"E-1", "E-2"}


def test_a_booking_or_a_door_is_explained_and_not_both(run: Run) -> None:
    assert run("explain").exit_code == 2
    assert run("explain", "E-1", "--door", "TH-ENTRE").exit_code == 2
    assert run("explain", "E-1", "--at", "2026-11-22T12:00+01:00").exit_code == 2
    missing = run("explain", "--door", "cellar")
    assert missing.exit_code == 1
    assert "no door 'cellar'" in missing.stderr


def test_an_unknown_booking_is_an_answer(run: Run) -> None:
    told = run("explain", "nobody")
    assert told.exit_code == 1
    assert "no booking 'nobody' in 2480" in told.stderr


def test_another_municipality_cannot_be_asked(run: Run) -> None:
    told = run("status", "--municipality", "0180")
    assert told.exit_code == 1
    assert "0180" in told.stderr


def test_a_hub_that_is_not_there_is_said_to_be_so(run: Run) -> None:
    told = run("status", "--url", "http://127.0.0.1:1")
    assert told.exit_code == 2
    assert "is knutpunkt serve running at http://127.0.0.1:1?" in told.stderr


def test_an_address_that_is_none_is_said_to_be_so(run: Run) -> None:
    assert run("status", "--url", "localhost").exit_code == 2


def test_a_wrong_key_cannot_be_used(run: Run) -> None:
    told = run("status", KNUTPUNKT_KEY="kp_wrong")
    assert told.exit_code == 2
    assert "[unauthorised]" in told.stderr


def test_without_a_key_the_way_to_one_is_told(run: Run, tmp_path: Path) -> None:
    told = run("status", KNUTPUNKT_DATABASE=f"sqlite:///{tmp_path}/none.db")
    assert told.exit_code == 2
    assert "set KNUTPUNKT_KEY" in told.stderr


def test_a_database_of_another_kind_is_refused(run: Run) -> None:
    told = run("status", "--database", "mysql://here")
    assert told.exit_code == 2
    assert "sqlite:///" in told.stderr


def test_explain_tells_what_a_zone_should_be_and_which_bookings_make_it_so(run: Run, put: BookingAnswer) -> None:
    told = run("explain", "--zone", "tennishallen/bana-1", "--language", "en").output
    assert "Zone tennishallen/bana-1, 2026-11-22 12:00" in told
    lit, released = (line for line in told.splitlines() if "E-1" in line)
    assert lit.split()[1] == "16:55"
    assert "the bookings change" in lit
    assert "released" in released
    assert "bokningarna ändras" in run("explain", "--zone", "tennishallen/bana-1", "--language", "sv").output


def test_explain_a_zone_for_programs_and_of_another_time(run: Run, put: BookingAnswer) -> None:
    words = ("explain", "--zone", "tennishallen/bana-1", "--from", "2026-11-24T00:00+01:00", "--json")
    (first,) = json.loads(run(*words).stdout)["edges"]
    assert (first["level"], first["bookings"]) == (None, [])


def test_explain_wants_a_booking_or_a_zone_that_is_there(run: Run, put: BookingAnswer) -> None:
    assert run("explain").exit_code == 2
    assert run("explain", "E-1", "--zone", "tennishallen/bana-1").exit_code == 2
    unknown = run("explain", "--zone", "nowhere")
    assert unknown.exit_code == 1
    assert "no zone" in unknown.output
