"""An iCalendar file as bookings: each UID one, with its occasions, its exceptions and its revision."""

import json
from datetime import date, timedelta

import pytest

from hub.calendars import Places
from hub.errors import InvalidError
from hub.model.booking import Booking
from tests.calendars.text import PLACES, SAMPLES, TODAY, a_calendar, an_event, booking, faults, read, spans

OVERRIDE = ("RECURRENCE-ID;TZID=Europe/Stockholm:20261130T180000", "SEQUENCE:1")
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"


def test_a_series_out_of_google_has_its_moved_its_cancelled_and_its_excluded_occasions() -> None:
    told = booking((SAMPLES / "google.ics").read_bytes())
    assert [(one["id"], one["starts_at"], one["resource"]) for one in told["occasions"]] == [
        ("20261123T170000Z", "2026-11-23T17:00:00+00:00", "hall.court-3"),
        ("20261130T170000Z", "2026-11-30T17:00:00+00:00", "hall.court-3"),
        ("20261214T170000Z", "2026-12-15T18:00:00+00:00", "hall.court-1"),
    ]
    assert told["customer"] == {"kind": "person", "name": "Umeå Badmintonklubb", "email": "kansli@example.se"}
    assert "1985" not in json.dumps(told)


def test_exchange_names_time_zones_its_own_way_and_defines_some() -> None:
    meeting, night, holiday = read((SAMPLES / "exchange.ics").read_bytes())
    assert b'"status":"preliminary"' in (meeting.booking or b"")
    assert b"2026-11-24T08:00:00+00:00" in (meeting.booking or b"")
    assert b"2027-03-28T00:30:00+00:00" in (night.booking or b"")
    assert b"2027-03-28T02:00:00+00:00" in (night.booking or b"")
    assert b"+46701740606" in (night.booking or b"")
    assert b"2027-02-28T23:00:00+00:00" in (holiday.booking or b"")
    assert b'"resource":"hall.whole"' in (holiday.booking or b"")


@pytest.mark.parametrize("name", ["google.ics", "exchange.ics"])
def test_the_same_file_twice_is_the_same_and_each_booking_is_one_of_ours(name: str) -> None:
    raw = (SAMPLES / name).read_bytes()
    assert read(raw) == read(raw)
    for entry in read(raw):
        assert entry.booking is not None
        assert Booking.model_validate_json(entry.booking).number == entry.number


def test_a_zone_that_another_file_defined_is_forgotten() -> None:
    assert all(entry.booking for entry in read((SAMPLES / "exchange.ics").read_bytes()))
    zoned = an_event(DTSTART="DTSTART;TZID=Customized Time Zone:20261123T180000")
    assert "neither known nor defined" in faults(a_calendar(zoned))[0]


@pytest.mark.parametrize(
    "start, end, expected",
    [
        ("DTSTART:20261123T170000Z", "DTEND:20261123T180000Z", "2026-11-23T17:00/18:00"),
        ("DTSTART:20261123T180000", "DTEND:20261123T190000", "2026-11-23T17:00/18:00"),
        ("DTSTART;TZID=Europe/Helsinki:20261123T180000", "DURATION:PT90M", "2026-11-23T16:00/17:30"),
        ("DTSTART;TZID=/example.org/2026/Europe/Stockholm:20261123T180000", "DURATION:PT1H", "2026-11-23T17:00/18:00"),
        ("DTSTART;VALUE=DATE:20261123", "X-A:1", "2026-11-22T23:00/23:00"),
        ("DTSTART;VALUE=DATE:20270328", "X-A:1", "2027-03-27T23:00/22:00"),
        ("DTSTART;TZID=Europe/Stockholm:20270328T023000", "DURATION:PT1H", "2027-03-28T01:30/02:30"),
        (
            "DTSTART;TZID=Europe/Stockholm:20270328T023000",
            "DTEND;TZID=Europe/Stockholm:20270328T030000",
            "is not after DTSTART",
        ),
        (
            "DTSTART;TZID=Europe/Stockholm:20261025T013000",
            "DTEND;TZID=Europe/Stockholm:20261025T033000",
            "2026-10-24T23:30/02:30",
        ),
        ("DTSTART;TZID=Europe/Stockholm:20261025T023000", "DURATION:PT1H", "2026-10-25T00:30/01:30"),
    ],
)
def test_times_are_read_in_their_zone_and_swedish_where_they_name_none(start: str, end: str, expected: str) -> None:
    raw = a_calendar(an_event(DTSTART=start, DTEND=end))
    assert spans(raw) == [expected] if expected[0] == "2" else expected in faults(raw)[0]


