"""What is true in each system, read from the systems themselves, and what should be, worked out from the script alone.

Nothing here asks the planner: lead and lag are those that the technicians wrote down for tennishallen.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import SecretStr

from hub.demo.booked import DIGESTED, ROLES, Booked, Elsewhere, at
from hub.demo.climate import Climate, climate_should_be, true_climate
from hub.demo.script import LAMPS, LOCKS, Ledger
from hub.demo.stage import MUNICIPALITY, Stage
from hub.model import Dim, Invoice, InvoiceKind, Level, Notice, Switch
from hub.sdk import HasDoors, HasRecords, HasZones, Simulator

LIGHT_LEAD, LIGHT_LAG = timedelta(minutes=5), timedelta(minutes=10)
LEVELS, OTHERWISE = {"training": 60, "match": 100}, 60
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


@dataclass(frozen=True)
class Lit:
    """What lights a place outside tennishallen, as its technicians wrote it down."""

    connection: str
    lamps: tuple[str, ...]
    lead: timedelta
    lag: timedelta


_PARTS = {part: Lit("knx-sporthall-nord", (part,), LIGHT_LEAD, LIGHT_LAG) for part in ("a", "b", "c")}
ELSEWHERE = {f"sporthall-nord.{part}": lit for part, lit in _PARTS.items()} | {
    "sporthall-nord.hela": Lit("knx-sporthall-nord", tuple(_PARTS), LIGHT_LEAD, LIGHT_LAG),
    "konstgras.halvplan-a": Lit("modbus-konstgras", ("halvplan-a-0", "halvplan-a-1"), timedelta(), LIGHT_LAG),
    "konstgras.halvplan-b": Lit("modbus-konstgras", ("halvplan-b-2", "halvplan-b-3"), timedelta(), LIGHT_LAG),
}
"""The pitch is lit only when it is dark and not after ten; the day's bookings of it lie between."""

Opening = tuple[str, str, datetime, datetime]
"""Credential, door, from, until."""


