"""What is particular to locks with slots behind Zigbee2MQTT: whose a slot is, and what a lock has really said."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.access_zigbee2mqtt import ZigbeeLocks
from connectors.access_zigbee2mqtt.config import ZigbeeConfig
from connectors.access_zigbee2mqtt.simulator import MASTER, Slot, ZigbeeSimulator
from hub.conformance.base import test as in_a_loop
from hub.conformance.driver import Memory, SetClock
from hub.conformance.network import Network
from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import Condition, Lent, Misbehaviour, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.mqtt import Heard
from hub.sdk.mqtt.small_broker import SmallBroker
from tests.connectors.rooms import eventually

KEY, OTHER = "hub-2480-B-7", "hub-2480-B-8"
EVENING = datetime(2026, 12, 1, 17, tzinfo=UTC)


def code(*doors: str, key: str = KEY, pin: str = "482917") -> Credential:
    windows = {Window(door=door, starts_at=EVENING, ends_at=EVENING + timedelta(hours=2)) for door in doors}
    return Credential(key=key, method=Method.PIN, value=SecretStr(pin), windows=frozenset(windows))


@dataclass
class House:
    """Locks, and how to come to them."""

    simulator: ZigbeeSimulator
    touched: list[str] = field(default_factory=list)
    told: StringIO = field(default_factory=StringIO)

    @property
    def retained(self) -> Mapping[str, bytes]:
        assert isinstance(self.simulator._broker, SmallBroker)
        return self.simulator._broker.retained

    def notes(self) -> dict[str, bytes]:
        return {topic: payload for topic, payload in self.retained.items() if topic.startswith("knutpunkt/")}

    def slots(self, door: str) -> dict[int, str]:
        """What opens it, without what was there from the beginning."""
        held = self.simulator.locks[door].slots
        return {number: slot.pin for number, slot in held.items() if number != MASTER[0]}

    @asynccontextmanager
    async def connector(self, **changes: Any) -> AsyncIterator[ZigbeeLocks]:
        """One that has just been started, opened."""
        log = logging.Logger("connector")  # noqa: LOG001  (of this test alone)
        log.addHandler(logging.StreamHandler(self.told))
        lent = Lent(
            transport=Network(self.simulator, None, 0),
            clock=SetClock(),
            state=Memory(),
            log=log,
            touched=self.touched.append,
            timeout=timedelta(seconds=3),
        )
        settings = {**self.simulator.config(), "report_within": 2.0, **changes}
        connector = ZigbeeLocks(ZigbeeConfig.model_validate(settings), lent)
        await connector.open()
        try:
            yield connector
        finally:
            await connector.close()


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    simulator = ZigbeeSimulator(SetClock(), ("sauna", "gym"))
    await simulator.start()
    try:
        yield House(simulator)
    finally:
        await simulator.stop()


QUICK = {"report_within": 0.1}
"""Where a lock is waited for in vain."""


@in_a_loop
async def test_what_somebody_set_in_a_slot_of_ours_is_never_touched() -> None:
    async with house() as stand, stand.connector() as locks:
        stand.simulator.locks["sauna"].slots[11] = Slot("5550")
        await locks.put_credential(code("sauna"))
        assert stand.slots("sauna") == {11: "5550", 12: "482917"}
        assert "slot 11 is filled, and not by us" in stand.told.getvalue()
        await locks.remove_credential(KEY)
        assert stand.slots("sauna") == {11: "5550"}


@in_a_loop
async def test_a_lock_whose_slots_others_have_filled_is_for_a_person() -> None:
    async with house() as stand, stand.connector() as locks:
        others = {number: str(5550 + number) for number in (11, 12, 13)}
        stand.simulator.locks["sauna"].slots |= {number: Slot(pin) for number, pin in others.items()}
        with pytest.raises(RejectedError, match="lock sauna: all its 3 slots are taken"):
            await locks.put_credential(code("sauna"))
        assert stand.slots("sauna") == others
        assert stand.notes() == {}


@in_a_loop
async def test_a_new_code_in_a_full_lock_takes_the_place_of_the_old_one() -> None:
    async with house() as stand, stand.connector() as locks:
        for number, pin in enumerate(("482901", "482902", "482903")):
            await locks.put_credential(code("sauna", key=f"{KEY}.{number}", pin=pin))
        await locks.put_credential(code("sauna", key=f"{KEY}.1", pin="730518"))
        assert sorted(stand.slots("sauna").values()) == ["482901", "482903", "730518"]


@in_a_loop
async def test_nothing_stands_until_the_lock_itself_has_told_so() -> None:
    async with house() as stand, stand.connector(**QUICK) as locks:
        lock = stand.simulator.locks["sauna"]
        lock.goes_silent = True
        assert (await locks.put_credential(code("sauna"))).condition is Condition.COMING
        with pytest.raises(TransientError, match="lock sauna: it does not tell what is in slot 11"):
            await locks.read_credential(KEY)
        lock.silent = lock.goes_silent = False
        seen = await locks.read_credential(KEY)
        assert seen
        assert seen.condition is Condition.STANDING


@in_a_loop
async def test_an_old_code_is_left_while_the_new_one_is_not_told_of() -> None:
    async with house() as stand, stand.connector(**QUICK) as locks:
        await locks.put_credential(code("sauna"))
        gym = stand.simulator.locks["gym"]
        gym.goes_silent = True
        with pytest.raises(UnknownOutcomeError, match="lock gym: it does not tell of the new code"):
            await locks.put_credential(code("gym"))
        assert stand.slots("sauna") == {11: "482917"}
        gym.silent = gym.goes_silent = False
        await locks.put_credential(code("gym"))
        assert (stand.slots("sauna"), stand.slots("gym")) == ({}, {11: "482917"})


@in_a_loop
async def test_a_code_counts_as_gone_only_when_the_lock_says_so() -> None:
    async with house() as stand, stand.connector(**QUICK) as locks:
        await locks.put_credential(code("sauna"))
        lock = stand.simulator.locks["sauna"]
        lock.goes_silent = True
        with pytest.raises(UnknownOutcomeError, match="lock sauna: it does not tell whether slot 11 is empty"):
            await locks.remove_credential(KEY)
        assert stand.notes()
        lock.silent = lock.goes_silent = False
        await locks.remove_credential(KEY)
        assert stand.notes() == {}


@in_a_loop
async def test_what_the_broker_retains_of_a_lock_proves_nothing() -> None:
    async with house() as stand:
        async with stand.connector() as locks:
            await locks.put_credential(code("sauna"))
        assert b"enabled" in stand.retained["zigbee2mqtt/sauna"]
        stand.simulator.misbehave(Misbehaviour.DELETED_BY_HAND, KEY)
        async with stand.connector(**QUICK) as locks:
            assert await locks.read_credential(KEY) is None
            stand.simulator.tell("zigbee2mqtt/sauna", b'{"users": {"11": {"status": "enabled"}}}')
        stand.simulator.locks["sauna"].silent = True
        async with stand.connector(**QUICK) as locks:
            reading = asyncio.create_task(locks.read_credential(KEY))
            await eventually(lambda: bool(locks.zigbee._waiting.get(("sauna", 11))))
            locks.zigbee._hear(Heard("zigbee2mqtt/sauna", b'{"users": {"11": {"status": "enabled"}}}', retained=True))
            with pytest.raises(TransientError):
                await reading


@in_a_loop
async def test_a_gateway_that_mixes_in_what_it_remembers_is_for_a_person() -> None:
    async with house() as stand, stand.connector() as locks:
        stand.simulator.locks["sauna"].remembers = True
        with pytest.raises(RejectedError, match="set filtered_cache: "):
            await locks.check()


@in_a_loop
async def test_a_lock_or_a_gateway_that_is_offline_is_waited_for_and_told() -> None:
    async with house() as stand, stand.connector() as locks:
        await locks.put_credential(code("gym"))
        stand.simulator.say("sauna", online=False)
        await eventually(lambda: locks.zigbee._offline == {"sauna"})
        with pytest.raises(TransientError, match="lock sauna: Zigbee2MQTT cannot reach it"):
            await locks.put_credential(code("sauna", key=OTHER))
        assert stand.slots("sauna") == {}
        await locks.check()
        assert "check: lock sauna" in stand.told.getvalue()
        stand.simulator.tell("zigbee2mqtt/bridge/state", b"offline")
        await eventually(lambda: len(locks.zigbee._offline) == 2)
        for call in (locks.check(), locks.read_credential(KEY)):
            with pytest.raises(TransientError, match="bridge/state: Zigbee2MQTT is offline; start it"):
                await call
        stand.simulator.tell("zigbee2mqtt/bridge/state", b"online")
        stand.simulator.say("sauna", online=True)
        await eventually(lambda: not locks.zigbee._offline)
        await locks.put_credential(code("sauna", key=OTHER))


@in_a_loop
async def test_a_code_changed_at_the_keypad_is_told_at_once_and_seen_as_shut_off() -> None:
    async with house() as stand, stand.connector() as locks:
        await locks.put_credential(code("sauna"))
        stand.simulator.at_the_keypad("sauna", 11, "99999")
        await eventually(lambda: stand.touched == [KEY])
        seen = await locks.read_credential(KEY)
        assert seen
        assert seen.condition is Condition.DISABLED
        await locks.put_credential(code("sauna"))
        assert stand.slots("sauna") == {11: "482917"}
        seen = await locks.read_credential(KEY)
        assert seen
        assert seen.condition is Condition.STANDING


@in_a_loop
async def test_a_code_cleared_at_the_keypad_is_told_at_once_and_absent() -> None:
    async with house() as stand, stand.connector() as locks:
        await locks.put_credential(code("sauna"))
        stand.simulator.at_the_keypad("sauna", 11, None)
        await eventually(lambda: stand.touched == [KEY])
        assert await locks.read_credential(KEY) is None
        await locks.put_credential(code("sauna"))
        seen = await locks.read_credential(KEY)
        assert seen
        assert seen.condition is Condition.STANDING


@in_a_loop
async def test_a_slot_that_shows_anothers_code_is_theirs() -> None:
    async with house() as stand, stand.connector() as locks:
        lock = stand.simulator.locks["sauna"]
        lock.echoes = True
        await locks.put_credential(code("sauna"))
        seen = await locks.read_credential(KEY)
        assert seen
        assert seen.value.value == SecretStr("482917")
        lock.slots[11] = Slot("99999")
        assert await locks.read_credential(KEY) is None
        await locks.put_credential(code("sauna"))
        assert stand.slots("sauna") == {11: "99999", 12: "482917"}
        lock.slots[12] = Slot("88888")
        await locks.remove_credential(KEY)
        assert stand.slots("sauna") == {11: "99999", 12: "88888"}
        assert stand.notes() == {}


@in_a_loop
async def test_a_lock_that_does_not_show_codes_is_read_without_one() -> None:
    async with house() as stand, stand.connector() as locks:
        await locks.put_credential(code("sauna"))
        seen = await locks.read_credential(KEY)
        assert seen
        assert seen.value.value is Unsaid.NOT_TOLD


@in_a_loop
async def test_a_note_holds_no_code_and_equal_codes_have_unlike_marks() -> None:
    async with house() as stand, stand.connector() as locks:
        await locks.put_credential(code("sauna", "gym"))
        assert set(stand.notes()) == {"knutpunkt/sauna/slots/11", "knutpunkt/gym/slots/11"}
        notes = [json.loads(payload) for payload in stand.notes().values()]
        assert [note["key"] for note in notes] == [KEY, KEY]
        assert len({note["mark"] for note in notes}) == 2
        assert not [payload for payload in stand.notes().values() if b"482917" in payload]
        assert not [topic for topic in stand.retained if topic.endswith(("/set", "/get", "/ping"))]


@in_a_loop
async def test_another_secret_knows_no_code_again_and_takes_back_all_the_same() -> None:
    async with house() as stand:
        async with stand.connector() as locks:
            await locks.put_credential(code("sauna"))
        async with stand.connector(notes_secret="another-secret-of-ours") as locks:
            await locks.put_credential(code("sauna"))
            assert list(stand.slots("sauna").values()) == ["482917"]
            await locks.remove_credential(KEY)
        assert stand.slots("sauna") == {}


@in_a_loop
async def test_a_slot_that_is_not_the_hubs_any_more_is_still_cleared() -> None:
    async with house() as stand:
        async with stand.connector() as locks:
            await locks.put_credential(code("sauna"))
        async with stand.connector(slots="21-22") as locks:
            assert await locks.read_credential(KEY)
            await locks.remove_credential(KEY)
            assert stand.slots("sauna") == {}


@in_a_loop
async def test_a_slot_that_is_not_the_hubs_any_more_is_not_filled_again() -> None:
    async with house() as stand:
        async with stand.connector() as locks:
            await locks.put_credential(code("sauna"))
        stand.simulator.misbehave(Misbehaviour.DELETED_BY_HAND, KEY)
        async with stand.connector(slots="21-22") as locks:
            await locks.put_credential(code("sauna"))
            assert stand.slots("sauna") == {21: "482917"}


@in_a_loop
async def test_a_note_that_is_none_of_ours_is_told_and_its_slot_left_alone() -> None:
    async with house() as stand:
        stand.simulator.tell("knutpunkt/sauna/slots/11", b"do not touch")
        async with stand.connector() as locks:
            with pytest.raises(RejectedError, match="knutpunkt/sauna/slots/11: no note of ours"):
                await locks.check()
            await locks.put_credential(code("sauna"))
            assert stand.slots("sauna") == {12: "482917"}


@in_a_loop
async def test_a_code_that_the_lock_does_not_take_leaves_nothing() -> None:
    async with house() as stand, stand.connector(**QUICK) as locks:
        stand.simulator.misbehave(Misbehaviour.REFUSES)
        with pytest.raises(RejectedError, match="lock sauna: slot 11 does not take the code") as refused:
            await locks.put_credential(code("sauna"))
        assert "482917" not in str(refused.value)
        assert (stand.slots("sauna"), stand.notes()) == ({}, {})


@pytest.mark.parametrize("value", [SecretStr("0829"), SecretStr("48A9"), Unsaid.CHOSEN_BY_SYSTEM])
@in_a_loop
async def test_a_code_that_is_no_number_is_for_a_person(value: SecretStr | Unsaid) -> None:
    async with house() as stand, stand.connector() as locks:
        with pytest.raises(RejectedError):
            await locks.put_credential(code("sauna").model_copy(update={"value": value}))
        assert stand.slots("sauna") == {}


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"slots": "30-11"}, "slots end before they begin"),
        ({"slots": "all"}, "pattern"),
        ({"notes_topic": "knutpunkt/{lock}/slots"}, "no level that is {slot}"),
        ({"notes_topic": "knutpunkt/slots/{slot}"}, "two locks share their notes topic"),
        ({"state_topic": "zigbee2mqtt/#"}, "wildcard"),
        ({"bridge_topic": "{base}/bridge/state"}, "name in braces"),
        ({"notes_secret": "short"}, "notes_secret"),
        ({"locks": {}}, "locks"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ZigbeeConfig.model_validate({**ZigbeeSimulator(SetClock()).config(), **changes})


def test_the_lock_with_the_fewest_slots_says_how_many_codes_there_is_room_for() -> None:
    config = ZigbeeConfig.model_validate(
        {**ZigbeeSimulator(SetClock()).config(), "locks": {"sauna": {"slots": "1-2"}, "gym": {}}}
    )
    assert [len(config.lock(name).slots) for name in ("sauna", "gym")] == [2, 3]
    lent = Lent(transport=None, clock=SetClock(), state=Memory(), log=logging.getLogger("test"))  # type: ignore[arg-type]
    assert ZigbeeLocks(config, lent).access_limits.capacity == 2
