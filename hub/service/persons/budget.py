"""The day's lookups of a population register: that they are spent is a problem, until there are some again."""

from hub.clock import STOCKHOLM, Clock, now_of
from hub.model.configuration import PopulationDuty
from hub.service.persons import discretion
from hub.service.rulebook import Rulebook
from hub.store import lookups, problems
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.problems import Cause

SPENT = Cause("lookups-spent", "")


def tell(connection: Connection, municipality: str, name: str, detail: str, now: int) -> None:
    """A question was refused."""
    problems.open_(connection, municipality, name, SPENT, detail=detail, now=now)


class Renewing:
    """Ends the problem at midnight, Swedish time, or when the budget is raised."""

    def __init__(self, writer: Writer, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._rulebook, self._clock = writer, readers, rulebook, clock

    async def look(self) -> None:
        """Look at every municipality; nothing is asked of the writer where nothing is spent."""
        for town, known in self._rulebook.towns().items():
            open_ = await self._readers.read(problems.listed, town)
            if any(one.code == SPENT.code for one in open_):
                await self._writer.call(self._look, town, known.configuration.municipality.population)

    def _look(self, connection: Connection, town: str, duty: PopulationDuty) -> None:
        now = now_of(self._clock)
        for problem in problems.listed(connection, town):
            if problem.code == SPENT.code and not self._is_spent(connection, town, problem.connection, duty):
                problems.close_of(connection, town, problem.connection, [SPENT.code], now=now)

    def _is_spent(self, connection: Connection, town: str, name: str, duty: PopulationDuty) -> bool:
        """Whether it is still refused what costs most."""
        if name != duty.connection or duty.per_day is None:
            return False
        day, spent = lookups.spent(connection, town, name)
        today = self._clock.now().astimezone(STOCKHOLM).date().toordinal()
        return day >= today and spent + discretion.price(guardians=True) > duty.per_day
