"""Against knxd, with knxtool as whoever looks on and as the devices: none of it is ours, and it speaks UDP."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from hub.conformance.base import test as in_a_loop
from hub.model import Dim, Level, Observation, Release, Setpoint, Switch, Zone
from hub.sdk import Condition, TransientError
from tests.connectors.control_knx.stand import House
from tests.connectors.rooms import at_last, eventually
from tests.counterparts.knxd import Knxd, telegrams

ZONES: dict[str, Any] = {
    "bana": {"address": "1/2/1", "status": "1/3/1"},
    "scen": {"address": "1/2/2", "kind": "dim"},
    "varme": {"address": "2/2/3", "kind": "setpoint", "mode": {"address": "2/2/103"}},
    "show": {"address": "1/2/4", "dpt": "17.001", "on": 3, "off": 64},
    "natt": {"address": "2/2/5", "dpt": "20.102", "on": "comfort", "off": "economy"},
}
LIT = Zone(key="bana", level=Switch(on=True))


@pytest.fixture(scope="module")
def shared() -> Iterator[Knxd]:
    """A bus that the tests leave running."""
    with Knxd() as bus:
        yield bus


def at(bus: Knxd, **more: Any) -> dict[str, Any]:
    """Settings that lead there."""
    return {"host": "127.0.0.1", "port": bus.port, "zones": ZONES, "answers_within": 0.3} | more


@in_a_loop
async def test_every_kind_of_level_is_on_the_bus_as_the_standard_spells_it(shared: Knxd) -> None:
    sent: list[tuple[str, Level]] = [
        ("bana", Switch(on=True)),
        ("scen", Dim(percent=50)),
        ("varme", Setpoint(celsius=Decimal("19.5"))),
        ("varme", Release()),
        ("show", Switch(on=True)),
        ("show", Switch(on=False)),
        ("natt", Switch(on=True)),
        ("natt", Release()),
        ("bana", Release()),
    ]
    with shared.observed() as seen:
        async with House().connector(at(shared, telegrams_per_second=1000)) as connector:
            for key, level in sent:
                await connector.put_zone(Zone(key=key, level=level))
            await eventually(lambda: len(telegrams(seen)) == 10, "knxtool does not see all of it")
        assert telegrams(seen) == [
            ("Write", "1/2/1", "01"),
            ("Write", "1/2/2", "80"),
            ("Write", "2/2/3", "07 9E"),
            ("Write", "2/2/103", "01"),
            ("Write", "2/2/103", "00"),
            ("Write", "1/2/4", "02"),
            ("Write", "1/2/4", "3F"),
            ("Write", "2/2/5", "01"),
            ("Write", "2/2/5", "03"),
            ("Write", "1/2/1", "00"),
        ]


@in_a_loop
async def test_a_light_stands_when_it_tells_it_and_a_look_asks_it(shared: Knxd) -> None:
    with shared.observed() as seen:
        async with (
            shared.devices(seen, {"1/2/1": "1/3/1"}),
            House().connector(at(shared, answers_within=3)) as connector,
        ):
            assert (await connector.put_zone(LIT)).condition is Condition.STANDING
            assert (await connector.read_zone("bana")).value == Switch(on=True)
            assert (await connector.put_zone(Zone(key="bana", level=Release()))).condition is Condition.STANDING
            assert (await connector.read_zone("bana")).value == Switch(on=False)
        assert ("Read", "1/3/1", "") in telegrams(seen)


@in_a_loop
async def test_a_device_that_does_not_confirm_is_coming_and_never_stands(shared: Knxd) -> None:
    with shared.observed() as seen:
        async with House().connector(at(shared)) as connector:
            assert (await connector.put_zone(LIT)).condition is Condition.COMING
            with pytest.raises(TransientError, match=r"zone bana: no answer on 1/3/1.*power"):
                await connector.read_zone("bana")
            assert (await connector.put_zone(Zone(key="scen", level=Dim(percent=50)))).condition is Condition.SENT
            assert (await connector.read_zone("scen")).condition is Condition.SENT
        assert ("Write", "1/2/1", "01") in telegrams(seen)


@in_a_loop
async def test_a_hand_at_the_switch_is_told_of_once(shared: Knxd) -> None:
    house = House()
    async with house.connector(at(shared)):
        for _ in range(2):
            await asyncio.to_thread(shared.tell, "1/3/1", "1")
        await eventually(lambda: house.touched == ["bana"])
        await asyncio.to_thread(shared.tell, "1/3/1", "0")
        await eventually(lambda: house.touched == ["bana", "bana"])


@in_a_loop
async def test_a_gateway_with_one_tunnel_is_waited_for_and_taken_when_it_is_free() -> None:
    with Knxd(tunnels=1) as bus:
        async with House().connector(at(bus), opened=False) as first:
            await at_last(first.open)  # knxd gives a tunnel again when whoever looked whether it listens has gone
            assert first.pace.clients_at_once == 1
            async with House().connector(at(bus), opened=False) as second:
                with pytest.raises(TransientError, match="every tunnel is taken"):
                    await second.put_zone(LIT)
                await first.put_zone(LIT)
                await first.close()
                assert (await at_last(lambda: second.put_zone(LIT))).condition is Condition.COMING


@in_a_loop
async def test_a_gateway_that_was_killed_is_come_back_to_and_its_zones_are_looked_at() -> None:
    house = House()
    with Knxd() as bus:
        async with house.connector(at(bus), timeout=1.0) as connector:
            await connector.put_zone(LIT)
            bus.kill()
            bus.start()
            await at_last(lambda: connector.put_zone(LIT))
            await eventually(lambda: "bana" in house.touched, "what was told meanwhile is never asked for")
            house.touched.clear()
            with bus.observed() as seen:
                await connector.put_zone(Zone(key="bana", level=Switch(on=False)))
                await eventually(lambda: ("Write", "1/2/1", "00") in telegrams(seen))


@in_a_loop
async def test_what_sensors_tell_is_heard_with_and_without_zones(shared: Knxd) -> None:
    house = House()
    sensors = {
        "people": {"address": "4/1/1", "quantity": "occupancy"},
        "air": {"address": "4/1/2", "quantity": "temperature"},
        "meter": {"address": "4/1/3", "quantity": "energy", "dpt": "13.010"},
        "lux": {"address": "4/1/4", "quantity": "lux"},
    }
    async with house.connector(at(shared, zones={}, sensors=sensors)) as connector:
        await connector.check()
        told = [("4/1/1", "1"), ("4/1/2", "0C 1A"), ("4/1/3", "00 00 30 39"), ("4/1/4", "0C 65"), ("4/1/2", "01")]
        for address, value in told:
            await asyncio.to_thread(shared.tell, address, value)
        await eventually(lambda: len(house.heard) == len(told))
        sound = [one for item in house.heard if not item.fault for one in connector.translate(item)]
        assert [(one.sensor, f"{one.value:f}") for one in sound if isinstance(one, Observation)] == [
            ("people", "1"),
            ("air", "21"),
            ("meter", "12.345"),
            ("lux", "22.5"),
        ]
        assert house.heard[-1].fault == "4/1/2 tells no 9.001; check the sensor's dpt and address in ETS"
