"""What a bus, its interface and its devices do besides what they are told."""

import asyncio
import itertools
import socket
from typing import Any

import pytest

from connectors.control_knx.simulator import KnxSimulator, KnxUdpSimulator
from hub.conformance.base import test as in_a_loop
from hub.model import Dim, Level, Release, Switch, Zone
from hub.sdk import (
    Condition,
    Misbehaviour,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from hub.sdk.tunnel import straight
from tests.connectors.control_knx.stand import House, interface
from tests.connectors.rooms import at_last, eventually

LIT, DARK = Switch(on=True), Switch(on=False)
ON = Zone(key="apron.light", level=LIT)
HALLS: dict[str, Any] = {
    "zones": {f"hall-{n}": {"address": f"1/2/{n}", "status": f"1/3/{n}"} for n in range(1, 31)},
}


@in_a_loop
async def test_thirty_halls_at_five_are_all_lit_at_twenty_telegrams_a_second() -> None:
    async with interface(KnxUdpSimulator, **HALLS) as bus:
        settings = HALLS | dict(bus.config()) | {"telegrams_per_second": 20}
        async with House().connector(settings, timeout=10) as connector:
            assert connector.pace.calls_at_once >= len(HALLS["zones"]), "a slow one would hold up the rest"
            told = await asyncio.gather(*(connector.put_zone(Zone(key=key, level=LIT)) for key in HALLS["zones"]))
        assert set(bus.zones().values()) == {LIT}
        assert {receipt.condition for receipt in told} == {Condition.STANDING}
        times = [time for time, _ in bus.bus.telegrams]
        assert len(times) == len(HALLS["zones"]), "one telegram for each"
        assert min(later - first for first, later in zip(times, times[20:], strict=False)) > 0.7


@in_a_loop
async def test_what_the_bus_has_no_time_for_is_not_sent_and_said_to_be_so() -> None:
    async with interface() as bus, House().connector(bus.config()) as connector:
        connector.bus._free_at = asyncio.get_running_loop().time() + 60
        with pytest.raises(TransientError, match=r"1/2/1 was not sent: more waits than the bus takes"):
            await connector.put_zone(ON)
        assert bus.bus.telegrams == []
        connector.bus._free_at = 0
        await connector.put_zone(ON)
        assert bus.zones()["apron.light"] == LIT


@in_a_loop
async def test_a_gateway_that_hangs_up_in_place_of_a_word_is_not_waited_for() -> None:
    async with interface() as bus, House().connector(bus.config(), timeout=60) as connector:
        bus.bus.silent = True
        async with asyncio.timeout(2):
            sending = asyncio.create_task(connector.put_zone(ON))
            await eventually(lambda: len(bus.bus.telegrams) == 1)
            bus.drop_all()
            with pytest.raises(UnknownOutcomeError):
                await sending


@in_a_loop
async def test_our_own_commands_and_looks_are_no_news() -> None:
    house = House()
    async with interface() as bus, house.connector(bus.config()) as connector:
        for level in (LIT, DARK):
            await connector.put_zone(Zone(key="apron.light", level=level))
            await connector.read_zone("apron.light")
        assert house.touched == []
        bus.misbehave(Misbehaviour.SET_BY_HAND, "apron.light")
        await eventually(lambda: house.touched == ["apron.light"])


@in_a_loop
async def test_a_device_without_power_is_coming_then_silent_and_follows_when_it_has_power() -> None:
    async with interface() as bus, House().connector(dict(bus.config()) | {"answers_within": 0.1}) as connector:
        bus.misbehave(Misbehaviour.REFUSES, "apron.light")
        assert (await connector.put_zone(ON)).condition is Condition.COMING
        with pytest.raises(TransientError, match="power"):
            await connector.read_zone("apron.light")
        assert bus.zones()["apron.light"] == DARK
        assert (await connector.check()).external_keys == frozenset(bus.zones())
        bus.recover()
        assert (await connector.put_zone(ON)).condition is Condition.STANDING
        assert bus.zones()["apron.light"] == LIT


@in_a_loop
async def test_a_check_of_a_bus_on_which_nobody_answers_fails() -> None:
    async with interface() as bus, House().connector(dict(bus.config()) | {"answers_within": 0.1}) as connector:
        bus.misbehave(Misbehaviour.REFUSES)
        with pytest.raises(TransientError, match="no answer on"):
            await connector.check()


@pytest.mark.parametrize("kind", [KnxSimulator, KnxUdpSimulator])
@in_a_loop
async def test_an_interface_that_confirms_nothing_is_unknown_and_never_transient(kind: type[KnxSimulator]) -> None:
    async with interface(kind) as bus, House().connector(bus.config(), timeout=0.3) as connector:
        await connector.put_zone(Zone(key="apron.light", level=DARK))
        bus.bus.silent = True
        with pytest.raises(UnknownOutcomeError, match=r"1/2/1: sent, and no word"):
            await connector.put_zone(ON)
        with pytest.raises(TransientError):
            await connector.read_zone("apron.light")
        bus.recover()
        await at_last(lambda: connector.put_zone(ON))
        assert bus.zones()["apron.light"] == LIT


@in_a_loop
async def test_an_interface_with_one_tunnel_is_waited_for() -> None:
    async with interface() as bus:
        bus.bus.room = 1
        async with (
            House().connector(bus.config()) as first,
            House().connector(bus.config(), opened=False) as second,
        ):
            with pytest.raises(TransientError, match="every tunnel is taken"):
                await second.put_zone(ON)
            await first.close()
            await at_last(lambda: second.put_zone(ON))
        assert bus.zones()["apron.light"] == LIT


@in_a_loop
async def test_a_lost_tunnel_comes_back_by_itself_and_hears_a_hand() -> None:
    house = House()
    async with interface() as bus, house.connector(bus.config()):
        bus.drop_all()
        await eventually(lambda: set(house.touched) == set(bus.zones()), "what was told meanwhile is never asked for")
        house.touched.clear()
        bus.misbehave(Misbehaviour.SET_BY_HAND, "hall-a.light")
        await eventually(lambda: house.touched == ["hall-a.light"])


@in_a_loop
async def test_half_a_command_is_never_called_nothing() -> None:
    async with interface() as bus:
        settings = dict(bus.config()) | {"telegrams_per_second": 1}
        async with House().connector(settings, timeout=0.9) as connector:
            with pytest.raises(UnknownOutcomeError, match=r"zone hall-b\.heat: half of it is sent"):
                await connector.put_zone(Zone(key="hall-b.heat", level=_degrees(bus)))
            assert bus.zones()["hall-b.heat"] != _degrees(bus), "the controller is still on its own"


def _degrees(bus: KnxSimulator) -> Level:
    bus.bus.devices["hall-b.heat"].in_force, was = True, bus.bus.devices["hall-b.heat"].in_force
    warm = bus.zones()["hall-b.heat"].model_copy(update={"celsius": 21})
    bus.bus.devices["hall-b.heat"].in_force = was
    return warm


@in_a_loop
async def test_a_status_that_is_no_level_is_for_a_person_and_hurts_nothing() -> None:
    house = House()
    async with interface() as bus, house.connector(dict(bus.config()) | {"answers_within": 0.2}) as connector:
        heat = bus.bus.devices["hall-d.heat"]
        heat.off = "standby"
        for _ in range(2):
            bus.bus.tell(heat)
        await eventually(lambda: "neither" in house.told.getvalue())
        with pytest.raises(RejectedError, match=r"zone hall-d\.heat: 2/3/5 tells standby.*neither"):
            await connector.read_zone("hall-d.heat")
        assert house.told.getvalue().count("neither") == 1, "once in the log"
        await connector.put_zone(ON)
        assert (await connector.read_zone("apron.light")).value == LIT


@in_a_loop
async def test_a_level_on_the_way_to_what_was_sent_proves_nothing() -> None:
    async with interface() as bus, House().connector(dict(bus.config()) | {"answers_within": 0.2}) as connector:
        lamp = bus.bus.devices["hall-a.light"]
        steps = itertools.cycle([Dim(percent=20), Dim(percent=40)])
        lamp._read = lambda _value, *, short: next(steps) if not short else None  # type: ignore[method-assign, assignment]
        assert (await connector.put_zone(Zone(key="hall-a.light", level=Dim(percent=80)))).condition is Condition.COMING
        assert (await connector.read_zone("hall-a.light")).value == Dim(percent=20)


@in_a_loop
async def test_a_zone_without_a_status_is_sent_and_never_more() -> None:
    zones: dict[str, Any] = {"zones": {"yard": {"address": "1/2/9"}}}
    async with interface(**zones) as bus, House().connector(zones | dict(bus.config())) as connector:
        assert not connector.control_limits.tells_changes
        assert (await connector.check()).detail == "1 zones without a status address: never proven"
        for level in (LIT, Release()):
            assert (await connector.put_zone(Zone(key="yard", level=level))).condition is Condition.SENT
            seen = await connector.read_zone("yard")
            assert (seen.value, seen.condition) == (level, Condition.SENT)
        assert bus.zones() == {"yard": DARK}


@in_a_loop
async def test_udp_goes_through_no_proxy_and_tcp_by_the_way_that_is_lent() -> None:
    went: list[tuple[str, int]] = []
    async with interface() as bus:

        async def way(host: str, port: int) -> socket.socket:
            went.append((host, port))
            return await straight("127.0.0.1", bus.port)

        settings = dict(bus.config()) | {"host": "10.20.30.40", "port": 3671}
        async with House().connector(settings, tunnel=way) as connector:
            await connector.put_zone(ON)
        assert went == [("10.20.30.40", 3671)]
        async with House().connector(settings | {"tunnel": "udp"}, tunnel=way, opened=False) as connector:
            with pytest.raises(RejectedError, match="tunnel: tcp"):
                await connector.put_zone(ON)
