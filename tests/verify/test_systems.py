"""What the hub says is true, held against its systems: on the real hub, with systems that a hand reaches into."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from hub.errors import NotFoundError
from hub.model import Dim
from hub.model.verified import Verified
from hub.service.operators.verifying import Verifying
from tests.builders import a_town
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour


def verified(hall: Stage, *, seconds: float = 5, town: str = TOWN) -> Verified:
    """Verify while the loop carries, as in a process."""

    async def both() -> Verified:
        loop = asyncio.get_running_loop()
        verifying = Verifying(hall.writer, hall.readers, hall.rulebook, hall.clock)
        tasks: list[asyncio.Task[None]] = []
        verifying.woken = lambda: tasks.append(loop.create_task(hall.node.settle()))
        told = await verifying.verify(town, seconds=seconds)
        await asyncio.gather(*tasks)
        return told

    return hall.run(both())


def differing(told: Verified) -> dict[str, str]:
    return {one.target: one.verdict for one in told.targets}


@pytest.fixture
def evening(hall: Stage) -> Stage:
    """A booking that is on: one PIN, and three lit zones."""
    hall.put(**hour())
    hall.at("12:05")
    return hall


def test_all_is_as_said_when_all_is_read_so(evening: Stage) -> None:
    told = verified(evening)
    assert (told.standing, told.as_said, told.differing) == (4, 4, 0)


def test_nothing_stands_and_nothing_differs(hall: Stage) -> None:
    assert verified(hall) == Verified(standing=0, as_said=0, unread=0, moved_on=0, differing=0, targets=())


def test_a_lamp_that_somebody_dimmed_is_named(evening: Stage) -> None:
    evening.lamps.levels["court-1"] = Dim(percent=10)
    told = verified(evening)
    assert differing(told) == {"lamps/court-1": "overridden"}
    assert told.targets[0].detail == "found 10 %, not 60 %"
    assert (told.as_said, told.differing) == (3, 1)


def test_a_code_that_vanished_is_mended_once_and_lost_the_second_time(evening: Stage) -> None:
    evening.locks.stands.clear()
    assert differing(verified(evening)) == {f"locks/{PIN}": "mended"}
    assert verified(evening).differing == 0
    evening.locks.stands.clear()
    assert differing(verified(evening)) == {f"locks/{PIN}": "lost"}
    assert differing(verified(evening)) == {f"locks/{PIN}": "lost"}, "it stays so until a person acts"


def test_a_system_that_is_down_leaves_nothing_known(evening: Stage) -> None:
    evening.lamps.breaks(Fault.DOWN)
    told = verified(evening, seconds=0.3)
    assert set(differing(told)) == {"lamps/court-1", "lamps/corridor", "lamps/entrance"}
    assert set(differing(told).values()) <= {"failing", "unanswered"}
    assert told.as_said == 1


def test_a_system_that_does_not_answer_in_time_is_said_to_be_unread(evening: Stage) -> None:
    evening.locks.breaks(Fault.HANGS)

    async def asked() -> Verified:
        verifying = Verifying(evening.writer, evening.readers, evening.rulebook, evening.clock)
        return await verifying.verify(TOWN, seconds=0.1)

    assert set(differing(evening.run(asked())).values()) == {"unanswered"}


def test_what_cannot_be_read_is_counted_apart(staging: Callable[..., Stage]) -> None:
    blind = {"locks": {"connector": "BlindLocks"}, "lamps": {"connector": "BlindLamps"}}
    hall = staging(a_town(connectors=blind))
    hall.put(**hour())
    hall.at("12:05")
    told = verified(hall)
    assert (told.standing, told.unread, told.differing) == (4, 4, 0)


def test_what_is_to_be_otherwise_meanwhile_is_no_difference(evening: Stage) -> None:
    evening.clock.moment += timedelta(hours=2)
    told = verified(evening)
    assert (told.differing, told.moved_on + told.as_said) == (0, told.standing)
    assert told.moved_on >= 3


def test_only_the_municipality_that_was_asked_for_is_looked_at(staging: Callable[..., Stage]) -> None:
    hall = staging(a_town(), a_town(key="2482"))
    hall.put(**hour())
    hall.put(town="2482", **hour())
    hall.at("12:05")
    for system in (hall.locks, hall.lamps):
        system.forget()
    assert verified(hall, town="2482").as_said == 4
    assert hall.locks.calls + hall.lamps.calls == []


def test_a_municipality_that_is_not_here_is_not_found(hall: Stage) -> None:
    with pytest.raises(NotFoundError):
        verified(hall, town="9999")
