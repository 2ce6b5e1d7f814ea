"""What a device does besides what it is told: it refuses, stays silent, is set by hand, forgets its subscribers."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from connectors.control_bacnet import frames
from connectors.control_bacnet.simulator import READ, READ_MANY, WRITE, abort, error, reject
from hub.conformance.base import test as in_a_loop
from hub.conformance.datagrams import DatagramRelay, UdpFault
from hub.model import Dim, Level, Release, Setpoint, Switch, Zone
from hub.sdk import (
    Condition,
    ConnectorError,
    CredentialsError,
    Misbehaviour,
    RejectedError,
    Sighting,
    TransientError,
    UnknownOutcomeError,
)
from tests.connectors.control_bacnet.stand import Room, device
from tests.connectors.rooms import DEADLINE, eventually

LIT, DARK = Switch(on=True), Switch(on=False)
ON = Zone(key="hall", level=LIT)
TWO: dict[str, Any] = {"zones": {"hall": {"object": "binary-output,7"}, "stairs": {"object": "binary-value,8"}}}


@pytest.mark.parametrize(
    "refusal, written, read",
    [
        (error(1, 31), RejectedError, RejectedError),  # unknown-object
        (error(2, 40), RejectedError, RejectedError),  # write-access-denied
        (error(2, 37), RejectedError, RejectedError),  # value-out-of-range
        (error(0, 3), TransientError, TransientError),  # device-busy
        (error(0, 25), TransientError, TransientError),  # operational-problem
        (error(0, 0), UnknownOutcomeError, TransientError),  # other
        (error(3, 0), TransientError, TransientError),  # resources/other
        (error(4, 26), CredentialsError, CredentialsError),  # security/password-failure
        (error(7, 126), UnknownOutcomeError, TransientError),  # abort-tsm-timeout, told by a router
        (reject(0), RejectedError, RejectedError),  # other: a reject says that nothing was done
        (reject(1), TransientError, TransientError),  # buffer-overflow
        (abort(0), UnknownOutcomeError, TransientError),  # other
        (abort(3), TransientError, TransientError),  # preempted-by-higher-priority-task
        (abort(6), CredentialsError, CredentialsError),  # insufficient-security
        (abort(8), UnknownOutcomeError, TransientError),  # application-exceeded-reply-time
        (abort(9), TransientError, TransientError),  # out-of-resources
    ],
)
@in_a_loop
async def test_a_refusal_is_what_happens_next(
    refusal: bytes, written: type[ConnectorError], read: type[ConnectorError]
) -> None:
    async with device(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        await connector.read_zone("hall")
        one.refusal, one.only_for = refusal, "hall"
        with pytest.raises(written, match="binary-output,7") as told:
            await connector.put_zone(ON)
        assert isinstance(told.value, written)
        with pytest.raises(read, match="binary-output,7"):
            await connector.read_zone("hall")
        await connector.put_zone(Zone(key="stairs", level=LIT))
        assert one.zones() == {"hall": DARK, "stairs": LIT}, "the other zone of the device follows all the same"
        one.recover()
        assert (await connector.put_zone(ON)).condition is Condition.STANDING
        assert one.zones() == {"hall": LIT, "stairs": LIT}


@in_a_loop
async def test_a_lost_datagram_is_sent_again_under_the_number_that_it_had() -> None:
    struck = iter([None, None, UdpFault.LOST, None, UdpFault.ANSWER_LOST])
    async with device(**TWO) as one:
        relay = DatagramRelay(one.port, lambda: next(struck, None), one.answer)
        near = await relay.start()
        settings = TWO | dict(one.config()) | {"tries": 4}
        async with Room().connector(settings, timeout=2, route=lambda _host, _port: ("127.0.0.1", near)) as connector:
            assert (await connector.put_zone(ON)).condition is Condition.STANDING
        await relay.stop()
    assert [service for service, _ in one.asked] == [READ, READ_MANY, WRITE, READ_MANY, READ_MANY]
    assert one.asked[3] == one.asked[4], "the device cannot know that it is the same question"


@in_a_loop
async def test_another_device_at_the_same_address_is_found_out_after_a_silence() -> None:
    async with device(**TWO) as one, Room().connector(TWO | dict(one.config()), timeout=0.4) as connector:
        await connector.put_zone(ON)
        one.misbehave(Misbehaviour.DOWN)
        with pytest.raises(TransientError):
            await connector.read_zone("hall")
        one.recover()
        one.number = 77
        with pytest.raises(RejectedError, match="another device than 3001 answers there"):
            await connector.put_zone(Zone(key="hall", level=DARK))
        assert one.zones()["hall"] == LIT


@in_a_loop
async def test_an_object_that_could_not_be_given_back_is_never_written() -> None:
    async with device(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        one.things["hall"].commandable = False
        with pytest.raises(RejectedError, match="zone hall: binary-output,7 does not tell its priority-array"):
            await connector.put_zone(ON)
        assert WRITE not in [service for service, _ in one.asked]


@pytest.mark.parametrize(
    "by_others, released",
    [({16: 1.0}, LIT), ({8: 1.0, 16: 0.0}, LIT), ({}, DARK)],
)
@in_a_loop
async def test_a_released_zone_is_whoever_elses_it_was(by_others: dict[int, float], released: Level) -> None:
    async with device(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        places = one.things["hall"].places
        for priority, value in by_others.items():
            places[priority - 1] = value
        for level in (LIT, DARK, Release()):
            await connector.put_zone(Zone(key="hall", level=level))
        receipt = await connector.put_zone(Zone(key="hall", level=Release()))
        assert receipt.condition is Condition.STANDING, "given up is given up, whoever decides then"
        assert (one.zones()["hall"], places[12]) == (released, None)
        assert {place: places[place - 1] for place in by_others} == by_others
        assert (await connector.read_zone("hall")).condition is Condition.STANDING


@pytest.mark.parametrize(
    "priority, condition", [(1, Condition.OVERRIDDEN), (8, Condition.OVERRIDDEN), (12, Condition.OVERRIDDEN),
                            (6, Condition.COMING), (14, Condition.STANDING)]
)  # fmt: skip
@in_a_loop
async def test_only_what_is_stronger_overrides_and_a_minimum_time_passes(priority: int, condition: Condition) -> None:
    async with device(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        one.things["hall"].places[priority - 1] = 0.0
        assert (await connector.put_zone(ON)).condition is condition
        seen = await connector.read_zone("hall")
        assert (seen.value, seen.condition) == (one.zones()["hall"], condition)


@pytest.mark.parametrize("flag, told", [("overridden", "at the device itself"), ("out_of_service", "out of service")])
@in_a_loop
async def test_an_output_that_follows_nothing_is_overridden_and_told_of(flag: str, told: str) -> None:
    async with device(**TWO) as one, Room().connector(TWO | dict(one.config())) as connector:
        setattr(one.things["hall"], flag, True)
        assert told in (await connector.check()).detail
        assert (await connector.put_zone(ON)).condition is Condition.OVERRIDDEN
        seen = await connector.read_zone("hall")
        assert seen.condition is Condition.OVERRIDDEN
        assert told in seen.detail


@in_a_loop
async def test_a_device_behind_a_router_is_reached_by_network_and_station() -> None:
    async with device(**TWO) as one:
        one.station = 2001, 17
        near = TWO | dict(one.config())
        async with Room().connector(near | {"network": 2001, "station": 17, "changes_for": 60}) as connector:
            assert (await connector.put_zone(ON)).condition is Condition.STANDING
            await eventually(lambda: one.heard_back == 1)
            assert one.zones()["hall"] == LIT
        async with Room().connector(near | {"network": 2001, "station": 18}, timeout=0.3) as connector:
            with pytest.raises(TransientError, match="no answer"):
                await connector.read_zone("hall")


@in_a_loop
async def test_a_change_is_told_and_our_own_is_no_news() -> None:
    room = Room()
    settings = TWO | {"changes_for": 60}
    async with device(**settings) as one, room.connector(settings | dict(one.config())) as connector:
        await eventually(lambda: len(one.subscribers) == 2)
        assert connector.control_limits.tells_changes
        await connector.put_zone(ON)
        await eventually(lambda: one.heard_back == 1, "the device was not told that we heard")
        assert room.touched == []
        one.misbehave(Misbehaviour.SET_BY_HAND, "hall")
        await eventually(lambda: room.touched == ["hall"], "nobody is told")


@in_a_loop
async def test_what_a_panel_gives_up_is_told_and_lets_ours_be_in_force() -> None:
    room = Room()
    settings = TWO | {"changes_for": 60}
    async with device(**settings) as one, room.connector(settings | dict(one.config())) as connector:
        await eventually(lambda: len(one.subscribers) == 2)
        await connector.put_zone(ON)
        one.misbehave(Misbehaviour.SET_BY_HAND, "hall")
        await eventually(lambda: room.touched == ["hall"], "nobody is told of the panel")
        assert (await connector.read_zone("hall")).condition is Condition.OVERRIDDEN
        assert one.wanted("hall") == {8: DARK, 13: LIT}
        one.give_up("hall", 8)
        await eventually(lambda: room.touched == ["hall", "hall"], "nobody is told that it is over")
        assert await connector.read_zone("hall") == Sighting(LIT)
        assert one.wanted("hall") == {13: LIT}


@in_a_loop
async def test_a_device_that_was_away_is_subscribed_to_and_looked_at_anew() -> None:
    room = Room()
    settings = TWO | {"changes_for": 60}
    async with device(**settings) as one, room.connector(settings | dict(one.config()), timeout=0.4) as connector:
        await eventually(lambda: len(one.subscribers) == 2)
        await connector.read_zone("hall")
        one.misbehave(Misbehaviour.DOWN)
        with pytest.raises(TransientError):
            await connector.read_zone("hall")
        one.subscribers.clear()
        one.recover()
        await connector.read_zone("hall")
        await eventually(lambda: len(one.subscribers) == 2, "it never asks again")
        assert room.touched == ["hall"]


@in_a_loop
async def test_subscriptions_are_renewed_and_a_refusal_is_told_of_once() -> None:
    room = Room()
    settings = TWO | {"changes_for": 60}
    async with device(**settings) as one, room.connector(settings | dict(one.config())) as connector:
        (following,) = connector._following
        await eventually(lambda: len(one.subscribers) == 2)
        one.refusal, one.only_for = error(5, 43), "hall"
        following._seconds = 0.05
        following.renew_now()
        before = len(one.asked)
        await eventually(lambda: len(one.asked) >= before + 6, "it never asks again")
        assert room.told.getvalue().count("zone hall: no word of changes") == 1


@in_a_loop
async def test_one_zone_that_cannot_be_read_fails_a_check_only_when_a_person_must_act() -> None:
    room = Room()
    async with device(**TWO) as one, room.connector(TWO | dict(one.config())) as connector:
        one.refusal, one.only_for = error(0, 3), "hall"
        assert (await connector.check()).external_keys == frozenset({"hall", "stairs"})
        assert "device-busy" in room.told.getvalue()
        one.refusal = error(1, 31)
        with pytest.raises(RejectedError, match=r"binary-output,7: .*correct the zone's object"):
            await connector.check()


@pytest.mark.parametrize(
    "told, expected",
    [
        (b"\x5e\x91\x00\x91\x03\x5f", TransientError),  # device-busy, of one property
        (b"\x5e\x91\x01\x91\x1f\x5f", RejectedError),  # unknown-object, of one property
        (b"\x4e\x4f", RejectedError),  # no value at all
        (b"\x4e\x91\x00\x4f", RejectedError),  # one priority where sixteen are
        (b"\x4e\x0e\x21\x01\x0f\x4f", TransientError),  # something made up of others, which no such property is
    ],
)
@in_a_loop
async def test_a_property_that_is_not_as_it_should_be_ends_in_an_error(
    told: bytes, expected: type[ConnectorError]
) -> None:
    async with device(**TWO) as one, Room().connector(TWO | dict(one.config()), timeout=0.4) as connector:
        one.priorities = told
        with pytest.raises(expected):
            await connector.read_zone("hall")


@in_a_loop
async def test_an_acknowledgement_is_no_answer_to_a_question() -> None:
    async with device(**TWO) as one, Room().connector(TWO | dict(one.config()), timeout=0.4) as connector:
        await connector.read_zone("hall")
        one._act = lambda *_: b""  # type: ignore[method-assign]  # it says that it is done
        with pytest.raises(TransientError, match="no answer"):
            await connector.read_zone("hall")


@in_a_loop
async def test_a_silent_device_costs_each_of_many_one_time_out() -> None:
    async with device(**TWO) as one, Room().connector(TWO | dict(one.config()), timeout=0.4) as connector:
        one.misbehave(Misbehaviour.DOWN)
        loop = asyncio.get_running_loop()
        began = loop.time()
        many = await asyncio.gather(*(connector.put_zone(ON) for _ in range(16)), return_exceptions=True)
        assert {type(error) for error in many} == {TransientError}
        assert loop.time() - began < 16 * 0.4 / 2


@in_a_loop
async def test_who_waits_while_the_connection_closes_waits_no_longer() -> None:
    async with device(**TWO) as one, Room().connector(TWO | dict(one.config()), timeout=60) as connector:
        await connector.read_zone("hall")
        one.misbehave(Misbehaviour.DOWN)
        writing = asyncio.ensure_future(connector.put_zone(ON))
        await eventually(lambda: bool(connector.device._open))
        await connector.close()
        with pytest.raises(UnknownOutcomeError, match="no answer says"):
            await asyncio.wait_for(writing, DEADLINE)


@in_a_loop
async def test_a_proxy_is_not_passed_by() -> None:
    async def tunnel(_host: str, _port: int) -> Any:
        raise AssertionError("UDP goes through no tunnel")

    async with device(**TWO) as one, Room().connector(TWO | dict(one.config()), tunnel=tunnel) as connector:
        with pytest.raises(RejectedError, match="UDP goes through no proxy"):
            await connector.put_zone(ON)
        assert one.asked == []


@in_a_loop
async def test_levels_reach_an_object_that_counts_otherwise() -> None:
    zones = {
        "stage": {"object": "lighting-output,1", "kind": "dim", "scale": "0.01"},
        "sauna": {"object": "analog-value,2", "kind": "setpoint", "scale": "10"},
    }
    async with device(zones=zones) as one, Room().connector({"zones": zones} | dict(one.config())) as connector:
        for zone in (
            Zone(key="stage", level=Dim(percent=33)),
            Zone(key="sauna", level=Setpoint(celsius=Decimal("72.5"))),
        ):
            assert (await connector.put_zone(zone)).condition is Condition.STANDING
            assert (await connector.read_zone(zone.key)).value == zone.level
        assert one.things["stage"].present == pytest.approx(0.33)
        assert one.things["sauna"].present == 725


def test_what_is_no_bacnet_or_cut_short_says_nothing() -> None:
    whole = bytes.fromhex("810a002401000030070e0c008000031e29554e44418800004f29574e00004f1f")
    whole = whole[:2] + len(whole).to_bytes(2, "big") + whole[4:]
    for length in range(len(whole)):
        assert frames.read(whole[:length]) is None
        cut = bytes([0x81, 0x0A]) + length.to_bytes(2, "big") + whole[4:length]
        assert len(cut) != length or not getattr(frames.read(cut), "found", {})
    done = bytes.fromhex("810a000901002007" + "0f")
    assert frames.read(done) == frames.Answer(7, 15)
    for length in (8, 10, 20):
        assert frames.read(done[:3] + bytes([length]) + done[4:]) is None, "it says that it is of another length"
    for told in (b"", b"\xff" * 64, whole[:4] + b"\x01\x80" + whole[6:], b"\x81\x0a\x00\x07\x01\x20\x00"):
        assert frames.read(told) is None
