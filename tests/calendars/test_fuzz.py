"""Whatever stands in a file: bookings of ours, faults with their lines, or one refusal; nothing else, and soon."""

import time
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.calendars import Entry, Places, read_mapping, read_table
from hub.errors import InvalidError
from hub.model.booking import Booking
from tests.calendars.text import PLACES, SAMPLES, a_calendar, an_event, read

SLOWEST_SECONDS = 3.0
FILES = [path.read_bytes() for path in sorted(Path(SAMPLES).iterdir())]
NAMES = [
    "UID", "SEQUENCE", "LAST-MODIFIED", "DTSTAMP", "STATUS", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE",
    "RECURRENCE-ID", "LOCATION", "CATEGORIES", "ORGANIZER", "CONTACT", "X-KNUTPUNKT-RESOURCE", "X-KNUTPUNKT-NUMBER",
]  # fmt: skip
VALUES = [
    "20261123T180000", "20261123", "00000000", "99991231T235959Z", "16000101T000000Z", "21991231T235959Z",
    "PT1H", "-P1D", "P99999D", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270101", "FREQ=YEARLY;COUNT=99999",
    "FREQ=MONTHLY;BYDAY=-1SU", "Bana 1", "mailto:a@b.se", "CANCELLED", "1", "uid-1", "", "\\", "\x00", "å" * 500,
    "20261123T180000,20261124T180000",
]  # fmt: skip
PARAMS = [
    "",
    ";TZID=Europe/Stockholm",
    ";TZID=../../etc/passwd",
    ";VALUE=DATE",
    ';CN="a',
    ";TZID=",
    ";RANGE=THISANDFUTURE",
    ";=;",
]
line = st.tuples(st.sampled_from(NAMES), st.sampled_from(PARAMS), st.sampled_from(VALUES) | st.text(max_size=30)).map(
    lambda parts: f"{parts[0]}{parts[1]}:{parts[2]}"
)


def judged(entries: list[Entry]) -> None:
    """Each entry is one of the two."""
    for entry in entries:
        assert (entry.booking is None) == bool(entry.faults)
        assert all(fault.line >= 1 and fault.detail for fault in entry.faults)
        if entry.booking is not None:
            assert Booking.model_validate_json(entry.booking).number == entry.number


def survives(raw: bytes) -> None:
    began = time.thread_time()
    with suppress(InvalidError):
        judged(read(raw))
    assert time.thread_time() - began < SLOWEST_SECONDS


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(st.lists(line, max_size=14), max_size=4))
def test_events_of_any_lines(events: list[list[str]]) -> None:
    survives(a_calendar(*("\r\n".join(["BEGIN:VEVENT", *each, "END:VEVENT"]) for each in events)))


@settings(max_examples=150)
@given(more=st.lists(line, min_size=1, max_size=4))
def test_a_good_event_with_strange_lines(more: list[str]) -> None:
    survives(a_calendar(an_event(*more)))


@settings(max_examples=150)
@given(raw=st.sampled_from([one for one in FILES if one.startswith(b"BEGIN")]), data=st.data())
def test_files_of_others_with_bytes_changed(raw: bytes, data: st.DataObject) -> None:
    broken = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    survives(bytes(broken))


@settings(max_examples=100)
@given(raw=st.binary(max_size=300))
@example(b"\xef\xbb\xbfBEGIN:VCALENDAR\r\nEND:VCALENDAR")
@example(b"BEGIN:VCALENDAR\n \n \n\nEND:VCALENDAR")
@example(b"BEGIN:VCALENDAR\n" + b"\n" * 100_000 + b"END:VCALENDAR")
@example(b"BEGIN:VCALENDAR\n" + b" x\n" * 100_000 + b"END:VCALENDAR")
def test_bytes_that_are_no_file_at_all(raw: bytes) -> None:
    survives(raw)
    tabled(raw)


cell = st.sampled_from(
    [*VALUES, "2026-11-23 18:00", "confirmed", "B-1", "association", '"', ";", "-1", "1e9"]
) | st.text(max_size=20)
HEADING = [
    "number",
    "revision",
    "starts_at",
    "ends_at",
    "resource",
    "customer.kind",
    "customer.name",
    "holder.name",
    "minutes",
]


@settings(max_examples=150)
@given(rows=st.lists(st.lists(cell, min_size=8, max_size=10), max_size=6), delimiter=st.sampled_from(",;\t"))
def test_tables_of_any_cells(rows: list[list[str]], delimiter: str) -> None:
    tabled("\n".join(delimiter.join(row) for row in [HEADING, *rows]).encode())


def tabled(raw: bytes) -> None:
    """The same for a table."""
    with suppress(InvalidError):
        judged(read_table(raw, Places({})))


@settings(max_examples=100)
@given(text=st.text(max_size=100) | st.sampled_from(["columns: {a: number}", "columns: 1", "a: &a [*a]", "!!python/x"]))
def test_a_mapping_of_any_text(text: str) -> None:
    with suppress(InvalidError):
        read_mapping(text)


def test_a_large_file_is_read_in_the_time_that_its_size_asks() -> None:
    raw = a_calendar(*(an_event("RRULE:FREQ=WEEKLY", UID=f"UID:{n}") for n in range(300)))
    began = time.thread_time()
    assert all(entry.booking for entry in read(raw, places=PLACES))
    assert time.thread_time() - began < 2 * SLOWEST_SECONDS
