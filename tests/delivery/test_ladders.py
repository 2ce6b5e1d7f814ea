"""What is done instead of a door: when its time comes, once, and taken back when the door works after all."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hub.cli import explain
from hub.cli.words import Words
from hub.model.configuration import Configuration
from hub.model.event_data import AccessFallback
from hub.model.facility import Door
from hub.model.ladder import Rung
from hub.model.states import Record
from hub.service.doors import allocating
from tests.builders import a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour
from tests.delivery.test_configuring import applied

Staging = Callable[..., Stage]
BOOKER: dict[str, Any] = {"email": {"connection": "mail"}, "contact": "bokning@kommun.example", "when": ["closed"]}
CUSTOMER = {"name": "Kim Testberg", "kind": "person", "protected": "no", "email": "kim@example.org"}


def town(*rungs: tuple[int, str], lead: int = 15, **more: Any) -> Configuration:
    """One hall; its caretaker is told half an hour before a door that is not confirmed, his chief ten minutes."""
    made = a_town(told=["vakt", "chef"], lead=lead, **more)
    hall = made.facilities["hall"]
    assert hall.access
    steps = tuple(Rung(minutes_before=minutes, tell=role) for minutes, role in rungs or ((30, "vakt"), (10, "chef")))
    access = hall.access.model_copy(update={"fallback": steps})
    return made.model_copy(update={"facilities": {"hall": hall.model_copy(update={"access": access})}})


@pytest.fixture
def hall(staging: Staging) -> Stage:
    """Its locks are paused from the morning; B-1 is at noon, so its door must open at 11:45."""
    stage = staging(town())
    pause(stage)
    return stage


def pause(hall: Stage) -> None:
    """Nothing is carried to the locks, so nothing fails."""
    hall.run(hall.node.health.set_paused(TOWN, "locks", "Eva"))


def works(hall: Stage) -> None:
    """They are carried to again."""
    hall.run(hall.node.health.set_paused(TOWN, "locks", None))
    hall.settle()


def told(hall: Stage) -> list[tuple[str, str, str | None]]:
    """(role, state, why) of each event, in order."""
    found = [AccessFallback.model_validate_json(event.body) for event in hall.events("access.fallback")]
    return [(one.role, one.state, one.why) for one in found]


def test_the_caretaker_is_told_when_the_time_left_falls_under_the_limit(hall: Stage) -> None:
    hall.put()
    hall.at("11:14")
    assert hall.mail.came == []
    hall.at("11:15")
    assert hall.mail.subjects("vakt") == ["Släpp in B-1: hall.court-1"]
    hall.at("11:34")
    assert hall.mail.subjects("chef") == []
    hall.at("11:35")
    assert hall.mail.subjects("chef") == ["Släpp in B-1: hall.court-1"]
    hall.at("14:00")
    assert len(hall.mail.came) == 2, "each is told once, and nobody that it is over"
    assert told(hall) == [("vakt", "given", None), ("chef", "given", None)]


def test_they_are_told_the_name_and_the_time(hall: Stage) -> None:
    hall.put(customer=CUSTOMER)
    hall.at("11:15")
    (notice,) = hall.mail.to("vakt@kommun.example")
    assert "Bokare: Kim Testberg" in notice.text
    assert "lördag 2026-11-21 kl. 12:45-14:10" in notice.text


@pytest.mark.parametrize("protection", ["yes", "unknown"])
def test_nobody_who_is_or_may_be_protected_is_named(hall: Stage, protection: str) -> None:
    hall.put(customer=CUSTOMER | {"protected": protection})
    hall.at("11:15")
    (notice,) = hall.mail.to("vakt@kommun.example")
    assert "Kim Testberg" not in notice.text
    assert "Bokningsnummer: B-1" in notice.text


def test_a_door_that_is_confirmed_needs_no_caretaker(staging: Staging) -> None:
    hall = staging(town())
    hall.put()
    hall.at("14:30")
    assert hall.mail.came == []
    assert told(hall) == []


def test_it_is_withdrawn_when_the_door_works_after_all(hall: Stage) -> None:
    hall.put()
    hall.at("11:20")
    works(hall)
    hall.at("11:30")
    assert hall.mail.subjects("vakt") == ["Släpp in B-1: hall.court-1", "Behövs inte längre B-1: hall.court-1"]
    hall.at("14:30")
    assert hall.mail.subjects("chef") == []
    assert told(hall) == [("vakt", "given", None), ("vakt", "withdrawn", "works")]


def test_the_booker_is_told_of_both(staging: Staging) -> None:
    hall = staging(town(booker=BOOKER))
    pause(hall)
    hall.put(customer=CUSTOMER)
    hall.at("11:20")
    works(hall)
    hall.at("11:40")
    subjects = [one.subject for one in hall.mail.to("kim@example.org")]
    assert subjects == ["Dörren till din bokning B-1", "Åter till det vanliga för bokning B-1"]


def test_a_booking_that_is_cancelled_or_moved_needs_nobody(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.at("11:20")
    hall.cancel("B-1")
    hall.put("B-2", 2, **hour(240, of="hall.court-2"))
    assert told(hall)[2:] == [("vakt", "withdrawn", "gone"), ("vakt", "withdrawn", "gone")]
    assert sorted(hall.mail.subjects("vakt"))[:2] == [
        "Behövs inte längre B-1: hall.court-1",
        "Behövs inte längre B-2: hall.court-2",
    ]
    hall.at("15:15")
    assert told(hall)[4:] == [("vakt", "given", None)], "it is given anew for the time that it was moved to"


def test_a_closure_withdraws_it(hall: Stage) -> None:
    hall.put()
    hall.at("11:20")
    hall.close_resource("snow", of="hall.court-1")
    assert told(hall) == [("vakt", "given", None), ("vakt", "withdrawn", "gone")]


def test_a_credential_that_is_lost_under_a_booking_is_stood_in_for(staging: Staging) -> None:
    hall = staging(town())
    hall.put()
    hall.at("12:10")
    for _ in range(2):
        hall.locks.stands.clear()
        hall.look_round()
    assert told(hall) == [("vakt", "given", None), ("chef", "given", None)]


def test_a_lock_has_two_minutes_for_a_booking_that_comes_late(staging: Staging) -> None:
    hall = staging(town())
    hall.at("11:40")
    hall.put()
    hall.at("11:44")
    assert told(hall) == []
    pause(hall)
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.at("11:45")
    assert told(hall) == []
    hall.at("11:46")
    assert [role for role, *_ in told(hall)] == ["vakt", "chef"]


def test_a_lock_has_two_minutes_from_when_it_is_told_of_what_lies_ahead(staging: Staging) -> None:
    hall = staging(town((24 * 60, "vakt"), horizon_days=1))
    hall.put(**hour(2 * 24 * 60))
    hall.at("12:00", days=1)
    assert told(hall) == []
    pause(hall)
    hall.put("B-2", **hour(2 * 24 * 60 + 60, of="hall.court-2"))
    hall.at("12:46", days=1)
    assert told(hall) == []
    hall.at("12:47", days=1)
    assert told(hall) == [("vakt", "given", None)]


def test_a_credential_that_was_shut_off_is_stood_in_for(staging: Staging) -> None:
    hall = staging(town())
    hall.put()
    hall.at("12:10")
    hall.locks.disabled.add(PIN)
    hall.look_round()
    assert [role for role, *_ in told(hall)] == ["vakt", "chef"]


def test_a_lock_with_another_code_than_we_tell_is_stood_in_for(
    staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["48291", "48291", "73915"])
    monkeypatch.setattr(allocating, "drawn_pin", lambda _length, **_: next(drawn))
    hall, later = staging(town()), 30 * 24 * 60
    hall.put("B-1")
    hall.put("B-2", **hour(later))
    pause(hall)
    hall.put("B-1", 2, occasions=[occasion(id="1"), occasion(id="2", after=later)])
    hall.at("11:15")
    assert told(hall) == [("vakt", "given", None)]


def test_what_goes_along_with_a_place_has_no_ladder_of_its_own(staging: Staging) -> None:
    made = town()
    access = made.facilities["hall"].access
    assert access
    cage = Door(key="cage", serves=("hall.machine",), lead_minutes=15, lag_minutes=0)
    access = access.model_copy(update={"doors": access.doors | {"CAGE": cage}})
    facility = made.facilities["hall"].model_copy(update={"access": access})
    hall = staging(made.model_copy(update={"facilities": {"hall": facility}}))
    pause(hall)
    hall.put(extras=[{"resource": "hall.machine", "occasions": ["1"]}], **hour(of="hall.whole"))
    hall.at("11:15")
    (event,) = hall.events("access.fallback")
    assert json.loads(event.body)["resource"] == "hall.whole"


@pytest.mark.parametrize("strategy", ["per_holder", "per_association"])
def test_a_code_of_each_holder_or_of_the_association_is_watched_as_well(staging: Staging, strategy: str) -> None:
    hall = staging(town(strategy=strategy))
    hall.put()
    hall.at("11:20")
    assert told(hall) == []
    pause(hall)
    hall.put("B-2", **hour(60))
    hall.at("12:20")
    assert [(event.subject, json.loads(event.body)["state"]) for event in hall.events("access.fallback")] == [
        ("B-2", "given")
    ]
    works(hall)
    assert told(hall)[-1] == ("vakt", "withdrawn", "works")


def test_who_was_not_told_of_it_is_not_told_that_it_is_withdrawn(hall: Stage) -> None:
    hall.mail.breaks(Fault.DOWN)
    hall.put()
    hall.at("11:16")
    works(hall)
    hall.at("11:20")
    assert told(hall)[-1] == ("vakt", "withdrawn", "works")
    hall.mail.recovers()
    hall.at("11:40")
    assert hall.mail.came == []
    effects = hall.rows("SELECT effect, count(*) FROM lanes WHERE connection = 'mail' GROUP BY effect")
    assert effects == [(Record.WITHDRAWN, 2)]


def test_every_occasion_of_a_season_has_its_own_rungs(hall: Stage) -> None:
    occasions = [hour(90 * n)["occasions"][0] | {"id": str(n)} for n in range(3)]
    hall.put(occasions=occasions)
    hall.at("13:14")
    ids = [json.loads(event.body)["occasion"] for event in hall.events("access.fallback")]
    assert ids == ["0", "0", "1", "1"]


def test_a_connection_that_only_observes_has_no_ladder(staging: Staging) -> None:
    made = town()
    locks = made.connections["locks"].model_copy(update={"mode": "observe"})
    hall = staging(made.model_copy(update={"connections": made.connections | {"locks": locks}}))
    hall.put()
    hall.at("12:00")
    assert hall.mail.came == []


@pytest.mark.parametrize("where", ["hub.store.ladders.give", "hub.store.lanes.raise_all", "hub.store.lanes.take"])
def test_a_death_while_a_rung_is_taken_leaves_it_to_be_taken_once(
    hall: Stage, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    hall.put()
    hall.at("11:14")
    hall.skip(minutes=2)
    hall.dies_at(monkeypatch, where)
    assert told(hall) == []
    hall.restart()
    hall.at("11:30")
    assert told(hall) == [("vakt", "given", None)]
    assert hall.mail.subjects("vakt") == ["Släpp in B-1: hall.court-1"]


def test_a_death_between_a_rung_and_its_message_loses_neither(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    hall.put()
    hall.at("11:14")
    hall.skip(minutes=2)

    async def stopped(*_: object) -> None:
        raise SystemError("killed before the call")

    with monkeypatch.context() as patch:
        patch.setattr(hall.node.dispatcher._carrier, "carry", stopped)
        hall.run(hall.node.carry_once())
    assert told(hall) == [("vakt", "given", None)]
    assert hall.mail.came == []
    hall.skip(minutes=2)
    hall.restart()
    hall.at("11:34")
    assert told(hall) == [("vakt", "given", None)]
    assert hall.mail.subjects("vakt") == ["Släpp in B-1: hall.court-1"]


def test_two_that_look_at_one_booking_take_its_rung_once(hall: Stage) -> None:
    hall.put()
    hall.at("11:14")
    hall.skip(minutes=1)
    hall.two_look_at_once()
    assert hall.mail.subjects("vakt") == ["Släpp in B-1: hall.court-1"]


def test_the_booking_the_board_and_the_timeline_tell_of_it(hall: Stage) -> None:
    hall.put()
    hall.at("11:20")
    (rung,) = hall.view().fallback
    assert (rung.role, rung.given_at, rung.ended_at) == ("vakt", hall.clock.now() - timedelta(minutes=5), None)
    lines = {line.system: line for line in hall.run(hall.board.board(TOWN, hours=2)).lines}
    assert [one.role for one in lines["locks"].fallback] == ["vakt"]
    assert lines["lamps"].fallback == ()
    works(hall)
    hall.at("11:30")
    (rung,) = hall.view().fallback
    assert rung.why == "works"
    assert [entry.what for entry in hall.view().timeline].count("access.fallback") == 2
    sections = {title: [tuple(row) for row in rows] for title, _, rows in explain._sections(hall.view(), Words("sv"))}
    ((occasion_, role, _, _, why),) = sections["I stället för dörren"]
    assert (occasion_, role, why) == ("1", "vakt", "dörren fungerar")
    assert all(not line.fallback for line in hall.run(hall.board.board(TOWN, hours=2)).lines)


def test_a_ladder_that_is_written_later_is_for_bookings_that_stand(staging: Staging) -> None:
    bare = a_town(told=["vakt", "chef"])
    hall = staging(bare)
    pause(hall)
    hall.put()
    applied(hall, town())
    hall.at("11:15")
    assert told(hall) == [("vakt", "given", None)]
    applied(hall, bare)
    hall.at("11:20")
    assert told(hall) == [("vakt", "given", None), ("vakt", "withdrawn", "gone")]
