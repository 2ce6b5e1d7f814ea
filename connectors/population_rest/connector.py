"""Asking a municipality's own service who somebody is."""

from datetime import timedelta

from connectors.population_rest.client import Citizens
from connectors.population_rest.config import RestConfig
from connectors.population_rest.translate import person
from hub.model import Person, PersonLookup
from hub.sdk import About, Connector, Lent, Pace, PopulationRegister, RejectedError


class RestRegister(Connector[RestConfig], PopulationRegister):
    """One service."""

    pace = Pace(calls_at_once=4, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30))

    def __init__(self, config: RestConfig, lent: Lent) -> None:
        """Send nothing yet."""
        super().__init__(config, lent)
        self._citizens = Citizens(config, lent)

    async def check(self) -> About:
        await self._citizens.look()
        return About(detail="the service is there and lets us in; nobody was asked for")

    async def look_up(self, lookup: PersonLookup) -> Person | None:
        if lookup.guardians:
            raise RejectedError("the service does not know who has custody; ask another register for that")
        person_id = await self._citizens.person_id(lookup.identity_number.digits)
        if person_id is None:
            return None
        return await self._citizens.citizen(person_id, lambda record: person(record, lookup, self.config))