def test_a_weekly_hour_is_the_same_on_the_wall_over_both_clock_changes() -> None:
    autumn = an_event(
        "RRULE:FREQ=WEEKLY;COUNT=2",
        DTSTART="DTSTART;TZID=Europe/Stockholm:20261019T180000",
        DTEND="DTEND;TZID=Europe/Stockholm:20261019T190000",
    )
    assert spans(a_calendar(autumn)) == ["2026-10-19T16:00/17:00", "2026-10-26T17:00/18:00"]


def test_what_would_end_before_it_starts_in_the_night_of_spring_lasts_as_long_as_otherwise() -> None:
    night = an_event(
        "RRULE:FREQ=DAILY;COUNT=3",
        DTSTART="DTSTART;TZID=Europe/Stockholm:20270327T023000",
        DTEND="DTEND;TZID=Europe/Stockholm:20270327T030000",
    )
    assert spans(a_calendar(night)) == ["2027-03-27T01:30/02:00", "2027-03-28T01:30/02:00", "2027-03-29T00:30/01:00"]


def test_dates_are_added_and_taken_away() -> None:
    raw = a_calendar(
        an_event(
            WEEKLY,
            "RDATE;TZID=Europe/Stockholm:20261125T180000,20261126T180000",
            "EXDATE;VALUE=DATE:20261126",
            "EXDATE:20261130T170000Z",
        )
    )
    assert spans(raw) == ["2026-11-23T17:00/18:00", "2026-11-25T17:00/18:00", "2026-12-07T17:00/18:00"]


def test_an_exception_keeps_the_id_of_the_occasion_that_it_moved() -> None:
    moved = an_event(*OVERRIDE, DTSTART="DTSTART:20261201T100000Z", DTEND="DTEND:20261201T110000Z")
    told = booking(a_calendar(an_event(WEEKLY), moved))
    assert [one["id"] for one in told["occasions"]] == ["20261123T170000Z", "20261130T170000Z", "20261207T170000Z"]
    assert told["occasions"][1]["starts_at"] == "2026-12-01T10:00:00+00:00"


def test_of_two_versions_of_an_exception_the_newest_counts() -> None:
    old = an_event(*OVERRIDE, LOCATION="LOCATION:Bana 2")
    new = an_event(OVERRIDE[0], "SEQUENCE:2", LOCATION="LOCATION:Bana 3")
    for pair in ((old, new), (new, old)):
        assert booking(a_calendar(an_event(WEEKLY), *pair))["occasions"][1]["resource"] == "hall.court-3"


def test_when_all_occasions_are_cancelled_the_booking_is() -> None:
    gone = [an_event(f"RECURRENCE-ID:2026{day}T170000Z", "STATUS:CANCELLED") for day in ("1123", "1130", "1207")]
    told = booking(a_calendar(an_event(WEEKLY), *gone))
    assert (told["status"], told["occasions"]) == ("cancelled", [])


@pytest.mark.parametrize(
    "line, status", [("STATUS:TENTATIVE", "preliminary"), ("STATUS:CANCELLED", "cancelled"), ("X-A:1", "confirmed")]
)
def test_the_status_is_told(line: str, status: str) -> None:
    assert booking(a_calendar(an_event(line)))["status"] == status


def test_a_message_that_cancels_cancels_all_of_its_events() -> None:
    assert booking(a_calendar("METHOD:CANCEL", an_event()))["status"] == "cancelled"


# ------------------------------------------------------------------------------------------------ the revision


def revision(*more: str, today: date = TODAY, **changed: str) -> int:
    told: int = booking(a_calendar(an_event(*more, **changed)), today=today)["revision"]
    return told


def test_a_revision_grows_with_a_change_with_the_sequence_and_with_the_window() -> None:
    grown = [
        revision(WEEKLY),
        revision(WEEKLY, today=TODAY + timedelta(days=7)),
        revision(WEEKLY, "SEQUENCE:9"),
        revision(WEEKLY, "LAST-MODIFIED:20261120T120001Z"),
        revision(WEEKLY, DTSTAMP="DTSTAMP:20261121T000000Z"),
    ]
    assert grown == sorted(set(grown))


