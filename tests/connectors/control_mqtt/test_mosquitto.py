"""Against a real broker, in both versions of MQTT: what a lamp does, and what goes wrong between it and us."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.control_mqtt.simulator import TasmotaDevice
from hub.conformance.base import test as in_a_loop
from hub.conformance.driver import SetClock
from hub.model import Dim, Level, Observation, Release, Setpoint, Switch, Zone
from hub.sdk import CredentialsError, Misbehaviour, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.mqtt import Patience, Session
from hub.sdk.tls import certificates_in, tls_context
from tests.connectors.control_mqtt.stand import ACCESS, PASSWORDS, guest, hall, never
from tests.connectors.rooms import at_last, eventually
from tests.counterparts.mosquitto import Mosquitto

BOTH = pytest.mark.parametrize("protocol", ["3.1.1", "5"])
HALF = Zone(key="bana-1", level=Dim(percent=50))
WITH_A_FORBIDDEN_ONE: dict[str, dict[str, str]] = {"bana-1": {}, "forbidden": {}}


@pytest.fixture(scope="module")
def shared() -> Iterator[Mosquitto]:
    """A broker for tests that leave it as it is."""
    with Mosquitto(PASSWORDS, ACCESS) as broker:
        yield broker


@pytest.fixture
def own() -> Iterator[Mosquitto]:
    """A broker to stop, kill and restart."""
    with Mosquitto(PASSWORDS, ACCESS) as broker:
        yield broker


@BOTH
@in_a_loop
async def test_lamps_follow_over_tls_with_a_password(shared: Mosquitto, protocol: str) -> None:
    async with hall(shared) as stand, stand.connector(protocol=protocol) as connector:
        levels: list[Level] = [Dim(percent=percent) for percent in (50, 100, 1, 99, 0)]
        for level in levels:
            await connector.put_zone(Zone(key="bana-1", level=level))
            assert stand.gateway.zones() == {"bana-1": level, "bana-2": Dim(percent=0), "gemensam": Switch(on=False)}
            assert (await connector.read_zone("bana-1")).value == level
        await connector.put_zone(Zone(key="gemensam", level=Switch(on=True)))
        assert (await connector.read_zone("gemensam")).value == Switch(on=True)
        await connector.put_zone(Zone(key="gemensam", level=Release()))
        assert stand.gateway.zones()["gemensam"] == Switch(on=False)
        assert stand.touched == []


@in_a_loop
async def test_a_link_that_stands_for_long_shows_the_brokers_certificate_once_a_day(shared: Mosquitto) -> None:
    seen: list[str] = []
    trusted = certificates_in(shared.authority.cert_pem.bytes())
    tls, clock = tls_context(trusted=trusted, saw=lambda name, _: seen.append(name)), SetClock()
    async with hall(shared) as stand, stand.connector(tls=tls, clock=clock) as connector:
        await connector.check()
        assert seen == ["localhost"], "the link's own"
        for days in (1, 2):
            clock.time += timedelta(days=1)
            await connector.check()
            await connector.check()
            assert seen == ["localhost"] * (1 + days)
        assert shared.log().count(f" as {stand.client_id} ") == 1, "it said nothing"


@BOTH
@in_a_loop
async def test_a_switched_on_lamp_that_can_be_dimmed_is_at_full_and_rests_where_it_should(
    shared: Mosquitto, protocol: str
) -> None:
    async with hall(shared) as stand, stand.connector(protocol=protocol, rest_percent=10) as connector:
        await connector.put_zone(HALF)
        await connector.put_zone(Zone(key="bana-1", level=Switch(on=True)))
        assert stand.gateway.zones()["bana-1"] == Dim(percent=100)
        await connector.put_zone(Zone(key="bana-1", level=Release()))
        assert stand.gateway.zones()["bana-1"] == connector.rest_level("bana-1") == Dim(percent=10)


@BOTH
@in_a_loop
async def test_a_wrong_password_is_told_and_not_tried_again(shared: Mosquitto, protocol: str) -> None:
    async with hall(shared) as stand:
        async with stand.connector(protocol=protocol, password="wrong", opened=False) as connector:
            connector.session.patience = Patience(first=timedelta(milliseconds=1))
            with pytest.raises(CredentialsError, match="password") as refused:
                await connector.put_zone(HALF)
            await eventually(lambda: not connector.session.comes_back, "it goes on trying")
            assert "wrong" not in str(refused.value)
        assert "wrong" not in stand.told.getvalue()
        assert "not connecting again until the next command" in stand.told.getvalue()


@in_a_loop
async def test_a_broker_that_is_not_who_it_should_be_is_refused(shared: Mosquitto) -> None:
    async with hall(shared) as stand, stand.connector(tls=ssl.create_default_context(), opened=False) as connector:
        with pytest.raises(CredentialsError, match="CA file"):
            await connector.check()
        await eventually(lambda: not connector.session.comes_back, "it goes on trying")


@in_a_loop
async def test_a_forbidden_topic_is_for_a_person_where_the_broker_can_say_so(shared: Mosquitto) -> None:
    async with hall(shared) as stand, stand.connector(protocol="5", zones=WITH_A_FORBIDDEN_ONE) as connector:
        with pytest.raises(RejectedError, match=r"tennishallen/forbidden/set.*allow it"):
            await connector.put_zone(Zone(key="forbidden", level=Dim(percent=50)))
        await connector.put_zone(HALF)


@in_a_loop
async def test_a_forbidden_topic_has_no_proof_where_the_broker_says_that_all_is_well(shared: Mosquitto) -> None:
    async with (
        hall(shared) as stand,
        stand.connector(protocol="3.1.1", zones=WITH_A_FORBIDDEN_ONE, echo_within=0.1) as connector,
    ):
        with pytest.raises(UnknownOutcomeError, match="zone forbidden"):
            await connector.put_zone(Zone(key="forbidden", level=Dim(percent=50)))
        await connector.put_zone(HALF)


@in_a_loop
async def test_nobody_behind_a_topic_is_told_at_once(shared: Mosquitto) -> None:
    async with hall(shared) as stand, stand.connector(protocol="5", zones={"bana-9": {}}) as connector:
        with pytest.raises(TransientError, match="nobody listens on tennishallen/bana-9/set"):
            await connector.put_zone(Zone(key="bana-9", level=Dim(percent=50)))


@BOTH
@in_a_loop
async def test_after_the_broker_was_killed_lamps_are_heard_and_obey_again(own: Mosquitto, protocol: str) -> None:
    async with hall(own) as stand, stand.connector(protocol=protocol, echo_within=0.3) as connector:
        connector.session.patience = Patience(first=timedelta(milliseconds=20))
        await connector.put_zone(HALF)
        own.kill()
        with pytest.raises((TransientError, UnknownOutcomeError)):
            await connector.put_zone(Zone(key="bana-1", level=Dim(percent=70)))
        own.start()
        stand.touched.clear()

        def heard_of_a_hand() -> bool:
            stand.gateway.misbehave(Misbehaviour.SET_BY_HAND, "bana-2")
            return "bana-2" in stand.touched

        await eventually(heard_of_a_hand, "it does not come back by itself")
        await at_last(lambda: connector.put_zone(Zone(key="bana-1", level=Dim(percent=70))))
        assert stand.gateway.zones()["bana-1"] == Dim(percent=70)


def tried_in_vain(session: Session) -> Callable[[], bool]:
    before = session._losses
    return lambda: session._losses > before + 1


@BOTH
@in_a_loop
async def test_a_broker_that_is_restarted_again_and_again_is_taken_for_no_other_client(
    own: Mosquitto, protocol: str
) -> None:
    async with hall(own) as stand, stand.connector(protocol=protocol) as connector:
        connector.session.patience = Patience(first=timedelta(milliseconds=5), most=timedelta(milliseconds=20))
        for _ in range(connector.session.patience.brief_at_most + 1):
            await at_last(connector.open)
            own.kill()
            await eventually(tried_in_vain(connector.session), "it does not try to come back")
            own.start()
        await at_last(connector.open)


@BOTH
@in_a_loop
async def test_what_was_given_up_is_never_sent_later(own: Mosquitto, protocol: str) -> None:
    async with hall(own) as stand, stand.connector(protocol=protocol, echo_within=0.3) as connector:
        connector.session.patience = Patience(first=timedelta(milliseconds=20))
        own.kill()
        with pytest.raises((TransientError, UnknownOutcomeError)):
            await connector.put_zone(HALF)
        own.start()
        await at_last(lambda: connector.read_zone("bana-1"))
        assert not [line for line in stand.packets("PUBLISH") if "bana-1/set" in line]
        assert stand.gateway.zones()["bana-1"] == Dim(percent=0)


@in_a_loop
async def test_a_broker_that_freezes_holds_nobody_up_longer_than_it_may(own: Mosquitto) -> None:
    async with hall(own) as stand, stand.connector(timeout=0.3, opened=False) as connector:
        await at_last(connector.open)
        await at_last(lambda: connector.put_zone(HALF))
        own.pause()
        began = asyncio.get_running_loop().time()
        with pytest.raises(UnknownOutcomeError, match="did not acknowledge"):
            await connector.put_zone(Zone(key="bana-1", level=Dim(percent=70)))
        with pytest.raises(TransientError):
            await connector.put_zone(Zone(key="bana-1", level=Dim(percent=70)))
        assert asyncio.get_running_loop().time() - began < 2.0
        own.resume()
        await at_last(lambda: connector.put_zone(HALF))


@BOTH
@pytest.mark.parametrize("meanwhile", ["nothing more", "the broker restarts"])
@in_a_loop
async def test_a_hand_while_we_were_away_is_heard_of_from_the_kept_session(
    own: Mosquitto, protocol: str, meanwhile: str
) -> None:
    async with hall(own) as stand:
        async with stand.connector(protocol=protocol) as connector:
            await connector.put_zone(HALF)
        gone = f"Received DISCONNECT from {stand.client_id}"
        await eventually(lambda: gone in own.log())
        stand.gateway.misbehave(Misbehaviour.SET_BY_HAND, "bana-1")
        await eventually(lambda: "Received PUBLISH from zigbee2mqtt" in own.log().partition(gone)[2])
        if meanwhile == "the broker restarts":
            own.stop()
            own.start()
        assert stand.touched == []
        async with stand.connector(protocol=protocol):
            await eventually(lambda: "bana-1" in stand.touched, "the broker kept no message for us")
        assert f"Sending CONNACK to {stand.client_id} (1, 0)" in own.log(), "the broker kept no session for us"


@BOTH
@in_a_loop
async def test_a_hand_at_the_switch_is_told_once_and_our_own_commands_are_not(shared: Mosquitto, protocol: str) -> None:
    async with hall(shared) as stand, stand.connector(protocol=protocol) as connector:
        await connector.put_zone(HALF)
        await connector.put_zone(Zone(key="bana-2", level=Dim(percent=50)))
        stand.gateway.misbehave(Misbehaviour.SET_BY_HAND, "bana-1")
        await eventually(lambda: stand.touched == ["bana-1"])
        stand.gateway.misbehave(Misbehaviour.SET_BY_HAND, "bana-1")
        await eventually(lambda: stand.touched == ["bana-1", "bana-1"])
        stand.gateway._tell(stand.gateway.lamps["bana-1"])
        stand.gateway._tell(stand.gateway.lamps["bana-2"])
        await never(lambda: len(stand.touched) > 2)


@BOTH
@in_a_loop
async def test_commands_and_questions_are_sent_at_least_once_and_never_retained(own: Mosquitto, protocol: str) -> None:
    async with hall(own) as stand, stand.connector(protocol=protocol) as connector:
        for level in (Dim(percent=50), Switch(on=True), Release()):
            await connector.put_zone(Zone(key="bana-1", level=level))
            await connector.read_zone("bana-1")
        sent = stand.packets("PUBLISH")
        assert len(sent) == 6
        assert all("q1, r0," in line for line in sent)
        async with guest(own) as visitor:
            await eventually(lambda: any(message.topic == "tennishallen/bana-1" for message in visitor.seen))
            assert not [m.topic for m in visitor.seen if m.retain and m.topic.endswith(("/set", "/get"))]


@in_a_loop
async def test_a_command_does_not_outlive_the_time_in_which_it_may_land(shared: Mosquitto) -> None:
    async with hall(shared) as stand, stand.connector(protocol="5") as connector, guest(shared) as visitor:
        await connector.put_zone(HALF)
        await eventually(lambda: any(message.topic == "tennishallen/bana-1/set" for message in visitor.seen))
        (command,) = [message for message in visitor.seen if message.topic == "tennishallen/bana-1/set"]
        life = timedelta(seconds=getattr(command.properties, "MessageExpiryInterval", 0))
        assert timedelta(0) < life <= connector.pace.lands_within


@BOTH
@in_a_loop
async def test_a_fight_with_another_client_for_our_id_ends_and_is_told_of(shared: Mosquitto, protocol: str) -> None:
    async with hall(shared) as stand, stand.connector(protocol=protocol) as connector:
        connector.session.patience = Patience(first=timedelta(milliseconds=1), most=timedelta(milliseconds=2))
        async with guest(shared, stand.client_id, protocol=protocol) as rival:
            await eventually(lambda: not connector.session.comes_back, "it fights for ever")
            await never(lambda: connector.session.comes_back)
            assert rival.connects <= connector.session.patience.brief_at_most + 1
            with pytest.raises(CredentialsError, match=stand.client_id):
                await connector.put_zone(HALF)
        await connector.put_zone(HALF)


@BOTH
@in_a_loop
async def test_a_lamp_without_power_is_named_and_stops_no_other(shared: Mosquitto, protocol: str) -> None:
    async with hall(shared) as stand, stand.connector(protocol=protocol, echo_within=0.1) as connector:
        stand.gateway.misbehave(Misbehaviour.REFUSES, "bana-1")
        with pytest.raises(UnknownOutcomeError, match=r"zone bana-1: .*has the lamp power"):
            await connector.put_zone(HALF)
        with pytest.raises(TransientError, match="zone bana-1"):
            await connector.read_zone("bana-1")
        await connector.put_zone(Zone(key="bana-2", level=Dim(percent=50)))
        stand.gateway.recover()
        await connector.put_zone(HALF)


@in_a_loop
async def test_a_slow_lamp_is_waited_for(shared: Mosquitto) -> None:
    async with hall(shared) as stand, stand.connector() as connector:
        stand.gateway.slow_seconds = 0.2
        await connector.put_zone(HALF)
        assert stand.gateway.zones()["bana-1"] == Dim(percent=50)


@in_a_loop
async def test_another_state_on_the_way_is_no_proof(shared: Mosquitto) -> None:
    async with hall(shared) as stand, stand.connector(echo_within=0.3) as connector, guest(shared) as visitor:
        stand.gateway.misbehave(Misbehaviour.REFUSES, "bana-1")
        putting = asyncio.create_task(connector.put_zone(HALF))
        await eventually(lambda: any(message.topic == "tennishallen/bana-1/set" for message in visitor.seen))
        visitor.publish("tennishallen/bana-1", b'{"state": "ON", "brightness": 254}')
        visitor.publish("tennishallen/bana-1", b'{"linkquality": 3}')
        with pytest.raises(UnknownOutcomeError):
            await putting


@BOTH
@in_a_loop
async def test_what_is_retained_or_remembered_is_no_look(shared: Mosquitto, protocol: str) -> None:
    async with hall(shared) as stand:
        async with stand.connector(protocol=protocol, echo_within=0.15) as connector:
            await connector.put_zone(HALF)
            await stand.gateway.stop()
            with pytest.raises(TransientError):
                await connector.read_zone("bana-1")
        async with stand.connector(protocol=protocol, echo_within=0.15) as connector:
            with pytest.raises(TransientError):
                await connector.read_zone("bana-1")
            with pytest.raises((TransientError, UnknownOutcomeError)):
                await connector.put_zone(HALF)


@in_a_loop
async def test_a_state_that_cannot_be_read_is_named_and_hurts_nothing(shared: Mosquitto) -> None:
    async with hall(shared) as stand, stand.connector(echo_within=0.3) as connector, guest(shared) as visitor:
        for payload in (b"\xff\xfe", b"[]", b'{"state": "DIM"}', b'{"state": "ON", "brightness": 999}'):
            visitor.publish("tennishallen/bana-1", payload)
        await eventually(lambda: any(b"999" in message.payload for message in visitor.seen))
        stand.gateway.misbehave(Misbehaviour.SET_BY_HAND, "bana-2")
        await eventually(lambda: "bana-2" in stand.touched)
        assert stand.told.getvalue().count("zone bana-1: tennishallen/bana-1: no state of a lamp") == 1
        stand.gateway.misbehave(Misbehaviour.REFUSES, "bana-1")
        asking = asyncio.create_task(connector.read_zone("bana-1"))
        await eventually(lambda: any(message.topic == "tennishallen/bana-1/get" for message in visitor.seen))
        visitor.publish("tennishallen/bana-1", b'{"state": "TOGGLE"}')
        with pytest.raises(RejectedError, match=r"zone bana-1: tennishallen/bana-1: .*state"):
            await asking
        stand.gateway.recover()
        await connector.put_zone(HALF)


@in_a_loop
async def test_a_zone_that_is_not_configured_is_named(shared: Mosquitto) -> None:
    async with hall(shared) as stand, stand.connector() as connector:
        for call in (connector.put_zone(Zone(key="bana-7", level=Release())), connector.read_zone("bana-7")):
            with pytest.raises(RejectedError, match="bana-7"):
                await call
        with pytest.raises(RejectedError, match="switch"):
            await connector.put_zone(Zone(key="gemensam", level=Dim(percent=50)))


@in_a_loop
async def test_zones_are_told_apart_whole_and_may_have_any_letters(shared: Mosquitto) -> None:
    zones: dict[str, dict[str, str]] = {"bana-1": {}, "bana-10": {}, "bana-1/tak": {}, "Sal Å «Öst»": {}}
    async with hall(shared, zones=zones) as stand, stand.connector(zones=zones) as connector:
        expected = dict(stand.gateway.zones())
        for percent, zone in enumerate(zones, start=20):
            await connector.put_zone(Zone(key=zone, level=Dim(percent=percent)))
            expected[zone] = Dim(percent=percent)
            assert stand.gateway.zones() == expected
        for zone, level in expected.items():
            assert (await connector.read_zone(zone)).value == level


@BOTH
@in_a_loop
async def test_check_hears_from_the_gateway_and_changes_nothing(shared: Mosquitto, protocol: str) -> None:
    async with hall(shared) as stand, stand.connector(protocol=protocol, echo_within=0.15, opened=False) as connector:
        before = dict(stand.gateway.zones())
        assert (await connector.check()).external_keys == frozenset(before)
        assert dict(stand.gateway.zones()) == before
        stand.gateway.misbehave(Misbehaviour.REFUSES, "bana-1")
        await connector.check()
        assert "zone bana-1" in stand.told.getvalue()


@pytest.mark.parametrize(
    "payload, error, told",
    [
        (b'{"state": "offline"}', TransientError, "says that it is offline"),
        (b"hello", RejectedError, "tennishallen/bridge/state: no state of a gateway"),
    ],
)
@in_a_loop
async def test_check_says_what_is_wrong_with_the_gateway(
    shared: Mosquitto, payload: bytes, error: type[Exception], told: str
) -> None:
    async with hall(shared) as stand, guest(shared) as visitor:
        visitor.publish("tennishallen/bridge/state", payload, retain=True)
        await eventually(lambda: any(bytes(message.payload) == payload for message in visitor.seen))
        async with stand.connector(echo_within=0.15) as connector:
            with pytest.raises(error, match=told):
                await connector.check()


@in_a_loop
async def test_check_says_that_nothing_can_be_heard(shared: Mosquitto) -> None:
    async with hall(shared) as stand, stand.connector(bridge_topic=None, echo_within=0.15) as connector:
        stand.gateway.misbehave(Misbehaviour.REFUSES)
        with pytest.raises(TransientError, match="does the gateway run"):
            await connector.check()


@in_a_loop
async def test_nothing_at_that_port_is_said_so(shared: Mosquitto) -> None:
    async with hall(shared) as stand, stand.connector(port=1, opened=False) as connector:
        with pytest.raises(TransientError, match="localhost:1: no connection"):
            await connector.open()
        assert connector.session.comes_back


@in_a_loop
async def test_a_tasmota_ends_by_itself_when_the_hub_is_gone(shared: Mosquitto) -> None:
    clock = SetClock()
    told: dict[str, Any] = {
        "profile": "tasmota",
        "zones": {"stairs": {}, "hall": {}},
        "state_topic": "tennishallen/stat/{zone}",
        "set_topic": "tennishallen/cmnd/{zone}",
        "online_topic": "tennishallen/tele/{zone}",
        "bridge_topic": None,
    }
    async with hall(shared, **told) as stand, stand.connector(clock=clock, **told) as connector:
        lamp = stand.gateway.lamps["hall"]
        assert isinstance(lamp, TasmotaDevice)
        until = clock.now() + timedelta(hours=1)
        await connector.put_zone(Zone(key="hall", level=Dim(percent=50), until=until))
        assert (stand.gateway.zones()["hall"], lamp.pulse) == (Dim(percent=50), 3700)
        lamp.end_by_itself()
        assert (await connector.read_zone("hall")).value == Dim(percent=0)
        await connector.put_zone(Zone(key="hall", level=Release()))
        assert lamp.pulse == 0
        stand.gateway.lose("hall")
        await eventually(lambda: "hall" in connector._offline)
        with pytest.raises(TransientError, match=r"tennishallen/tele/hall: the device of zone hall is offline"):
            await connector.put_zone(Zone(key="hall", level=Dim(percent=50)))
        assert (await connector.read_zone("stairs")).value == Dim(percent=0)


@in_a_loop
async def test_what_cannot_be_asked_is_known_by_what_it_told_and_the_broker_kept(shared: Mosquitto) -> None:
    zones = {"hall": {}, "heat": {"kind": "setpoint", "values": {"what": "climate"}, "set": "tennishallen/{what}/set"}}
    told: dict[str, Any] = {"profile": "home_assistant", "zones": zones, "rest_celsius": 16}
    told |= {"set_topic": "tennishallen/{zone}/set"}
    async with hall(shared, **told) as stand:
        warm = Zone(key="heat", level=Setpoint(celsius=Decimal("20.5")))
        async with stand.connector(**told) as connector:
            await connector.put_zone(warm)
            await connector.put_zone(Zone(key="hall", level=Dim(percent=30)))
            assert stand.gateway.zones() == {"hall": Dim(percent=30), "heat": warm.level}
        async with stand.connector(**told) as connector:
            assert (await connector.read_zone("heat")).value == warm.level
            stand.touched.clear()
            stand.gateway.misbehave(Misbehaviour.SET_BY_HAND, "hall")
            await eventually(lambda: "hall" in stand.touched)
            assert (await connector.read_zone("hall")).value == Dim(percent=0)
            await connector.put_zone(Zone(key="heat", level=Release()))
            assert stand.gateway.zones()["heat"] == connector.rest_level("heat") == Setpoint(celsius=Decimal(16))


@BOTH
@in_a_loop
async def test_a_sensor_beside_a_lamp_or_without_one_is_heard_and_what_was_retained_is_known_by_its_time(
    shared: Mosquitto, protocol: str
) -> None:
    topic = f"tennishallen/bana-1/air-{protocol}"
    sensors = {
        "warm": {"topic": topic, "quantity": "temperature", "key": "t", "time_key": "at"},
        "damp": {"topic": topic, "quantity": "humidity", "key": "h"},
    }
    message = b'{"t": 20.5, "h": 40, "at": "2026-11-27T07:30:00Z"}'
    async with hall(shared) as stand, guest(shared) as sensor:
        sensor.publish(topic, message, retain=True)
        await eventually(lambda: any(one.topic == topic for one in sensor.seen))
        async with stand.connector(protocol=protocol, profile="json", zones={}, sensors=sensors) as connector:
            assert (await connector.check()).external_keys == frozenset()
            await eventually(lambda: len(stand.heard) == 1)
            sensor.publish(topic, message)
            await eventually(lambda: len(stand.heard) == 3)
        told = [next(iter(connector.translate(item))) for item in stand.heard]
        assert [(one.sensor, str(one.value)) for one in told if isinstance(one, Observation)] == [
            ("warm", "20.5"),
            ("warm", "20.5"),
            ("damp", "4E+1"),
        ]
        assert stand.heard[0].source_id == stand.heard[1].source_id == "warm@2026-11-27T07:30:00+00:00"
        sensor.publish(topic, b"", retain=True)
