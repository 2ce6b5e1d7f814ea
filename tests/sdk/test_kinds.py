"""Kinds of zones: what each can be told, and what it goes back to."""

from decimal import Decimal

import pytest

from hub.model import Dim, Level, Release, Setpoint, Switch
from hub.sdk import RejectedError, ZoneKind, fitted, levels_of, resting

WARM = Setpoint(celsius=Decimal(21))


@pytest.mark.parametrize(
    "level, kind, told",
    [
        (Switch(on=True), ZoneKind.SWITCH, Switch(on=True)),
        (Switch(on=True), ZoneKind.DIM, Dim(percent=100)),
        (Switch(on=False), ZoneKind.DIM, Dim(percent=0)),
        (Dim(percent=60), ZoneKind.DIM, Dim(percent=60)),
        (WARM, ZoneKind.SETPOINT, WARM),
    ],
)
def test_a_level_is_told_as_the_zone_has_it(level: Level, kind: ZoneKind, told: Level) -> None:
    assert fitted(level, kind) == told
    assert type(level) in levels_of([kind])


@pytest.mark.parametrize(
    "level, kind",
    [(Dim(percent=60), ZoneKind.SWITCH), (WARM, ZoneKind.DIM), (Switch(on=True), ZoneKind.SETPOINT)],
)
def test_a_level_of_another_kind_is_for_a_person(level: Level, kind: ZoneKind) -> None:
    with pytest.raises(RejectedError, match=f"of kind {kind}"):
        fitted(level, kind)
    assert type(level) not in levels_of([kind])


def test_a_zone_without_automation_goes_back_to_what_the_settings_say_and_else_off() -> None:
    assert resting(ZoneKind.SWITCH, None) == Switch(on=False)
    assert resting(ZoneKind.SWITCH, release=True) == Switch(on=True)
    assert resting(ZoneKind.DIM, Decimal(20)) == Dim(percent=20)
    assert resting(ZoneKind.DIM, None) == Dim(percent=0)
    assert resting(ZoneKind.SETPOINT, Decimal("16.5")) == Setpoint(celsius=Decimal("16.5"))
    assert Release in levels_of([])
