"""What a device does besides what it is told: exceptions, one client only, outputs that fall, a hand."""

import asyncio

import pytest

from hub.conformance.base import test as in_a_loop
from hub.conformance.driver import BEGINNING
from hub.model import Dim, Level, Release, Switch, Zone
from hub.sdk import (
    Condition,
    ConnectorError,
    Misbehaviour,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from tests.connectors.control_modbus.stand import Room, device
from tests.connectors.rooms import DEADLINE, eventually

LIT, DARK = Switch(on=True), Switch(on=False)
ON = Zone(key="hall", level=LIT)
FALLS = {"zones": {"hall": {"at": "coil:7"}}, "watchdog": 0.12}
PATIENT = {"zones": {"hall": {"at": "coil:7"}, "stairs": {"at": "coil:8"}}}


@pytest.mark.parametrize(
    "code, written, read",
    [
        (1, RejectedError, RejectedError),
        (2, RejectedError, RejectedError),
        (3, RejectedError, RejectedError),
        (4, UnknownOutcomeError, TransientError),
        (5, UnknownOutcomeError, TransientError),
        (6, TransientError, TransientError),
        (10, TransientError, TransientError),
        (11, UnknownOutcomeError, TransientError),
        (99, UnknownOutcomeError, TransientError),
    ],
)
@in_a_loop
async def test_an_exception_is_what_happens_next(
    code: int, written: type[ConnectorError], read: type[ConnectorError]
) -> None:
    async with device(**PATIENT) as module, Room().connector(PATIENT | dict(module.config())) as connector:
        module.exception, module.only_for = code, "hall"
        with pytest.raises(written, match=f"coil:7.*exception {code}"):
            await connector.put_zone(ON)
        with pytest.raises(read, match=f"coil:7.*exception {code}"):
            await connector.read_zone("hall")
        await connector.put_zone(Zone(key="stairs", level=LIT))
        assert module.zones() == {"hall": DARK, "stairs": LIT}, "the other zone of the device follows all the same"
        module.recover()
        await connector.put_zone(ON)
        assert module.zones() == {"hall": LIT, "stairs": LIT}


@in_a_loop
async def test_half_a_command_is_never_called_nothing() -> None:
    mode = {"at": "holding:9", "status": "input:9", "kind": "dim", "mode": {"at": "coil:9", "ours": 1, "released": 0}}
    zones = {"zones": {"hall": mode, "mode": {"at": "coil:9"}}}
    async with device(**zones) as module, Room().connector(zones | dict(module.config())) as connector:
        module.exception, module.only_for = 6, "mode"
        with pytest.raises(UnknownOutcomeError, match=r"zone hall: half of it is written.*busy"):
            await connector.put_zone(Zone(key="hall", level=Dim(percent=50)))
        assert module.zones()["hall"] == Dim(percent=0), "its own automation still has it"
        module.recover()
        await connector.put_zone(Zone(key="hall", level=Dim(percent=50)))
        assert module.zones()["hall"] == Dim(percent=50)
        await connector.put_zone(Zone(key="hall", level=Release()))
        assert module.zones()["hall"] == Dim(percent=0)


@in_a_loop
async def test_all_zones_share_one_connection_to_a_device_that_has_room_for_one() -> None:
    async with device(**PATIENT) as module:
        module.room = 1
        settings = PATIENT | dict(module.config())
        async with Room().connector(settings) as connector:
            assert connector.pace.clients_at_once == 1
            for level in (LIT, DARK, LIT):
                for key in ("hall", "stairs"):
                    assert (await connector.put_zone(Zone(key=key, level=level))).condition is Condition.STANDING
            async with Room().connector(settings, timeout=0.5) as second:
                with pytest.raises((TransientError, UnknownOutcomeError)):
                    await second.put_zone(Zone(key="hall", level=DARK))
            assert module.zones() == {"hall": LIT, "stairs": LIT}
        async with Room().connector(settings) as connector:
            await connector.put_zone(Zone(key="hall", level=DARK))
        assert module.zones() == {"hall": DARK, "stairs": LIT}


@in_a_loop
async def test_a_device_that_hung_up_in_between_is_connected_to_anew() -> None:
    async with device(**PATIENT) as module, Room().connector(PATIENT | dict(module.config())) as connector:
        await connector.put_zone(ON)
        module.drop_all()
        await eventually(lambda: not connector.device._client or not connector.device._client.connected)
        await connector.put_zone(Zone(key="hall", level=DARK))
        assert module.zones()["hall"] == DARK


@in_a_loop
async def test_a_device_that_hangs_up_in_place_of_an_answer_is_not_waited_for() -> None:
    async with device(**PATIENT) as module, Room().connector(PATIENT | dict(module.config()), timeout=60) as connector:
        module.hangs_up = True
        async with asyncio.timeout(DEADLINE):
            with pytest.raises(UnknownOutcomeError, match="no answer says"):
                await connector.put_zone(ON)
        assert module.zones()["hall"] == LIT
        module.recover()
        assert (await connector.read_zone("hall")).value == LIT


@in_a_loop
async def test_a_status_that_lags_behind_is_coming_and_no_failure() -> None:
    zones = {"zones": {"hall": {"at": "coil:7", "status": "discrete:7"}}}
    async with device(**zones) as module, Room().connector(zones | dict(module.config())) as connector:
        module._work = lambda: None  # type: ignore[method-assign]  # the lamp needs a while
        assert (await connector.put_zone(ON)).condition is Condition.COMING
        assert (await connector.read_zone("hall")).value == DARK


@in_a_loop
async def test_one_zone_that_cannot_be_read_fails_a_check_only_when_a_person_must_act() -> None:
    room = Room()
    async with device(**PATIENT) as module, room.connector(PATIENT | dict(module.config())) as connector:
        module.exception, module.only_for = 6, "hall"
        assert (await connector.check()).external_keys == frozenset({"hall", "stairs"})
        assert "busy" in room.told.getvalue()
        module.exception = 2
        with pytest.raises(RejectedError, match=r"coil:7.*count from 0"):
            await connector.check()


@in_a_loop
async def test_outputs_stand_while_the_hub_lives_and_fall_when_it_is_gone() -> None:
    async with device(**FALLS) as module:
        async with Room().connector(FALLS | dict(module.config())) as connector:
            await connector.put_zone(ON)
            before = module.writes
            await eventually(lambda: module.writes >= before + 6, "it is not written again")
            assert module.zones() == {"hall": LIT}
        await eventually(lambda: module.zones() == {"hall": DARK}, "it burns on though the hub is gone")


@in_a_loop
async def test_what_the_hub_puts_no_more_falls_though_the_process_lives() -> None:
    room = Room()
    async with device(**FALLS) as module, room.connector(FALLS | dict(module.config())) as connector:
        lease = connector.off_timer(connector.config, "hall")
        assert lease is not None
        await connector.put_zone(Zone(key="hall", level=LIT, until=room.clock.now() + lease))
        before = module.writes
        await eventually(lambda: module.writes >= before + 5)
        assert module.zones() == {"hall": LIT}
        room.clock.move(lease)
        await eventually(lambda: module.zones() == {"hall": DARK}, "it burns on though nobody asks for it")
        assert room.state.kept == {}


@in_a_loop
async def test_what_was_released_is_written_no_more() -> None:
    async with device(**FALLS) as module, Room().connector(FALLS | dict(module.config())) as connector:
        for level in (LIT, Release()):
            await connector.put_zone(Zone(key="hall", level=level))
        assert module.zones() == {"hall": DARK}
        before = module.writes
        now = asyncio.get_running_loop().time
        await eventually(lambda: module._falling is not None and module._falling.when() < now())
        assert module.writes == before


@in_a_loop
async def test_a_hand_is_not_fought_but_told_of() -> None:
    room = Room()
    async with device(**FALLS) as module, room.connector(FALLS | dict(module.config())) as connector:
        await connector.put_zone(ON)
        module.misbehave(Misbehaviour.SET_BY_HAND, "hall")
        await eventually(lambda: room.touched == ["hall"], "nobody is told")
        assert module.zones() == {"hall": DARK}
        assert room.state.kept == {}
        await connector.put_zone(ON)
        assert module.zones() == {"hall": LIT}


@in_a_loop
async def test_what_fell_while_the_network_was_down_stands_again_afterwards() -> None:
    room = Room()
    async with device(**FALLS) as module, room.connector(FALLS | dict(module.config())) as connector:
        await connector.put_zone(ON)
        module.misbehave(Misbehaviour.DOWN)
        await eventually(lambda: module.zones() == {"hall": DARK} and "may fall" in room.told.getvalue())
        module.recover()
        await eventually(lambda: module.zones() == {"hall": LIT}, "it stays dark")
        assert room.touched == []


@in_a_loop
async def test_what_cannot_be_read_of_an_earlier_process_counts_as_lost() -> None:
    room = Room()
    room.state.kept["held:hall"] = '{"level": "bright"}'
    async with device(**FALLS) as module, room.connector(FALLS | dict(module.config())) as connector:
        await connector.put_zone(ON)
        assert module.zones() == {"hall": LIT}


@in_a_loop
async def test_a_command_waits_for_an_older_write_no_longer_than_it_may_take() -> None:
    async with device(**FALLS) as module, Room().connector(FALLS | dict(module.config()), timeout=0.1) as connector:
        assert connector._holding
        async with connector._holding.turn("hall"):
            with pytest.raises(TransientError, match="older write"):
                await connector.put_zone(ON)
        await connector.put_zone(ON)
        assert module.zones() == {"hall": LIT}


@pytest.mark.parametrize("minutes, stands", [(30, LIT), (90, DARK)])
@in_a_loop
async def test_a_restart_goes_on_with_what_is_still_wanted(minutes: int, stands: Level) -> None:
    room, until = Room(), BEGINNING.replace(hour=13)
    async with device(**FALLS) as module:
        settings = FALLS | dict(module.config())
        async with room.connector(settings) as connector:
            await connector.put_zone(Zone(key="hall", level=LIT, until=until))
        await eventually(lambda: module.zones() == {"hall": DARK})
        room.clock.time = BEGINNING.replace(hour=12 + minutes // 60, minute=minutes % 60)
        async with room.connector(settings):
            await eventually(lambda: room.touched == ["hall"] if stands == DARK else module.zones() == {"hall": LIT})
            assert module.zones() == {"hall": stands}
