"""The board at ten to six: what is red, what only waits, and why."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hub.delivery.looks.health import Health
from hub.model.closure import ClosureRequest
from hub.model.standing import Readiness, ReadinessAnswer
from hub.service.governing.closing import Closing
from hub.service.words.saying import Language
from tests.builders import SATURDAY, a_town
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour

Staging = Callable[..., Stage]


def board(hall: Stage, *, hours: int = 12, language: Language = "en") -> Readiness:
    return hall.run(hall.board.board(TOWN, hours=hours, language=language))


def line(hall: Stage, key: str, number: str = "B-1", **more: object) -> ReadinessAnswer:
    (found,) = [
        one
        for one in board(hall, **more).lines  # type: ignore[arg-type]
        if one.number == number and one.target and one.target.endswith(f"/{key}")
    ]
    return found


def test_a_line_says_what_it_is_for_and_when_it_was_read(hall: Stage) -> None:
    hall.put()
    hall.at("12:20")
    hall.look_round()
    hall.at("12:25")
    light, door = line(hall, "court-1"), line(hall, PIN)
    assert (light.capability, door.capability) == ("lighting", "access")
    assert (light.readiness, light.read_at) == ("green", datetime(2026, 11, 21, 12, 20, tzinfo=UTC))


def test_what_is_needed_soon_over_a_paused_connection_is_red_and_says_so(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(180))
    hall.at("11:35")
    assert board(hall).ready
    hall.run(hall.node.health.set_paused(TOWN, "lamps", "Eva"))
    told = board(hall, language="sv")
    assert not told.ready
    assert [(one.connection, one.why, one.by, one.since) for one in told.held] == [
        ("lamps", "paused", "Eva", hall.clock.now())
    ]
    soon, later = line(hall, "court-1", language="sv"), line(hall, "court-1", "B-2")
    assert (soon.readiness, soon.detail) == ("red", "anslutningen är pausad")
    assert (later.readiness, later.detail) == ("waiting", None)
    assert line(hall, PIN).readiness == "green"


def test_what_waits_behind_a_system_that_is_known_to_be_down_is_red_before_its_time(hall: Stage) -> None:
    hall.put()
    hall.at("11:35")
    hall.lamps.breaks(Fault.DOWN)
    for _ in range(2):
        hall.run(check(hall.node.health))
    light = line(hall, "court-1", language="sv")
    (problem,) = hall.problems()
    assert (light.readiness, light.detail, light.problem) == ("red", "Systemet svarar inte", problem.id)
    hall.lamps.recovers()
    hall.run(check(hall.node.health))
    assert line(hall, "court-1").readiness == "waiting"


async def check(health: Health) -> None:
    await health.check_all()


def test_what_failed_leads_to_its_problem_and_says_when_it_is_tried_again(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DEAF, "court-1")
    hall.put()
    hall.at("11:50")
    light = line(hall, "court-1", language="sv")
    (problem,) = hall.problems()
    assert (light.readiness, light.detail, light.problem) == ("red", "fick 60 %, men avläses 0 %", problem.id)
    assert light.next_try_at is not None
    assert hall.clock.now() < light.next_try_at <= hall.clock.now() + timedelta(minutes=1)


def test_what_waits_at_a_shut_gate_says_what_its_problem_is_called(hall: Stage) -> None:
    hall.at("11:40")
    hall.lamps.breaks(Fault.DOWN)
    hall.put()
    hall.at("12:30")
    details = {line(hall, key, language="sv").detail for key in ("court-1", "corridor", "entrance")}
    assert all(details)
    assert {line(hall, key).problem for key in ("court-1", "corridor", "entrance")} == {hall.problems()[0].id}


def test_what_a_closure_holds_back_does_not_make_the_evening_unready(hall: Stage) -> None:
    hall.put()
    closing = Closing(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)
    until = SATURDAY + timedelta(days=1)
    snow = ClosureRequest(revision=1, resource="hall.court-1", starts_at=SATURDAY, ends_at=until)
    hall.run(closing.close(TOWN, "snow", snow))
    hall.settle()
    hall.at("12:00")
    told = board(hall)
    assert {one.readiness for one in told.lines} == {"waiting"}
    assert {one.state.partition(",")[0] for one in told.lines} == {"suspended"}
    assert told.ready


def test_over_a_connection_that_only_observes_nothing_is_red_and_the_reason_is_told(staging: Staging) -> None:
    hall = staging(a_town(connectors={"lamps": {"mode": "observe"}}))
    hall.put()
    hall.at("12:10")
    told = board(hall, language="sv")
    assert [(one.connection, one.why) for one in told.held] == [("lamps", "observe")]
    light = line(hall, "court-1", language="sv")
    assert (light.readiness, light.detail) == ("yellow", "avläst 0 %, ska vara 60 %")
