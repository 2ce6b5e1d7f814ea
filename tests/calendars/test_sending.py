"""Calendars and tables, sent to a live hub: by POST, and by `knutpunkt import`."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.calendars.text import SAMPLES, a_calendar, an_event
from tests.cli.conftest import Run, run
from tests.live import TOWN, Live, live

__all__ = ["live", "run"]

COURT = "LOCATION:tennishallen.bana-3"


def event(name: str, *more: str, **changed: str) -> str:
    """An hour on a court, of whoever says so."""
    return an_event(*more, **({"UID": f"UID:{name}", "LOCATION": COURT} | changed))


def post(live: Live, body: bytes, kind: str = "text/calendar", *, query: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {live.key}", "Content-Type": kind}
    return httpx.post(f"{live.url}/v1/{TOWN}/bookings{query}", content=body, headers=headers, timeout=30)


def told(response: httpx.Response) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The answers, and the summary."""
    assert response.status_code == 200, response.text
    *lines, last = [json.loads(line) for line in response.text.splitlines()]
    return lines, last["summary"]


def test_a_calendar_is_taken_and_what_is_wrong_in_it_stands_at_its_line(live: Live) -> None:
    raw = a_calendar(
        event("a-1"),
        event("a-2", LOCATION="LOCATION:Månen"),
        event("a-3", "RRULE:FREQ=WEEKLY;COUNT=3"),
        event("a-4", "STATUS:MAYBE"),
    )
    lines, summary = told(post(live, raw))
    assert [(line["line"], line["outcome"]) for line in lines] == [
        (3, "accepted"),
        (11, "rejected"),
        (19, "accepted"),
        (28, "rejected"),
    ]
    assert lines[1]["problem"]["errors"][0]["detail"].startswith(
        "line 16, LOCATION: 'Månen' is no resource's id or name"
    )
    assert (summary["lines"], summary["accepted"], summary["rejected"]) == (4, 2, 2)
    with live.town() as here:
        assert len(here.get_booking(lines[2]["number"]).booking.occasions) == 3


def test_the_same_calendar_again_changes_nothing_and_a_newer_one_does(live: Live) -> None:
    told(post(live, a_calendar(event("b-1"))))
    (again,), _ = told(post(live, a_calendar(event("b-1"))))
    assert again["outcome"] == "unchanged"
    (older,), _ = told(post(live, a_calendar(event("b-1", DTSTAMP="DTSTAMP:20261101T000000Z"))))
    assert older["outcome"] == "superseded"
    (silent,), _ = told(post(live, a_calendar(event("b-1", LOCATION="LOCATION:tennishallen.bana-2"))))
    assert silent["problem"]["code"] == "revision-conflict"
    cancelled = event("b-1", "STATUS:CANCELLED", DTSTAMP="DTSTAMP:20261121T080000Z")
    (gone,), _ = told(post(live, a_calendar(cancelled)))
    assert gone["outcome"] == "accepted"
    with live.town() as here:
        assert here.get_booking(gone["number"]).booking.status == "cancelled"


def test_a_dry_run_of_a_calendar_stores_nothing_and_its_token_holds(live: Live) -> None:
    raw = a_calendar(event("c-1"), event("c-2", LOCATION="LOCATION:Månen"))
    lines, summary = told(post(live, raw, query="?dry_run=true"))
    assert [line["outcome"] for line in lines] == ["accepted", "rejected"]
    headers = {
        "Authorization": f"Bearer {live.key}",
        "Content-Type": "text/calendar",
        "If-Match": summary["state_token"],
    }
    assert httpx.get(f"{live.url}/v1/{TOWN}/bookings/{lines[0]['number']}", headers=headers).status_code == 404
    live_run = httpx.post(f"{live.url}/v1/{TOWN}/bookings", content=raw, headers=headers)
    assert [line["outcome"] for line in told(live_run)[0]] == ["accepted", "rejected"]


def test_a_table_whose_headings_are_fields_is_taken(live: Live) -> None:
    heading = "number,revision,resource,starts_at,ends_at,customer.kind,customer.name,payment.kind"
    row = "D-1,1,tennishallen.bana-3,2026-12-01 10:00,2026-12-01 11:00,internal,Skolan,free"
    lines, summary = told(post(live, f"{heading}\n{row}\n{row.replace('D-1,1', 'D-2,x')}\n".encode(), "text/csv"))
    assert [(line["line"], line["outcome"]) for line in lines] == [(2, "accepted"), (3, "rejected")]
    assert summary["rejected"] == 1


@pytest.mark.parametrize(
    "body, kind, status, code",
    [
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "text/calendar", 400, "invalid-file"),
        (b"a,b\n1,2\n", "text/csv", 400, "invalid-file"),
        (b"", "text/calendar; charset=utf-8", 400, "invalid-file"),
        (b"x" * 20_000_001, "text/calendar", 413, "too-large"),
        (b"{}", "text/plain", 415, "wrong-content-type"),
    ],
)
def test_what_is_no_file_of_its_kind_is_refused_whole(
    live: Live, body: bytes, kind: str, status: int, code: str
) -> None:
    refused = post(live, body, kind)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


# ------------------------------------------------------------------------------------------------ the command line


def test_the_command_line_sends_a_calendar_as_it_is(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "hall.ics"
    file.write_bytes(a_calendar(event("e-1"), event("e-2", LOCATION="LOCATION:Månen")))
    result = run("import", "--format", "ics", str(file))
    assert result.exit_code == 1
    assert "line 16, LOCATION: 'Månen' is no resource's id or name" in result.stdout
    assert "2 lines: 1 accepted" in result.stdout


def test_a_mapping_says_what_the_places_of_a_calendar_are(run: Run, tmp_path: Path) -> None:
    file, mapping = tmp_path / "hall.ics", tmp_path / "hall.yaml"
    file.write_bytes(a_calendar(event("f-1", LOCATION="LOCATION:Badminton 3"), event("f-2", "STATUS:WHO KNOWS")))
    mapping.write_text("customer_kind: internal\nresources:\n  Badminton 3: tennishallen.bana-3\n")
    result = run("import", "--format", "ics", "--mapping", str(mapping), "--json", str(file))
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line.get("line"), line.get("outcome")) for line in lines[:-1]] == [(3, "accepted"), (11, "rejected")]
    assert lines[-1]["summary"]["rejected"] == 1


def test_a_table_is_read_by_its_mapping_where_the_command_runs(run: Run, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    text = (SAMPLES / "lokalbokning.yaml").read_text(encoding="utf-8")
    mapping.write_text(
        text.replace("hall.court-2", "tennishallen.bana-3\n  Bana 1: tennishallen.bana-1"), encoding="utf-8"
    )
    words = ("import", "--format", "csv", "--mapping", str(mapping), str(SAMPLES / "lokalbokning.csv"))
    first, again = run(*words), run(*words)
    assert first.exit_code == 0, first.stdout
    assert "3 lines: 3 accepted" in first.stdout
    assert "3 unchanged" in again.stdout


def test_a_mapping_with_faults_ends_2_and_says_them(run: Run, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("columns: {Nr: nummer}")
    result = run("import", "--format", "csv", "--mapping", str(mapping), str(SAMPLES / "lokalbokning.csv"))
    assert result.exit_code == 2
    assert "no field is called 'nummer'" in result.stderr
