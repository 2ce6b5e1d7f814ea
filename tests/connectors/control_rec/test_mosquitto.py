"""Over a real broker: what is proven, what is only attempted, and what comes late."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from connectors.control_rec import RecControl
from connectors.control_rec.simulator import RecSimulator
from hub.clock import DomainClock
from hub.conformance.base import test as in_a_loop
from hub.conformance.driver import Memory
from hub.model import Dim, Release, Switch, Zone
from hub.sdk import Condition, Misbehaviour, RawItem, Sighting, TransientError, UnknownOutcomeError
from hub.sdk.mqtt.simulator import BrokerAt
from tests.connectors.control_rec.stand import ACCESS, PASSWORDS, connector
from tests.connectors.rooms import eventually
from tests.counterparts.mosquitto import Mosquitto

ZONES: dict[str, Any] = {
    "hall": {"kind": "dim"},
    "yard": {"sensor": None},
    "vent": {"form": "text", "automatic": "Auto", "sensor": None},
}
HALF = Zone(key="hall", level=Dim(percent=50))


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    """A broker for all of them."""
    with Mosquitto(PASSWORDS, ACCESS) as running:
        yield running


@asynccontextmanager
async def house(
    broker: Mosquitto,
    client_id: str,
    *,
    state: Memory | None = None,
    touched: list[str] | None = None,
    heard: list[RawItem] | None = None,
    retains: bool = False,
    **more: Any,
) -> AsyncIterator[tuple[RecSimulator, RecControl]]:
    """An edge device with its zones, and a connector to it. `retains`: the broker keeps what it saw last."""
    at = BrokerAt(broker.host, broker.port, "edge", PASSWORDS["edge"])
    device = RecSimulator(DomainClock(), settings={"zones": ZONES, "device_id": f"edge-{client_id}"}, broker=at)
    device.retains = retains
    await device.start()
    settings: dict[str, Any] = dict(device.config()) | {"echo_within": 0.3} | more
    settings["mqtt"] |= {"client_id": client_id, "protocol": "5"}
    try:
        async with connector(settings, state=state, touched=touched, heard=heard) as made:
            yield device, made
    finally:
        await device.stop()


@in_a_loop
async def test_only_a_sensor_proves_a_level_and_success_is_an_attempt(broker: Mosquitto) -> None:
    async with house(broker, "proofs") as (device, hub):
        receipt = await hub.put_zone(HALF)
        assert (receipt.condition, device.zones()["hall"]) == (Condition.STANDING, HALF.level)
        assert receipt.reference.startswith("urn:uuid:")
        assert (await hub.read_zone("hall")).condition is Condition.STANDING
        sent = await hub.put_zone(Zone(key="yard", level=Switch(on=True)))
        assert (sent.condition, device.zones()["yard"]) == (Condition.SENT, Switch(on=True))
        assert (await hub.read_zone("yard")).condition is Condition.SENT
        assert (await hub.put_zone(HALF)).reference != receipt.reference


@in_a_loop
async def test_a_refusal_is_told_with_its_reason_and_tried_later(broker: Mosquitto) -> None:
    async with house(broker, "refusals") as (device, hub):
        device.misbehave(Misbehaviour.REFUSES, "hall")
        with pytest.raises(TransientError, match="hall: the device answered rejected: actuator: Underlying system"):
            await hub.put_zone(HALF)
        seen = await hub.read_zone("hall")
        assert (seen.condition, seen.detail) == (Condition.FAILED, "actuator: Underlying system is offline")
        device.recover()
        assert (await hub.put_zone(HALF)).condition is Condition.STANDING


@in_a_loop
async def test_an_exception_after_success_is_a_failure_until_the_sensor_tells_otherwise(broker: Mosquitto) -> None:
    touched: list[str] = []
    async with house(broker, "exceptions", touched=touched) as (device, hub):
        await hub.put_zone(HALF)
        ids = device.edge.zones["hall"]
        failure = {"origin": "actuator", "id": f"{ids.id}/", "exception": "Lamp driver lost", "retry": 1}
        device.tell(device.edge.message({"exceptions": [failure | {"exceptionTime": device.edge.stamp()}]}))
        await eventually(lambda: "hall" in touched)
        seen = await hub.read_zone("hall")
        assert (seen.condition, seen.detail) == (Condition.FAILED, "actuator: Lamp driver lost")
        assert (await hub.put_zone(HALF)).condition is Condition.STANDING


@in_a_loop
async def test_what_comes_late_changes_nothing_that_is_newer(broker: Mosquitto) -> None:
    touched: list[str] = []
    async with house(broker, "late", touched=touched) as (device, hub):
        late = device.edge.message(device.edge.observation(device.edge.zones["hall"]))
        await hub.put_zone(HALF)
        device.tell(late)
        device.tell(b"no message at all")
        device.misbehave(Misbehaviour.SET_BY_HAND, "yard")
        device.misbehave(Misbehaviour.SET_BY_HAND, "hall")
        await eventually(lambda: "hall" in touched)
        assert touched == ["hall"], "the late one was news"
        assert (await hub.read_zone("hall")).value == Dim(percent=0)


@in_a_loop
async def test_what_the_broker_keeps_is_known_before_any_command_and_by_a_hub_that_lost_what_it_knew(
    broker: Mosquitto,
) -> None:
    touched: list[str] = []
    async with house(broker, "kept", touched=touched, retains=True) as (device, hub):
        await eventually(lambda: touched == ["hall"], "what was kept is not heard")
        assert await hub.read_zone("hall") == Sighting(Dim(percent=0))
        await hub.put_zone(HALF)
        settings: dict[str, Any] = dict(device.config())
        settings["mqtt"] |= {"client_id": "kept-anew", "protocol": "5"}
        touched.clear()
        async with connector(settings, touched=touched) as anew:
            await eventually(lambda: touched == ["hall"], "who comes later hears nothing")
            assert await anew.read_zone("hall") == Sighting(HALF.level)
        device.misbehave(Misbehaviour.SET_BY_HAND, "hall")
        await eventually(lambda: touched == ["hall", "hall"], "the hand is not seen")
        assert await hub.read_zone("hall") == Sighting(Dim(percent=0))


@in_a_loop
async def test_a_device_that_says_nothing_leaves_a_command_in_doubt(broker: Mosquitto) -> None:
    async with house(broker, "silence") as (device, hub):
        device.edge.device = "another"
        with pytest.raises(UnknownOutcomeError, match="zone hall: the device did not answer"):
            await hub.put_zone(HALF)
        with pytest.raises(UnknownOutcomeError):
            await hub.put_zone(Zone(key="yard", level=Switch(on=True)))
        assert (await hub.read_zone("hall")).condition is Condition.COMING
    async with house(broker, "silence", answers=False) as (device, hub):
        device.edge.device = "another"
        assert (await hub.put_zone(HALF)).condition is Condition.COMING
        assert (await hub.put_zone(Zone(key="vent", level=Release()))).condition is Condition.SENT


@in_a_loop
async def test_a_device_that_is_not_there_is_told_at_once_and_what_was_known_is_kept(broker: Mosquitto) -> None:
    state = Memory()
    async with house(broker, "gone", state=state) as (device, hub):
        await hub.check()
        with pytest.raises(TransientError, match=r"zone hall: sensor .* has told nothing yet"):
            await hub.read_zone("hall")
        await hub.put_zone(HALF)
        await device.stop()
        gone = "Received DISCONNECT from edge"
        await eventually(lambda: broker.log().rpartition("as edge ")[2].count(gone) == 1)
        with pytest.raises(TransientError, match="nobody listens"):
            await hub.check()
    async with house(broker, "gone", state=state) as (_, hub):
        assert (await hub.read_zone("hall")).value == HALF.level


@in_a_loop
async def test_what_is_measured_is_heard_and_what_is_no_message_is_an_item_that_cannot_be_read(
    broker: Mosquitto,
) -> None:
    heard: list[RawItem] = []
    async with house(broker, "measures", heard=heard) as (device, hub):
        device.tell(b"no message at all")
        own, device.edge.device = device.edge.device, "another"
        device.happen(1)
        device.tell_all()
        device.edge.device = own
        device.happen(4)
        device.tell_all()
        await eventually(lambda: len(heard) == 6)
        assert [message for item in heard[1:] for message in hub.translate(item)] == list(device.emitted())
        assert heard[0].fault.startswith("a message: no JSON; ask who made the device")
        device.tell(b"no message at all")
        await eventually(lambda: len(heard) == 7)
        assert heard[6].source_id == heard[0].source_id
