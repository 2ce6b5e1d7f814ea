"""Against a device that is not ours, read by a program that is not ours either."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from hub.conformance.base import test as in_a_loop
from hub.model import Dim, Release, Setpoint, Switch, Zone
from hub.sdk import Condition, ConnectorError, RejectedError, TransientError, UnknownOutcomeError
from tests.connectors.control_modbus.stand import Room
from tests.connectors.rooms import eventually
from tests.counterparts.libmodbus import COIL, HOLDING, LibModbus

ZONES: dict[str, Any] = {
    "hall": {"at": "coil:10"},
    "stage": {"at": "holding:11", "status": "input:11", "kind": "dim", "scale": "2.55"},
    "office": {"at": "holding:20", "kind": "setpoint", "encoding": "int16", "release": -5},
    "sauna": {"at": "holding:30", "kind": "setpoint", "encoding": "float32", "scale": 1, "release": 16},
}


@pytest.fixture(scope="module")
def shared() -> Iterator[LibModbus]:
    """A device that the tests leave running."""
    with LibModbus() as one:
        yield one


def at(one: LibModbus, **more: Any) -> dict[str, Any]:
    """Settings that lead there."""
    return {"host": "127.0.0.1", "port": one.port, "zones": ZONES} | more


@pytest.mark.parametrize("write_multiple", [False, True])
@in_a_loop
async def test_zones_follow_and_an_independent_reader_sees_it(shared: LibModbus, *, write_multiple: bool) -> None:
    async with Room().connector(at(shared, write_multiple=write_multiple)) as connector:
        for zone in (
            Zone(key="hall", level=Switch(on=True)),
            Zone(key="stage", level=Dim(percent=50)),
            Zone(key="office", level=Setpoint(celsius=Decimal("-2.5"))),
            Zone(key="sauna", level=Setpoint(celsius=Decimal("72.5"))),
        ):
            assert (await connector.put_zone(zone)).condition is Condition.STANDING
            assert (await connector.read_zone(zone.key)).value == zone.level
        assert (shared.read(COIL, 10), shared.read(HOLDING, 11)) == (1, 128)
        assert shared.read(f"{HOLDING}:hex", 20) == 0xFFE7
        assert shared.read(f"{HOLDING}:float", 30) == 72.5
        for key in ZONES:
            await connector.put_zone(Zone(key=key, level=Release()))
        assert [shared.read(COIL, 10), shared.read(HOLDING, 11)] == [0, 0]
        assert (await connector.read_zone("office")).value == connector.rest_level("office")


@in_a_loop
async def test_what_somebody_else_wrote_is_seen(shared: LibModbus) -> None:
    async with Room().connector(at(shared)) as connector:
        await connector.put_zone(Zone(key="hall", level=Switch(on=True)))
        shared.write(COIL, 10, 0)
        assert (await connector.read_zone("hall")).value == Switch(on=False)


@pytest.mark.parametrize(
    "code, error",
    [
        (1, RejectedError),
        (2, RejectedError),
        (3, RejectedError),
        (4, UnknownOutcomeError),
        (6, TransientError),
    ],
)
@in_a_loop
async def test_an_exception_of_libmodbus_is_told_and_the_other_zones_follow(
    shared: LibModbus, code: int, error: type[ConnectorError]
) -> None:
    broken = {"broken": {"at": f"holding:{200 + code}", "status": "holding:0"}, "hall": ZONES["hall"]}
    async with Room().connector(at(shared, zones=broken)) as connector:
        with pytest.raises(error, match=f"exception {code}"):
            await connector.put_zone(Zone(key="broken", level=Switch(on=True)))
        await connector.put_zone(Zone(key="hall", level=Switch(on=True)))
        assert shared.read(COIL, 10) == 1
        await connector.put_zone(Zone(key="hall", level=Release()))


@in_a_loop
async def test_an_address_that_is_not_there_is_for_a_person(shared: LibModbus) -> None:
    async with Room().connector(at(shared, zones={"gone": {"at": "coil:500"}})) as connector:
        with pytest.raises(RejectedError, match="count from 0"):
            await connector.check()


@in_a_loop
async def test_a_frozen_device_is_unknown_once_written_to_and_followed_afterwards(shared: LibModbus) -> None:
    async with Room().connector(at(shared), timeout=0.2) as connector:
        await connector.put_zone(Zone(key="hall", level=Switch(on=False)))
        shared.pause()
        try:
            with pytest.raises(UnknownOutcomeError, match="coil:10: written"):
                await connector.put_zone(Zone(key="hall", level=Switch(on=True)))
            with pytest.raises(TransientError):
                await connector.read_zone("hall")
        finally:
            shared.resume()
    async with Room().connector(at(shared)) as connector:
        await connector.put_zone(Zone(key="hall", level=Switch(on=True)))
        assert shared.read(COIL, 10) == 1


@in_a_loop
async def test_coils_fall_at_the_device_when_the_hub_is_gone_and_not_before() -> None:
    with LibModbus(watchdog=400) as own:
        async with Room().connector(at(own, watchdog=0.4)) as connector:
            await connector.put_zone(Zone(key="hall", level=Switch(on=True)))
            written = connector._holding._held["hall"]  # type: ignore[union-attr]
            first = written.written or 0
            await eventually(lambda: (written.written or 0) > first + 0.5)
            assert own.read(COIL, 10) == 1
        await eventually(lambda: own.read(COIL, 10) == 0, "it burns on")
