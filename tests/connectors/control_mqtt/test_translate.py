"""Levels and JSON, without a network."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.control_mqtt.translate import (
    brightness_of,
    command,
    is_online,
    level_of,
    percent_of,
    question,
    wanted,
)
from hub.model import Dim, Level, Release, Setpoint, Switch
from hub.sdk import RejectedError, ZoneKind

PERCENT = st.integers(0, 100)


@given(PERCENT)
def test_every_per_cent_survives_the_way_to_the_lamp_and_back(percent: int) -> None:
    assert 0 <= brightness_of(percent) <= 254
    assert percent_of(brightness_of(percent)) == percent


@pytest.mark.parametrize("percent, brightness", [(0, 0), (1, 3), (50, 127), (75, 191), (99, 251), (100, 254)])
def test_brightness_is_the_nearest_that_there_is(percent: int, brightness: int) -> None:
    assert brightness_of(percent) == brightness


@given(PERCENT, PERCENT)
def test_more_per_cent_are_never_less_light(one: int, other: int) -> None:
    assert (one < other) == (brightness_of(one) < brightness_of(other))


@given(st.integers(0, 255))
def test_a_lamp_that_is_lit_is_never_read_as_dark(brightness: int) -> None:
    assert (percent_of(brightness) > 0) == (brightness > 0)
    assert percent_of(brightness) <= 100


@given(PERCENT)
def test_what_was_commanded_is_what_is_read_when_the_lamp_obeys(percent: int) -> None:
    assert level_of(command(Dim(percent=percent)), ZoneKind.DIM) == Dim(percent=percent)


@given(st.one_of(st.builds(Dim, percent=PERCENT), st.builds(Switch, on=st.booleans()), st.builds(Release)))
def test_no_command_depends_on_what_was(level: Level) -> None:
    for kind in (ZoneKind.DIM, ZoneKind.SWITCH):
        try:
            payload = command(wanted(level, kind, rest_percent=0))
        except RejectedError:
            assert kind is ZoneKind.SWITCH
            continue
        told = json.loads(payload)
        assert told["state"] in {"ON", "OFF"}
        assert set(told) <= {"state", "brightness"}
        assert told.get("brightness", 1) > 0


@pytest.mark.parametrize(
    "level, kind, expected",
    [
        (Release(), ZoneKind.DIM, Dim(percent=30)),
        (Release(), ZoneKind.SWITCH, Switch(on=True)),
        (Switch(on=True), ZoneKind.DIM, Dim(percent=100)),
        (Switch(on=False), ZoneKind.DIM, Dim(percent=0)),
        (Dim(percent=0), ZoneKind.SWITCH, Switch(on=False)),
        (Switch(on=True), ZoneKind.SWITCH, Switch(on=True)),
    ],
)
def test_a_level_becomes_what_the_zone_can_do(level: Level, kind: ZoneKind, expected: Level) -> None:
    assert wanted(level, kind, rest_percent=30) == expected


@pytest.mark.parametrize(
    "level, kind",
    [
        (Dim(percent=50), ZoneKind.SWITCH),
        (Setpoint(celsius=Decimal(20)), ZoneKind.DIM),
        (Setpoint(celsius=Decimal(20)), ZoneKind.SWITCH),
    ],
)
def test_what_a_zone_cannot_do_is_for_a_person(level: Level, kind: ZoneKind) -> None:
    with pytest.raises(RejectedError, match=kind):
        wanted(level, kind, rest_percent=0)


@pytest.mark.parametrize(
    "payload, kind, level",
    [
        ('{"state": "OFF", "brightness": 127}', ZoneKind.DIM, Dim(percent=0)),
        ('{"state": "ON", "brightness": 255, "linkquality": 5}', ZoneKind.DIM, Dim(percent=100)),
        ('{"state": "ON", "brightness": 0}', ZoneKind.DIM, Dim(percent=0)),
        ('{"state": "ON"}', ZoneKind.SWITCH, Switch(on=True)),
        ('{"state": "OFF"}', ZoneKind.SWITCH, Switch(on=False)),
        ('{"battery": 80}', ZoneKind.SWITCH, None),
        ('{"brightness": 5}', ZoneKind.DIM, None),
    ],
)
def test_a_state_is_read(payload: str, kind: ZoneKind, level: Level | None) -> None:
    assert level_of(payload.encode(), kind) == level


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"ON", b"\xff", b"[1]", b'"ON"', b'{"state": "TOGGLE"}', b'{"state": 1}', b'{"state": "ON"}',
        b'{"state": "ON", "brightness": 256}', b'{"state": "ON", "brightness": -1}',
        b'{"state": "ON", "brightness": "127"}', b'{"state": "ON", "brightness": true}', b'{"state": "ON"',
    ],
)  # fmt: skip
def test_what_is_no_state_says_so_without_repeating_it(payload: bytes) -> None:
    with pytest.raises(RejectedError) as error:
        level_of(payload, ZoneKind.DIM)
    assert "TOGGLE" not in str(error.value)


@given(st.binary(max_size=60))
def test_nothing_that_comes_breaks_the_reading(payload: bytes) -> None:
    for read in (
        lambda: level_of(payload, ZoneKind.DIM),
        lambda: level_of(payload, ZoneKind.SWITCH),
        lambda: is_online(payload),
    ):
        with suppress(RejectedError):
            read()


def test_a_question_asks_for_what_the_kind_has() -> None:
    assert json.loads(question(ZoneKind.DIM)) == {"state": "", "brightness": ""}
    assert json.loads(question(ZoneKind.SWITCH)) == {"state": ""}


@pytest.mark.parametrize(
    "payload, online",
    [(b"online", True), (b"offline", False), (b'{"state":"online"}', True), (b'{"state":"offline"}', False)],
)
def test_the_gateways_own_state_is_read_in_both_its_forms(payload: bytes, *, online: bool) -> None:
    assert is_online(payload) is online