def test_a_later_change_wins_over_any_sequence() -> None:
    assert revision("SEQUENCE:500000") < revision(DTSTAMP="DTSTAMP:20261120T120001Z")


def test_the_revision_is_the_same_all_the_week_and_for_what_does_not_repeat_for_ever() -> None:
    monday = date(2026, 11, 16)
    assert len({revision(WEEKLY, today=monday + timedelta(days=n)) for n in range(7)}) == 1
    assert revision(today=date(2030, 1, 1)) == revision()


def test_a_change_of_an_exception_is_a_change_of_the_booking() -> None:
    late = an_event(*OVERRIDE, DTSTAMP="DTSTAMP:20261121T080000Z")
    assert booking(a_calendar(an_event(WEEKLY), late))["revision"] > revision(WEEKLY)


# ------------------------------------------------------------------------------------------------ number, place, people


def test_rooms_that_share_an_event_have_a_booking_each_when_their_calendars_have_names() -> None:
    raw = a_calendar(an_event())
    assert booking(raw, calendar="rum-1")["number"] != booking(raw, calendar="rum-2")["number"]
    assert booking(a_calendar(an_event("X-KNUTPUNKT-NUMBER:B-2026-17")))["number"] == "B-2026-17"


@pytest.mark.parametrize(
    "lines, resource",
    [
        (("LOCATION:hall.court-2",), "hall.court-2"),
        (("LOCATION:  bana   2 ",), "hall.court-2"),
        (("LOCATION:Ishallen", "X-KNUTPUNKT-RESOURCE:hall.court-3"), "hall.court-3"),
        (("LOCATION:Umeå", "CATEGORIES:Träning,Bana 2"), "hall.court-2"),
        (("LOCATION:B-hallen\\, norra",), "hall.whole"),
    ],
)
def test_the_place_is_a_resource_by_its_id_its_name_or_the_map(lines: tuple[str, ...], resource: str) -> None:
    places = Places(
        {"hall.court-2": "Bana 2", "hall.court-3": "Bana 3", "hall.whole": "x"}, {"B-hallen, norra": "hall.whole"}
    )
    told = booking(a_calendar(an_event(*lines, without="LOCATION")), places=places)
    assert told["occasions"][0]["resource"] == resource


def test_a_name_that_two_resources_have_is_no_answer() -> None:
    places = Places({"a.hall": "Hallen", "b.hall": "Hallen"})
    (told,) = faults(a_calendar(an_event(LOCATION="LOCATION:Hallen")), places=places)
    assert told == "line 8, LOCATION: 'Hallen' is the name of several resources: write the resource's id"


def test_the_contact_enters_and_the_organiser_pays_and_who_else_comes_is_not_read() -> None:
    event = an_event("CONTACT:Sofia Ek +46 70 174 06 26", "ATTENDEE;CN=Hemlig:mailto:hemlig@example.se")
    told = booking(a_calendar(event), credential="mobile_key")
    assert told["customer"] == {"kind": "person", "name": "Lena Norberg", "email": "lena@example.se"}
    assert told["occasions"][0]["holders"] == [
        {"name": "Sofia Ek", "phone": "+46701740626", "credential": {"kind": "mobile_key"}}
    ]
    assert "hemlig" not in json.dumps(told)


def test_options_say_what_a_calendar_does_not() -> None:
    event = an_event("CATEGORIES:Match", without="ORGANIZER")
    told = booking(
        a_calendar(event),
        customer_name="Skolan",
        customer_kind="internal",
        activities={"match": "match"},
        notify=["vakt"],
    )
    assert told["customer"] == {"kind": "internal", "name": "Skolan"}
    assert (told["occasions"][0]["activity"], told["notify"]) == ("match", ["vakt"])


# ------------------------------------------------------------------------------------------------ what cannot be read


