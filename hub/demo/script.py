"""The scenes of the day: what the booking core sends, what breaks, what somebody does by hand, and when."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.demo.booked import Booked, Elsewhere, Use, at, use
from hub.demo.stage import MUNICIPALITY, Stage
from hub.model import Setpoint
from hub.model.events import EventType
from hub.sdk import Misbehaviour

LOCKS, LAMPS, OFFICE = "arx-tennishallen", "mqtt-tennishallen", "bacnet-radhuset"
PANEL, AT_PANEL = 8, Setpoint(celsius=Decimal("23.5"))
"""The priority of a person at the panel of a BACnet device, and what one wants who is cold."""


@dataclass
class Ledger:
    """What has been booked so far, and what was done to the lamps by hand."""

    booked: dict[str, Booked]
    by_hand: dict[str, datetime]
    """Lamps that somebody switched off, and until when that stands."""
    told: int = 0
    """Of how many things the five roles should have been told."""
    refunds: list[tuple[str, Decimal]] = field(default_factory=list)
    """What should have been asked to be paid back, in order."""
    codes: dict[str, str] = field(default_factory=dict)
    """The code that an answer gave at once, by booking number."""

    elsewhere: dict[str, Elsewhere] = field(default_factory=dict)
    """Of places whose light or heat alone is followed, by booking number."""
    at_panel: set[str] = field(default_factory=set)
    """Rooms that somebody has set at their panel, and not let go."""
    overridden: list[str] = field(default_factory=list)
    """What the hub should have found set by hand, in order."""

    def one(self, number: str) -> Booked:
        """The booking as it stands."""
        return self.booked[number]


Act = Callable[[Stage, Ledger], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """Something that happens at a moment of the day."""

    when: datetime
    told: str
    act: Act


def book(number: str, *uses: Use, wait: int = 0, **more: Any) -> Act:
    """A new booking; with `wait` the answer is held until its code opens the doors."""

    async def act(stage: Stage, ledger: Ledger) -> None:
        await _send(stage, ledger, Booked(number, uses, **more), wait=wait)

    return act


def change(number: str, **changes: Any) -> Act:
    """The booking again, at its next revision."""

    async def act(stage: Stage, ledger: Ledger) -> None:
        known = ledger.one(number)
        changed = replace(known, revision=known.revision + 1, **changes)
        await _send(stage, ledger, changed)
        if known.receipt and (paid_back := known.owed - changed.owed) > 0:
            ledger.refunds.append((number, paid_back))

    return act


async def _send(stage: Stage, ledger: Ledger, booked: Booked, *, wait: int = 0) -> None:
    answer = await stage.put(booked.body(), wait=wait)
    ledger.booked[booked.number] = booked
    ledger.told += booked.told
    if wait:
        ledger.codes[booked.number] = answer["credentials"][0]["value"]


def book_elsewhere(number: str, resource: str, starts: str, ends: str) -> Act:
    """A new booking of another place."""

    async def act(stage: Stage, ledger: Ledger) -> None:
        ledger.elsewhere[number] = Elsewhere(number, resource, at(starts), at(ends))
        await stage.put(ledger.elsewhere[number].body())

    return act


def cancel_elsewhere(number: str) -> Act:
    """It is not to be after all."""

    async def act(stage: Stage, ledger: Ledger) -> None:
        known = ledger.elsewhere[number]
        ledger.elsewhere[number] = known._replace(revision=known.revision + 1, cancelled=True)
        await stage.put(ledger.elsewhere[number].body())

    return act


def move_elsewhere(number: str, starts: str, ends: str) -> Act:
    """It is to be at another time."""

    async def act(stage: Stage, ledger: Ledger) -> None:
        known = ledger.elsewhere[number]
        moved = known._replace(revision=known.revision + 1, starts=at(starts), ends=at(ends))
        ledger.elsewhere[number] = moved
        await stage.put(moved.body())

    return act


def misbehave(name: str, how: Misbehaviour) -> Act:
    """A system goes wrong."""

    async def act(stage: Stage, _ledger: Ledger) -> None:
        stage.simulators.misbehave(MUNICIPALITY, name, how)

    return act


def recover(name: str) -> Act:
    """A system is well again."""

    async def act(stage: Stage, _ledger: Ledger) -> None:
        stage.simulators.find(MUNICIPALITY, name).recover()

    return act


def switch_off_by_hand(lamp: str, *, until: str) -> Act:
    """Somebody presses the switch on the wall; the hub leaves it so until the next edge."""

    async def act(stage: Stage, ledger: Ledger) -> None:
        stage.simulators.misbehave(MUNICIPALITY, LAMPS, Misbehaviour.SET_BY_HAND, lamp)
        ledger.by_hand[lamp] = at(until)
        await _found_by_hand(stage, ledger, "0 %")

    return act


async def _found_by_hand(stage: Stage, ledger: Ledger, level: str) -> None:
    ledger.overridden.append(level)
    await stage.told(EventType.EFFECT_OVERRIDDEN, len(ledger.overridden))


def set_at_panel(room: str) -> Act:
    """Somebody wants it warmer, at a priority above the hub's; the hub sees it, and lets it be."""

    async def act(stage: Stage, ledger: Ledger) -> None:
        stage.simulators.misbehave(MUNICIPALITY, OFFICE, Misbehaviour.SET_BY_HAND, room)
        ledger.at_panel.add(room)
        await _found_by_hand(stage, ledger, f"{AT_PANEL.celsius:.2f} °C")

    return act


