"""What is true in each system, read from the systems themselves, and what should be, worked out from the script alone.

Nothing here asks the planner: lead and lag are those that the technicians wrote down for tennishallen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.demo.script import LAMPS, LOCKS, Booked, Ledger
from hub.demo.stage import MUNICIPALITY, Stage
from hub.model import Dim, Level, Switch
from hub.sdk import HasDoors, HasZones

LIGHT_LEAD, LIGHT_LAG = timedelta(minutes=5), timedelta(minutes=10)
LEVELS = {"training": 60, "match": 100}
COMMON = "gemensam"
ENTRANCE = ("Tennishallen entre", timedelta(minutes=15))
CHANGING = {
    1: "Tennishallen omkladning A",
    2: "Tennishallen omkladning A",
    3: "Tennishallen omkladning A",
    4: "Tennishallen omkladning B",
    5: "Tennishallen omkladning B",
}
CHANGING_MARGIN = timedelta(minutes=30)

Opening = tuple[str, str, datetime, datetime]
"""Credential, door, from, until."""


@dataclass(frozen=True)
class Truth:
    """How the systems are at one moment."""

    lamps: dict[str, int]
    """Per cent of each lamp; 0 is dark."""
    openings: frozenset[Opening]
    """What opens which door when, of what has not ended."""


def true_now(stage: Stage, now: datetime) -> Truth:
    """Read it from the simulated systems."""
    lamps, locks = (stage.simulators.find(MUNICIPALITY, name) for name in (LAMPS, LOCKS))
    if not isinstance(lamps, HasZones) or not isinstance(locks, HasDoors):
        msg = "tennishallen has lamps and locks"
        raise TypeError(msg)
    openings = (
        (credential.key, window.door, window.starts_at, window.ends_at)
        for credential in locks.credentials()
        if credential.key.startswith("hub-")
        for window in credential.windows
    )
    return Truth({key: _percent(level) for key, level in lamps.zones().items()}, frozenset(_live(openings, now)))


def _percent(level: Level) -> int:
    match level:
        case Dim(percent=percent):
            return percent
        case Switch(on=on):
            return 100 if on else 0
    return 0


def _live(openings: Iterable[Opening], now: datetime) -> Iterable[Opening]:
    """What is left: a lock may show a past window until it is tidied away."""
    return ((key, door, max(starts, now), ends) for key, door, starts, ends in openings if ends > now)


def should_be(ledger: Ledger, now: datetime) -> Truth:
    """Work it out from what was booked."""
    live = [booked for booked in ledger.booked.values() if not booked.cancelled]
    lamps = {f"bana-{court}": _light(live, court, now) for court in range(1, 6)}
    lamps[COMMON] = 100 if any(lamps.values()) else 0
    for lamp, until in ledger.by_hand.items():
        if now < until:
            lamps[lamp] = 0
    return Truth(lamps, frozenset(_live((opening for booked in live for opening in _openings(booked)), now)))


def _light(booked: list[Booked], court: int, now: datetime) -> int:
    return max(
        (LEVELS[b.activity] for b in booked if b.court == court and b.starts - LIGHT_LEAD <= now < b.ends + LIGHT_LAG),
        default=0,
    )


def _openings(booked: Booked) -> Iterable[Opening]:
    key = f"hub-{booked.number}"
    entrance, margin = ENTRANCE
    yield key, entrance, booked.starts - margin, booked.ends + margin
    yield key, CHANGING[booked.court], booked.starts - CHANGING_MARGIN, booked.ends + CHANGING_MARGIN


def differences(true: Truth, should: Truth, *, locks_answer: bool) -> list[str]:
    """What is not as it should be, in words; doors are not judged while the lock system is down."""
    told = [
        f"lampa {lamp}: {true.lamps.get(lamp)} %, ska vara {level} %"
        for lamp, level in should.lamps.items()
        if true.lamps.get(lamp) != level
    ]
    if locks_answer:
        told += [f"öppnar inte: {_said(opening)}" for opening in sorted(should.openings - true.openings)]
        told += [f"öppnar fast den inte ska: {_said(opening)}" for opening in sorted(true.openings - should.openings)]
    return told


def _said(opening: Opening) -> str:
    key, door, starts, ends = opening
    return f"{key} {door} {starts:%H:%M}-{ends:%H:%M} UTC"
