"""Asking SPAR who somebody is, for a human whom it is told of."""

from datetime import timedelta

from connectors.population_spar.client import Spar
from connectors.population_spar.config import SparConfig
from connectors.population_spar.translate import person
from hub.model import Person, PersonLookup
from hub.sdk import STOCKHOLM, About, Connector, Lent, Pace, PopulationRegister, RejectedError


class SparRegister(Connector[SparConfig], PopulationRegister):
    """One assignment at SPAR."""

    pace = Pace(calls_at_once=4, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30))
    """No figures of SPAR's are public; four at once is what a person or two at a desk need."""

    def __init__(self, config: SparConfig, lent: Lent) -> None:
        """Send nothing yet."""
        super().__init__(config, lent)
        self._spar = Spar(config, lent)

    async def check(self) -> About:
        await self._spar.look()
        return About(detail="the service is there and takes our certificate; the assignment was not tried")

    async def look_up(self, lookup: PersonLookup) -> Person | None:
        if lookup.guardians and not self.config.relations:
            raise RejectedError("who has custody cannot be asked: the assignment has no relations, see `relations`")
        today = self.lent.clock.now().astimezone(STOCKHOLM).date()
        return await self._spar.person_sok(
            lookup.identity_number.digits,
            lookup.asked_by,
            ["Relationer"] if lookup.guardians else [],
            lambda post: person(post, lookup, today),
        )
