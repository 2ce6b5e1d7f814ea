"""S10: when a flag appears later, what leads to the person is erased, and what must be kept is shown with a reason."""

import asyncio
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from hub.errors import NotFoundError
from hub.model import Attendance, Attendee, Protected, Role, Secrecy
from hub.model.attendance import Association
from hub.model.audit import Act
from hub.model.booking import Booking
from hub.model.event_data import EVENTS
from hub.model.events import EventType, enveloped
from hub.model.person import Unsealed, UnsealingRequest
from hub.sdk import RawItem
from hub.service.accept.accepting import Outcome
from hub.service.asking.preparing import stored_booking
from hub.service.audit.acting import Actor, act_as
from hub.service.audit.auditing import Witness
from hub.service.documents.applying import Applying
from hub.service.doors.passing import Passing
from hub.service.incoming.attending import Attending
from hub.service.incoming.taking_in import From, TakingIn, Understood
from hub.service.protected.protecting import Protecting, _bound
from hub.service.protected.unsealing import Unseals
from hub.service.zones.sensing import Sensing
from hub.store import attendance, bookings, intake, protected
from tests.builders import a_holder, a_town, occasion
from tests.delivery.fake_register import number
from tests.delivery.harness import PIN, TOWN, Stage, hour
from tests.delivery.test_invoices import costs, court
from tests.delivery.test_population import Office, hidden, person
from tests.verify.test_events import payload

Staging = Callable[..., Stage]
LENA, OTHER = number("19800101980"), number("19830202981")
STREET, MAIL, PHONE = "Hemliga vägen 7", "lena@example.se", "+46701740606"
ADDRESS = {"street": STREET, "postal_code": "903 26", "city": "Umeå"}
CUSTOMER: dict[str, Any] = {
    "kind": "person", "identity_number": LENA.digits, "name": "Lena Norberg", "protected": "no", "email": MAIL,
    "phone": PHONE, "address": ADDRESS,
}  # fmt: skip


@pytest.fixture
def hall(staging: Staging) -> Stage:
    return staging(a_town(finance="ledger", booker={"email": {"connection": "mail"}, "contact": "a@b.se"}))


def protecting(hall: Stage) -> Protecting:
    return Protecting(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)


def protect(hall: Stage) -> None:
    hall.run(protecting(hall).protect(TOWN, LENA))


def kept(hall: Stage, of: str = "B-1") -> Booking:
    """A booking as the database has it."""
    found = hall.read(bookings.find, TOWN, of)
    assert found
    return stored_booking(found.body, found.persons, TOWN, of, hall.seal)


def leads(hall: Stage, of: str = "B-1") -> list[str]:
    """What of the address and the contacts stands in a booking."""
    told = kept(hall, of).model_dump_json()
    return [one for one in (STREET, MAIL, PHONE) if one in told]


def test_address_and_contacts_are_erased_and_the_code_stays(hall: Stage) -> None:
    hall.put(customer=CUSTOMER, occasions=[occasion(holders=[a_holder(), a_holder("Anna Ek", phone="+46701740607")])])
    code = hall.locks.stands[PIN].value
    protect(hall)
    hall.settle()
    booking = kept(hall)
    assert leads(hall) == []
    assert (booking.customer.protected, booking.customer.name) == (Protected.YES, "Lena Norberg")
    lena, anna = booking.occasions[0].holders
    assert (lena.protected, anna.protected, anna.phone) == (Protected.YES, Protected.UNKNOWN, "+46701740607")
    assert hall.locks.stands[PIN].value == code


def test_a_code_that_is_known_by_its_holders_phone_stays_too(staging: Staging) -> None:
    hall = staging(a_town(strategy="per_holder"))
    hall.put(customer=CUSTOMER)
    stood = dict(hall.locks.stands)
    protect(hall)
    assert leads(hall) == [PHONE], "it is how the door knows the holder"
    hall.put(revision=2, customer=CUSTOMER, notify=["vaktmastare"])
    assert hall.locks.stands == stood


