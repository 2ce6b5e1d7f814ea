"""Heard over a connection: gathered and kept once, nothing lost by a stop, and what is lost is one problem."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from hub.intake.inlets import Inlet
from hub.intake.rooms import Intake, put_together
from hub.model import Message, Observation
from hub.sdk import RawItem, RejectedError
from tests.delivery.harness import TOWN, Stage
from tests.service.test_sensing import hours, seen
from tests.service.watched import watched


class Meaning:
    """Of what a test says."""

    def translate(self, item: RawItem) -> Iterable[Message]:
        if item.content == b"bad":
            raise RejectedError("no number; mend the sensor")
        yield Observation.model_validate_json(item.content)


@dataclass
class Ears:
    """A process that hears, and gathers for an hour unless it is stopped."""

    hall: Stage
    intake: Intake
    inlet: Inlet

    def hear(self, *minutes: float, value: str = "18") -> None:
        """Each minute a reading."""
        for at in minutes:
            one = seen(at, value)
            self.tell(RawItem(one.source_id, one.model_dump_json().encode()))

    def tell(self, *items: RawItem) -> None:
        async def told() -> None:
            for one in items:
                self.intake.hearing.hear(TOWN, "lamps", one)

        self.hall.run(told())

    def stop(self) -> None:
        self.hall.run(self.intake.hearing.stop())

    def problems(self) -> list[tuple[Any, ...]]:
        return self.hall.rows("SELECT code, detail FROM problems WHERE until IS NULL ORDER BY code")


@pytest.fixture
def ears(staging: Callable[..., Stage]) -> Callable[[], Ears]:
    hall = staging(watched())
    hall.skip(hours=6)

    def made() -> Ears:
        intake = put_together(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)
        intake.hearing.together = timedelta(hours=1)
        connector: Any = None
        inlet = Inlet(TOWN, "lamps", "fake", connector, Meaning())
        intake.inlets.add(inlet)
        return Ears(hall, intake, inlet)

    return made


def test_what_is_heard_is_kept_once_by_a_stop_and_what_cannot_be_read_is_quarantined(ears: Callable[[], Ears]) -> None:
    here = ears()
    here.hear(0, 1, 2, 1, 0)
    here.tell(RawItem("x", b"bad"), RawItem("unread/7", b"?", "a message", fault="no JSON"), RawItem("x", b"bad"))
    assert here.hall.rows("SELECT count(*) FROM intake") == [(0,)], "kept one by one"
    here.stop()
    assert [one.readings for one in hours(here.hall)] == [3]
    assert here.problems() == [("quarantined-rows", "2 rows in quarantine")]
    again = ears()
    again.hear(0, 1, 2, value="99")
    again.stop()
    assert [(one.readings, one.most) for one in hours(here.hall)] == [(3, 18_000)]


def test_what_is_heard_before_its_connection_is_there_waits_for_it(
    ears: Callable[[], Ears],
) -> None:
    here = ears()
    hearing = here.intake.hearing
    hearing.together = hearing.again = timedelta()
    here.intake.inlets.keep(TOWN, [])
    here.hear(0)
    here.intake.inlets.add(here.inlet)
    here.stop()
    assert [one.readings for one in hours(here.hall)] == [1]


def test_what_cannot_be_kept_waits_and_when_it_stops_it_is_told_how_much_is_lost(
    ears: Callable[[], Ears], caplog: pytest.LogCaptureFixture
) -> None:
    here = ears()
    here.intake.taking.stop()
    here.hear(0, 1, 2, 3)
    with caplog.at_level(logging.ERROR, "hub.intake"):
        here.stop()
    assert hours(here.hall) == []
    told = [record.getMessage() for record in caplog.records]
    assert told[0].startswith("2480/lamps: readings are not kept, and wait: RuntimeError")
    assert told[1:] == ["2480/lamps: 4 readings could not be kept, and are lost"]


def test_what_comes_while_too_much_waits_is_lost_and_one_problem_until_an_hour_without_loss(
    ears: Callable[[], Ears], caplog: pytest.LogCaptureFixture
) -> None:
    here = ears()
    here.intake.hearing.most = 3
    with caplog.at_level(logging.ERROR, "hub.intake"):
        here.hear(0, 1, 2, 3, 4)
        here.stop()
        here.hear(0, 1, 2, 3, 4)
        here.stop()
    assert [one.readings for one in hours(here.hall)] == [3]
    told = "2480/lamps: 3 readings wait to be kept; what comes meanwhile is lost"
    assert [record.getMessage() for record in caplog.records] == [told]
    ((code, detail),) = here.problems()
    assert (code, detail[:28]) == ("readings-lost", "4 readings were lost so far;")
    for minute, left in ((5, 1), (65, 0)):
        here.hall.skip(minutes=minute)
        here.hear(minute)
        here.stop()
        assert len(here.problems()) == left
    assert sum(one.readings for one in hours(here.hall)) == 5
