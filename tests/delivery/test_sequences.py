"""Whatever happens in whatever order: each reader ends up knowing each booking as it is, and was told nothing twice."""

import random
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from hub.clock import STOCKHOLM
from hub.model import Notice
from tests.builders import SATURDAY, a_town, occasion
from tests.counts import examples
from tests.delivery.fakes import Fault
from tests.delivery.harness import Stage

Staging = Callable[..., Stage]
EVERY = ["new", "changed", "cancelled", "closed", "reopened"]
VAKT, OFFICE, BOOKER = "vakt@kommun.example", "office@kommun.example", "kansli@example.se"
COURTS = ("hall.court-1", "hall.court-2", "hall.court-3", "hall.whole")
NUMBERS = ("B-1", "B-2", "B-3")
ROUNDS, STEPS = 4, 10
DAYS = range(20, 23)
KINDS = {
    "Ny bokning": "new", "Ändrad bokning": "changed", "Avbokat": "cancelled", "Inställt": "closed",
    "Gäller igen": "reopened", "NY": "new", "ÄNDRAD": "changed", "AVBOKAD": "cancelled", "INSTÄLLD": "closed",
    "GÄLLER IGEN": "reopened", "Din bokning": "new", "Din bokning är ändrad": "changed",
    "Din bokning är avbokad": "cancelled", "Din bokning är inställd": "closed",
    "Din bokning gäller igen": "reopened", "Din dörrkod": "code",
}  # fmt: skip


@dataclass
class Told:
    """One thing that a reader was told of one booking."""

    kind: str
    seen: tuple[str, ...]
    """Its lines about places and times, and what of them is closed."""


@dataclass
class World:
    """What has been done, and so what should be known."""

    hall: Stage
    dice: random.Random
    revisions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NUMBERS, 0))
    standing: dict[str, dict[str, Any] | None] = field(default_factory=lambda: dict.fromkeys(NUMBERS))
    closed: dict[str, int] = field(default_factory=dict)
    """Day of each closure that is in force, by court."""
    closures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    done: list[str] = field(default_factory=list)

    def step(self) -> None:
        action = self.dice.choice([self.book, self.book, self.book, self.cancel, self.close, self.close, self.lift,
                                   self.trouble, self.wait])  # fmt: skip
        self.done.append(action.__name__)
        action()

    def book(self) -> None:
        number = self.dice.choice(NUMBERS)
        days = sorted(self.dice.sample(DAYS, self.dice.randint(1, 3)))
        court = self.dice.choice(COURTS)
        self._send(number, occasions=[occasion(court, id=str(day), after=60 * 24 * day) for day in days])

    def cancel(self) -> None:
        number = self.dice.choice(NUMBERS)
        if standing := self.standing[number]:
            self._send(number, status="cancelled", occasions=self.dice.choice([[], standing["occasions"]]))

    def _send(self, number: str, **more: Any) -> None:
        self.revisions[number] += 1
        self.standing[number] = None if more.get("status") else more
        self.hall.put(number, self.revisions[number], notify=["vakt", "office"], **more)

    def close(self) -> None:
        court, day = self.dice.choice(COURTS), self.dice.choice(DAYS)
        self.closures[court] += 1
        self.closed[court] = day
        self.hall.close_resource(court, self.closures[court], of=court, day=day)

    def lift(self) -> None:
        if self.closed:
            court = self.dice.choice(sorted(self.closed))
            del self.closed[court]
            self.closures[court] += 1
            self.hall.lift_closure(court)

    def trouble(self) -> None:
        if self.dice.random() < 0.5:
            self.hall.mail.breaks(Fault.DOWN)
        else:
            self.hall.mail.recovers()
        if self.dice.random() < 0.3:
            self.hall.restart()

    def wait(self) -> None:
        self._until(self.hall.clock.moment + timedelta(minutes=self.dice.choice([1, 30, 60 * 9])))

    def end(self) -> None:
        """Everything is told that is to be."""
        self.hall.mail.recovers()
        self._until(self.hall.clock.moment + timedelta(days=2))

    def _until(self, moment: Any) -> None:
        self.hall.at(f"{moment:%H:%M:%S}", days=(moment.date() - SATURDAY.date()).days)

    def known(self, number: str) -> tuple[str, ...]:
        """What a reader should know of a booking that stands."""
        booked = self.standing[number]
        return tuple(self._line(one) for one in booked["occasions"]) if booked else ()

    def _line(self, one: dict[str, Any]) -> str:
        day = int(one["id"])
        start = (SATURDAY + timedelta(days=day)).astimezone(STOCKHOLM)
        near = {one["resource"], "hall.whole"} if one["resource"] != "hall.whole" else set(COURTS)
        shut = any(self.closed.get(court) == day for court in near)
        place = "Hela" if one["resource"] == "hall.whole" else one["resource"]
        return f"{place} {start:%Y-%m-%d}{' shut' if shut else ''}"


def told(came: list[Notice], number: str) -> list[Told]:
    """What one reader was told of one booking, in order."""
    found = []
    for notice in came:
        parts = [notice.subject + "\n" + notice.text]
        if notice.subject.startswith("Bokningar"):
            parts = notice.text.split("\n\n")
        for part in parts:
            head = re.match(rf"(.*?) \(?{number}\b", part)
            if head:
                lines = re.findall(r"^ *(hall\.court-\d|Hela)\b.*?: \w+ (\d{4}-\d\d-\d\d) (.*)$", part, re.MULTILINE)
                shut = re.compile("INSTÄLLT|avstängt")
                seen = tuple(f"{place} {day}{' shut' if shut.search(rest) else ''}" for place, day, rest in lines)
                found.append(Told(KINDS[head[1]], seen))
    return found


@pytest.mark.parametrize("seed", range(examples(8)))
def test_whatever_happens_each_reader_ends_up_knowing_and_is_told_nothing_twice(staging: Staging, seed: int) -> None:
    roles: dict[str, dict[str, Any]] = {"vakt": {"when": EVERY}, "office": {"when": EVERY, "digest": {"at": "06:30"}}}
    booker = {"email": {"connection": "mail"}, "contact": "a@b.se", "tell_code": True}
    hall = staging(a_town(told=list(roles), roles=roles, booker=booker))
    world = World(hall, random.Random(seed))
    for _ in range(ROUNDS):
        for _ in range(STEPS):
            world.step()
        world.end()
        assert hall.problems() == []
        for number in NUMBERS:
            for reader in (VAKT, OFFICE, BOOKER):
                judge(told(hall.mail.to(reader), number), world, number)


def judge(heard: list[Told], world: World, number: str) -> None:
    said = (number, [(one.kind, one.seen) for one in heard], world.done)
    knows = False
    for before, one in zip([None, *heard], heard, strict=False):
        assert (one.kind == "new") is not knows, said
        assert one.kind == "new" or before is not None, said
        if before is not None and one.kind not in {"cancelled", "code"} and knows:
            assert before.seen != one.seen, said
        knows = one.kind != "cancelled"
    assert knows is bool(world.standing[number]), said
    if knows:
        last = next(one for one in reversed(heard) if one.kind != "code")
        assert last.seen == world.known(number), said
