"""The connector against a real broker, Mosquitto: TLS, both versions, notes that outlive us, and access lists."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connectors.access_zigbee2mqtt import ZigbeeLocks
from connectors.access_zigbee2mqtt.config import ZigbeeConfig
from connectors.access_zigbee2mqtt.simulator import ZigbeeSimulator
from hub.conformance.base import test as in_a_loop
from hub.conformance.driver import Memory, SetClock
from hub.model import Window
from hub.sdk import Condition, Lent, Misbehaviour, TransientError
from hub.sdk.mqtt.simulator import BrokerAt
from tests.connectors.access_zigbee2mqtt.test_locks import KEY, code
from tests.connectors.control_mqtt.stand import PASSWORDS, guest
from tests.connectors.rooms import eventually
from tests.counterparts.mosquitto import Mosquitto

ACCESS = """
user hub
topic read zigbee2mqtt/#
topic write zigbee2mqtt/+/set
topic write zigbee2mqtt/+/get
topic readwrite knutpunkt/#
topic write hidden/#

user gateway
topic readwrite zigbee2mqtt/#
topic read knutpunkt/#

user guest
topic readwrite #
"""
LOCKS: dict[str, dict[str, str]] = {"Bastu Å": {}, "gym": {"slots": "1-2"}}
BOTH = pytest.mark.parametrize("protocol", ["3.1.1", "5"])


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with Mosquitto(PASSWORDS, ACCESS) as running:
        yield running


def settings(broker: Mosquitto, **changes: Any) -> dict[str, object]:
    return {
        "host": broker.host,
        "port": broker.tls_port,
        "username": "hub",
        "password": PASSWORDS["hub"],
        "client_id": "locks",
        "locks": LOCKS,
        "slots": "11-12",
        "notes_secret": "notes-secret-of-the-sauna",
        **changes,
    }


@asynccontextmanager
async def connector(broker: Mosquitto, **changes: Any) -> AsyncIterator[ZigbeeLocks]:
    log = logging.Logger("connector")  # noqa: LOG001  (of this test alone)
    async with httpx.AsyncHTTPTransport(verify=False) as transport:
        lent = Lent(
            transport=transport,
            clock=SetClock(),
            state=Memory(),
            log=log,
            tls=broker.tls,
            timeout=timedelta(seconds=5),
        )
        locks = ZigbeeLocks(ZigbeeConfig.model_validate(settings(broker, **changes)), lent)
        try:
            await locks.open()
            yield locks
        finally:
            await locks.close()


@asynccontextmanager
async def gateway(broker: Mosquitto) -> AsyncIterator[ZigbeeSimulator]:
    at = BrokerAt(broker.host, broker.port, "gateway", PASSWORDS["gateway"])
    simulator = ZigbeeSimulator(SetClock(), settings=settings(broker), broker=at)
    await simulator.start()
    try:
        yield simulator
    finally:
        await simulator.stop()


def opens(simulator: ZigbeeSimulator) -> set[tuple[str, int, str]]:
    """Lock, slot and code of what opens, without what was there from the beginning."""
    held = {(lock.name, number, slot.pin) for lock in simulator.locks.values() for number, slot in lock.slots.items()}
    return {one for one in held if one[2] != "90817263"}


@BOTH
@in_a_loop
async def test_codes_are_set_read_moved_and_cleared_over_tls(broker: Mosquitto, protocol: str) -> None:
    async with gateway(broker) as zigbee, connector(broker, protocol=protocol) as locks:
        await locks.check()
        receipt = await locks.put_credential(code("Bastu Å", "gym"))
        assert receipt.condition is Condition.STANDING
        assert opens(zigbee) == {("Bastu Å", 11, "482917"), ("gym", 2, "482917")}
        seen = await locks.read_credential(KEY)
        assert seen
        assert seen.value.windows == {Window.always("Bastu Å"), Window.always("gym")}
        await locks.put_credential(code("gym", pin="730518"))
        zigbee.misbehave(Misbehaviour.DELETED_BY_HAND, KEY)
        assert await locks.read_credential(KEY) is None
        await locks.put_credential(code("gym", pin="730518"))
        assert {pin for _, _, pin in opens(zigbee)} == {"730518"}
        await locks.remove_credential(KEY)
        assert opens(zigbee) == set()
        assert [one async for one in locks.list_credentials()] == []


@in_a_loop
async def test_a_hub_that_starts_anew_finds_its_codes_by_the_notes_that_the_broker_kept(broker: Mosquitto) -> None:
    async with gateway(broker) as zigbee:
        async with connector(broker) as locks:
            await locks.put_credential(code("Bastu Å"))
        await zigbee.stop()
        broker.stop()
        broker.start()
        await zigbee.start()
        async with connector(broker, client_id="another") as locks:
            await eventually(lambda: bool(zigbee.notes))
            assert [seen.value.key async for seen in locks.list_credentials()] == [KEY]
            await locks.put_credential(code("Bastu Å"))
            assert opens(zigbee) == {("Bastu Å", 11, "482917")}
            await locks.remove_credential(KEY)
            assert opens(zigbee) == set()


@in_a_loop
async def test_commands_and_questions_are_never_retained_and_codes_stand_in_no_note(broker: Mosquitto) -> None:
    async with gateway(broker), connector(broker) as locks:
        await locks.put_credential(code("gym"))
        async with guest(broker, "late") as late:
            late.publish("last", b"")
            await eventually(lambda: any(message.topic == "last" for message in late.seen))
            topics = {message.topic for message in late.seen}
            assert "knutpunkt/gym/slots/2" in topics
            assert not {topic for topic in topics if topic.endswith(("/set", "/get", "/ping"))}
            assert not [message for message in late.seen if b"482917" in message.payload]
        await locks.remove_credential(KEY)


@in_a_loop
async def test_notes_that_we_may_not_read_are_never_taken_for_none(broker: Mosquitto) -> None:
    hidden = {"notes_topic": "hidden/{lock}/{slot}", "report_within": 0.2}
    with pytest.raises(TransientError, match="/ping: our own ping did not come; may we read there"):
        async with connector(broker, **hidden):
            pass


@in_a_loop
async def test_what_a_stranger_filled_stays(broker: Mosquitto) -> None:
    async with gateway(broker) as zigbee, connector(broker) as locks:
        zigbee.locks["gym"].obey({"user": 1, "pin_code": 5550})
        await locks.put_credential(code("gym").model_copy(update={"value": SecretStr("91234")}))
        await locks.remove_credential(KEY)
        assert opens(zigbee) == {("gym", 1, "5550")}
