"""Each profile's way of writing, without a network: absolute, and read back as it was meant."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.control_mqtt.config import MqttConfig, Profile, Topics
from connectors.control_mqtt.dialects import DIALECTS, Dialect, Told, pulse_time
from hub.model import Dim, Level, Setpoint, Switch
from hub.sdk import RejectedError, ZoneKind

LIGHT, SWITCH, HEAT = (
    Topics("set", "get", "state", kind) for kind in (ZoneKind.DIM, ZoneKind.SWITCH, ZoneKind.SETPOINT)
)
LEVELS: list[tuple[Topics, Level]] = [
    *((LIGHT, Dim(percent=percent)) for percent in range(101)),
    *((SWITCH, Switch(on=on)) for on in (False, True)),
    *((HEAT, Setpoint(celsius=Decimal(celsius))) for celsius in ("-5", "21", "19.5")),
]


def dialect(profile: str, **settings: object) -> Dialect:
    told = {"host": "x", "client_id": "x", "zones": {"a": {}}, "profile": profile}
    return DIALECTS[Profile(profile)](MqttConfig.model_validate(told | settings))


@pytest.mark.parametrize("profile", ["zigbee2mqtt", "home_assistant", "json"])
def test_what_was_commanded_is_what_is_read_when_the_device_obeys(profile: str) -> None:
    speaks = dialect(profile)
    for topics, level in LEVELS:
        (send,) = speaks.commands(level, topics, None)
        told = speaks.told(send.payload, topics, Told(on=True, percent=7))
        assert told is not None
        assert told.level(topics.kind) == level
        assert b"TOGGLE" not in send.payload


def test_a_tasmota_is_told_its_timer_and_then_its_level() -> None:
    speaks = dialect("tasmota")
    sends = speaks.commands(Dim(percent=50), LIGHT, timedelta(minutes=10))
    assert [(one.topic, one.payload) for one in sends] == [
        ("set/PulseTime1", b"700"),
        ("set/Dimmer", b"50"),
    ]
    off = speaks.commands(Dim(percent=0), LIGHT, timedelta(minutes=10))
    assert [(one.topic, one.payload) for one in off] == [("set/PulseTime1", b"0"), ("set/POWER", b"OFF")]
    relay = Topics("set", "get", "state", ZoneKind.SWITCH, relay=3)
    plain = dialect("tasmota", off_timer=False).commands(Switch(on=True), relay, timedelta(minutes=10))
    assert [(one.topic, one.payload) for one in plain] == [("set/POWER3", b"ON")]


@pytest.mark.parametrize(
    "seconds, pulse", [(None, 0), (-60, 112), (1, 112), (12, 112), (59.1, 160), (64_800, 64_900), (90_000, 64_900)]
)
def test_a_pulse_never_ends_before_it_should_and_never_counts_too_far(seconds: float | None, pulse: int) -> None:
    assert pulse_time(None if seconds is None else timedelta(seconds=seconds)) == pulse


def test_a_tasmota_tells_in_parts_and_other_results_tell_nothing() -> None:
    speaks, told = dialect("tasmota"), Told()
    parts: list[tuple[bytes, Level | None]] = [
        (b'{"POWER": "ON"}', None),
        (b'{"POWER": "ON", "Dimmer": 40, "Color": "66"}', Dim(percent=40)),
        (b'{"POWER1": "OFF"}', Dim(percent=0)),
        (b'{"POWER": "ON"}', Dim(percent=40)),
        (b'{"Dimmer": 30}', Dim(percent=30)),
    ]
    for payload, level in parts:
        told = speaks.told(payload, LIGHT, told) or Told()
        assert told.level(ZoneKind.DIM) == level
    for other in (b'{"PulseTime1": {"Set": 700, "Remaining": 700}}', b'{"Time": "2026-11-26T18:00:00"}'):
        assert speaks.told(other, LIGHT, told) is None
    second = Topics("set", "get", "state", ZoneKind.SWITCH, relay=2)
    assert speaks.told(b'{"POWER1": "ON"}', second, Told()) is None
    assert speaks.told(b'{"POWER2": "ON"}', second, Told()) == Told(on=True)
    assert (speaks.is_online(b"Online"), speaks.is_online(b"Offline")) == (True, False)


@given(st.binary(max_size=40), st.sampled_from(["tasmota", "home_assistant", "json", "zigbee2mqtt"]))
def test_whatever_comes_is_a_state_nothing_or_refused(payload: bytes, profile: str) -> None:
    for topics in (LIGHT, SWITCH, HEAT):
        try:
            dialect(profile).told(payload, topics, Told())
        except RejectedError:
            continue


@pytest.mark.parametrize(
    "profile, topics, payload",
    [
        ("tasmota", LIGHT, b'{"Dimmer": 101}'),
        ("tasmota", LIGHT, b'{"POWER": "TOGGLE"}'),
        ("tasmota", LIGHT, b'{"POWER": ["ON"]}'),
        ("home_assistant", LIGHT, b'{"state": "ON", "brightness": 256}'),
        ("home_assistant", LIGHT, b'{"state": "ON", "brightness": true}'),
        ("home_assistant", SWITCH, b'{"state": "on"}'),
        ("home_assistant", HEAT, b"NaN"),
        ("home_assistant", HEAT, b"-300"),
        ("json", SWITCH, b'{"on": 1}'),
        ("json", SWITCH, b"[]"),
        ("zigbee2mqtt", HEAT, b'{"occupied_heating_setpoint": true}'),
    ],
)
def test_what_is_no_state_of_such_a_device_is_refused(profile: str, topics: Topics, payload: bytes) -> None:
    with pytest.raises(RejectedError):
        dialect(profile).told(payload, topics, Told())


def test_json_has_the_keys_and_words_of_the_settings() -> None:
    keys = {"switch": "out.state", "on": "till", "off": "från", "dim": "out.light.raw", "full": 1000}
    speaks = dialect("json", keys=keys)
    (send,) = speaks.commands(Dim(percent=25), LIGHT, None)
    assert json.loads(send.payload) == {"out": {"state": "till", "light": {"raw": 250}}}
    (dark,) = speaks.commands(Dim(percent=0), LIGHT, None)
    assert json.loads(dark.payload) == {"out": {"state": "från"}}
    assert speaks.told(b'{"battery": 80}', LIGHT, Told()) is None
    without = dialect("json", keys={"switch": None})
    assert json.loads(without.commands(Dim(percent=0), LIGHT, None)[0].payload) == {"level": 0}
    assert without.told(b'{"level": 0}', LIGHT, Told()) == Told(on=False, percent=0)


def test_home_assistant_counts_to_the_scale_of_the_settings() -> None:
    (send,) = dialect("home_assistant", brightness_scale=1000).commands(Dim(percent=50), LIGHT, None)
    assert json.loads(send.payload) == {"state": "ON", "brightness": 500}
    (dim,) = dialect("home_assistant", brightness_scale=10).commands(Dim(percent=1), LIGHT, None)
    assert json.loads(dim.payload)["brightness"] == 1
