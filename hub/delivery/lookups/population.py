"""Looking somebody up in the population register (folkbokföring), for a person who says why.

Of whomever nothing is told, whoever may not know causes hears so at the same time after the question, `SAME_TIME`:
neither what is said nor when tells who is protected, who is not there, and what went wrong. What takes longer is not
waited for.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from hub.delivery.lookups.kept import KeptAnswers
from hub.delivery.lookups.registers import Answer, Asked, Registers
from hub.errors import RefusedError
from hub.model.person import NotTold, PersonAnswer, PersonLookup
from hub.service.audit.acting import acting
from hub.service.persons import discretion
from hub.service.persons.discretion import Reason
from hub.store.engine.writer import Readers
from hub.store.seals.sealing import Seal

SAME_TIME = timedelta(seconds=5)
"""When whoever may not know causes is told that nothing is told, counted from the question."""


class Time(Protocol):
    """Time that runs, in seconds from anywhere."""

    def now(self) -> float: ...

    async def until(self, moment: float) -> None:
        """Return when it has come."""


class RunningTime:
    """The machine's."""

    def now(self) -> float:
        """Seconds."""
        return asyncio.get_running_loop().time()

    async def until(self, moment: float) -> None:
        """Return when it has come."""
        await asyncio.sleep(moment - self.now())


@dataclass(eq=False)
class _UnderWay:
    """A question that is asked, and how many wait for its answer."""

    answer: "asyncio.Future[Answer]"
    waiting: int = 0
    begun: bool = False
    """Whether it may have reached the register."""

    def begins(self) -> None:
        self.begun = True


class Population:
    """The use case."""

    def __init__(self, registers: Registers, readers: Readers, seal: Seal) -> None:
        self._registers, self._seal, self.kept = registers, seal, KeptAnswers(readers, seal)
        self._under_way: dict[bytes, _UnderWay] = {}
        """By a keyed hash of the question and of who asks it."""
        self.time: Time = RunningTime()

    async def look_up(self, municipality: str, lookup: PersonLookup, *, may_know: bool) -> PersonAnswer:
        """Tell of somebody, or that nothing is told; `may_know`: with the cause, and as soon as it is known.

        Raises:
            NotFoundError: there is no such municipality.
            RefusedError: no register, a test number, or all lookups of the day are spent: whoever was asked about.
        """
        ends = self.time.now() + SAME_TIME.total_seconds()
        asked = await self._registers.meant(municipality, lookup)
        more = {"guardians": "asked"} if lookup.guardians else {}
        more |= {"causes": "shown"} if may_know else {}
        if kept := await self._again(asked, more):
            return kept
        await self._registers.note(asked, lookup.identity_number, **more)
        late = asyncio.ensure_future(self.time.until(ends))
        try:
            told = await self._awaited(asked, late)
            if isinstance(told, RefusedError):
                raise told
            if isinstance(told, PersonAnswer):
                return told
            if not may_know:
                await late
            return discretion.untold(told, may_know=may_know)
        finally:
            late.cancel()

    async def _again(self, asked: Asked, more: dict[str, str]) -> PersonAnswer | None:
        """What was told before, if it still may be when that it is told again is on record."""
        name = self._name(asked)
        if await self.kept.find(name, asked) is None:
            return None
        await self._registers.note(asked, asked.lookup.identity_number, **more, answer="kept")
        return await self.kept.find(name, asked)

    async def _awaited(self, asked: Asked, late: "asyncio.Future[None]") -> Answer:
        """The answer, of one question for all who ask the same at once; or that it takes too long."""
        name = self._name(asked)
        here = self._under_way.get(name) or self._asked(asked, name)
        here.waiting += 1
        try:
            either: set[asyncio.Future[Any]] = {here.answer, late}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            here.waiting -= 1
            if not (here.waiting or here.begun):  # nobody is left who would hear it, and it has cost nothing yet
                here.answer.cancel()
                self._ended(name, here)
        answered = here.answer.done() and not here.answer.cancelled()
        return here.answer.result() if answered else Reason(NotTold.LATE)

    def _name(self, asked: Asked) -> bytes:
        """What the same question by the same person has, and no other: a register hears of everyone who asks."""
        who = acting()
        said = asked.lookup.model_dump_json()
        words = json.dumps([asked.municipality, who.who, who.person, said, asked.today.isoformat()])
        return self._seal.lookup_hash(f"lookup/{words}")

    def _asked(self, asked: Asked, name: bytes) -> _UnderWay:
        here = self._under_way[name] = _UnderWay(asyncio.get_running_loop().create_future())
        here.answer = asyncio.ensure_future(self._answer(asked, name, here))
        here.answer.add_done_callback(lambda _: self._ended(name, here))
        return here

    async def _answer(self, asked: Asked, name: bytes, here: _UnderWay) -> Answer:
        epoch = await self.kept.epoch(asked)
        told = await self._registers.answer(asked, here.begins)
        if epoch is not None and isinstance(told, PersonAnswer):
            self.kept.keep(name, asked, told, epoch)
        return told

    def _ended(self, name: bytes, here: _UnderWay) -> None:
        if self._under_way.get(name) is here:
            del self._under_way[name]

    async def stop(self) -> None:
        """Give up what is asked."""
        answers = [one.answer for one in self._under_way.values()]
        for answer in answers:
            answer.cancel()
        await asyncio.gather(*answers, return_exceptions=True)
