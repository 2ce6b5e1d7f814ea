"""The scenes of the day: what the booking core sends, what breaks, what somebody does by hand, and when."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from hub.clock import STOCKHOLM
from hub.demo.stage import MUNICIPALITY, Stage
from hub.sdk import Misbehaviour

DAY = datetime(2026, 11, 23, tzinfo=STOCKHOLM).date()
LOCKS, LAMPS = "arx-tennishallen", "mqtt-tennishallen"


def at(clock: str) -> datetime:
    """A wall time of the day, `18:30`, as an instant."""
    return datetime.combine(DAY, time.fromisoformat(clock), STOCKHOLM).astimezone(UTC)


@dataclass(frozen=True)
class Booked:
    """A booking of one court, as the script holds it; what should be is worked out from these alone."""

    number: str
    court: int
    starts: datetime
    ends: datetime
    activity: str = "training"
    holder: str = "Lena Norberg"
    revision: int = 1
    cancelled: bool = False

    def body(self) -> dict[str, Any]:
        """The booking as the booking core sends it."""
        return {
            "number": self.number,
            "revision": self.revision,
            "status": "cancelled" if self.cancelled else "confirmed",
            "customer": {"kind": "association", "organisation_number": "802400-0005", "name": "Umeå Badmintonklubb"},
            "occasions": [
                {
                    "id": "1",
                    "resource": f"tennishallen.bana-{self.court}",
                    "starts_at": self.starts.isoformat(),
                    "ends_at": self.ends.isoformat(),
                    "activity": self.activity,
                    "holders": [{"name": self.holder, "phone": "+46701740606", "credential": {"kind": "pin"}}],
                }
            ],
            "payment": {"kind": "free"},
        }


@dataclass
class Ledger:
    """What has been booked so far, and what was done to the lamps by hand."""

    booked: dict[str, Booked]
    by_hand: dict[str, datetime]
    """Lamps that somebody switched off, and until when that stands."""

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


def book(number: str, court: int, starts: str, ends: str, *, activity: str = "training") -> Act:
    """A new booking."""

    async def act(stage: Stage, ledger: Ledger) -> None:
        await _send(stage, ledger, Booked(number, court, at(starts), at(ends), activity))

    return act


def change(number: str, **changes: Any) -> Act:
    """The booking again, at its next revision."""

    async def act(stage: Stage, ledger: Ledger) -> None:
        known = ledger.one(number)
        await _send(stage, ledger, replace(known, revision=known.revision + 1, **changes))

    return act


async def _send(stage: Stage, ledger: Ledger, booked: Booked) -> None:
    await stage.put(booked.body())
    ledger.booked[booked.number] = booked


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

    return act


ARX_GOES_DOWN = misbehave(LOCKS, Misbehaviour.DOWN)
ARX_BACK = at("14:00")
SCENES = (
    Scene(at("07:00"), "Bana 1 bokas 9-10, träning", book("B-2026-100001", 1, "09:00", "10:00")),
    Scene(
        at("07:01"),
        "Bana 1 bokas 10-12, match: kant i kant",
        book("B-2026-100002", 1, "10:00", "12:00", activity="match"),
    ),
    Scene(at("07:02"), "Bana 3 bokas 18-19", book("B-2026-100003", 3, "18:00", "19:00")),
    Scene(at("07:03"), "Bana 4 bokas 11-12", book("B-2026-100004", 4, "11:00", "12:00")),
    Scene(at("08:00"), "Bana 4 flyttas till 13-14", change("B-2026-100004", starts=at("13:00"), ends=at("14:00"))),
    Scene(at("10:15"), "Matchen på bana 1 kortas till 11", change("B-2026-100002", ends=at("11:00"))),
    Scene(at("11:30"), "Bana 3 avbokas: koden återkallas", change("B-2026-100003", cancelled=True)),
    Scene(at("12:00"), "ARX slutar svara", ARX_GOES_DOWN),
    Scene(at("12:10"), "Bana 5 bokas 15-16 medan ARX är nere", book("B-2026-100005", 5, "15:00", "16:00")),
    Scene(
        at("12:20"),
        "Bana 4 flyttas igen, till 14.30-15.30",
        change("B-2026-100004", starts=at("14:30"), ends=at("15:30")),
    ),
    Scene(at("12:30"), "Bana 2 bokas 16-17", book("B-2026-100006", 2, "16:00", "17:00")),
    Scene(at("12:40"), "Bana 5 avbokas: ingen kod har någonsin funnits", change("B-2026-100005", cancelled=True)),
    Scene(ARX_BACK, "ARX svarar igen", recover(LOCKS)),
    Scene(at("16:20"), "Någon släcker bana 2 för hand", switch_off_by_hand("bana-2", until="17:10")),
    Scene(at("17:30"), "Bana 2 bokas 18-19: hela kedjan en gång till", book("B-2026-100007", 2, "18:00", "19:00")),
    Scene(at("23:00"), "Hallen är tom", lambda _stage, _ledger: _nothing()),
)


async def _nothing() -> None:
    """Nothing happens."""


def checkpoints() -> list[datetime]:
    """Moments between the scenes at which all systems are read and held against what should be."""
    first, last = SCENES[0].when, SCENES[-1].when
    quarters = int((last - first) / timedelta(minutes=15))
    return [first + timedelta(minutes=15 * n + 5) for n in range(quarters)] + [last]
