"""Rooms that are heated over BACnet: what is true of each, by all that is wanted of it, and what should be.

What a person writes at the panel is stronger than what the hub writes; both stand beside each other until they are
given up. Lead and levels are those that the technicians wrote down.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from hub.demo.script import AT_PANEL, OFFICE, PANEL, Ledger
from hub.demo.stage import Stage
from hub.model import Level, Setpoint, Switch

OURS = 13
"""The priority of the hub, by the connections' settings."""


class Climate(NamedTuple):
    """One room as it is."""

    present: Level
    """What is in force."""
    wanted: Mapping[int, Level]
    """What is wanted, at each priority that somebody uses."""

    def __str__(self) -> str:
        wanted = ", ".join(f"{place}: {_said(level)}" for place, level in self.wanted.items())
        return f"{_said(self.present)} [{wanted}]"


@dataclass(frozen=True)
class Room:
    """How a room is when it is used, and when nobody wants anything of it."""

    connection: str
    zone: str
    used: Level
    rest: Level
    lead: timedelta = timedelta()


def _degrees(told: str) -> Setpoint:
    return Setpoint(celsius=Decimal(told))


_NIGHT = _degrees("17.0")
_MEETING = [Room(OFFICE, f"motesrum-{n}", _degrees("21.0"), _NIGHT, timedelta(minutes=30)) for n in (1, 2, 3)]
_HALL = [
    Room("bacnet-tennishallen", "varme", _degrees("18.0"), _NIGHT, timedelta(minutes=45)),
    Room("bacnet-tennishallen", "ventilation", Switch(on=True), Switch(on=False)),
]
ROOMS = {"tennishallen": _HALL} | {f"radhuset.{room.zone}": [room] for room in _MEETING}
"""What is heated or aired for a booking of each place."""


def true_climate(stage: Stage) -> dict[str, Climate]:
    """Read it in the simulated devices."""
    panels = {name: stage.panel(name) for name in ("bacnet-tennishallen", OFFICE)}
    return {
        zone: Climate(level, panel.wanted(zone)) for panel in panels.values() for zone, level in panel.zones().items()
    }


def climate_should_be(ledger: Ledger, now: datetime) -> dict[str, Climate]:
    """Work it out from what was booked, and from what somebody did at a panel."""
    used = list(_used(ledger))
    found = {}
    for place, rooms in ROOMS.items():
        for room in rooms:
            is_used = any(place == one and starts - room.lead <= now < ends for one, starts, ends in used)
            ours = {OURS: room.used} if is_used else {}
            wanted = ({PANEL: AT_PANEL} if room.zone in ledger.at_panel else {}) | ours
            found[room.zone] = Climate(wanted[min(wanted)] if wanted else room.rest, wanted)
    return found


def _used(ledger: Ledger) -> Iterator[tuple[str, datetime, datetime]]:
    """Each place that is to be used, from when until when."""
    for booked in ledger.booked.values():
        if not booked.cancelled:
            yield from (("tennishallen", one.starts, one.ends) for one in booked.uses)
    for each in ledger.elsewhere.values():
        if not each.cancelled:
            yield each.resource, each.starts, each.ends


def _said(level: Level) -> str:
    match level:
        case Setpoint(celsius=celsius):
            return f"{celsius} °C"
        case Switch(on=on):
            return "på" if on else "av"
    return str(level)
