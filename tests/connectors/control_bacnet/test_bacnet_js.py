"""Against a device that is not ours, looked at and written to by a program that is not ours either."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from hub.conformance.base import test as in_a_loop
from hub.model import Dim, Level, Observation, Release, Setpoint, Switch, Zone
from hub.sdk import Condition, RejectedError, TransientError, UnknownOutcomeError
from tests.connectors.control_bacnet.stand import Room
from tests.connectors.rooms import eventually
from tests.counterparts.bacnet import NUMBER, BacnetDevice

ZONES: dict[str, Any] = {
    "hall": {"object": "binary-output,1"},
    "stage": {"object": "analog-output,2", "kind": "dim"},
    "office": {"object": "analog-value,3", "kind": "setpoint"},
    "air": {"object": "multi-state-value,4", "on": 2, "off": 1},
}
LEVELS: dict[str, Level] = {
    "hall": Switch(on=True),
    "stage": Dim(percent=50),
    "office": Setpoint(celsius=Decimal("19.5")),
    "air": Switch(on=True),
}


@pytest.fixture(scope="module")
def shared() -> Iterator[BacnetDevice]:
    """A device that the tests leave running, and as it was."""
    with BacnetDevice() as one:
        yield one


def at(one: BacnetDevice, **more: Any) -> dict[str, Any]:
    """Settings that lead there."""
    return {"host": "127.0.0.1", "port": one.port, "device": NUMBER, "zones": ZONES} | more


async def everything_and_back(one: BacnetDevice) -> None:
    """Every zone gets a level and is given up."""
    async with Room().connector(at(one)) as connector:
        assert (await connector.check()).external_keys == frozenset(ZONES)
        for key, level in LEVELS.items():
            assert (await connector.put_zone(Zone(key=key, level=level))).condition is Condition.STANDING
            seen = await connector.read_zone(key)
            assert (seen.value, seen.condition) == (level, Condition.STANDING)
        for line in ("write 4,1 1 at 13", "write 1,2 50 at 13", "write 2,3 19.5 at 13", "write 19,4 2 at 13"):
            assert line in one.log()
        present, places = await asyncio.to_thread(one.read, "analog-value", 3)
        assert (present, places) == (19.5, [19.5 if place == 13 else None for place in range(1, 17)])
        for key in ZONES:
            assert (await connector.put_zone(Zone(key=key, level=Release()))).condition is Condition.STANDING
        assert (await connector.read_zone("office")).value == Setpoint(celsius=Decimal(16))
    assert "write 2,3 null at 13" in one.log()


@in_a_loop
async def test_zones_follow_at_our_priority_alone_and_an_independent_reader_sees_it(shared: BacnetDevice) -> None:
    await everything_and_back(shared)


@in_a_loop
async def test_a_device_that_reads_one_property_at_a_time_is_read_so() -> None:
    with BacnetDevice(singly=True) as one:
        await everything_and_back(one)


@in_a_loop
async def test_a_person_at_the_panel_is_stronger_until_they_let_go(shared: BacnetDevice) -> None:
    room = Room()
    async with room.connector(at(shared, changes_for=60)) as connector:
        await eventually(lambda: all(f"subscribed {one}" in shared.log() for one in ("4,1", "1,2", "2,3", "19,4")))
        await connector.put_zone(Zone(key="hall", level=Switch(on=True)))
        room.touched.clear()
        await asyncio.to_thread(shared.write, "binary-output", 1, 0, 8)
        await eventually(lambda: room.touched == ["hall"], "nobody is told")
        await eventually(lambda: "heard 4,1" in shared.log(), "the device was not told that we heard")
        seen = await connector.read_zone("hall")
        assert (seen.value, seen.condition) == (Switch(on=False), Condition.OVERRIDDEN)
        assert "priority 8" in seen.detail
        receipt = await connector.put_zone(Zone(key="hall", level=Switch(on=True)))
        assert receipt.condition is Condition.OVERRIDDEN
        await asyncio.to_thread(shared.write, "binary-output", 1, None, 8)
        seen = await connector.read_zone("hall")
        assert (seen.value, seen.condition) == (Switch(on=True), Condition.STANDING)
        await connector.put_zone(Zone(key="hall", level=Release()))


@in_a_loop
async def test_what_the_device_does_not_have_is_for_a_person_by_name(shared: BacnetDevice) -> None:
    zones = {
        "gone": {"object": "binary-output,99"},
        "fixed": {"object": "analog-value,9", "kind": "setpoint"},
        "air": {"object": "multi-state-value,4", "on": 7, "off": 1},
    }
    async with Room().connector(at(shared, zones=zones)) as connector:
        with pytest.raises(RejectedError, match=r"binary-output,99: .*unknown-object"):
            await connector.put_zone(Zone(key="gone", level=Switch(on=True)))
        with pytest.raises(RejectedError, match=r"zone fixed: analog-value,9 does not tell its priority-array"):
            await connector.put_zone(Zone(key="fixed", level=Setpoint(celsius=Decimal(20))))
        with pytest.raises(RejectedError, match=r"multi-state-value,4: .*value-out-of-range"):
            await connector.put_zone(Zone(key="air", level=Switch(on=True)))
    assert "write 2,9" not in shared.log()


@in_a_loop
async def test_nothing_is_written_to_a_device_of_another_number(shared: BacnetDevice) -> None:
    before = shared.log().count("write")
    async with Room().connector(at(shared, device=2002)) as connector:
        with pytest.raises(RejectedError, match="another device than 2002 answers"):
            await connector.put_zone(Zone(key="hall", level=Switch(on=True)))
    assert shared.log().count("write") == before


@in_a_loop
async def test_a_device_that_freezes_leaves_it_open_and_a_repetition_settles_it(shared: BacnetDevice) -> None:
    async with Room().connector(at(shared, tries=2), timeout=0.5) as hasty, Room().connector(at(shared)) as patient:
        await patient.put_zone(Zone(key="hall", level=Release()))
        await hasty.read_zone("hall")
        shared.pause()
        try:
            with pytest.raises(UnknownOutcomeError, match="no answer says that it was done"):
                await hasty.put_zone(Zone(key="hall", level=Switch(on=True)))
            with pytest.raises(TransientError, match="no answer"):
                await hasty.read_zone("hall")
        finally:
            shared.resume()
        await patient.put_zone(Zone(key="hall", level=Switch(on=True)))
        assert (await patient.read_zone("hall")).value == Switch(on=True)
        await patient.put_zone(Zone(key="hall", level=Release()))
        assert (await patient.read_zone("hall")).value == Switch(on=False)


@in_a_loop
async def test_what_an_object_tells_is_heard_as_a_reading_with_and_without_zones(shared: BacnetDevice) -> None:
    room = Room()
    sensors = {"air": {"object": "analog-value,3", "quantity": "temperature"}}
    before = shared.log().count("subscribed 2,3")
    async with room.connector(at(shared, zones={}, sensors=sensors)) as connector:
        await connector.check()
        await eventually(lambda: shared.log().count("subscribed 2,3") > before)
        await asyncio.to_thread(shared.write, "analog-value", 3, 21.3, 8)
        await eventually(lambda: bool(room.heard), "nothing is heard")
        (told,) = connector.translate(room.heard[-1])
        assert isinstance(told, Observation)
        assert (told.sensor, str(told.value)) == ("air", "21.3")
        await asyncio.to_thread(shared.write, "analog-value", 3, None, 8)
