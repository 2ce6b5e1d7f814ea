"""Files of changes from the population register: marks at once, news when all has come, and what is missing is told."""

import json
import logging
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from connectors.population_navet_changes import NavetChanges
from connectors.population_navet_changes.config import ChangesConfig
from hub.conformance.driver import Memory
from hub.errors import RefusedError
from hub.intake.inlets import Inlet
from hub.intake.rooms import Intake, put_together
from hub.model import PersonNumber
from hub.model.booking import Booking
from hub.model.connection import Arrival, WatchedFolder
from hub.model.event_data import EVENTS
from hub.model.events import EventType, enveloped
from hub.model.imported import Fetched
from hub.sdk import Lent
from hub.sdk.http import transport
from hub.service.asking.preparing import stored_booking
from hub.service.persons import whose
from hub.service.protected.protecting import _bound
from hub.store import bookings, changed, protected
from tests.builders import a_town
from tests.connectors.population_navet_changes.test_changes import BOTH, HIDES, RELATION, file, head, record
from tests.delivery.fake_register import number
from tests.delivery.harness import TOWN, Stage
from tests.verify.test_events import payload

Staging = Callable[..., Stage]
LENA, ANNA, CHILD = number("19800101980"), number("19830202981"), number("20150611346")
ERIK = number("19810303982")
STREET = "Hemliga vägen 7"
MARK, CLEAR = HIDES.format(BOTH[0]), "".join(f"<{flag}>N</{flag}>" for flag in BOTH)
NAME = "changes"


class Office:
    """A hub with a folder for one order."""

    def __init__(self, hall: Stage, home: Path) -> None:
        self.hall, self.folder, self.count = hall, home / "inbox", 0
        self.folder.mkdir()
        self.intake: Intake = put_together(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)
        lent = Lent(transport=transport(), clock=hall.clock, state=Memory(), log=logging.getLogger(NAME))
        source = NavetChanges(ChangesConfig(order_has_protection=True, silent_days=6), lent)
        arrives = Arrival(folder=WatchedFolder(path=str(self.folder), settle_seconds=0))
        self.inlet = Inlet(TOWN, NAME, "population_navet_changes", source, source, source, arrives)
        self.intake.inlets.add(self.inlet)

    def lay(self, *records: str, **more: str) -> Fetched:
        """Lay a file in the folder, and look."""
        self.count += 1
        today = f"{self.hall.clock.now():%Y%m%d}"
        described = head(len(records), **{"Effektueringsdatum": today} | more)
        (self.folder / f"{self.count:03}.xml").write_bytes(file(*records, first=described))
        return self.look()

    def look(self) -> Fetched:
        return self.hall.run(self.intake.looking.look(self.inlet))

    def put(self, of: str, who: PersonNumber) -> None:
        address = {"street": STREET, "postal_code": "903 26", "city": "Umeå"}
        customer = {
            "kind": "person",
            "identity_number": who.digits,
            "name": "Åsa",
            "protected": "no",
            "address": address,
        }
        self.hall.put(of, customer=customer)

    def leads(self, of: str) -> bool:
        """Whether the address stands in a booking."""
        found = self.hall.read(bookings.find, TOWN, of)
        assert found
        booking: Booking = stored_booking(found.body, found.persons, TOWN, of, self.hall.seal)
        return STREET in booking.model_dump_json()

    def marked(self, *those: PersonNumber) -> list[bool]:
        everybody = self.hall.read(protected.everybody, TOWN)
        return [whose.person(self.hall.seal, TOWN, one).hex() in everybody for one in those]

    def news(self) -> list[list[str]]:
        return [json.loads(event.body)["bookings"] for event in self.hall.events("person.changed")]

    def problems(self) -> dict[str, str]:
        return {one.code: one.detail for one in self.hall.problems()}


@pytest.fixture
def office(staging: Staging, tmp_path: Path) -> Office:
    return Office(staging(a_town()), tmp_path)


# ---------------------------------------------------------------- protection


def test_a_mark_erases_as_a_lookup_does_and_tells_who_had_got_it(office: Office) -> None:
    office.put("B-1", LENA)
    office.put("B-2", ANNA)
    told = office.lay(record(who=ANNA, post="2"), record(MARK, who=LENA, post="1"))
    assert (told.items, told.failed) == (3, None)
    assert (office.leads("B-1"), office.leads("B-2")) == (False, True)
    assert office.marked(LENA, ANNA) == [True, False]
    assert [json.loads(event.body)["bookings"] for event in office.hall.events("person.protected")] == [["B-1"]]
    assert office.news() == [["B-2"]], "of who is marked nothing else is told"
    assert office.hall.events("attendance.imported") == []