def test_a_booking_from_before_hashes_is_found(hall: Stage) -> None:
    hall.put(customer=CUSTOMER)
    hall.put("B-2", customer=CUSTOMER | {"identity_number": OTHER.digits})
    hall.run(hall.writer.call(lambda c: c.run("UPDATE bookings SET person = NULL")))
    protect(hall)
    assert (leads(hall), leads(hall, "B-2")) == ([], [STREET, MAIL, PHONE])


def test_a_sole_trader_is_the_person(hall: Stage) -> None:
    trader = {"kind": "company", "organisation_number": LENA.digits[2:], "identity_number": None}
    hall.put(customer=CUSTOMER | trader)
    protect(hall)
    assert leads(hall) == []


def test_the_same_booking_sent_again_changes_nothing_and_brings_nothing_back(hall: Stage) -> None:
    hall.put(customer=CUSTOMER)
    protect(hall)
    assert hall.put(customer=CUSTOMER).answer.outcome is Outcome.UNCHANGED
    assert leads(hall) == []
    hall.close_resource("snow", of="hall.court-1")
    assert hall.put(customer=CUSTOMER).answer.outcome is Outcome.UNCHANGED, "planned anew it is known as it was told"
    assert hall.put(revision=2, customer=CUSTOMER).answer.outcome is Outcome.ACCEPTED
    assert hall.put("B-2", customer=CUSTOMER).answer.outcome is Outcome.ACCEPTED
    assert (leads(hall), leads(hall, "B-2")) == ([], [])
    assert hall.put("B-2", customer=CUSTOMER).answer.outcome is Outcome.UNCHANGED


def test_contacts_that_are_told_by_who_knows_of_the_protection_are_kept(hall: Stage) -> None:
    protect(hall)
    hall.put(customer=CUSTOMER | {"protected": "yes"})
    assert leads(hall) == [MAIL, PHONE]
    assert kept(hall).customer.address is None


def test_a_clear_no_ends_it(hall: Stage) -> None:
    protect(hall)
    hall.run(protecting(hall).clear(TOWN, OTHER))
    hall.put(customer=CUSTOMER)
    assert leads(hall) == []
    hall.run(protecting(hall).clear(TOWN, LENA))
    hall.put(revision=2, customer=CUSTOMER)
    assert leads(hall) == [STREET, MAIL, PHONE]


def test_a_message_that_has_not_gone_out_is_not_sent(hall: Stage) -> None:
    hall.run(hall.node.health.set_paused(TOWN, "mail", "operator"))
    hall.put(customer=CUSTOMER)
    protect(hall)
    hall.run(hall.node.health.set_paused(TOWN, "mail", None))
    hall.settle()
    assert hall.mail.to(MAIL) == []


# ---- money


def test_an_invoice_that_waits_loses_the_address_and_one_that_has_gone_out_is_sealed(hall: Stage) -> None:
    hall.put(customer=CUSTOMER, **costs(court()))
    assert hall.ledger.came[0].customer.address is not None
    hall.run(hall.node.health.set_paused(TOWN, "ledger", "operator"))
    hall.put("B-2", customer=CUSTOMER, **hour(120), **costs(court()))
    protect(hall)
    hall.run(hall.node.health.set_paused(TOWN, "ledger", None))
    hall.settle()
    bare = {one.key: one.customer.address is None for one in hall.ledger.came}
    assert bare == {"B-1.i1": False, "B-2.i1": True}
    assert hall.read(protected.is_sealed, TOWN, "invoice", "B-1.i1")
    assert not hall.read(protected.is_sealed, TOWN, "invoice", "B-2.i1")


def unseals(hall: Stage) -> Unseals:
    witness = Witness(hall.writer, hall.seal, hall.clock)
    return Unseals(hall.writer, hall.readers, hall.seal, hall.rulebook, witness, hall.clock)


async def seen(hall: Stage, key: str, asking: Any, *, by: str = "ledger") -> Unsealed:
    act_as(Actor(by, "anna.ek"))
    found: Unsealed = await asking(unseals(hall), key)
    return found


