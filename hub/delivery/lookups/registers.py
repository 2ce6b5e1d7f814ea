"""Asking the population register of one person, and of whoever has custody of them: what it says, judged."""

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from hub.clock import STOCKHOLM, Clock, micros
from hub.delivery.looks.health import elsewhere
from hub.delivery.lookups.asking import Asking, Unasked
from hub.delivery.reach.connections import Connections
from hub.delivery.reach.running import Running
from hub.delivery.reach.ways import NoWayError
from hub.errors import RefusedError
from hub.masking import place_of
from hub.model.audit import Act
from hub.model.configuration import PopulationDuty
from hub.model.identity import PersonNumber
from hub.model.person import NotTold, Person, PersonAnswer, PersonLookup
from hub.sdk import PopulationRegister
from hub.service.audit.auditing import Witness
from hub.service.persons import budget, discretion, whose
from hub.service.persons.discretion import Reason
from hub.service.protected.protecting import Protecting
from hub.service.rulebook import Rulebook
from hub.service.words import sentences
from hub.store import lookups
from hub.store.engine.writer import Writer
from hub.store.lookups import Spending
from hub.store.seals.sealing import Seal

LOG = logging.getLogger("hub.population")

Answer = PersonAnswer | Reason | RefusedError


class Asked(NamedTuple):
    """A question, where it goes, and what it is reckoned as."""

    municipality: str
    lookup: PersonLookup
    running: Running
    register: PopulationRegister
    duty: PopulationDuty
    today: date
    at: int
    """When, microseconds."""
    guardians: bool
    """Whether it is looked at who has custody, asked for or not."""

    @property
    def price(self) -> int:
        """Of the question, whatever its answer."""
        return discretion.price(guardians=self.guardians)