def test_a_mark_does_not_wait_for_what_is_missing_and_nothing_lifts_it(office: Office) -> None:
    office.put("B-1", LENA)
    office.put("B-2", ANNA)
    office.lay(record(MARK, who=LENA, post="1"), record(who=ANNA, post="2"), AntalPoster="3")
    assert office.marked(LENA, ANNA) == [True, False]
    assert not office.leads("B-1")
    assert (list(office.problems()), office.news()) == (["unreadable-file"], [])
    office.lay(record(CLEAR, who=LENA, post="3"))
    assert office.marked(LENA) == [True]


def test_a_mark_goes_to_the_persons_other_number_in_whichever_order_they_are_told(office: Office) -> None:
    inside = "<HanvisningsPersonNr>{}</HanvisningsPersonNr>"
    office.put("B-1", ANNA)
    office.lay(record(MARK, inside.format(ANNA.digits), who=LENA, post="1"))
    assert office.marked(LENA, ANNA) == [True, True]
    assert not office.leads("B-1")
    office.lay(record("", inside.format(LENA.digits), who=ERIK, post="2"), JobbId="43", LopNr="8")
    assert office.marked(ERIK) == [True], "who has, or had, the number of somebody who is marked"
    office.lay(record(CLEAR, inside.format(ERIK.digits), who=CHILD, post="3"), JobbId="44", LopNr="9")
    assert office.marked(CHILD) == [False], "unless the register says a clear no of them"


def test_a_mark_goes_to_the_children_of_whoever_has_custody(office: Office) -> None:
    office.put("B-1", CHILD)
    office.lay(record(MARK, RELATION.format(CHILD.digits, "VF", ""), who=LENA, post="1"))
    assert office.marked(LENA, CHILD) == [True, True]
    assert not office.leads("B-1")


def test_a_child_of_whom_somebody_marked_has_custody_is_marked_whatever_it_says_of_the_child(office: Office) -> None:
    office.put("B-1", CHILD)
    office.lay(record(MARK, who=LENA, post="1"))
    office.lay(record(CLEAR, RELATION.format(LENA.digits, "V", ""), who=CHILD, post="2"), JobbId="43", LopNr="8")
    assert office.marked(CHILD) == [True]
    assert not office.leads("B-1")


# ---------------------------------------------------------------- once, and when all has come


def test_a_record_counts_once_by_its_postid_and_again_when_it_is_another(office: Office) -> None:
    office.put("B-1", LENA)
    office.lay(record(who=LENA, post="1"))
    again = office.lay(record(who=LENA, post="1"))
    assert (again.new, again.doubles, len(office.news())) == (0, 2, 1)
    office.lay(record(MARK, who=LENA, post="1"))
    assert office.marked(LENA) == [True]


def test_news_is_told_when_every_file_of_the_delivery_is_there_and_what_is_missing_is_a_problem(office: Office) -> None:
    office.put("B-1", LENA)
    office.put("B-2", LENA)
    office.put("B-3", ANNA)
    parts = {"AntalFiler": "002", "AntalPosterTotalt": "2"}
    office.lay(record(who=LENA, post="1"), **parts)
    assert (office.news(), office.problems()) == ([], {}), "files come one after another"
    office.hall.skip(hours=1)
    office.look()
    assert office.problems() == {
        "incomplete-delivery": "delivery 00000236-FO02-0001 42: of its 2 files these have not come: 2"
    }
    office.lay(record(who=ANNA, post="2"), FilNr="002", **parts)
    assert (sorted(office.news()), office.problems()) == ([["B-1", "B-2"], ["B-3"]], {})
    (event, _) = office.hall.events("person.changed")
    envelope = enveloped(TOWN, event.id, event.type, event.subject, event.body, event.at)
    EVENTS[EventType.PERSON_CHANGED].data.model_validate_json(event.body)
    jsonschema.validate(json.loads(envelope.model_dump_json()), payload(event.type))
    assert office.hall.rows("SELECT count(*) FROM changes_waiting") == [(0,)]


def test_records_that_are_missing_though_every_file_is_there_are_told(office: Office) -> None:
    office.lay(record(post="1"), AntalPosterTotalt="5")
    office.hall.skip(hours=1)
    office.look()
    assert office.problems()["incomplete-delivery"].endswith("its files hold 1 records, and say 5")