def test_a_sealed_invoice_is_shown_with_a_reason_for_a_time_and_each_time_on_record(hall: Stage) -> None:
    hall.put(customer=CUSTOMER, **costs(court()))

    def wish(key: str = "B-1.i1") -> UnsealingRequest:
        return UnsealingRequest(kind="invoice", key=key, reason="påminnelse", asked_by="anna.ek", minutes=10)

    def unseal(key: str = "B-1.i1") -> Unsealed:
        return hall.run(seen(hall, key, lambda use, key: use.unseal(TOWN, wish(key))))

    def again(id_: int, by: str = "ledger") -> Unsealed:
        return hall.run(seen(hall, "", lambda use, _: use.again(TOWN, id_), by=by))

    with pytest.raises(NotFoundError):
        unseal()
    protect(hall)
    shown = unseal()
    assert shown.record["customer"]["address"]["street"] == STREET
    assert STREET not in repr(shown)
    assert again(shown.id) == shown
    with pytest.raises(NotFoundError):
        again(shown.id, by="another")
    hall.skip(minutes=10)
    with pytest.raises(NotFoundError, match="give a reason anew"):
        again(shown.id)
    rows = hall.rows("SELECT act, subject, who FROM audit WHERE act = ? ORDER BY leaf", Act.RECORD_UNSEALED)
    assert rows == [("record.unsealed", "B-1.i1", "ledger")] * 2


# ---- attendance


def gathering(code: str = "1", name: str = "Lena") -> Attendance:
    marks = (
        Attendee(id="p1", role=Role.PARTICIPANT, present=True, identity_number=LENA, given_name=name, family_name="N"),
        Attendee(id="p2", role=Role.LEADER, present=True, identity_number=OTHER, given_name="Anna", family_name="Ek"),
    )
    start = datetime(2026, 11, 20, 17, tzinfo=UTC)
    return Attendance(
        association=Association(id="a1", name="Klubben"), card="c1", code=code, starts_at=start,
        ends_at=start + timedelta(hours=1), attendees=marks,
    )  # fmt: skip


def take(hall: Stage, code: str, content: str, *, fault: str = "", version: str = "1") -> None:
    taking = TakingIn(
        hall.seal, hall.clock, Applying(hall.seal, hall.rulebook), Passing(hall.rulebook), Sensing(hall.rulebook)
    )
    whence = From(TOWN, "lists")
    told = Understood(RawItem(code, content.encode(), "row", version), () if fault else (gathering(code),), fault)
    hashed = taking.hashed(whence, [told])
    seen_ = hall.read(intake.latest, TOWN, "lists", [hashed[0].source])
    hall.run(hall.writer.call(taking.take, taking.batch(whence, hashed, seen_)))


def names(hall: Stage) -> list[list[str]]:
    which = attendance.Which((0, 0), 1 << 60)
    listed = hall.read(lambda c: attendance.listed(c, TOWN, which, limit=10))
    return [[mark.given_name for mark in Attending(hall.seal).open(TOWN, one).values()] for one in listed]


def raw(hall: Stage) -> list[tuple[str, bytes]]:
    def read(one: protected.Raw) -> bytes:
        return zlib.decompress(hall.seal.open(one.sealed, _bound(TOWN, one)))

    return [(one.state, read(one)) for one in hall.read(lambda c: protected.raw_rows(c, TOWN, 0, limit=10))]


def test_lists_of_attendance_lose_the_name_and_raw_rows_that_hold_the_number_all(hall: Stage) -> None:
    digits = LENA.digits
    take(hall, "1", f"<p>{digits[2:8]}-{digits[8:]} Lena, {STREET}</p>")
    take(hall, "2", "<p>nobody</p>")
    take(hall, "3", f"<p>{digits}</p>", fault="not understood")
    protect(hall)
    assert names(hall) == [["", "Anna"], ["", "Anna"]]
    assert raw(hall) == [("done", b"\0\0"), ("done", b"2\x001\x00<p>nobody</p>")]
    assert [problem.code for problem in hall.problems()] == []
    take(hall, "4", "<p/>")
    assert names(hall)[-1] == ["", "Anna"], "what comes later too"
    take(hall, "3", f"<p>{digits}</p>")
    assert len(names(hall)) == 4, "what was in quarantine is new when it comes again"


# ---- who is told


def told_of(hall: Stage) -> list[dict[str, Any]]:
    return [json.loads(event.body) for event in hall.events("person.protected")]