class Registers:
    """Asks the registers of this process's municipalities."""

    def __init__(
        self,
        running: Connections,
        writer: Writer,
        seal: Seal,
        rulebook: Rulebook,
        protecting: Protecting,
        clock: Clock,
    ) -> None:
        self._connections, self._writer, self._seal, self._rulebook = running, writer, seal, rulebook
        self._witness, self._asking = Witness(writer, seal, clock), Asking(writer, clock)
        self._protecting, self._clock = protecting, clock

    async def meant(self, municipality: str, lookup: PersonLookup) -> Asked:
        """Where a question goes.

        Raises:
            NotFoundError: there is no such municipality.
            RefusedError: there is no register that can be asked here, or nobody has that number.
        """
        duty = self._rulebook.town(municipality).configuration.municipality.population
        running = self._connections.find(municipality, duty.connection) if duty.connection else None
        if running is None or not isinstance(running.connector, PopulationRegister):
            told = "municipality.yaml names no connection for `population` that runs here and is a population register"
            raise RefusedError("no-register", told)
        if not running.ways.part:
            raise elsewhere(running)
        if await self._is_nobodys(duty, lookup.identity_number):
            raise RefusedError("test-number", f"{duty.connection} is the real register, where nobody has that number")
        now = self._clock.now()
        today = now.astimezone(STOCKHOLM).date()
        guardians = discretion.looks_at_guardians(lookup, today)
        return Asked(municipality, lookup, running, running.connector, duty, today, micros(now), guardians)

    async def _is_nobodys(self, duty: PopulationDuty, number: PersonNumber) -> bool:
        """Whether it is a test number where there are none. Raises RefusedError."""
        if not duty.production:
            return False
        further = await asyncio.to_thread(_further, duty.test_numbers) if duty.test_numbers else frozenset[str]()
        return discretion.is_test_number(number, further)

    async def note(self, asked: Asked, number: PersonNumber, **told: str) -> None:
        """That a register is asked of somebody, on disk before it is; the number stands there as a keyed hash."""
        why = json.dumps([asked.lookup.purpose, asked.lookup.legal_basis], ensure_ascii=False)
        subject = whose.mark(self._seal, asked.municipality, number)
        told = {"connection": asked.running.name} | told
        await self._witness.saw(asked.municipality, Act.PERSON_LOOKED_UP, subject, private=why, **told)

    async def answer(self, asked: Asked, begins: Callable[[], None]) -> Answer:
        """The answer, or why there is none; raises neither, for perhaps nobody waits any more.

        `begins`: called when it is our turn, before anything is spent.
        """
        heard = Heard([], [])
        told: Answer

        async def question() -> PersonAnswer | Reason:
            begins()
            await self._spend(asked)
            return await self._told(asked, heard)

        try:
            told = await self._asking.ask(asked.running, question, cost=asked.price)
        except NoWayError:
            told = elsewhere(asked.running)
        except RefusedError as error:
            told = error
        except Unasked as error:
            told = Reason(error.cause, str(error))
        except Exception as error:  # noqa: BLE001 - a connector's bug stops nothing else; its text may hold anything
            LOG.error("connection %s: a lookup failed: %s", asked.running.name, place_of(error))  # noqa: TRY400
            told = Reason(NotTold.FAILED, type(error).__name__)
        await self._follow(asked, heard)
        return told

    async def _follow(self, asked: Asked, heard: "Heard") -> None:
        """Erase what leads to whom the register marks; what fails is done when they are looked up again."""
        try:
            for number in heard.marked:
                await self._protecting.protect(asked.municipality, number, asked_at=asked.at)
            for number in heard.clear:
                await self._protecting.clear(asked.municipality, number)
        except Exception as error:  # noqa: BLE001 - who asks is told what the register said
            LOG.error("of a protected person not all is erased yet: %s", place_of(error))  # noqa: TRY400

    async def _spend(self, asked: Asked) -> None:
        """Raise RefusedError when the day's lookups are spent."""
        most = asked.duty.per_day
        if most is None:
            return
        spending = Spending(*asked.running.place, asked.today.toordinal(), asked.price, most)
        if not await self._writer.do(lookups.spend, spending):
            told = f"the {most} lookups of {asked.running.name} for {asked.today} are spent: per_day, municipality.yaml"
            await self._writer.call(budget.tell, *asked.running.place, told, asked.at)
            raise RefusedError("lookups-spent", told)

    async def _told(self, asked: Asked, heard: "Heard") -> PersonAnswer | Reason:
        """Ask of the person, then of each who has custody of them; of one who is not a clear no nothing is told."""
        lookup = asked.lookup
        found = await _look_up(asked, lookup.model_copy(update={"guardians": asked.guardians}))
        if found is None:
            return Reason(NotTold.MISSING)
        if reason := discretion.why_not(lookup.identity_number, found):
            heard.of(lookup.identity_number, reason)
            return reason
        if asked.guardians and (reason := await self._of_guardians(asked, found, heard)):
            heard.of(lookup.identity_number, reason)  # they live together
            return reason
        if found.replaced_by is None:  # else it is an old answer, which is no clear no
            heard.of(lookup.identity_number, None)
        return discretion.told(lookup, found)

    async def _of_guardians(self, asked: Asked, found: Person, heard: "Heard") -> Reason | None:
        numbers = discretion.custodians(found)
        if isinstance(numbers, Reason):
            return numbers
        for number in numbers:
            if await self._is_nobodys(asked.duty, number):
                return Reason(NotTold.UNKNOWN, sentences.TEST_GUARDIAN.say(), "guardian")
            await self.note(asked, number, of="guardian")
            wanted = asked.lookup.model_copy(update={"identity_number": number, "guardians": False})
            if reason := discretion.why_not_of_guardian(number, await _look_up(asked, wanted)):
                heard.of(number, reason)
                return reason
        return None


class Heard(NamedTuple):
    """Whom a register marks, or may mark, as protected; and of whom it says a clear no."""

    marked: list[PersonNumber]
    clear: list[PersonNumber]

    def of(self, number: PersonNumber, reason: Reason | None) -> None:
        """One more."""
        if reason is None:
            self.clear.append(number)
        elif reason.marked:
            self.marked.append(number)


async def _look_up(asked: Asked, wanted: PersonLookup) -> Person | None:
    async with asyncio.timeout(asked.running.connector.pace.lands_within.total_seconds()):
        return await asked.register.look_up(wanted)


def _further(path: str) -> frozenset[str]:
    """The test numbers of the municipality's own file.

    Raises:
        RefusedError: it cannot be read, and then nobody can say what is a test number.
    """
    try:
        return _read(path, Path(path).stat().st_mtime_ns)
    except (OSError, ValueError):
        raise RefusedError("no-register", sentences.NO_TEST_LIST.say()) from None


@lru_cache(8)
def _read(path: str, _changed: int) -> frozenset[str]:
    return discretion.listed(Path(path).read_text(encoding="utf-8"))
