"""Over UDP, each datagram of a command lost, late, doubled, cut or replaced: afterwards the zone is as it should be."""

from datetime import timedelta

import pytest

from connectors.control_knx import KnxControl
from connectors.control_knx.simulator import KnxUdpSimulator
from hub.conformance.base import test as in_a_loop
from hub.conformance.driver import Bench, Outcome, bench
from hub.conformance.faults import Fault
from hub.conformance.network import DOUBLED, FAULTS, LATE
from hub.model import Dim, Release, Switch, Zone
from hub.sdk import Condition

PATIENCE = timedelta(milliseconds=120)
OVER_UDP = [fault for fault in (*FAULTS, LATE, DOUBLED) if fault.udp]
DATAGRAMS = range(1, 7)
"""Connecting, writing, and acknowledging what comes of it."""


async def follows(stand: Bench) -> None:
    """A light is told twice, and shows each by itself."""
    others = {key: level for key, level in stand.simulator.zones().items() if key != "apron.light"}
    for level in (Switch(on=True), Release()):
        zone, expected = Zone(key="apron.light", level=level), Switch(on=level != Release())

        async def so(zone: Zone = zone, expected: Switch = expected) -> bool:
            outcome, _ = await stand.deliver(lambda: stand.connector.put_zone(zone))
            assert outcome is Outcome.DONE, stand.said
            seen = await stand.look(lambda: stand.connector.read_zone("apron.light"))
            return bool(seen.condition is Condition.STANDING and seen.value == expected)

        assert await stand.becomes(so)
        assert stand.simulator.zones() == others | {"apron.light": expected}


@pytest.mark.parametrize("fault", OVER_UDP, ids=lambda fault: str(fault.name))
@in_a_loop
async def test_a_light_follows_whichever_datagram_fails(fault: Fault) -> None:
    for at in DATAGRAMS:
        async with bench(KnxControl, KnxUdpSimulator, PATIENCE, fault, at) as stand:
            await follows(stand)


@in_a_loop
async def test_a_frame_that_was_repeated_is_obeyed_once() -> None:
    async with bench(KnxControl, KnxUdpSimulator, PATIENCE) as stand:
        heard: list[int] = []
        stand.simulator.bus.clients[1].expected = 0
        await stand.connector.put_zone(Zone(key="hall-a.light", level=Dim(percent=40)))
        heard += [group for _, group in stand.simulator.bus.telegrams]
        assert len(heard) == 1