@pytest.mark.parametrize(
    "event, told",
    [
        (an_event(without="UID"), "line 3, UID: the event has no UID: export with UIDs"),
        (an_event(without="DTSTART"), "line 3, DTSTART: the event has no DTSTART"),
        (an_event(without="DTEND"), "line 3, DTEND: the event has no end: give it DTEND or DURATION"),
        (an_event(without="DTSTAMP"), "line 3, DTSTAMP: the event does not say when it was changed"),
        (an_event(without="ORGANIZER"), "line 3, ORGANIZER: nobody is told of"),
        (an_event(without="LOCATION"), "line 3, LOCATION: nothing says which resource"),
        (an_event("RRULE:FREQ=SECONDLY"), "line 10, RRULE: FREQ=SECONDLY is not taken"),
        (an_event("RRULE:FREQ=DAILY;BYHOUR=1,2"), "line 10, RRULE: BYHOUR is not taken"),
        (an_event("RRULE:FREQ=WEEKLY;BYDAY=XX"), "line 10, RRULE: "),
        (an_event("EXRULE:FREQ=DAILY", WEEKLY), "line 10, EXRULE: is not taken"),
        (an_event("STATUS:MAYBE"), "line 10, STATUS: 'MAYBE' is none of"),
        (an_event("SEQUENCE:many"), "line 10, SEQUENCE: 'many' is no number"),
        (an_event("LOCATION:Bana 2"), "line 10, LOCATION: stands on line 8 too"),
        (an_event(DTSTART="DTSTART:yesterday"), "line 6, DTSTART: 'yesterday' is no time"),
        (
            an_event(DTSTART="DTSTART;TZID=Mars/Olympus:20261123T180000"),
            "line 6, DTSTART: the time zone 'Mars/Olympus'",
        ),
        (an_event(DTSTART="DTSTART:19991231T180000Z"), "line 7, DTEND: an event lasts from a second to 31 days"),
        (an_event("RECURRENCE-ID:20261123T170000Z"), "line 3, RECURRENCE-ID: the file has exceptions"),
        (an_event("X-KNUTPUNKT-NUMBER:å b"), "line 3: number: "),
        (an_event("X-KNUTPUNKT-ACTIVITY:Å"), "line 3: occasions.activity: "),
    ],
)
def test_a_fault_has_its_line_and_says_what_to_do(event: str, told: str) -> None:
    (found,) = faults(a_calendar(event))
    assert found.startswith(told)


def test_all_faults_of_an_event_are_told_at_once_and_stop_no_other() -> None:
    broken = an_event("STATUS:MAYBE", UID="UID:uid-2", LOCATION="LOCATION:Ishallen", ORGANIZER="X-A:1")
    raw = a_calendar(an_event(), broken, an_event(UID="UID:uid-3"))
    first, second, third = read(raw)
    assert first.booking
    assert third.booking
    assert {fault.place for fault in second.faults} == {"LOCATION", "STATUS", "ORGANIZER"}
    assert (second.name, second.booking) == ("uid-2", None)


def test_a_number_that_comes_twice_is_refused_the_second_time() -> None:
    raw = a_calendar(*(an_event("X-KNUTPUNKT-NUMBER:B-1", UID=f"UID:{n}") for n in range(2)))
    first, second = read(raw)
    assert first.booking
    assert second.faults[0].code == "doubled"


@pytest.mark.parametrize(
    "raw, told",
    [
        (b"", "there is no calendar in the file"),
        (b"hello", "line 1: an iCalendar file begins with BEGIN:VCALENDAR"),
        (b"BEGIN:VEVENT\nEND:VEVENT\n", "line 1: an iCalendar file begins with BEGIN:VCALENDAR"),
        (a_calendar(an_event())[:-40], "the file ends within the VEVENT of line 3: it was cut off; fetch it again"),
        (b"BEGIN:VCALENDAR\nEND:VEVENT\n", "line 2: END:VEVENT where VCALENDAR of line 1 should end"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 1000, "line 5: components lie more than 4 deep"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(raw: bytes, told: str) -> None:
    with pytest.raises(InvalidError) as refused:
        read(raw)
    assert refused.value.faults[0].detail.startswith(told)
    assert refused.value.code == "invalid-file"


def test_letters_that_are_not_utf_8_are_a_fault_of_their_event() -> None:
    raw = a_calendar(an_event(), an_event(UID="UID:2", LOCATION="LOCATION:Övre")).replace("Ö".encode(), b"\xd6")
    first, second = read(raw)
    assert first.booking
    assert str(second.faults[0]) == "line 16, LOCATION: is not UTF-8: export the calendar as UTF-8"


def test_a_folded_letter_is_put_together_again() -> None:
    raw = a_calendar(an_event(LOCATION="LOCATION:Övre")).replace("Ö".encode(), b"\xc3\r\n \x96")
    places = Places({"hall.court-1": "Övre"})
    assert booking(raw, places=places)["occasions"][0]["resource"] == "hall.court-1"
    assert PLACES.find("Övre") is None
