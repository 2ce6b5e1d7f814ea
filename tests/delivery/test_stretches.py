"""How long zones were on: from confirmation to confirmation, and apart what somebody set by hand."""

from hub.clock import NEVER, micros
from hub.model import Dim
from hub.store import stretches, waking
from hub.store.engine.database import Connection
from hub.store.stretches import How
from tests.builders import SATURDAY
from tests.delivery.fakes import Fault
from tests.delivery.harness import TOWN, Stage, hour


def stood(hall: Stage, key: str = "court-1") -> list[tuple[How, float, float | None]]:
    """The stretches of a zone: how, and in minutes from noon from when to when."""
    lane = hall.lane(key).id
    found = hall.read(lambda c: stretches.within(c, TOWN, [lane], since=0, until=NEVER))[lane]
    return [(one.how, _minutes(one.starts) or 0, _minutes(one.ends)) for one in found]


def _minutes(at: int) -> float | None:
    return None if at == NEVER else round((at - micros(SATURDAY)) / 60_000_000, 1)


def test_a_zone_is_on_from_its_confirmation_to_the_next(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("12:30")
    assert stood(hall) == [(How.ON, -15, None)]
    hall.look_round()
    hall.at("14:00")
    assert stood(hall) == [(How.ON, -15, 70)]


def test_another_level_is_the_same_stretch(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.put("B-2", **hour(60, activity="match"))
    hall.at("15:00")
    assert stood(hall) == [(How.ON, -15, 130)]


def test_what_does_not_go_off_is_on_until_it_does(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("13:05")
    hall.lamps.breaks(Fault.DOWN)
    hall.at("13:40")
    assert stood(hall) == [(How.ON, -15, None)]
    hall.lamps.recovers()
    hall.at("15:00")
    (one,) = stood(hall)
    assert one[2]
    assert one[2] >= 100


def test_what_is_set_by_hand_is_told_apart(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("12:10")
    hall.lamps.levels["court-1"] = Dim(percent=0)
    hall.hint("lamps", "court-1")
    hall.at("12:20")
    hall.lamps.levels["court-1"] = Dim(percent=30)
    hall.hint("lamps", "court-1")
    hall.at("15:00")
    by_hand = [(How.BY_HAND_OFF, 10, 20), (How.BY_HAND_ON, 20, 70)]
    assert stood(hall) == [(How.ON, -15, 10), *by_hand]


def test_of_a_system_that_is_another_nothing_is_on_until_it_is_confirmed(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("12:30")

    def begin(c: Connection) -> None:
        waking.begin_anew(c, TOWN, "lamps", now=hall.now())
        stretches.end_all(c, TOWN, "lamps", now=hall.now())

    hall.run(hall.writer.call(begin))
    hall.after(minutes=2)
    hall.at("14:00")
    assert stood(hall) == [(How.ON, -15, 30), (How.ON, 32, 70)]
