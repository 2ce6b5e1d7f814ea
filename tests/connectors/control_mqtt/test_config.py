"""Settings: what is refused, with all faults at once, and which topics come of them."""

import pytest
from pydantic import ValidationError

from connectors.control_mqtt.config import MqttConfig, Topics
from hub.sdk import ZoneKind

LEAST: dict[str, object] = {"host": "broker.test", "client_id": "hub-1", "zones": {"bana-1": {}}}


def config(**changes: object) -> MqttConfig:
    return MqttConfig.model_validate(LEAST | changes)


def faults(**changes: object) -> str:
    with pytest.raises(ValidationError) as error:
        config(**changes)
    return str(error.value)


def test_the_least_that_is_needed_is_encrypted_and_version_5() -> None:
    least = config()
    assert (least.port, least.tls, least.protocol) == (8883, True, "5")


def test_zones_take_the_templates_for_what_they_leave_out() -> None:
    settings = config(
        state_topic="hall/{zone}",
        zones={"a": {}, "b": {"set": "cmd/b", "kind": "switch"}, "c": {"state": "own/c", "get": "{state}/how"}},
    )
    assert settings.topics("a") == Topics("hall/a/set", "hall/a/get", "hall/a", ZoneKind.DIM)
    assert settings.topics("b") == Topics("cmd/b", "hall/b/get", "hall/b", ZoneKind.SWITCH)
    assert settings.topics("c") == Topics("own/c/set", "own/c/how", "own/c", ZoneKind.DIM)


def test_each_profile_has_topics_of_its_own_and_zones_fill_further_names() -> None:
    tasmota = config(profile="tasmota", zones={"box": {"relay": 2, "kind": "switch"}}).topics("box")
    assert tasmota == Topics("cmnd/box", "cmnd/box/State", "stat/box/RESULT", ZoneKind.SWITCH, "tele/box/LWT", 2)
    templates = {"state_topic": "{house}/{room}/state", "set_topic": "{house}/{zone}/set", "online_topic": "{house}/up"}
    own = {"a": {"values": {"house": "h", "room": "7"}}}
    json = config(profile="json", zones=own, **templates).topics("a")
    assert json == Topics("h/a/set", "", "h/7/state", ZoneKind.DIM, "h/up")
    assert "braces" in faults(profile="json", zones={"a": {"values": {"house": "h"}}}, **templates)


def test_relays_of_one_device_share_its_topic_and_nothing_else_does() -> None:
    box = {"state": "stat/box/RESULT", "set": "cmnd/box", "kind": "switch"}
    config(profile="tasmota", zones={"a": box | {"relay": 1}, "b": box | {"relay": 2}})
    assert "zones a and b share" in faults(profile="tasmota", zones={"a": box, "b": box})
    assert "only profile tasmota has relays" in faults(zones={"a": {"relay": 1}})


def test_a_setpoint_has_something_to_go_back_to() -> None:
    assert "rest_celsius" in faults(kind="setpoint")
    assert "tasmota has no setpoints" in faults(kind="setpoint", rest_celsius=16, profile="tasmota")
    config(kind="setpoint", rest_celsius=16)


@pytest.mark.parametrize("protocol", ["5", 5, "3.1.1"])
def test_a_version_may_be_written_as_yaml_reads_it(protocol: object) -> None:
    assert config(protocol=protocol).protocol == str(protocol)


@pytest.mark.parametrize("protocol", ["3.1", 4, 3.1, "", True])
def test_another_version_is_refused(protocol: object) -> None:
    assert "protocol" in faults(protocol=protocol)


def test_all_faults_of_topics_are_told_at_once() -> None:
    zones = {"a": {"state": "x/+"}, "b": {"set": "$SYS/b"}, "c": {"state": "same"}, "d": {"state": "same"}}
    told = faults(zones=zones)
    for fault in ("zone a: state topic 'x/+' has a wildcard", "zone b: set topic '$SYS/b'", "zones c and d share"):
        assert fault in told


@pytest.mark.parametrize(
    "zone, fault",
    [
        ({"state": "x/#"}, "wildcard"),
        ({"state": "x" * 70_000}, "too long"),
        ({"state": "hall/{room}"}, "braces"),
        ({"state": "x", "set": "x"}, "need a topic each"),
        ({"kind": "blink"}, "kind"),
        ({"topic": "x"}, "topic"),
    ],
)
def test_a_topic_that_cannot_be_used_is_refused(zone: dict[str, str], fault: str) -> None:
    assert fault in faults(zones={"bana-1": zone})


@pytest.mark.parametrize(
    "changes",
    [{"port": 0}, {"port": 65536}, {"keepalive": 0}, {"echo_within": 0}, {"echo_within": 10}, {"rest_percent": 101},
     {"client_id": ""}, {"colour": "blue"}, {"profile": "zwave"}],
)  # fmt: skip
def test_a_setting_out_of_bounds_is_named(changes: dict[str, object]) -> None:
    assert next(iter(changes)) in faults(**changes)
