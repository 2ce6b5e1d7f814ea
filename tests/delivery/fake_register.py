"""A population register with state, and time that moves when a test says so."""

import asyncio

from hub.model import Person, PersonLookup, PersonNumber
from hub.model.identity import luhn_holds
from hub.sdk import About, Connector, Lent, PopulationRegister
from tests.delivery.fakes import FakeConfig, System


def number(eleven: str) -> PersonNumber:
    """An identity number whose check digit is made."""
    return next(PersonNumber.parse(f"{eleven}{n}") for n in range(10) if luhn_holds(f"{eleven[2:]}{n}"))


class RegisterSystem(System):
    """Persons, by their numbers. Its service withholds nothing but what is not asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.persons: dict[str, Person] = {}
        self.asked: list[PersonLookup] = []

    def register(self, *persons: Person) -> None:
        self.persons |= {person.identity_number.digits: person for person in persons}

    async def look_up(self, lookup: PersonLookup) -> Person | None:
        self.asked.append(lookup)
        digits = lookup.identity_number.digits
        found = await self.call("look up", digits, lambda: self.persons.get(digits))
        if found is None or lookup.guardians:
            return found
        return found.model_copy(update={"guardians": ()})


REGISTERS: dict[str, RegisterSystem] = {}
"""By the name that a connection's settings give."""


class FakeRegister(Connector[FakeConfig], PopulationRegister):
    """The way to such a register."""

    def __init__(self, config: FakeConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.system = REGISTERS.setdefault(config.system, RegisterSystem())

    async def check(self) -> About:
        return await self.system.call("read", "about", lambda: self.system.about)

    async def look_up(self, lookup: PersonLookup) -> Person | None:
        return await self.system.look_up(lookup)


OFFERED = (FakeRegister,)


class SetTime:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []
        self._changed = asyncio.Event()

    def now(self) -> float:
        return self.seconds

    async def until(self, moment: float) -> None:
        if moment > self.seconds:
            self._waiting.append((moment, asyncio.get_running_loop().create_future()))
            self._changed.set()
            await self._waiting[-1][1]

    async def waited_for(self, count: int) -> None:
        """Return when so many wait for it."""
        while sum(not future.done() for _, future in self._waiting) < count:
            self._changed.clear()
            await self._changed.wait()

    def move(self, seconds: float) -> None:
        """Go on; whoever waits for a moment that has come is told."""
        self.seconds += seconds
        for moment, future in self._waiting:
            if moment <= self.seconds and not future.done():
                future.set_result(None)