@dataclass(frozen=True)
class Truth:
    """How the systems are at one moment."""

    lamps: dict[str, int]
    """Per cent of each lamp; 0 is dark."""
    openings: frozenset[Opening]
    """What opens which door when, of what has not ended."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """The code of each credential that opens something."""
    told: Mapping[str, int] = field(default_factory=dict)
    """How many messages each of the five roles has got."""
    invoiced: Mapping[str, Decimal] = field(default_factory=dict)
    """What each booking is charged in the finance system, less what is credited."""
    climate: Mapping[str, Climate] = field(default_factory=dict)
    """How each room is that is heated or aired over BACnet, and who wants what of it."""


def true_now(stage: Stage, now: datetime) -> Truth:
    """Read it from the simulated systems."""
    locks = stage.simulators.find(MUNICIPALITY, LOCKS)
    if not isinstance(locks, HasDoors):
        msg = "tennishallen has locks"
        raise TypeError(msg)
    found = [credential for credential in locks.credentials() if credential.key.startswith("hub-")]
    openings = (
        (credential.key, window.door, window.starts_at, window.ends_at)
        for credential in found
        for window in credential.windows
    )
    codes = {
        one.key.removeprefix("hub-"): one.value.get_secret_value() for one in found if isinstance(one.value, SecretStr)
    }
    records = [record for one in stage.simulators.all(MUNICIPALITY) for record in _records(one)]
    return Truth(
        _lamps(stage, LAMPS)
        | {
            _named(one.connection, lamp): percent
            for one in ELSEWHERE.values()
            for lamp, percent in _lamps(stage, one.connection).items()
        },
        frozenset(_live(openings, now)),
        codes,
        _told(stage, [one for one in records if isinstance(one, Notice)]),
        _invoiced(one for one in records if isinstance(one, Invoice)),
        true_climate(stage),
    )


def _lamps(stage: Stage, name: str) -> dict[str, int]:
    lamps = stage.simulators.find(MUNICIPALITY, name)
    if not isinstance(lamps, HasZones):
        msg = f"{name} has lamps"
        raise TypeError(msg)
    return {key: _percent(level) for key, level in lamps.zones().items()}


def _named(connection: str, lamp: str) -> str:
    """What the lamp is called in the table: `knx a`."""
    return f"{connection.partition('-')[0]} {lamp}"


def _records(simulator: Simulator) -> Iterable[object]:
    return simulator.records() if isinstance(simulator, HasRecords) else ()


def _told(stage: Stage, notices: Iterable[Notice]) -> Counter[str]:
    """By whom a message is to, at their mailbox or phone; those to bookers are left out."""
    duties = stage.hub.rulebook.town(MUNICIPALITY).configuration.municipality.notify
    ways = ((role, way) for role in ROLES for way in (duties[role].email, duties[role].sms))
    roles = {way.to: role for role, way in ways if way is not None}
    return Counter(roles[one.recipient] for one in notices if one.recipient in roles)


def _invoiced(invoices: Iterable[Invoice]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in invoices:
        sign = 1 if one.kind is InvoiceKind.INVOICE else -1
        found[one.booking] = found.get(one.booking, Decimal("0.00")) + sign * one.payable
    return found


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
    lamps |= _elsewhere(ledger.elsewhere.values(), now)
    for lamp, until in ledger.by_hand.items():
        if now < until:
            lamps[lamp] = 0
    return Truth(
        lamps,
        frozenset(_live((opening for booked in live for opening in _openings(booked)), now)),
        {
            one.number: ledger.codes[one.number]
            for one in live
            if one.number in ledger.codes and any(ends > now for *_, ends in _openings(one))
        },
        _should_know(ledger.told, now),
        {one.number: one.invoiced for one in ledger.booked.values() if one.costs and not one.receipt},
        climate_should_be(ledger, now),
    )


def _should_know(told: int, now: datetime) -> dict[str, int]:
    """Four are told of each thing at once, and the fifth once a day of all."""
    known = {role: told for role in ROLES if role != DIGESTED}
    return known | {DIGESTED: int(now >= at("06:30", 1))}


def _light(live: Iterable[Booked], court: int, now: datetime) -> int:
    return max(
        (
            LEVELS.get(booked.activity, OTHERWISE)
            for booked in live
            for one in booked.uses
            if one.court == court and one.starts - LIGHT_LEAD <= now < one.ends + LIGHT_LAG
        ),
        default=0,
    )


def _elsewhere(booked: Iterable[Elsewhere], now: datetime) -> dict[str, int]:
    """Full where it is booked, lead and lag told in; else dark."""
    lamps = {_named(one.connection, lamp): 0 for one in ELSEWHERE.values() for lamp in one.lamps}
    for each in booked:
        one = ELSEWHERE.get(each.resource)
        if one and not each.cancelled and each.starts - one.lead <= now < each.ends + one.lag:
            lamps |= {_named(one.connection, lamp): 100 for lamp in one.lamps}
    return lamps


def _openings(booked: Booked) -> Iterator[Opening]:
    """What a lock joins when windows touch is joined here too: courts that are booked side by side."""
    key = f"hub-{booked.number}"
    entrance, margin = ENTRANCE
    yield from sorted(
        {(key, entrance, one.starts - margin, one.ends + margin) for one in booked.uses}
        | {(key, CHANGING[one.court], one.starts - CHANGING_MARGIN, one.ends + CHANGING_MARGIN) for one in booked.uses}
    )


def differences(true: Truth, should: Truth, *, locks_answer: bool) -> list[str]:
    """What is not as it should be, in words; doors are not judged while the lock system is down."""
    told = [
        f"lampa {lamp}: {true.lamps.get(lamp)} %, ska vara {level} %"
        for lamp, level in should.lamps.items()
        if true.lamps.get(lamp) != level
    ]
    told += [
        f"{room}: {true.climate.get(room)}, ska vara {climate}"
        for room, climate in should.climate.items()
        if true.climate.get(room) != climate
    ]
    told += _uneven("meddelanden till", true.told, should.told)
    told += _uneven("kronor fakturerade för", true.invoiced, should.invoiced)
    if locks_answer:
        told += [f"öppnar inte: {_said(opening)}" for opening in sorted(should.openings - true.openings)]
        told += [f"öppnar fast den inte ska: {_said(opening)}" for opening in sorted(true.openings - should.openings)]
        told += [
            f"{number}: en annan kod än svaret gav"
            for number, code in should.codes.items()
            if code != true.codes.get(number)
        ]
    return told


def _uneven(what: str, true: Mapping[str, object], should: Mapping[str, object]) -> list[str]:
    return [
        f"{true.get(number, 0)} {what} {number}, ska vara {should.get(number, 0)}"
        for number in sorted(true.keys() | should.keys())
        if true.get(number, 0) != should.get(number, 0)
    ]


def _said(opening: Opening) -> str:
    key, door, starts, ends = opening
    return f"{key} {door} {starts:%H:%M}-{ends:%H:%M} UTC"
