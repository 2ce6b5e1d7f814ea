"""What whoever books is told: at the address that the booking has, with a calendar, and with the code when it opens."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from hub.clock import STOCKHOLM
from hub.model import Notice
from hub.model.states import Delivery, Record
from hub.service.telling.calendaring import uid
from tests.builders import SATURDAY, a_holder, a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, Stage, hour

Staging = Callable[..., Stage]
MAIL, PHONE = "kansli@example.se", "+46701740605"
BY_MAIL: dict[str, Any] = {"email": {"connection": "mail"}, "contact": "bokning@kommun.example"}
BY_BOTH: dict[str, Any] = BY_MAIL | {"sms": {"connection": "sms"}}
WITH_CODE: dict[str, Any] = BY_BOTH | {"tell_code": True}
PERSON = {"kind": "person", "name": "Kim Hemlig", "email": MAIL, "phone": PHONE}


@pytest.fixture
def hall(staging: Staging) -> Stage:
    return staging(a_town(booker=BY_BOTH))


@pytest.fixture
def coded(staging: Staging) -> Stage:
    return staging(a_town(booker=WITH_CODE))


def heads(hall: Stage) -> list[str]:
    return [one.subject.partition(" (")[0] for one in hall.mail.to(MAIL)]


def calendar(notice: Notice) -> Calendar:
    assert notice.calendar is not None
    read = Calendar.from_ical(notice.calendar)
    assert isinstance(read, Calendar)
    return read


def entries(notice: Notice) -> list[tuple[str, str]]:
    """(when in Swedish time, status) of each entry."""
    return [
        (f"{event.decoded('dtstart').astimezone(STOCKHOLM):%m-%d %H:%M%z}", str(event["status"]))
        for event in calendar(notice).walk("VEVENT")
    ]


# ---------------------------------------------------------------- whom, of what


def test_the_booker_is_told_of_all_that_happens_at_the_addresses_that_the_booking_has(hall: Stage) -> None:
    hall.put()
    hall.put(revision=2, **hour(60))
    hall.close_resource("snow", of="hall.whole", reason="snö")
    hall.lift_closure("snow")
    hall.put(revision=3, status="cancelled", **hour(60))
    assert heads(hall) == [
        "Din bokning", "Din bokning är ändrad", "Din bokning är inställd", "Din bokning gäller igen",
        "Din bokning är avbokad",
    ]  # fmt: skip
    assert [one.text.partition("\n")[0] for one in hall.phones.to(PHONE)] == [
        "Din bokning B-1", "Ändrad bokning B-1", "Inställd bokning B-1", "Din bokning gäller igen B-1", "Avbokad B-1",
    ]  # fmt: skip
    assert len({one.key for one in (*hall.mail.came, *hall.phones.came)}) == 10
    assert hall.problems() == []


def test_a_mail_says_what_where_and_when_in_text_and_in_html(hall: Stage) -> None:
    hall.put(extras=[{"resource": "hall.machine", "occasions": ["1"]}])
    (notice,) = hall.mail.came
    assert "hall.court-1, Hallen: lördag 2026-11-21 kl. 13:00-14:00, med Bollmaskin\n" in notice.text
    assert "Frågor: bokning@kommun.example" in notice.text
    assert notice.html is not None
    assert "<b>hall.court-1</b>, Hallen: lördag 2026-11-21 kl. 13:00-14:00, med Bollmaskin" in notice.html
    assert "Kod" not in notice.text + notice.html


@pytest.mark.parametrize("contact, told", [({"email": MAIL}, (1, 0)), ({"phone": PHONE}, (0, 1)), ({}, (0, 0))])
def test_who_has_no_address_is_not_told_and_that_is_no_problem(
    hall: Stage, contact: dict[str, str], told: tuple[int, int]
) -> None:
    done = hall.put(customer={"kind": "person", "name": "Kim", **contact})
    assert (len(hall.mail.came), len(hall.phones.came)) == told
    assert hall.problems() == []
    assert hall.answer(done).unserved == ()


def test_who_gets_an_address_later_hears_of_the_booking_as_new(hall: Stage) -> None:
    hall.put(customer={"kind": "person", "name": "Kim"})
    hall.put(revision=2, customer={"kind": "person", "name": "Kim", "email": MAIL})
    assert heads(hall) == ["Din bokning"]


@pytest.mark.parametrize("protected", ["yes", "unknown", "no"])
def test_a_protected_booker_is_written_to_and_neither_named_nor_placed(hall: Stage, protected: str) -> None:
    address = {"street": "Hemliga vägen 7", "postal_code": "903 26", "city": "Umeå"}
    hall.put(customer=PERSON | {"protected": protected, "address": address})
    hall.close_resource("snow", of="hall.whole")
    hall.put(revision=2, status="cancelled", customer=PERSON | {"protected": protected, "address": address})
    assert len(hall.mail.to(MAIL)) == 3
    everything = "".join(one.model_dump_json() for one in (*hall.mail.came, *hall.phones.came))
    assert "Hemlig" not in everything


@pytest.mark.parametrize("booker, what", [(BY_MAIL | {"sms": {}}, "booker: sms"), ({"language": "en"}, "booker")])
def test_a_way_without_a_connection_is_unserved(staging: Staging, booker: dict[str, Any], what: str) -> None:
    hall = staging(a_town(booker=booker))
    assert hall.answer(hall.put()).unserved == (f"notification: {what}",)
    assert hall.problems() == []


def test_a_booking_that_names_the_booker_too_tells_once(hall: Stage) -> None:
    hall.put(notify=["booker"])
    assert len(hall.mail.came) == 1


def test_the_booker_hears_only_of_what_is_configured(staging: Staging) -> None:
    hall = staging(a_town(booker=BY_MAIL | {"when": ["new", "cancelled"]}))
    hall.put()
    hall.close_resource("snow", of="hall.whole")
    hall.put(revision=2, **hour(60))
    hall.put(revision=3, status="cancelled", **hour(60))
    assert heads(hall) == ["Din bokning", "Din bokning är avbokad"]


def test_each_booker_of_a_closed_pitch_is_told_once_and_once_when_it_is_lifted(hall: Stage) -> None:
    for n in range(120):
        customer = {"kind": "person", "name": "Kim", "email": f"kim{n}@example.se"}
        hall.accept(f"B-{n}", **hour(60 * n, of="hall.court-1" if n % 2 else "hall.whole"), customer=customer)
    hall.settle()
    assert hall.close_resource("snow", of="hall.court-1", day=1, reason="snö") == 24
    hall.restart()
    hall.look_round()
    hall.lift_closure("snow")
    heads_of = [[one.subject.partition(" (")[0] for one in hall.mail.to(f"kim{n}@example.se")] for n in range(120)]
    inside = ["Din bokning", "Din bokning är inställd", "Din bokning gäller igen"]
    assert [told for told in heads_of if len(told) > 1] == [inside] * 24
    assert all(told[0] == "Din bokning" for told in heads_of)


def test_a_booking_made_while_it_is_closed_says_so_at_once_and_is_on_when_it_is_lifted(hall: Stage) -> None:
    hall.close_resource("snow", of="hall.court-1", reason="snö")
    hall.put(occasions=[occasion(), occasion(id="2", after=60 * 24)])
    (first,) = hall.mail.came
    assert "lördag 2026-11-21 kl. 13:00-14:00 - INSTÄLLT" in first.text
    assert "söndag 2026-11-22 kl. 13:00-14:00\n" in first.text
    hall.lift_closure("snow")
    assert heads(hall) == ["Din bokning", "Din bokning gäller igen"]


# ---------------------------------------------------------------- the calendar


def test_each_occasion_is_one_entry_that_follows_the_booking(hall: Stage) -> None:
    two = [occasion(), occasion("hall.court-2", id="2", after=60 * 24)]
    hall.put(occasions=two)
    hall.put(revision=7, occasions=[occasion(after=60), occasion("hall.court-3", id="3", after=60 * 48)])
    hall.put(revision=8, status="cancelled", occasions=[])
    new, changed, cancelled = hall.mail.came
    assert entries(new) == [("11-21 13:00+0100", "CONFIRMED"), ("11-22 13:00+0100", "CONFIRMED")]
    assert entries(changed) == [
        ("11-21 14:00+0100", "CONFIRMED"), ("11-23 13:00+0100", "CONFIRMED"), ("11-22 13:00+0100", "CANCELLED"),
    ]  # fmt: skip
    assert {status for _, status in entries(cancelled)} == {"CANCELLED"}
    assert [str(calendar(one)["method"]) for one in hall.mail.came] == ["PUBLISH", "PUBLISH", "CANCEL"]
    ids = [{str(e["uid"]): e.decoded("sequence") for e in calendar(one).walk("VEVENT")} for one in hall.mail.came]
    one, other, third = (uid("2480", "B-1", n) for n in "123")
    assert ids == [{one: 1, other: 1}, {one: 7, other: 7, third: 7}, {one: 8, third: 8}]


def test_what_is_closed_is_taken_out_of_the_calendar_and_comes_back(hall: Stage) -> None:
    hall.put(occasions=[occasion(), occasion(id="2", after=60 * 24)])
    hall.close_resource("snow", of="hall.court-1", reason="snö")
    hall.lift_closure("snow")
    assert [[status for _, status in entries(one)] for one in hall.mail.came] == [
        ["CONFIRMED", "CONFIRMED"], ["CANCELLED", "CONFIRMED"], ["CONFIRMED", "CONFIRMED"],
    ]  # fmt: skip
    stamps = [calendar(one).walk("VEVENT")[0].decoded("dtstamp") for one in hall.mail.came]
    assert stamps == sorted(stamps), "of the same revision the later stamp holds"


@pytest.mark.parametrize(
    "starts, entry",
    [
        ("2027-03-28T01:30:00+01:00", "03-28 01:30+0100"),
        ("2027-03-28T03:30:00+02:00", "03-28 03:30+0200"),
        ("2027-10-31T02:30:00+02:00", "10-31 02:30+0200"),
        ("2027-10-31T02:30:00+01:00", "10-31 02:30+0100"),
    ],
)
def test_the_calendar_is_right_in_the_nights_of_both_clock_changes(hall: Stage, starts: str, entry: str) -> None:
    begin = datetime.fromisoformat(starts)
    hall.put(**hour((begin - SATURDAY) / timedelta(minutes=1)))
    (notice,) = hall.mail.came
    assert entries(notice) == [(entry, "CONFIRMED")]
    event = calendar(notice).walk("VEVENT")[0]
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(hours=1)
    assert event.decoded("dtstart") == begin
    assert entry[6:11] in notice.text


def test_an_entry_says_what_and_whom_to_ask(hall: Stage) -> None:
    hall.put()
    (event,) = calendar(hall.mail.came[0]).walk("VEVENT")
    assert str(event["summary"]) == "hall.court-1, Hallen"
    assert str(event["description"]) == "Bokningsnummer: B-1\nProvköping, bokning@kommun.example"
    assert str(event["organizer"]) == "mailto:bokning@kommun.example"
    assert event["organizer"].params["CN"] == "Provköping"
    assert "attendee" not in event


# ---------------------------------------------------------------- the code


def test_the_message_tells_the_code_the_doors_and_the_times(coded: Stage) -> None:
    coded.put()
    code = coded.locks.pin(PIN)
    (notice,) = coded.mail.to(MAIL)
    assert f"Kod: {code}\n  OUTER, INNER: lördag 2026-11-21 kl. 12:45-14:10\n" in notice.text
    assert notice.html is not None
    assert code in notice.html
    (text,) = coded.phones.to(PHONE)
    assert f"\nKod: {code}, OUTER, INNER 12:45-14:10\n" in text.text
    assert "eget meddelande" not in notice.text
    coded.look_round()
    coded.at("11:00")
    assert len(coded.mail.came) == 1
    assert code not in (notice.calendar or "")


def test_a_code_is_told_to_nobody_else_and_kept_nowhere(staging: Staging) -> None:
    hall = staging(a_town(told=["vakt"], booker=WITH_CODE))
    hall.put(notify=["vakt"])
    code = hall.locks.pin(PIN)
    assert code in hall.mail.to(MAIL)[0].text
    assert code not in hall.mail.to("vakt@kommun.example")[0].model_dump_json()
    kept = hall.rows("SELECT body, detail, reference, confirmed FROM lanes WHERE kind = 'record'")
    assert code not in str([*kept, *hall.rows("SELECT * FROM told"), *hall.rows("SELECT sent, detail FROM deliveries")])


def test_the_message_waits_for_a_lock_that_is_slow_and_not_for_one_that_is_down(coded: Stage) -> None:
    coded.locks.breaks(Fault.DOWN)
    coded.put()
    coded.at("09:10")
    assert coded.mail.came == []
    assert coded.state("B-1.r1.booker")[:2] == (Record.PLANNED, Delivery.WAITING)
    coded.at("09:15")
    (first,) = coded.mail.came
    assert "Kod:" not in first.text
    assert "Koden till dörren kommer i ett eget meddelande." in first.text
    coded.locks.recovers()
    coded.at("10:00")
    assert heads(coded) == ["Din bokning", "Din dörrkod"]
    assert f"Kod: {coded.locks.pin(PIN)}\n" in coded.mail.came[-1].text
    assert coded.mail.came[-1].calendar is None
    coded.at("11:00")
    assert len(coded.mail.came) == len(coded.phones.came) == 2


def test_a_lock_that_answers_within_minutes_is_waited_for(coded: Stage) -> None:
    coded.locks.breaks(Fault.DOWN)
    coded.put()
    coded.locks.recovers()
    coded.at("09:14")
    (notice,) = coded.mail.came
    assert f"Kod: {coded.locks.pin(PIN)}\n" in notice.text


def test_a_booking_far_ahead_is_told_at_once_and_its_code_when_the_lock_has_it(coded: Stage) -> None:
    coded.put(**hour(60 * 24 * 30))
    assert heads(coded) == ["Din bokning"]
    assert coded.locks.stands == {}
    coded.at("11:44", days=16)
    assert heads(coded) == ["Din bokning"]
    coded.at("12:00", days=16)
    assert heads(coded) == ["Din bokning", "Din dörrkod"]
    assert f"Kod: {coded.locks.pin(PIN)}\n" in coded.mail.came[-1].text
    assert len(coded.phones.came) == 2


def test_a_code_that_has_been_told_is_not_told_again_with_a_change_unless_it_is_another(coded: Stage) -> None:
    coded.put()
    code = coded.locks.pin(PIN)
    coded.put(revision=2, **hour(60))
    assert heads(coded) == ["Din bokning", "Din bokning är ändrad"]
    assert f"Kod: {code}\n  OUTER, INNER: lördag 2026-11-21 kl. 13:45-15:10\n" in coded.mail.came[-1].text
    coded.put(revision=3, **hour(60), registration={"required": True})
    assert len(coded.mail.came) == 2


def test_a_code_that_is_changed_is_told_anew(coded: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    coded.put()
    old = coded.locks.pin(PIN)
    monkeypatch.setattr("hub.service.doors.allocating._may_stay", lambda *_: False)
    coded.put(revision=2, **hour(minutes=90))
    monkeypatch.undo()
    new = coded.locks.pin(PIN)
    assert new != old
    assert f"Kod: {new}\n" in coded.mail.came[-1].text


def test_holders_with_codes_of_their_own_are_told_apart_and_nobody_protected_is_named(staging: Staging) -> None:
    hall = staging(a_town(strategy="per_holder", booker=WITH_CODE))
    holders = [a_holder("Lena Norberg", protected="no"), a_holder("Kim Hemlig", phone="+46701740690")]
    hall.put(occasions=[occasion(holders=holders)])
    text = hall.mail.to(MAIL)[0].text
    codes = [hall.locks.pin(key) for key in hall.locks.stands]
    assert len(codes) == 2
    assert all(code in text for code in codes)
    assert "Kod för Lena Norberg: " in text
    assert "Hemlig" not in "".join(one.model_dump_json() for one in (*hall.mail.came, *hall.phones.came))
    hall.at("11:00")
    assert len(hall.mail.came) == 1


def test_several_codes_that_come_later_come_together(staging: Staging) -> None:
    hall = staging(a_town(strategy="per_holder", booker=WITH_CODE))
    holders = [a_holder("Lena", protected="no"), a_holder("Omar", protected="no", phone="+46701740690")]
    hall.put(occasions=[occasion(after=60 * 24 * 30, holders=holders)])
    hall.at("12:30", days=16)
    assert heads(hall) == ["Din bokning", "Din dörrkod"]
    assert hall.mail.came[-1].text.count("Kod för") == 2


def test_a_booking_that_is_cancelled_tells_no_code(coded: Stage) -> None:
    coded.locks.breaks(Fault.DOWN)
    coded.put(**hour(60 * 5))
    coded.at("09:20")
    coded.put(revision=2, status="cancelled", **hour(60 * 5))
    coded.locks.recovers()
    coded.at("12:00")
    assert heads(coded) == ["Din bokning", "Din bokning är avbokad"]
    assert "Kod:" not in "".join(one.text for one in coded.mail.came)


def test_a_code_whose_booking_is_over_is_not_told(coded: Stage) -> None:
    coded.locks.breaks(Fault.DOWN)
    coded.put()
    coded.at("10:00")
    coded.after(hours=5)
    coded.locks.recovers()
    coded.at("16:00")
    assert heads(coded) == ["Din bokning"]
    assert coded.next_wake() > coded.now() + 10**15


def test_a_card_has_no_code_to_tell(staging: Staging) -> None:
    hall = staging(a_town(booker=WITH_CODE, connectors={"locks": {"connector": "AppLocks"}}))
    hall.put(occasions=[occasion(holders=[a_holder(credential={"kind": "card", "number": "0090421357"})])])
    (notice,) = hall.mail.came
    assert "0090421357" not in notice.model_dump_json()
    assert "Kod" not in notice.text


def test_the_code_waits_for_the_end_of_quiet_hours(staging: Staging) -> None:
    hall = staging(a_town(booker=WITH_CODE | {"quiet_hours": {"from": "20:00", "until": "07:00"}}))
    hall.at("19:30")
    hall.put(**hour(60 * 24))
    assert hall.mail.came == []
    hall.at("06:00", days=1)
    (notice,) = hall.mail.came
    assert hall.clock.moment == datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert hall.locks.pin(PIN) in notice.text
