"""What a server does besides what it is told: it refuses, is not sure, loses sessions, has no room, is set by hand."""

import ast
import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import connectors.control_opcua as package
from connectors.control_opcua import OpcuaControl
from connectors.control_opcua.config import OpcuaConfig
from hub.conformance.base import test as in_a_loop
from hub.conformance.driver import BEGINNING
from hub.model import Dim, Level, Release, Setpoint, Switch, Zone
from hub.sdk import (
    Condition,
    ConnectorError,
    CredentialsError,
    Extra,
    Misbehaviour,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from tests.connectors.control_opcua.stand import AT_ONCE, Room, server
from tests.connectors.rooms import DEADLINE, eventually

LIT, DARK = Switch(on=True), Switch(on=False)
ON = Zone(key="hall", level=LIT)
HALL, STAIRS = "ns=2;s=Hall", "ns=2;s=Stairs"
TWO: dict[str, Any] = {"zones": {"hall": {"node": HALL}, "stairs": {"node": STAIRS}}}
TIMED: dict[str, Any] = {"zones": {"sauna": {"node": HALL, "off_after": 600, "timer": "ns=2;i=9"}}}
MODE: dict[str, Any] = {
    "zones": {"hall": {"node": HALL, "status": "ns=2;s=Lit", "kind": "dim", "mode": {"node": "ns=2;s=Auto"}}}
}
UNCERTAIN = 0x40900000  # UncertainLastUsableValue


@pytest.mark.parametrize(
    "status, written",
    [
        (0x80340000, RejectedError),  # BadNodeIdUnknown
        (0x803B0000, RejectedError),  # BadNotWritable
        (0x801F0000, RejectedError),  # BadUserAccessDenied
        (0x80740000, RejectedError),  # BadTypeMismatch
        (0x803C0000, RejectedError),  # BadOutOfRange
        (0x803C0480, RejectedError),  # BadOutOfRange, with bits that say more of the value
        (0x80730000, RejectedError),  # BadWriteNotSupported
        (0x808D0000, TransientError),  # BadOutOfService
        (0x80100000, TransientError),  # BadTooManyOperations
        (0x800A0000, UnknownOutcomeError),  # BadTimeout
        (0x80310000, UnknownOutcomeError),  # BadNoCommunication
        (0x808B0000, UnknownOutcomeError),  # BadDeviceFailure
        (0x80990000, UnknownOutcomeError),  # one that nobody has named
    ],
)
@in_a_loop
async def test_a_refusal_is_what_happens_next(status: int, written: type[ConnectorError]) -> None:
    async with server(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        one.nodes[HALL].refusal = status
        with pytest.raises(written, match="ns=2;s=Hall"):
            await connector.put_zone(ON)
        await connector.put_zone(Zone(key="stairs", level=LIT))
        assert one.zones() == {"hall": DARK, "stairs": LIT}, "the other zone of the server follows all the same"
        one.recover()
        assert (await connector.put_zone(ON)).condition is Condition.STANDING
        assert one.zones() == {"hall": LIT, "stairs": LIT}


@pytest.mark.parametrize(
    "fault, written, read",
    [
        (0x80250000, TransientError, TransientError),  # BadSessionIdInvalid
        (0x80260000, TransientError, TransientError),  # BadSessionClosed
        (0x80220000, TransientError, TransientError),  # BadSecureChannelIdInvalid
        (0x800E0000, TransientError, TransientError),  # BadServerHalted
        (0x80030000, TransientError, TransientError),  # BadOutOfMemory
        (0x800A0000, TransientError, TransientError),  # BadTimeout: of what is asked before anything is written
        (0x80020000, TransientError, TransientError),  # BadInternalError, likewise
        (0x80120000, CredentialsError, CredentialsError),  # BadCertificateInvalid
        (0x800B0000, RejectedError, RejectedError),  # BadServiceUnsupported
    ],
)
@in_a_loop
async def test_a_fault_of_the_whole_server_is_what_happens_next(
    fault: int, written: type[ConnectorError], read: type[ConnectorError]
) -> None:
    async with server(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        one.fault = fault
        with pytest.raises(written):
            await connector.put_zone(ON)
        with pytest.raises(read):
            await connector.read_zone("hall")
        one.recover()
        await connector.put_zone(ON)
        assert one.zones()["hall"] == LIT
        one.fault = 0x80020000
        with pytest.raises(UnknownOutcomeError, match="it may be done"):
            await connector.put_zone(ON)


@in_a_loop
async def test_what_the_server_is_not_sure_of_proves_nothing() -> None:
    async with server(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        one.nodes[HALL].status = UNCERTAIN
        assert (await connector.put_zone(ON)).condition is Condition.COMING
        seen = await connector.read_zone("hall")
        assert (seen.value, seen.condition) == (LIT, Condition.COMING)
        assert "UncertainLastUsableValue" in seen.detail
        one.nodes[HALL].status = 0x80310000
        assert (await connector.put_zone(ON)).condition is Condition.COMING
        with pytest.raises(TransientError, match="BadNoCommunication"):
            await connector.read_zone("hall")
        one.recover()
        assert (await connector.read_zone("hall")).condition is Condition.STANDING


@in_a_loop
async def test_a_number_is_written_in_the_type_that_the_node_has_and_no_other() -> None:
    zones = {
        "zones": {"hall": {"node": HALL, "kind": "dim"}, "heat": {"node": STAIRS, "kind": "setpoint", "release": 16}}
    }
    async with server(**zones) as one:
        for kind in range(2, 12):  # SByte to Double
            for node in one.nodes.values():
                node.type, node.value = kind, 0
            async with Room().connector(zones | dict(one.config())) as connector:
                await connector.put_zone(Zone(key="hall", level=Dim(percent=50)))
                await connector.put_zone(Zone(key="heat", level=Setpoint(celsius=Decimal(20))))
                assert one.zones() == {"hall": Dim(percent=50), "heat": Setpoint(celsius=Decimal(20))}


@in_a_loop
async def test_a_server_that_comes_back_with_another_type_is_written_in_that() -> None:
    async with server(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        await connector.put_zone(ON)
        one.nodes[HALL].type, one.nodes[HALL].value = 4, 0
        one.restart()
        await eventually(lambda: bool(one.sessions))
        await connector.put_zone(ON)
        assert one.written[-1] == (HALL, 1)


@in_a_loop
async def test_a_type_that_changed_meanwhile_is_read_anew_after_the_refusal() -> None:
    async with server(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        await connector.put_zone(ON)
        one.nodes[HALL].type, one.nodes[HALL].value = 6, 0
        with pytest.raises(RejectedError, match=r"zone hall: .*BadTypeMismatch"):
            await connector.put_zone(ON)
        await connector.put_zone(ON)
        assert one.written[-1] == (HALL, 1)


@in_a_loop
async def test_a_node_is_found_by_the_name_of_its_namespace_whatever_number_that_has() -> None:
    zones = {"zones": {"hall": {"node": "nsu=urn:building;s=Hall"}, "gone": {"node": "nsu=urn:elsewhere;s=Gone"}}}
    room = Room()
    async with server(**zones) as one, room.connector(zones | dict(one.config())) as connector:
        await connector.put_zone(ON)
        assert one.written == [(HALL, True)]
        with pytest.raises(RejectedError, match="no namespace urn:elsewhere"):
            await connector.put_zone(Zone(key="gone", level=LIT))
        await eventually(lambda: any(session.watched for session in one.sessions.values()))
        one.misbehave(Misbehaviour.SET_BY_HAND, "hall")
        await eventually(lambda: "hall" in room.touched, "one zone that is nowhere silences the others")
        assert "zone gone: no word of changes" in room.told.getvalue()


@in_a_loop
async def test_a_hand_is_told_of_at_once_and_our_own_writing_is_not() -> None:
    room = Room()
    async with server(**TWO) as one, room.connector(TWO | dict(one.config())) as connector:
        await eventually(lambda: any(session.waiting for session in one.sessions.values()))
        await connector.put_zone(ON)
        one.misbehave(Misbehaviour.SET_BY_HAND, "stairs")
        await connector.read_zone("hall")
        assert room.touched == [], "of a zone that nobody has put or looked at nothing is news"
        one.misbehave(Misbehaviour.SET_BY_HAND, "hall")
        await eventually(lambda: room.touched == ["hall"], "nobody is told")
        assert (await connector.read_zone("hall")).value == DARK


@in_a_loop
async def test_a_lost_connection_takes_up_its_session_again_where_there_is_room_for_one() -> None:
    room = Room()
    async with server(**TWO) as one:
        one.room = 1
        async with room.connector(TWO | dict(one.config())) as connector:
            await connector.put_zone(ON)
            for level in (DARK, LIT):
                before = dict(one.sessions)
                one.drop_all()
                await eventually(lambda: "hall" in room.touched, "what changed meanwhile is not looked for")
                room.touched.clear()
                await connector.put_zone(Zone(key="hall", level=level))
                assert one.zones()["hall"] == level
                assert one.sessions == before
                one.misbehave(Misbehaviour.SET_BY_HAND, "hall")
                await eventually(lambda: "hall" in room.touched, "the new subscription tells nothing")
                room.touched.clear()
        assert one.sessions == {}, "a session is left behind"


@in_a_loop
async def test_a_server_without_room_is_waited_for() -> None:
    async with server(**TWO) as one:
        one.room = 0
        async with Room().connector(TWO | dict(one.config())) as connector:
            with pytest.raises(TransientError, match=r"all its sessions are taken.*BadTooManySessions"):
                await connector.put_zone(ON)
            one.room = 1
            await connector.put_zone(ON)
            assert one.zones()["hall"] == LIT


@in_a_loop
async def test_a_restarted_server_is_followed_again() -> None:
    room = Room()
    async with server(**TWO) as one, room.connector(TWO | dict(one.config())) as connector:
        await connector.put_zone(ON)
        one.restart()
        await eventually(lambda: "hall" in room.touched, "what changed meanwhile is not looked for")
        await eventually(lambda: any(session.watched for session in one.sessions.values()))
        room.touched.clear()
        one.misbehave(Misbehaviour.SET_BY_HAND, "hall")
        await eventually(lambda: "hall" in room.touched, "it is not followed any more")


@in_a_loop
async def test_a_subscription_that_the_server_ends_is_made_again() -> None:
    room = Room()
    async with server(**TWO) as one, room.connector(TWO | dict(one.config())) as connector:
        await eventually(lambda: any(session.watched for session in one.sessions.values()))
        await connector.put_zone(ON)
        one.end_subscriptions()
        await eventually(lambda: any(session.watched for session in one.sessions.values()), "it is not made again")
        room.touched.clear()
        one.misbehave(Misbehaviour.SET_BY_HAND, "hall")
        await eventually(lambda: "hall" in room.touched, "it is not followed any more")
        assert "BadTimeout" in room.told.getvalue()


@in_a_loop
async def test_a_server_that_follows_nothing_obeys_all_the_same_and_is_told_of_once() -> None:
    room = Room()
    async with server(**TWO) as one:
        one.listens = False
        async with room.connector(TWO | dict(one.config())) as connector:
            for level in (LIT, DARK, LIT):
                assert (await connector.put_zone(Zone(key="hall", level=level))).condition is Condition.STANDING
            await eventually(lambda: "no word of changes" in room.told.getvalue())
    assert room.told.getvalue().count("no word of changes") == 1


@in_a_loop
async def test_a_channel_gets_a_new_key_in_time_and_goes_on() -> None:
    async with server(**TWO) as one:
        one.channel_milliseconds = 80
        async with Room().connector(TWO | dict(one.config())) as connector:
            await eventually(lambda: one.renewed >= 3, "the channel is never renewed")
            await connector.put_zone(ON)
            assert one.zones()["hall"] == LIT
            assert len(one.sessions) == 1


@in_a_loop
async def test_a_server_that_hangs_up_in_place_of_an_answer_is_not_waited_for() -> None:
    async with server(**TWO) as one, Room().connector(TWO | dict(one.config()), timeout=60) as connector:
        await connector.put_zone(Zone(key="hall", level=DARK))
        one.hangs_up = True
        async with asyncio.timeout(DEADLINE):
            with pytest.raises(UnknownOutcomeError, match="no answer says"):
                await connector.put_zone(ON)
        assert one.zones()["hall"] == LIT
        one.recover()
        assert (await connector.read_zone("hall")).value == LIT


@in_a_loop
async def test_what_a_server_says_of_the_connection_as_it_hangs_up_is_no_answer_to_a_write() -> None:
    async with server(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        await connector.put_zone(Zone(key="hall", level=DARK))
        one.last_words = 0x807D0000  # BadTcpServerTooBusy
        with pytest.raises(UnknownOutcomeError, match="no answer says"):
            await connector.put_zone(ON)
        assert one.zones()["hall"] == LIT
        one.recover()
        assert (await connector.read_zone("hall")).value == LIT


@in_a_loop
async def test_a_server_that_acts_and_says_nothing_leaves_it_open() -> None:
    async with server(**TWO) as one, Room().connector(TWO | dict(one.config()), timeout=0.5) as connector:
        await connector.put_zone(Zone(key="hall", level=DARK))
        one.mute = True
        with pytest.raises(UnknownOutcomeError, match="no answer says"):
            await connector.put_zone(ON)
        assert one.zones()["hall"] == LIT
        with pytest.raises(TransientError, match=r"no answer|no connection"):
            await connector.read_zone("hall")
        one.recover()
        assert (await connector.read_zone("hall")).value == LIT


@in_a_loop
async def test_who_may_not_come_in_pauses_the_connection_and_leaves_no_session() -> None:
    settings = TWO | {"username": "driften", "password": "vinter-17", "password_in_clear": True}
    room = Room()
    async with server(**TWO) as one:
        one.users = {"driften": "sommar-16"}
        for told in (settings, TWO):
            async with room.connector(told | dict(one.config())) as connector:
                with pytest.raises(CredentialsError, match="correct them"):
                    await connector.put_zone(ON)
                with pytest.raises(CredentialsError):
                    await connector.check()
            assert one.sessions == {}
        one.users = {"driften": "vinter-17"}
        async with room.connector(settings | dict(one.config())) as connector:
            await connector.put_zone(ON)
        assert one.zones()["hall"] == LIT
    assert "vinter" not in room.told.getvalue()


@in_a_loop
async def test_a_user_who_may_not_come_in_is_not_locked_out_by_trying_again_and_again() -> None:
    wrong, right = (
        TWO | {"username": name, "password": "vinter-17", "password_in_clear": True} for name in ("driften", "chefen")
    )
    room = Room()
    async with server(**TWO) as one:
        one.users = {"driften": "sommar-16", "chefen": "vinter-17"}
        async with room.connector(wrong | dict(one.config())), Room().connector(right | dict(one.config())) as other:
            await eventually(lambda: "no word of changes" in room.told.getvalue())
            await other.read_zone("hall")
            before, end = one.logins, asyncio.get_running_loop().time() + 5 * AT_ONCE.most.total_seconds()
            while asyncio.get_running_loop().time() < end:
                await other.read_zone("hall")
            assert one.logins == before


@in_a_loop
async def test_a_password_is_never_sent_in_clear_unless_that_is_allowed() -> None:
    settings = TWO | {"username": "driften", "password": "vinter-17"}
    async with server(**TWO) as one, Room().connector(settings | dict(one.config())) as connector:
        with pytest.raises(RejectedError, match="in clear only"):
            await connector.put_zone(ON)
        assert one.sessions == {}


@in_a_loop
async def test_the_devices_timer_is_set_to_the_end_before_the_level_and_ends_it_when_the_hub_is_gone() -> None:
    async with server(**TIMED) as one:
        async with Room().connector(TIMED | dict(one.config())) as connector:
            assert connector.off_timer(connector.config, "sauna") == timedelta(minutes=10)
            await connector.put_zone(Zone(key="sauna", level=LIT, until=BEGINNING + timedelta(seconds=90.5)))
            assert one.written == [("ns=2;i=9", 91), (HALL, True)]
            one.written.clear()
            await connector.put_zone(Zone(key="sauna", level=LIT, until=BEGINNING + timedelta(hours=3)))
            await connector.put_zone(Zone(key="sauna", level=Release()))
            assert one.written == [("ns=2;i=9", 600), (HALL, True), (HALL, False)]
            await connector.put_zone(Zone(key="sauna", level=LIT))
        one.run_out()
        assert one.zones()["sauna"] == DARK


@in_a_loop
async def test_half_a_command_is_never_called_nothing() -> None:
    async with server(**MODE) as one, Room().connector(MODE | dict(one.config())) as connector:
        one.nodes["ns=2;s=Auto"].refusal = 0x808D0000
        with pytest.raises(UnknownOutcomeError, match=r"zone hall: half of it is written.*BadOutOfService"):
            await connector.put_zone(Zone(key="hall", level=Dim(percent=50)))
        assert one.zones()["hall"] == Dim(percent=0), "its own automation still has it"
        one.recover()
        await connector.put_zone(Zone(key="hall", level=Dim(percent=50)))
        assert one.zones()["hall"] == Dim(percent=50)
        assert (await connector.put_zone(Zone(key="hall", level=Release()))).condition is Condition.STANDING
        assert one.zones()["hall"] == Dim(percent=0)
        assert connector.rest_level("hall") is None


@in_a_loop
async def test_a_check_tells_what_the_server_tells_of_itself_and_what_may_not_be_written() -> None:
    room = Room()
    async with server(**TWO) as one, room.connector(TWO | dict(one.config())) as connector:
        assert (await connector.check()).version == "Simulator 1.0"
        one.nodes[STAIRS].status = 0x80310000
        assert (await connector.check()).external_keys == frozenset({"hall", "stairs"})
        assert "BadNoCommunication" in room.told.getvalue()
        one.recover()
        one.nodes[STAIRS].writable = False
        with pytest.raises(RejectedError, match=r"zone stairs: our user may not write ns=2;s=Stairs"):
            await connector.check()
        del one.nodes[STAIRS]
        with pytest.raises(RejectedError, match=r"zone stairs: .*BadNodeIdUnknown"):
            await connector.check()


@in_a_loop
async def test_a_node_that_holds_no_number_is_for_a_person() -> None:
    async with server(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        one.nodes[HALL].type, one.nodes[HALL].value = 12, "bright"
        with pytest.raises(RejectedError, match=r"zone hall: .*no single number"):
            await connector.put_zone(ON)
        with pytest.raises(RejectedError, match=r"zone hall: .*no single number"):
            await connector.read_zone("hall")


@in_a_loop
async def test_without_the_extra_everything_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpcuaControl, "extra", Extra("opcua", needs="no_such_module"))
    connector = OpcuaControl(OpcuaConfig.model_validate(TWO | {"url": "opc.tcp://127.0.0.1"}), None)  # type: ignore[arg-type]
    for ask in (connector.open(), connector.check(), connector.put_zone(ON), connector.read_zone("hall")):
        with pytest.raises(RejectedError, match=r"opc\.tcp://127\.0\.0\.1: .*pip install 'knutpunkt\[opcua\]'"):
            await ask
    await connector.close()


@in_a_loop
async def test_levels_are_absolute_and_twice_is_as_once() -> None:
    levels: list[Level] = [LIT, LIT, DARK, DARK]
    async with server(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        for level in levels:
            await connector.put_zone(Zone(key="hall", level=level))
        assert one.written == [(HALL, True), (HALL, True), (HALL, False), (HALL, False)]


def test_nothing_of_the_extra_is_loaded_before_such_a_connection_is_made() -> None:
    speaking = {"client", "following", "login"}
    for file in Path(package.__file__).parent.glob("*.py"):
        if file.stem not in speaking:
            loaded = [one for one in ast.parse(file.read_text()).body if isinstance(one, ast.Import | ast.ImportFrom)]
            names = {name.name for one in loaded for name in one.names} | {getattr(one, "module", "") for one in loaded}
            assert not [name for name in names if name.startswith("asyncua") or name.split(".")[-1] in speaking], file