def test_what_can_never_be_had_is_ended_by_a_person_and_what_came_is_told(office: Office) -> None:
    office.put("B-1", LENA)
    office.lay(record(who=LENA, post="1"), AntalFiler="002", AntalPosterTotalt="2")
    office.hall.skip(hours=1)
    office.look()
    (problem,) = office.hall.problems()
    office.hall.run(office.hall.operating.retry(TOWN, problem.id))
    office.look()
    office.hall.skip(hours=1)
    office.look()
    assert (office.news(), office.problems()) == ([["B-1"]], {})


@pytest.mark.parametrize(
    "later, gap",
    [
        ({"LopNr": "9"}, "number 8 has not come"),
        ({"LopNr": "10"}, "number 8 to 9 has not come"),
    ],
)
def test_a_number_that_was_passed_over_is_a_problem_until_it_comes(
    office: Office, later: Mapping[str, str], gap: str
) -> None:
    office.lay(record(post="1"))
    office.lay(record(post="2"), JobbId="50", **later)
    assert office.problems() == {}, "it may come yet"
    office.hall.skip(hours=1)
    office.look()
    assert office.problems() == {"missing-delivery": f"order 00000236-FO02-0001: {gap}"}
    for serial in ("8", "9"):
        office.lay(record(post=f"3{serial}"), JobbId=f"6{serial}", LopNr=serial)
    assert office.problems() == {}


def test_days_that_nothing_tells_of_are_a_problem_where_deliveries_have_no_number(office: Office) -> None:
    office.lay(record(post="1"), LopNr="", UtsokningsdatumFromTom="20261120-20261122")
    office.lay(record(post="2"), LopNr="", UtsokningsdatumFromTom="20261123", JobbId="43")
    office.lay(record(post="3"), LopNr="", UtsokningsdatumFromTom="20261126-20261127", JobbId="44")
    office.hall.skip(hours=1)
    office.look()
    assert office.problems() == {"missing-delivery": "order 00000236-FO02-0001: 2026-11-24 to 2026-11-25 has not come"}
    office.lay(record(post="4"), LopNr="", UtsokningsdatumFromTom="20261124-20261125", JobbId="45")
    assert office.problems() == {}


def test_that_nothing_comes_is_a_problem_until_something_does(office: Office) -> None:
    office.lay(record(post="1"))
    office.hall.skip(days=6)
    office.look()
    assert office.problems() == {}
    office.hall.skip(days=1)
    office.look()
    (code,) = office.problems()
    assert code == "changes-late"
    office.lay(record(post="2"), JobbId="43", LopNr="8")
    assert office.problems() == {}


# ---------------------------------------------------------------- what is kept


def test_no_name_and_no_address_stands_in_the_database_though_it_is_opened(office: Office) -> None:
    office.lay(record(inside="<Namn><Efternamn>Hemlig</Efternamn></Namn>", who=ERIK, post="1"))
    rows = office.hall.read(lambda c: protected.raw_rows(c, TOWN, 0, limit=9))
    raw = b"".join(zlib.decompress(office.hall.seal.open(one.sealed, _bound(TOWN, one))) for one in rows)
    assert ERIK.digits.encode() in raw
    assert b"Hemlig" not in raw


def test_a_number_that_cannot_be_read_is_in_quarantine_and_stops_no_other(office: Office) -> None:
    office.lay(record(who=LENA).replace(LENA.digits, "199001019803"), record(MARK, who=ANNA, post="2"))
    assert office.marked(ANNA) == [True]
    assert office.problems() == {"quarantined-rows": "1 row in quarantine"}


def test_files_are_forgotten_but_the_last_by_which_the_next_is_known(office: Office) -> None:
    hall = office.hall
    office.put("B-1", LENA)
    office.lay(record(who=LENA, post="1"), AntalFiler="002", AntalPosterTotalt="2")
    hall.skip(days=1)
    office.lay(record(post="2"), JobbId="43", LopNr="8")
    forgotten = hall.run(hall.writer.call(lambda c: changed.forget(c, TOWN, before=hall.now() + 1, limit=9)))
    assert forgotten == 1
    assert [one.serial for one in hall.read(changed.files, TOWN, NAME)] == [8]
    assert hall.rows("SELECT count(*) FROM changes_waiting") == [(0,)], "and news that waited for what never came"


def test_nobody_uploads_them_with_the_right_to_attendance(office: Office) -> None:
    with pytest.raises(RefusedError, match="no connection reads"):
        office.intake.inlets.for_format(TOWN, NAME)
