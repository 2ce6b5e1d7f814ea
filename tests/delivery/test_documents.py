"""Documents: registered once for each key, one number for ever; told when it takes long; nobody protected is named."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from hub.clock import span
from hub.errors import InvalidError, RefusedError
from hub.intake.retention import Forgetting
from hub.model import Direction, Secrecy
from hub.model.events import enveloped
from hub.model.states import Delivery, Proof, Record
from hub.service.documents.registering import Files
from hub.service.operators.choosing import Wish
from hub.service.operators.handling import Dismissal
from hub.store import lanes
from hub.store.lanes import Take
from tests.builders import a_file, a_town, raw_document
from tests.delivery.fakes import Fault
from tests.delivery.harness import TOWN, Stage, hour
from tests.verify.test_events import payload

Staging = Callable[..., Stage]
PERSON = {"kind": "person", "name": "Lena Norberg"}
REQUIRED: dict[str, Any] = {"registration": {"required": True}}


@pytest.fixture
def hall(staging: Staging) -> Stage:
    return staging(a_town(registry={}))


def mute() -> Any:
    return a_town(registry={}, connectors={"diary": {"connector": "MuteRegistry"}})


def retry(hall: Stage) -> None:
    hall.run(hall.handling.retry(TOWN, Wish(connection="diary"), dry_run=False))
    hall.settle()


# ---------------------------------------------------------------- one number for each key


def test_a_document_gets_its_number_and_subscribers_learn_it(hall: Stage) -> None:
    assert hall.register()
    before = hall.document()
    assert (before.state, before.delivery, before.number) == (Record.PLANNED, Delivery.DUE, None)
    hall.settle()
    after = hall.document()
    assert (after.state, after.number, after.registered_at) == (Record.DONE, "FN 1/2026", hall.clock.now())
    (event,) = hall.events("document.registered")
    envelope = enveloped(TOWN, event.id, event.type, event.subject, event.body, event.at)
    jsonschema.validate(json.loads(envelope.model_dump_json()), payload(event.type))
    assert (event.subject, json.loads(event.body)) == ("D-1", {"number": "FN 1/2026", "booking": None})


def test_what_is_registered_is_what_was_sent_to_the_last_byte(hall: Stage) -> None:
    content = bytes(range(256)) * 3000
    files = [a_file(content=content, sha256=hashlib.sha256(content).hexdigest()), a_file("tom.txt", b"")]
    secrecy = {"ground": "OSL 26:1", "marked": "2026-11-20", "by": "Socialnämnden"}
    more = {"classification": "3.7.1", "case": "FN 12/2026", "authority": "Fritidsnämnden", "series": "FRI"}
    hall.register(files=files, secrecy=secrecy, **more)
    hall.settle()
    (document,) = hall.diary.came
    assert [(file.name, file.content) for file in document.files] == [("ansökan.pdf", content), ("tom.txt", b"")]
    assert document.received_at == datetime(2026, 11, 20, 22, 59, 10, tzinfo=UTC), "the source's time, not the hub's"
    assert document.dated == date(2026, 11, 20), "10 seconds before midnight in Sweden"
    assert document.secrecy == Secrecy.model_validate(secrecy)
    assert (document.title, document.counterpart) == ("Ansökan om föreningsbidrag", "Provköpings Badmintonklubb")
    assert {name: getattr(document, name) for name in more} == more


def test_the_same_key_with_the_same_content_is_one_document_for_ever(hall: Stage) -> None:
    hall.register()
    hall.settle()
    assert not hall.register()
    assert not hall.register(received_at="2026-11-20T23:59:10+01:00"), "the same moment, written otherwise"
    hall.after(days=400)
    assert not hall.register()
    hall.settle()
    assert hall.diary.keys == ["D-1"]
    assert hall.document().number == "FN 1/2026"
    assert len(hall.events("document.registered")) == 1


@pytest.mark.parametrize(
    "other",
    [{"title": "Beslut"}, {"files": [a_file(content=b"%PDF-1.8")]}, {"files": []}, {"case": "FN 1/2026"}],
    ids=["title", "content", "files", "case"],
)
def test_the_same_key_with_another_content_is_refused_and_changes_nothing(hall: Stage, other: dict[str, Any]) -> None:
    hall.register()
    with pytest.raises(RefusedError) as refused:
        hall.register(**other)
    assert refused.value.code == "document-conflict"
    hall.settle()
    assert hall.diary.keys == ["D-1"]


def test_fifty_calls_at_once_for_one_document_register_it_once(hall: Stage) -> None:
    raw = json.dumps(raw_document()).encode()

    async def all_at_once() -> list[bool]:
        return await asyncio.gather(*(hall.documents.take(TOWN, "D-1", raw) for _ in range(50)))

    assert sum(hall.run(all_at_once())) == 1
    hall.settle()
    assert hall.diary.keys == ["D-1"]


def test_an_answer_that_is_lost_after_the_number_was_given_gives_no_second_number(hall: Stage) -> None:
    hall.diary.turns = [Fault.UNANSWERED, Fault.UNANSWERED]
    hall.register()
    hall.settle()
    hall.after(hours=1)
    assert hall.diary.keys == ["D-1"]
    assert hall.state("D-1") == (Record.DONE, Delivery.CONFIRMED, Proof.READ)
    assert hall.document().number == "FN 1/2026"


def test_a_call_that_lands_late_is_waited_for_and_asked_after(hall: Stage) -> None:
    hall.diary.turns = [Fault.LATE]
    hall.register()
    hall.settle()
    hall.diary.land()
    hall.after(hours=1)
    assert hall.diary.keys == ["D-1"]


def test_a_registry_that_cannot_be_asked_gets_at_most_one_and_a_person_decides(staging: Staging) -> None:
    hall = staging(mute())
    hall.diary.turns = [Fault.UNANSWERED]
    hall.register()
    hall.settle()
    hall.after(hours=2)
    assert hall.diary.keys == ["D-1"]
    assert hall.state("D-1")[:2] == (Record.PLANNED, Delivery.STUCK)
    (problem,) = hall.problems()
    assert (problem.code, "ask the registry" in problem.detail) == ("unknown-outcome", True)
    for _ in range(2):
        hall.after(hours=2)
    assert hall.diary.keys == ["D-1"], "and goes on waiting for that person"


def test_one_that_never_came_is_sent_again_when_a_person_says_so(staging: Staging) -> None:
    hall = staging(mute())
    hall.diary.turns = [Fault.LOST]
    hall.register()
    hall.settle()
    hall.after(hours=1)
    assert hall.diary.keys == []
    retry(hall)
    assert hall.document().number == "FN 1/2026"
    assert hall.problems() == []


def test_a_registry_that_numbers_later_is_asked_until_it_has_and_gets_nothing_twice(hall: Stage) -> None:
    hall.diary.numbered = False
    hall.register()
    hall.settle()
    hall.after(hours=2)
    waiting = hall.document()
    assert (waiting.state, waiting.delivery, waiting.number) == (Record.PLANNED, Delivery.WAITING, None)
    assert waiting.detail == "the registry has it, and has given it no number yet"
    assert hall.events("document.registered") == []
    hall.diary.numbered = True
    hall.after(minutes=2)
    assert (hall.diary.keys, hall.document().number) == (["D-1"], "FN 1/2026")


def test_whoever_follows_a_process_that_died_in_the_call_finds_what_it_had_registered(hall: Stage) -> None:
    hall.register()
    hall.run(hall.writer.call(lanes.take, [Take("killed", 10, hall.now(), span(hall.pulse.lease))]))
    document = hall.run(Files(hall.readers, hall.seal).document(TOWN, "D-1"))
    assert document is not None
    hall.diary.take(document)
    hall.restart()
    hall.after(hours=1)
    assert hall.diary.keys == ["D-1"]
    assert hall.state("D-1") == (Record.DONE, Delivery.CONFIRMED, Proof.READ)


# ---------------------------------------------------------------- one case


def test_a_decision_waits_for_the_application_that_opens_its_case(hall: Stage) -> None:
    hall.diary.breaks(Fault.REJECTS, "D-1")
    hall.register("D-1")
    hall.register("D-2", title="Beslut", case_key="D-1")
    hall.register("D-3", title="Annat")
    hall.settle()
    assert hall.diary.keys == ["D-3"], "whoever is of another case waits for nobody"
    hall.diary.recovers("D-1")
    retry(hall)
    assert hall.diary.keys == ["D-3", "D-1", "D-2"]
    assert hall.diary.came[-1].case_key == "D-1"


def test_an_application_that_a_person_has_dealt_with_holds_up_no_decision(staging: Staging) -> None:
    hall = staging(mute())
    hall.diary.turns = [Fault.UNANSWERED]
    hall.register("D-1")
    hall.register("D-2", title="Beslut", case_key="D-1")
    hall.settle()
    said = Dismissal("handler", "registered by hand as FN 1/2026")
    hall.after(hours=1)
    assert hall.diary.keys == ["D-1"]
    hall.run(hall.handling.dismiss(TOWN, Wish(id=hall.lane("D-1").id), said, dry_run=False))
    hall.after(hours=1)
    assert hall.diary.keys == ["D-1", "D-2"]


# ---------------------------------------------------------------- what is not taken


@pytest.mark.parametrize(
    "more, pointer",
    [
        ({"received_at": None}, ""),
        ({"direction": "outgoing"}, ""),
        ({"received_at": "2027-01-01T00:00:00Z"}, "/received_at"),
        ({"files": [{**a_file(), "content": "%PDF"}]}, "/files/0/content"),
        ({"files": [a_file(sha256="0" * 64)]}, "/files/0"),
        ({"files": [a_file(name="a/b.pdf")]}, "/files/0/name"),
        ({"case": "FN 1/2026", "case_key": "D-1"}, ""),
        ({"case_key": "hub-B-1"}, "/case_key"),
        ({"colour": "red"}, "/colour"),
    ],
    ids=[
        "not received",
        "received though outgoing",
        "from the future",
        "no base64",
        "damaged",
        "a path",
        "two cases",
        "ours",
        "unknown",
    ],
)
def test_a_document_with_faults_is_told_where_and_changes_nothing(
    hall: Stage, more: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidError) as invalid:
        hall.register(**more)
    assert [fault.pointer for fault in invalid.value.faults] == [pointer]
    assert hall.rows("SELECT count(*) FROM documents") == [(0,)]


def test_a_fault_repeats_nothing_of_what_was_sent(hall: Stage) -> None:
    with pytest.raises(InvalidError) as invalid:
        hall.register(title="Norberg" * 40, counterpart={"kind": "person", "name": "Norberg", "protected": "Norberg"})
    assert "Norberg" not in str(invalid.value)


@pytest.mark.parametrize("key", ["hub-B-1.1-abc", "å", "-1", "x" * 81])
def test_a_key_is_the_callers_own_and_fits_a_registry(hall: Stage, key: str) -> None:
    with pytest.raises(InvalidError) as invalid:
        hall.register(key)
    assert invalid.value.faults[0].code == "invalid-key"


def test_where_nobody_registers_documents_none_is_taken(staging: Staging) -> None:
    hall = staging(a_town())
    with pytest.raises(RefusedError) as refused:
        hall.register()
    assert refused.value.code == "no-registry"


# ---------------------------------------------------------------- each authority has its own register


def authorities(**bookings: Any) -> dict[str, Any]:
    known = {"Fritidsnämnden": {"series": "FRI"}, "Kommunstyrelsen": {"series": "KS", "connection": "other"}}
    return {"documents": {"authorities": known, "bookings": {"authority": "Fritidsnämnden"} | bookings}}


def two_registers(**bookings: Any) -> Any:
    town = a_town(registry=authorities(**bookings))
    return town.model_copy(update={"connections": {**town.connections, "other": town.connections["diary"]}})


def test_a_document_goes_to_the_register_of_its_own_authority(staging: Staging) -> None:
    hall = staging(two_registers())
    hall.register("D-1", authority="Fritidsnämnden")
    hall.register("D-2", authority="Kommunstyrelsen")
    hall.settle()
    assert [(one.key, one.series) for one in hall.diary.came] == [("D-1", "FRI")]
    assert (hall.document("D-2").connection, hall.document("D-2").series) == ("other", "KS")
    for unsaid in ({}, {"authority": "Miljönämnden"}):
        with pytest.raises(InvalidError) as invalid:
            hall.register("D-3", **unsaid)
        assert invalid.value.faults[0].code == "unknown-authority"


# ---------------------------------------------------------------- protected persons


@pytest.mark.parametrize(
    "protected", [{"protected": "yes"}, {"protected": "unknown"}, {}], ids=["yes", "unknown", "unsaid"]
)
def test_whoever_is_not_clearly_unprotected_is_named_nowhere_in_public(hall: Stage, protected: dict[str, str]) -> None:
    hall.register(title="Ansökan från Lena Norberg", counterpart=PERSON | protected)
    hall.settle()
    (document,) = hall.diary.came
    assert (document.title, document.counterpart_protected) == ("Handling", True)
    assert document.protected_title == "Ansökan från Lena Norberg"
    assert document.secrecy == Secrecy(ground="OSL 21:3")


def test_whoever_is_clearly_unprotected_is_named(hall: Stage) -> None:
    hall.register(title="Ansökan från Lena Norberg", counterpart=PERSON | {"protected": "no"})
    hall.settle()
    (document,) = hall.diary.came
    assert (document.title, document.protected_title) == ("Ansökan från Lena Norberg", None)
    assert (document.counterpart_protected, document.secrecy) == (False, None)


def test_an_organisation_number_that_is_a_persons_makes_the_firm_a_person(hall: Stage) -> None:
    hall.register(counterpart={"kind": "company", "name": "Norbergs bygg", "organisation_number": "900101-9802"})
    hall.settle()
    assert hall.diary.came[0].counterpart_protected


def test_the_mark_of_protection_is_added_to_the_one_that_the_document_has(hall: Stage) -> None:
    secrecy = {"ground": "OSL 26:1", "until": "2030-01-01"}
    hall.register(counterpart=PERSON, secrecy=secrecy, protected_title="Ansökan om bidrag, Lena Norberg")
    hall.settle()
    (document,) = hall.diary.came
    assert document.secrecy == Secrecy(ground="OSL 26:1, OSL 21:3"), "and ends not with the other"
    assert document.protected_title == "Ansökan om bidrag, Lena Norberg"


def test_nothing_that_a_document_says_stands_in_clear_in_the_database_or_the_answer(hall: Stage) -> None:
    hall.register(title="Ansökan från Lena Norberg", counterpart=PERSON, files=[a_file("Norberg.pdf", b"Norberg")])
    hall.settle()
    for table in ("documents", "document_parts", "lanes", "events", "deliveries"):
        assert "Norberg" not in str(hall.rows(f"SELECT * FROM {table}")), table  # noqa: S608
    assert "Norberg" not in hall.document().model_dump_json()


# ---------------------------------------------------------------- without delay


def test_a_document_that_waits_for_four_working_hours_is_a_problem_until_it_is_registered(hall: Stage) -> None:
    hall.diary.breaks(Fault.REJECTS)
    hall.skip(days=1, hours=23)  # Monday, 9:00 in Stockholm
    received = hall.clock.now()
    hall.register(received_at=received.isoformat())
    hall.settle()
    hall.skip(hours=4)
    hall.look_for_overdue()
    assert [one.code for one in hall.problems()] == ["rejected"]
    hall.skip(minutes=1)
    for _ in range(2):
        hall.look_for_overdue()
    (problem,) = [one for one in hall.problems() if one.code == "unregistered-documents"]
    assert (problem.connection, problem.detail) == (
        "diary",
        "1 documents have no registry number yet, the first came 2026-11-23 09:00",
    )
    hall.diary.recovers()
    retry(hall)
    hall.look_for_overdue()
    assert hall.problems() == []


def test_the_weekend_is_no_delay(hall: Stage) -> None:
    hall.diary.breaks(Fault.REJECTS)
    hall.register(received_at="2026-11-20T15:00:00Z")  # Friday, an hour before the day ends
    hall.settle()
    hall.look_for_overdue()
    assert "unregistered-documents" not in [one.code for one in hall.problems()]


def test_a_document_is_given_up_one_at_a_time_and_with_a_reason(staging: Staging) -> None:
    hall = staging(mute())
    hall.diary.turns = [Fault.UNANSWERED, Fault.UNANSWERED]
    hall.register("D-1")
    hall.register("D-2")
    hall.settle()
    hall.after(hours=1)
    wish, said = Wish(connection="diary"), Dismissal("handler", "registered by hand as FN 1/2026")
    with pytest.raises(RefusedError, match="dismiss it by its id"):
        hall.run(hall.handling.dismiss(TOWN, wish, said, dry_run=False))
    one = Wish(id=hall.lane("D-1").id)
    with pytest.raises(RefusedError, match="reason"):
        hall.run(hall.handling.dismiss(TOWN, one, Dismissal("handler", ""), dry_run=False))
    hall.run(hall.handling.dismiss(TOWN, one, said, dry_run=False))
    assert hall.document("D-1").delivery is Delivery.DISMISSED
    hall.skip(days=7)
    hall.look_for_overdue()
    (problem,) = [one for one in hall.problems() if one.code == "unregistered-documents"]
    assert problem.detail.startswith("1 documents"), "whoever has dealt with one is not told of it again"


# ---------------------------------------------------------------- the hub's own copy


def retained(**registry: Any) -> Any:
    town = a_town(registry=registry)
    retention = {"decision": "FN 2026/14", "bookings_days": 730, "documents_days": 30}
    told = town.municipality.model_dump(mode="json", exclude_none=True) | {"retention": retention}
    return town.model_copy(update={"municipality": type(town.municipality).model_validate(told)})


def test_the_copy_goes_when_the_decision_says_so_and_number_and_hashes_stay(staging: Staging) -> None:
    hall = staging(retained())
    forgetting = Forgetting(hall.writer, hall.seal, hall.rulebook, hall.clock)
    hall.register("D-1")
    hall.diary.turns = [Fault.REJECTS]
    hall.settle()
    hall.register("D-2", title="Beslut")
    hall.settle()
    hall.skip(days=31)
    hall.run(forgetting.forget())
    assert {key for (key,) in hall.rows("SELECT key FROM document_parts")} == {"D-1"}, "what is not registered is kept"
    gone = hall.document("D-2")
    assert (gone.kept, gone.number) == (False, "FN 1/2026")
    assert [file.sha256 for file in gone.files] == [hashlib.sha256(b"%PDF-1.7").hexdigest()]
    assert not hall.register("D-2", title="Beslut"), "and the same is still known for the same"
    with pytest.raises(RefusedError):
        hall.register("D-2", title="Ett annat beslut")
    retry(hall)
    assert hall.document("D-1").number == "FN 2/2026"


def test_without_a_decision_the_copy_stays(hall: Stage) -> None:
    hall.register()
    hall.settle()
    hall.skip(days=4000)
    hall.run(Forgetting(hall.writer, hall.seal, hall.rulebook, hall.clock).forget())
    assert hall.document().kept


# ---------------------------------------------------------------- bookings


def registered(hall: Stage) -> list[tuple[str, Direction]]:
    return [(one.title, one.direction) for one in hall.diary.came]


def test_application_and_decision_of_a_booking_are_registered_as_they_come(hall: Stage) -> None:
    hall.put(status="preliminary", **REQUIRED)
    hall.put(revision=2, **REQUIRED)
    assert registered(hall) == [
        ("Ansökan om bokning B-1", Direction.INCOMING),
        ("Beslut om bokning B-1", Direction.OUTGOING),
    ]
    application, decision = hall.diary.came
    assert application.case_key == decision.case_key == "hub-B-1", "they are one case"
    assert application.received_at == hall.clock.now()
    said = json.loads(decision.files[0].content)
    assert (said["number"], said["status"]) == ("B-1", "confirmed")
    assert [one["resource"] for one in said["occasions"]] == ["hall.court-1"]
    assert "holders" not in said["occasions"][0], "who holds a key is no part of the decision"
    told = [json.loads(event.body) for event in hall.events("document.registered")]
    assert told == [{"number": "FN 1/2026", "booking": "B-1"}, {"number": "FN 2/2026", "booking": "B-1"}]


def test_a_revision_that_says_nothing_else_is_no_other_document(hall: Stage) -> None:
    hall.put(**REQUIRED)
    hall.put(revision=2, notify=["vaktmastare"], **REQUIRED)
    assert len(hall.diary.came) == 1


def test_a_decision_that_is_changed_and_changed_back_is_three_documents(hall: Stage) -> None:
    hall.put(**REQUIRED)
    for revision, activity in ((2, "match"), (3, "training")):
        hall.put(revision=revision, **REQUIRED, **hour(activity=activity))
    assert len(hall.diary.came) == 3


def test_what_was_applied_for_is_registered_though_it_is_overtaken_before_it_was_sent(hall: Stage) -> None:
    hall.accept(status="preliminary", **REQUIRED)
    hall.accept(revision=2, **REQUIRED)
    hall.accept(revision=3, status="cancelled", **REQUIRED)
    hall.settle()
    assert sorted(title for title, _ in registered(hall)) == [
        "Ansökan om bokning B-1", "Beslut om bokning B-1", "Återkallad bokning B-1",
    ]  # fmt: skip


def test_a_booking_that_asks_for_no_registration_gets_none(hall: Stage) -> None:
    hall.put()
    hall.cancel()
    assert hall.diary.came == []


def test_the_call_off_of_what_was_never_registered_is_not_registered(hall: Stage) -> None:
    hall.put(status="cancelled", **REQUIRED)
    assert hall.diary.came == []


def test_a_booking_is_effective_when_it_is_registered_too(hall: Stage) -> None:
    hall.diary.breaks(Fault.DOWN)
    hall.put(**REQUIRED)
    assert hall.events("booking.effective") == []
    hall.diary.recovers()
    hall.after(hours=1)
    assert [event.subject for event in hall.events("booking.effective")] == ["B-1"]


def test_a_protected_customers_booking_names_nobody_in_public(hall: Stage) -> None:
    hall.put(customer=PERSON, **REQUIRED)
    (document,) = hall.diary.came
    assert (document.counterpart_protected, document.secrecy) == (True, Secrecy(ground="OSL 21:3"))
    assert "Norberg" not in document.title


def test_titles_are_the_municipalitys_choice_and_the_series_the_authoritys(staging: Staging) -> None:
    hall = staging(two_registers(confirmed={"title": "Upplåtelse {number}", "direction": "drawn_up"}))
    hall.put(**REQUIRED)
    assert registered(hall) == [("Upplåtelse B-1", Direction.DRAWN_UP)]
    assert hall.diary.came[0].series == "FRI"


def test_a_very_long_number_has_documents_with_keys_that_fit(hall: Stage) -> None:
    number = "N" * 64
    hall.put(number, **REQUIRED)
    hall.put(number, revision=2, notify=["vaktmastare"], **REQUIRED)
    hall.put(number, revision=3, status="cancelled", **REQUIRED)
    assert len(hall.diary.came) == 2
    assert all(len(key) <= 80 for key in hall.diary.keys)


def test_where_nobody_registers_a_booking_says_so_and_stands(staging: Staging) -> None:
    hall = staging(a_town())
    done = hall.put(status="preliminary", **REQUIRED)
    assert "registry" in done.request.unserved
