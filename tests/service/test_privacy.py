"""Nothing personal is readable in the database, in its log, or in what is told of errors (rule 10)."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from hub.model.booking import Booking
from hub.service.asking.preparing import prepared, stored_booking
from hub.store.seals.sealed import BOOKING_PERSONS
from hub.store.seals.sealing import Seal
from hub.store.tables.schema import METADATA
from tests.builders import a_booking, a_charge, a_holder, occasion, raw_booking, rules
from tests.databases import Alone
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour, staged

PERSONAL = [
    "Norberg", "Åsa Berg", "0090421357", "+46701740606", "701740606", "+46701740605", "kansli@example.se",
    "asa@example.se", "Badmintonklubb", "8024000005", "802400-0005", "194107081111", "Storgatan", "Ulla Lind",
]  # fmt: skip


def whole_life(hall: Stage) -> str:
    """A booking with everything in it, from first to last; gives its PIN."""
    customer = raw_booking()["customer"] | {
        "identity_number": "19410708-1111",
        "address": {"street": "Storgatan 1", "postal_code": "903 26", "city": "Umeå"},
    }
    card = a_holder("Åsa Berg", email="asa@example.se", credential={"kind": "card", "number": "0090421357"})
    hall.put(customer=customer, charges=[a_charge(text="60 min, Ulla Lind")], **hour(holders=[a_holder(), card]))
    pin = hall.locks.pin(PIN)
    hall.lamps.breaks(Fault.BUG, "court-1")
    hall.at("12:00")
    hall.locks.breaks(Fault.UNANSWERED)
    hall.put(revision=2, customer=customer, **hour(minutes=90, holders=[a_holder(), card]))
    hall.at("12:10")
    hall.locks.recovers()
    hall.at("12:30")
    hall.cancel(revision=3)
    hall.at("14:00")
    return pin


@pytest.fixture
def hall_alone(lone_database: Alone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(lone_database.url, tmp_path, monkeypatch) as hall:
        yield hall


def test_nothing_personal_is_readable_in_the_databases_files(hall_alone: Stage, lone_database: Alone) -> None:
    pin = whole_life(hall_alone)
    found = lone_database.files()
    assert any("wal" in name for name in found)
    for name, content in found.items():
        told = [
            word for word in [*PERSONAL, f'"{pin}"'] if word.encode() in content or word.encode("utf-16-le") in content
        ]
        assert told == [], name


def test_what_is_not_personal_is_there_to_be_found(hall_alone: Stage, lone_database: Alone) -> None:
    """So the search above would find what it looks for."""
    whole_life(hall_alone)
    content = b"".join(lone_database.files().values())
    assert all(word in content for word in (b"B-1", b"hall.court-1", b"training"))


def test_no_pin_is_kept_in_clear_anywhere(hall: Stage) -> None:
    pin = whole_life(hall)
    for table in METADATA.tables:
        for row in hall.rows(f"SELECT * FROM {table}"):  # noqa: S608 - a table of our own
            texts = [value for value in row if isinstance(value, str)]
            assert not any(pin in text for text in texts), table
            assert not any(pin.encode() in value for value in row if isinstance(value, bytes)), table


def test_nothing_personal_is_logged(hall: Stage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        pin = whole_life(hall)
    assert caplog.records, "the connector's bug is logged"
    assert [word for word in [*PERSONAL, pin] if word in caplog.text] == []


def test_events_and_problems_carry_references_only(hall: Stage) -> None:
    pin = whole_life(hall)
    told = " ".join(f"{event.type} {event.subject} {event.body}" for event in hall.events())
    told += " ".join(repr(problem) for problem in hall.problems(ended=True))
    assert "B-1" in told
    assert [word for word in [*PERSONAL, pin] if word in told] == []


def test_what_was_sealed_is_put_together_again(hall: Stage) -> None:
    card = a_holder("Åsa Berg", credential={"kind": "card", "number": "0090421357"})
    done = hall.put(**hour(holders=[a_holder(), card]))
    assert hall.view().booking == done.booking


def test_what_is_kept_in_clear_is_all_but_the_persons_letter_by_letter() -> None:
    here = occasion(holders=[a_holder(), a_holder("Åsa Berg", email="asa@example.se")])
    booking = a_booking(occasions=[here, occasion(id="2", after=120)], charges=[a_charge(text="60 min, Ulla Lind")])
    persons = {"customer": True, "occasions": {"__all__": {"holders"}}, "charges": {"__all__": {"text"}}}
    request = prepared(booking, rules(), Seal(bytes(32)), now=0)
    assert request.body == booking.model_dump_json(exclude=persons)  # type: ignore[arg-type]


def test_what_was_stored_before_texts_were_sealed_is_read() -> None:
    raw = raw_booking(charges=[a_charge()])
    body = {name: value for name, value in raw.items() if name != "customer"}
    body["occasions"] = [{k: v for k, v in one.items() if k != "holders"} for one in raw["occasions"]]
    holders = [one.get("holders", []) for one in raw["occasions"]]
    seal = Seal(bytes(32))
    sealed = seal.close(json.dumps([raw["customer"], holders]).encode(), BOOKING_PERSONS.place(TOWN, raw["number"]))
    found = stored_booking(json.dumps(body), sealed, TOWN, raw["number"], seal)
    assert found == Booking.model_validate(raw)


def test_persons_of_one_booking_do_not_open_in_another(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(120))
    hall.run(hall.writer.call(_swap))
    with pytest.raises(InvalidTag):
        hall.view("B-2")


def _swap(connection: object) -> None:
    run = connection.run  # type: ignore[attr-defined]
    run("UPDATE bookings SET persons = (SELECT persons FROM bookings WHERE number = 'B-1') WHERE number = 'B-2'")