def test_those_who_had_got_it_are_told_once_by_references_only(hall: Stage) -> None:
    hall.put(customer=CUSTOMER, **costs(court()))
    take(hall, "1", "<p/>")
    protect(hall)
    protect(hall)
    hall.run(protecting(hall).finish())
    expected = {"bookings": ["B-1"], "invoices": ["B-1.i1"], "documents": [], "gatherings": 1, "looked_up_by": []}
    assert told_of(hall) == [expected]
    (event,) = hall.events("person.protected")
    EVENTS[EventType.PERSON_PROTECTED].data.model_validate_json(event.body)
    envelope = enveloped(TOWN, event.id, event.type, event.subject, event.body, event.at)
    jsonschema.validate(json.loads(envelope.model_dump_json()), payload(event.type))
    assert LENA.digits[2:] not in event.subject + event.body
    assert "Lena" not in event.body


def test_of_somebody_who_is_not_known_nobody_is_told(hall: Stage) -> None:
    protect(hall)
    assert told_of(hall) == []


def test_what_a_process_began_another_ends(hall: Stage) -> None:
    hall.put(customer=CUSTOMER)
    began = protecting(hall)

    async def dies() -> None:
        began._erase = lambda *_: asyncio.sleep(0)  # type: ignore[method-assign]
        await began.protect(TOWN, LENA)

    hall.run(dies())
    assert leads(hall) == [STREET, MAIL, PHONE]
    hall.run(protecting(hall).finish())
    assert leads(hall) == []
    assert len(told_of(hall)) == 1


def test_a_lookup_that_says_so_protects_and_tells_who_looked_before(staging: Staging) -> None:
    office = Office(staging(a_town(population={})))
    hall = office.stage
    hall.put(customer=CUSTOMER)
    office.register.register(person(LENA))
    assert office.told(LENA).outcome == "found"
    hall.skip(hours=1)
    office.register.register(hidden(LENA, Protected.UNKNOWN))
    assert office.told(LENA, may_know=True).outcome == "manual_handling_required"
    assert leads(hall) == []
    expected = {"bookings": ["B-1"], "invoices": [], "documents": [], "gatherings": 0, "looked_up_by": ["grants"]}
    assert told_of(hall) == [expected]
    office.register.register(person(LENA))
    office.told(LENA)
    hall.put(revision=2, customer=CUSTOMER)
    assert leads(hall) == [STREET, MAIL, PHONE], "the register says a clear no again"


# ---- documents that are to be registered


LETTER: dict[str, Any] = {
    "title": "Ansökan", "counterpart": {
        "kind": "person", "name": "Lena Norberg", "identity_number": LENA.digits, "protected": "no",
    }
}  # fmt: skip


def test_a_document_that_waits_names_nobody_in_public_once_its_counterpart_is_known_as_protected(
    staging: Staging,
) -> None:
    hall = staging(a_town(registry={}))
    hall.register("D-1", **LETTER)
    hall.accept(customer=CUSTOMER, registration={"required": True})
    protect(hall)
    hall.settle()
    assert {one.key: (one.counterpart_protected, one.secrecy) for one in hall.diary.came} == {
        key: (True, Secrecy(ground="OSL 21:3")) for key in hall.diary.keys
    }
    letter, of_booking = hall.diary.came
    assert (letter.title, letter.protected_title) == ("Handling", "Ansökan")
    assert (of_booking.title, of_booking.protected_title) == ("Beslut om bokning B-1", None)
    assert hall.diary.came[0].files[0].content == b"%PDF-1.7"


def test_of_documents_that_are_registered_the_event_tells_whom_to_mark_there(staging: Staging) -> None:
    hall = staging(a_town(registry={}))
    hall.register("D-1", **LETTER)
    hall.settle()
    protect(hall)
    assert [one["documents"] for one in told_of(hall)] == [["D-1"]]


def test_who_is_known_as_protected_is_so_whatever_a_caller_says(staging: Staging) -> None:
    hall = staging(a_town(registry={}))
    protect(hall)
    hall.register("D-1", **LETTER)
    hall.settle()
    (document,) = hall.diary.came
    assert (document.title, document.protected_title) == ("Handling", "Ansökan")
    assert not hall.register("D-1", **LETTER), "and the same is known for the same"