def let_go_at_panel(room: str) -> Act:
    """Nobody wants it otherwise than the hub any more."""

    async def act(stage: Stage, ledger: Ledger) -> None:
        stage.panel(OFFICE).give_up(room, PANEL)
        ledger.at_panel.remove(room)

    return act


ARX_GOES_DOWN = misbehave(LOCKS, Misbehaviour.DOWN)
ARX_BACK = at("14:00")
EVENING = at("23:00")
DAYS = range(1, 6)
"""Of the fair, from Tuesday on."""


def fair(week: int) -> tuple[Use, ...]:
    """Five courts for five days."""
    return tuple(use(court, "09:00", "17:00", day + 7 * week) for day in DAYS for court in range(1, 6))


SCENES = (
    Scene(at("07:00"), "Bana 1 bokas 9-10, träning", book("B-2026-100001", use(1, "09:00", "10:00"), costs=True)),
    Scene(
        at("07:01"),
        "Bana 1 bokas 10-12, match: kant i kant",
        book("B-2026-100002", use(1, "10:00", "12:00"), activity="match", costs=True),
    ),
    Scene(at("07:02"), "Bana 3 bokas 18-19", book("B-2026-100003", use(3, "18:00", "19:00"), costs=True)),
    Scene(at("07:03"), "Bana 4 bokas 11-12", book("B-2026-100004", use(4, "11:00", "12:00"))),
    Scene(
        at("07:05"),
        "S1: Bana 5 bokas 20-21, betald med Swish: koden kommer i svaret",
        book("B-2026-100011", use(5, "20:00", "21:00"), costs=True, receipt="SW-100011", wait=5),
    ),
    Scene(
        at("07:06"),
        "S2: Bana 2 bokas 13-14 med bollmaskin, betald i förväg",
        book("B-2026-100012", use(2, "13:00", "14:00"), costs=True, receipt="SW-100012", machine=True),
    ),
    Scene(
        at("07:07"),
        "KNX: Del A av Sporthall Nord bokas 17-18",
        book_elsewhere("B-2026-100021", "sporthall-nord.a", "17:00", "18:00"),
    ),
    Scene(
        at("07:08"),
        "KNX: Hela Sporthall Nord bokas 18-19: A släcks inte emellan",
        book_elsewhere("B-2026-100022", "sporthall-nord.hela", "18:00", "19:00"),
    ),
    Scene(
        at("07:09"),
        "Modbus: Halvplan A på konstgräset bokas 17-19",
        book_elsewhere("B-2026-100023", "konstgras.halvplan-a", "17:00", "19:00"),
    ),
    Scene(
        at("07:10"),
        "Bana 1 bokas på tisdag 10-11, mot faktura",
        book("B-2026-100013", use(1, "10:00", "11:00", 1), costs=True),
    ),
    Scene(
        at("07:11"),
        "BACnet: Mötesrum 1 i rådhuset bokas 9-11: värms från 8.30",
        book_elsewhere("B-2026-100024", "radhuset.motesrum-1", "09:00", "11:00"),
    ),
    Scene(
        at("07:12"),
        "BACnet: Mötesrum 2 i rådhuset bokas 13-15",
        book_elsewhere("B-2026-100025", "radhuset.motesrum-2", "13:00", "15:00"),
    ),
    Scene(
        at("08:00"),
        "Bana 4 flyttas till 13-14",
        change("B-2026-100004", uses=(use(4, "13:00", "14:00"),)),
    ),
    Scene(at("08:05"), "S2: Bollmaskinen avbokas med banan: pengar tillbaka", change("B-2026-100012", cancelled=True)),
    Scene(at("08:10"), "S3: Tisdagen måste vika för mässan", change("B-2026-100013", cancelled=True)),
    Scene(
        at("08:11"),
        "S3: En mässa tar fem banor i fem dagar; S4: fem får veta det",
        book("B-2026-100014", *fair(0), activity="other", told=True),
    ),
    Scene(
        at("09:10"),
        "BACnet: Vaktmästaren ställer mötesrum 1 varmare vid panelen, på prioritet 8: navet ser det och bråkar inte",
        set_at_panel("motesrum-1"),
    ),
    Scene(
        at("09:30"),
        "S4: En konsert bokas på bana 3 i helgen: de fem får veta det",
        book("B-2026-100015", use(3, "18:00", "22:00", 5), activity="other", told=True),
    ),
    Scene(
        at("10:00"),
        "BACnet: Panelen släpps: det som navet skrev på prioritet 13 gäller igen",
        let_go_at_panel("motesrum-1"),
    ),
    Scene(
        at("10:15"),
        "Matchen på bana 1 kortas till 11",
        change("B-2026-100002", uses=(use(1, "10:00", "11:00"),)),
    ),
    Scene(at("10:20"), "S3: Mässan flyttas en vecka; S4: de fem får veta det", change("B-2026-100014", uses=fair(1))),
    Scene(
        at("11:15"),
        "BACnet: Mötesrum 2 flyttas till 14-16: värms från 13.30",
        move_elsewhere("B-2026-100025", "14:00", "16:00"),
    ),
    Scene(at("11:30"), "Bana 3 avbokas: koden återkallas", change("B-2026-100003", cancelled=True)),
    Scene(at("12:00"), "ARX slutar svara", ARX_GOES_DOWN),
    Scene(at("12:10"), "Bana 5 bokas 15-16 medan ARX är nere", book("B-2026-100005", use(5, "15:00", "16:00"))),
    Scene(
        at("12:20"),
        "Bana 4 flyttas igen, till 14.30-15.30",
        change("B-2026-100004", uses=(use(4, "14:30", "15:30"),)),
    ),
    Scene(at("12:30"), "Bana 2 bokas 16-17", book("B-2026-100006", use(2, "16:00", "17:00"))),
    Scene(at("12:40"), "Bana 5 avbokas: ingen kod har någonsin funnits", change("B-2026-100005", cancelled=True)),
    Scene(ARX_BACK, "ARX svarar igen", recover(LOCKS)),
    Scene(
        at("14:45"),
        "BACnet: Mötesrum 2 avbokas mitt i: navet vill inget mer där",
        cancel_elsewhere("B-2026-100025"),
    ),
    Scene(at("16:20"), "Någon släcker bana 2 för hand", switch_off_by_hand("bana-2", until="17:10")),
    Scene(at("17:30"), "Bana 2 bokas 18-19: hela kedjan en gång till", book("B-2026-100007", use(2, "18:00", "19:00"))),
    Scene(at("18:40"), "KNX: Hela Sporthall Nord avbokas mitt i: det släcks", cancel_elsewhere("B-2026-100022")),
    Scene(at("18:45"), "Modbus: Halvplan A lyser än", lambda _stage, _ledger: _nothing()),
    Scene(at("20:30"), "S4: Konserten avbokas; de fem får veta det", change("B-2026-100015", cancelled=True)),
    Scene(EVENING, "Hallen är tom", lambda _stage, _ledger: _nothing()),
    Scene(at("06:45", 1), "S4: Fastighetskontoret fick dagens sammandrag 06.30", lambda _stage, _ledger: _nothing()),
)


async def _nothing() -> None:
    """Nothing happens."""


def checkpoints() -> list[datetime]:
    """Moments between the scenes at which all systems are read and held against what should be."""
    first, last = SCENES[0].when, EVENING
    quarters = int((last - first) / timedelta(minutes=15))
    return [first + timedelta(minutes=15 * n + 5) for n in range(quarters)] + [last]
