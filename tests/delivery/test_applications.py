"""Applications: each submission registered once and told of once; its number goes back; nobody protected is shown."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from hub.errors import NotFoundError
from hub.intake.retention import Forgetting
from hub.model import Acknowledgement, Application, DocumentFile, OrganisationNumber, PersonNumber
from hub.model.application import ApplicationAnswer
from hub.model.booking import Protected
from hub.model.events import enveloped
from hub.model.registering import Counterpart
from hub.model.states import Delivery, Record
from hub.sdk import RawItem
from hub.service.audit.auditing import Witness
from hub.service.documents.applying import Applications, Applying, key_of
from hub.service.doors.passing import Passing
from hub.service.incoming.taking_in import From, MovedError, TakingIn, Understood
from hub.service.operators.choosing import Wish
from hub.service.protected.protecting import Protecting
from hub.service.zones.sensing import Sensing
from hub.store import intake
from tests.builders import a_town, mark
from tests.delivery.fake_eservice import ESERVICES, EserviceSystem
from tests.delivery.fakes import Fault
from tests.delivery.harness import TOWN, Stage
from tests.verify.test_events import payload

Staging = Callable[..., Stage]
LENA = PersonNumber("199001019802")
"""Made up; its check digit holds."""
NAME, KEY = "Lena Norberg", "eservice:4711"
CLUB = Counterpart(kind="association", name="Umeå BK", organisation_number=OrganisationNumber.parse("802400-0005"))
PDF = DocumentFile(name="ansökan Lena.pdf", media_type="application/pdf", content=bytes(range(256)) * 2000)


@pytest.fixture
def hall(staging: Staging) -> Stage:
    return staging(a_town(registry={}, eservice="FakeEservice"))


def application(source_id: str = "4711", submission: str = "", **more: Any) -> Application:
    told: dict[str, Any] = {
        "source_id": source_id, "submission": submission, "form": "bidrag", "title": "Ansökan om föreningsbidrag",
        "received_at": datetime(2026, 11, 20, 22, 59, 10, tzinfo=UTC), "acknowledged": True,
        "counterpart": Counterpart(kind="person", name=NAME, identity_number=LENA),
        "answers": {"amount": ("5000",)}, "files": (PDF,),
    }  # fmt: skip
    return Application(**told | more)


def come(hall: Stage, *told: Application, version: str = "1") -> None:
    """They come in together, as the intake takes them; nothing is carried yet."""
    taking, whence = taking_in(hall), From(TOWN, "eservice")
    rows = [Understood(RawItem(f"{one.source_id}", b"raw", "row", version + one.submission), (one,)) for one in told]
    hashed = taking.hashed(whence, rows)
    seen = hall.read(intake.latest, TOWN, "eservice", [one.source for one in hashed])
    hall.run(hall.writer.call(taking.take, taking.batch(whence, hashed, seen)))


def taking_in(hall: Stage) -> TakingIn:
    return TakingIn(
        hall.seal, hall.clock, Applying(hall.seal, hall.rulebook), Passing(hall.rulebook), Sensing(hall.rulebook)
    )


def applications(hall: Stage) -> Applications:
    return Applications(hall.readers, hall.seal, hall.rulebook, Witness(hall.writer, hall.seal, hall.clock))


def shown(hall: Stage, key: str = KEY) -> ApplicationAnswer:
    return hall.run(applications(hall).show(TOWN, key))


def told(hall: Stage) -> list[Acknowledgement]:
    return portal(hall).told


def portal(hall: Stage) -> EserviceSystem:
    return ESERVICES[f"{TOWN}/eservice"]


def held(hall: Stage) -> list[str]:
    """Why rows are in quarantine."""
    return [one.reason for one in hall.read(lambda c: intake.quarantined(c, TOWN, name=None, after=0, limit=100))]


def protect(hall: Stage) -> None:
    protecting = Protecting(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)
    hall.run(protecting.protect(TOWN, LENA))


# ---------------------------------------------------------------- in, and registered


def test_an_application_is_registered_and_the_booking_core_hears_of_it(hall: Stage) -> None:
    come(hall, application())
    hall.settle()
    (document,) = hall.diary.came
    assert (document.key, document.title) == (KEY, "Ansökan om föreningsbidrag")
    assert document.received_at == datetime(2026, 11, 20, 22, 59, 10, tzinfo=UTC), "when it was sent in"
    assert [(file.name, file.content) for file in document.files] == [(PDF.name, PDF.content)]
    (event,) = hall.events("application.received")
    envelope = enveloped(TOWN, event.id, event.type, event.subject, event.body, event.at)
    jsonschema.validate(json.loads(envelope.model_dump_json()), payload(event.type))
    assert event.subject == KEY
    assert NAME not in event.body
    assert LENA.digits not in event.body
    view = shown(hall)
    assert (view.state, view.number, view.answers) == (Record.DONE, "FN 1/2026", {"amount": ("5000",)})
    assert view.applicant is not None
    assert (view.applicant.name, view.applicant.identity_number) == (NAME, LENA.digits)
    assert hall.run(applications(hall).file(TOWN, KEY, 1)).content == PDF.content
    with pytest.raises(NotFoundError):
        hall.run(applications(hall).file(TOWN, KEY, 2))


def test_a_person_who_may_be_protected_is_not_named_in_the_public_register(hall: Stage) -> None:
    come(hall, application(), application("4712", counterpart=CLUB))
    hall.settle()
    person, club = sorted(hall.diary.came, key=lambda one: one.key)  # two lanes: either may come first
    assert (person.counterpart_protected, person.protected_title) == (True, None)
    assert person.secrecy is not None
    assert person.secrecy.ground == "OSL 21:3"
    assert person.title == "Ansökan om föreningsbidrag", "the municipality's own words stand"
    assert (club.counterpart, club.counterpart_protected, club.secrecy) == ("Umeå BK", False, None)


def test_what_comes_again_is_registered_and_told_of_once(hall: Stage) -> None:
    come(hall, application())
    come(hall, application())
    hall.settle()
    come(hall, application(files=()), version="2")
    hall.settle()
    assert hall.diary.keys == [KEY]
    assert len(hall.events("application.received")) == len(told(hall)) == 1


def test_two_that_come_at_once_are_one(hall: Stage) -> None:
    taking, whence = taking_in(hall), From(TOWN, "eservice")
    hashed = taking.hashed(whence, [Understood(RawItem("4711", b"raw"), (application(),))])
    batch = taking.batch(whence, hashed, {})

    async def both() -> list[object]:
        calls = (hall.writer.call(taking.take, batch) for _ in range(2))
        return await asyncio.gather(*calls, return_exceptions=True)

    assert [type(one) for one in hall.run(both()) if isinstance(one, Exception)] == [MovedError]
    hall.settle()
    assert hall.diary.keys == [KEY]


def test_a_completion_is_a_document_of_its_own_in_the_case_of_the_first(hall: Stage) -> None:
    come(hall, application())
    hall.settle()
    come(hall, application(submission="20261121T101500", answers={"amount": ("7000",)}))
    hall.settle()
    first, completion = hall.diary.came
    assert (first.case_key, completion.key, completion.case_key) == (None, f"{KEY}.20261121T101500", KEY)
    assert [one.completes for one in told(hall)] == [False, True]
    assert shown(hall, completion.key).answers == {"amount": ("7000",)}
    assert [json.loads(one.body)["completes"] for one in hall.events("application.received")] == [False, True]


def test_a_completion_whose_first_never_came_opens_the_case(hall: Stage) -> None:
    come(hall, application(submission="20261121T101500"))
    hall.settle()
    assert [one.number for one in told(hall)] == ["FN 1/2026"]
    assert not told(hall)[0].completes


@pytest.mark.parametrize(
    "more, why",
    [
        ({"files": (PDF,) * 51}, "51 files"),
        ({"files": (PDF.model_copy(update={"content": bytes(30_000_001)}),)}, "30000001 bytes"),
    ],
    ids=["many files", "a huge file"],
)
def test_what_is_too_much_is_for_a_person_and_stops_no_other(hall: Stage, more: dict[str, Any], why: str) -> None:
    come(hall, application("4710", **more), application())
    hall.settle()
    assert hall.diary.keys == [KEY]
    (reason,) = held(hall)
    assert why in reason


def test_what_nobody_registers_waits_in_quarantine_and_goes_when_somebody_does(staging: Staging) -> None:
    hall = staging(a_town(eservice="FakeEservice"))
    come(hall, application())
    assert held(hall) == ["nobody registers documents here yet; configure `registry`"]
    assert hall.events("application.received") == []


def test_a_key_that_is_another_documents_is_for_a_person(hall: Stage) -> None:
    hall.register(KEY)
    come(hall, application())
    hall.settle()
    assert "another document's" in held(hall)[0]
    assert hall.diary.keys == [KEY]
    assert told(hall) == []


def test_a_row_out_of_quarantine_is_registered_once(hall: Stage) -> None:
    taking, whence = taking_in(hall), From(TOWN, "eservice")
    hashed = taking.hashed(whence, [Understood(RawItem("4711", b"raw"), fault="no form")])
    hall.run(hall.writer.call(taking.take, taking.batch(whence, hashed, {})))
    (row,) = hall.read(lambda c: intake.quarantined(c, TOWN, name=None, after=0, limit=100))
    good = Understood(RawItem("4711", b"raw"), (application(),))
    assert hall.run(hall.writer.call(taking.settle, TOWN, row, good))
    assert not hall.run(hall.writer.call(taking.settle, TOWN, row, good))
    hall.settle()
    assert hall.diary.keys == [KEY]
    assert held(hall) == []


def test_what_is_in_quarantine_stays_when_its_applicant_is_marked_for_it_comes_once(hall: Stage) -> None:
    taking, whence = taking_in(hall), From(TOWN, "eservice")
    raw = RawItem("4711", f"<citizenIdentifier>{LENA.digits}</citizenIdentifier>".encode())
    hashed = taking.hashed(whence, [Understood(raw, fault="no form")])
    hall.run(hall.writer.call(taking.take, taking.batch(whence, hashed, {})))
    protect(hall)
    (row,) = hall.read(lambda c: intake.quarantined(c, TOWN, name=None, after=0, limit=100))
    assert hall.run(hall.writer.call(taking.settle, TOWN, row, Understood(raw, (application(),))))
    hall.settle()
    (document,) = hall.diary.came
    assert document.counterpart_protected


def test_a_key_is_never_longer_than_a_registry_takes() -> None:
    long = key_of("e" * 63, "1" * 40, "20261121T101500", mark)
    assert len(long) <= 80
    assert long != key_of("e" * 63, "1" * 40, "20261121T101501", mark)
    assert key_of("oep", "4711", "", mark) == "oep:4711"


# ---------------------------------------------------------------- the number goes back


def test_the_number_goes_back_exactly_as_the_registry_gave_it(hall: Stage) -> None:
    come(hall, application())
    hall.settle()
    assert told(hall) == [Acknowledgement(key=KEY, source_id="4711", number="FN 1/2026")]


def test_nothing_goes_back_before_there_is_a_number(hall: Stage) -> None:
    hall.diary.numbered = False
    come(hall, application())
    hall.settle()
    assert told(hall) == []
    hall.diary.numbered = True
    hall.after(minutes=2)
    assert [one.number for one in told(hall)] == ["FN 1/2026"]


def test_a_source_that_wants_no_number_gets_none(hall: Stage) -> None:
    come(hall, application(acknowledged=False))
    hall.settle()
    assert hall.diary.keys == [KEY]
    assert told(hall) == []


def test_an_answer_that_is_lost_after_it_was_told_tells_it_no_second_time(hall: Stage) -> None:
    portal(hall).turns = [Fault.UNANSWERED]
    come(hall, application())
    hall.settle()
    hall.after(minutes=10)
    assert len(told(hall)) == 1
    assert hall.rows("SELECT effect, delivery FROM lanes WHERE connection = 'eservice'") == [("done", "confirmed")]


def test_one_that_was_lost_on_the_way_is_told_again(hall: Stage) -> None:
    portal(hall).turns = [Fault.LOST]
    come(hall, application())
    hall.settle()
    hall.after(minutes=10)
    assert len(told(hall)) == 1


def test_an_eservice_that_cannot_be_asked_is_told_once_at_most(staging: Staging) -> None:
    hall = staging(a_town(registry={}, eservice="MuteEservice"))
    portal(hall).turns = [Fault.UNANSWERED]
    come(hall, application())
    hall.settle()
    hall.after(minutes=10)
    assert len(told(hall)) == 1
    assert hall.rows("SELECT delivery FROM lanes WHERE connection = 'eservice'") == [(Delivery.STUCK,)]
    (problem,) = hall.problems()
    assert "ask the e-service" in (problem.detail or "")
    hall.run(hall.handling.retry(TOWN, Wish(connection="eservice"), dry_run=False))
    hall.settle()
    assert len(told(hall)) == 2, "a person has looked"


# ---------------------------------------------------------------- whoever may not be shown


def test_of_a_protected_applicant_nothing_more_is_shown(hall: Stage) -> None:
    come(hall, application())
    hall.settle()
    protect(hall)
    view = shown(hall)
    assert view.manual_handling_required
    assert (view.applicant, view.answers, view.files) == (None, {}, ())
    assert view.number == "FN 1/2026"
    with pytest.raises(NotFoundError):
        hall.run(applications(hall).file(TOWN, KEY, 1))
    (event,) = hall.events("person.protected")
    assert json.loads(event.body)["documents"] == [KEY]


def test_what_a_protected_person_sends_in_is_registered_and_not_shown(hall: Stage) -> None:
    protect(hall)
    come(
        hall,
        application(counterpart=Counterpart(kind="person", name=NAME, identity_number=LENA, protected=Protected.NO)),
    )
    hall.settle()
    assert hall.diary.keys == [KEY]
    assert hall.diary.came[0].counterpart_protected, "whatever the e-service says"
    assert shown(hall).manual_handling_required


def test_what_is_old_is_forgotten_with_its_document(hall: Stage) -> None:
    town = a_town(registry={}, eservice="FakeEservice")
    come(hall, application())
    hall.settle()
    hall.skip(days=40)
    forgetting = Forgetting(hall.writer, hall.seal, hall.rulebook, hall.clock)
    assert town.municipality.retention is None
    hall.run(forgetting._documents(TOWN, hall.now()))
    with pytest.raises(NotFoundError):
        shown(hall)
    assert hall.document(KEY).number == "FN 1/2026", "the number stays"


def test_the_protection_of_who_sent_it_in_is_unknown_until_a_register_says() -> None:
    told = application().counterpart
    assert told is not None
    assert told.protection is Protected.UNKNOWN
