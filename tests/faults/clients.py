"""Those who book: each has bookings of its own, changes them without rest, and remembers what it was promised."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp

from tests.faults.town import TOWN, courts

HOLDERS = ("Lena Norberg", "Åke Öst", "Maja Lind")
BOOKINGS_EACH = 12
WHEN_NOBODY_ANSWERS = 0.1
"""Seconds until it is asked again: a hub that starts has the machine for itself."""
DONE = (HTTPStatus.OK, HTTPStatus.ACCEPTED)
LATER = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE)
"""It may have been done, or not, and is asked again."""
_FAR = (2, 40)
"""Days: within the push horizon, and beyond it."""


@dataclass
class Ledger:
    """What was sent, what was promised, and what was answered that should not have been."""

    sent: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    promised: dict[str, int] = field(default_factory=dict)
    """The newest revision of each booking that was answered with 2xx."""
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    async def has_promised(self, many: int) -> None:
        """Wait until so many bookings were promised."""
        while len(self.promised) < many:
            self._more.clear()
            await self._more.wait()

    def keep(self, booking: dict[str, Any]) -> None:
        """Remember what is about to be sent."""
        self.sent[booking["number"], booking["revision"]] = booking

    def answered(self, booking: dict[str, Any], status: int, text: str) -> None:
        """Remember a promise, or an answer that should not be."""
        self.answers[str(status)] += 1
        if status in LATER:
            return
        if status in DONE:
            number = booking["number"]
            self.promised[number] = max(booking["revision"], self.promised.get(number, 0))
            self._more.set()
        else:
            self.wrong.append(f"{booking['number']} revision {booking['revision']}: {status} {text}")


@dataclass
class Client:
    """One booking system with its bookings."""

    name: int
    seed: int
    ledger: Ledger
    revisions: dict[str, int] = field(default_factory=dict)
    many: int = 0
    """How many bookings it comes to have; nought: a few, which it changes again and again."""
    ahead: float = 0.2
    """The share of occasions that are far ahead."""
    edges: bool = True
    """Whether occasions begin and end about now; else none does within minutes of it."""

    def __post_init__(self) -> None:
        self.dice = random.Random(f"{self.seed}/{self.name}")

    async def go_on(self, http: "Desk", stopping: asyncio.Event) -> None:
        """Book until told to stop."""
        while not stopping.is_set():
            number = self._number(self._which())
            revision = self.revisions[number] = self.revisions.get(number, 0) + 1
            wanted = a_booking(number, revision, self.dice, ahead=self.ahead, edges=self.edges)
            self.ledger.keep(wanted)
            while not await http.put(wanted, self.ledger) and not stopping.is_set():
                await asyncio.sleep(WHEN_NOBODY_ANSWERS)
                if self.dice.random() < 0.5:
                    break  # without knowing what became of it
            await asyncio.sleep(self.dice.uniform(0, 0.12))

    def _which(self) -> int:
        """The next one that is new, until there are enough; then one that was given up; else one that there is.

        The first of them often.
        """
        often = self.dice.random() < (0.9 if self.many else 0.6)
        if often and len(self.revisions) < self.many:
            return len(self.revisions)
        given_up = (n for n in range(self.many) if self._number(n) not in self.ledger.promised)
        if often and (found := next(given_up, None)) is not None:
            return found
        return self.dice.randrange(max(BOOKINGS_EACH, len(self.revisions))) if often else 0

    def _number(self, which: int) -> str:
        return f"B-{self.name}-{which}"


@dataclass
class Desk:
    """The way to the hub, and the key that opens it."""

    session: aiohttp.ClientSession
    address: str
    key: str

    async def put(self, booking: dict[str, Any], ledger: Ledger) -> bool:
        """Send one booking; False when no answer came."""
        url = f"{self.address}/v1/{TOWN}/bookings/{booking['number']}"
        try:
            async with self.session.put(url, json=booking, headers=self._headers) as answer:
                ledger.answered(booking, answer.status, await answer.text())
                return answer.status not in LATER
        except (aiohttp.ClientError, TimeoutError) as error:
            ledger.answers[type(error).__name__] += 1
            return False

    async def get(self, path: str) -> Any:
        """Ask for something below the town."""
        async with self.session.get(f"{self.address}/v1/{TOWN}/{path}", headers=self._headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def post(self, path: str) -> Any:
        """Have something done below the town."""
        async with self.session.post(f"{self.address}/v1/{TOWN}/{path}", headers=self._headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def a_booking(number: str, revision: int, dice: random.Random, *, ahead: float, edges: bool = True) -> dict[str, Any]:
    """One that begins or ends about now, or is far ahead; one in six is cancelled."""
    now = datetime.now(UTC)
    places = dice.sample(courts(), dice.choice([1, 1, 2]))
    occasion = _occasion if edges else _long_occasion
    occasions = [occasion(str(n), place, now, dice, ahead) for n, place in enumerate(places)]
    return {
        "number": number,
        "revision": revision,
        "status": dice.choice(["confirmed"] * 5 + ["cancelled"]),
        "customer": {"kind": "person", "name": "Lena Norberg", "email": "lena@example.se"},
        "occasions": occasions,
        "payment": {"kind": "free"},
    }


def _occasion(name: str, place: str, now: datetime, dice: random.Random, ahead: float) -> dict[str, Any]:
    starts = now + timedelta(seconds=dice.uniform(-4, 12))
    if dice.random() < ahead:
        starts += timedelta(days=dice.choice(_FAR))
    length = dice.choice([1, 2, 3, 5]) if dice.random() < 0.9 else 3600
    return _at(name, place, starts, length, dice)


def _long_occasion(name: str, place: str, now: datetime, dice: random.Random, ahead: float) -> dict[str, Any]:
    """One that goes on, or is over, or is to come, whoever's clock of ours it goes by."""
    starts = now + timedelta(minutes=dice.choice([-90, -30, -10, 30]), days=2 if dice.random() < ahead else 0)
    return _at(name, place, starts, 3600, dice)


def _at(name: str, place: str, starts: datetime, length: int, dice: random.Random) -> dict[str, Any]:
    return {
        "id": name,
        "resource": place,
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(seconds=length)).isoformat(),
        "activity": dice.choice(["match", "training"]),
        "holders": [holder(who) for who in HOLDERS[: dice.choice([0, 1, 1, 3])]],
    }


def holder(name: str) -> dict[str, Any]:
    """One who types a PIN."""
    return {"name": name, "phone": "+46701740606", "credential": {"kind": "pin"}}
