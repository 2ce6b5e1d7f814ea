"""Asking Navet who somebody is. Each question costs, and is made for one purpose: nothing is asked twice by itself."""

from datetime import timedelta

from connectors.population_navet.client import Navet
from connectors.population_navet.config import NavetConfig
from connectors.population_navet.translate import person
from hub.model import Person, PersonLookup
from hub.sdk import STOCKHOLM, About, Connector, Lent, Pace, PopulationRegister


class NavetRegister(Connector[NavetConfig], PopulationRegister):
    """One order at Navet."""

    pace = Pace(calls_at_once=4, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30))
    """No figures of Skatteverket's are public; four at once is what a person or two at a desk need."""

    def __init__(self, config: NavetConfig, lent: Lent) -> None:
        """Send nothing yet."""
        super().__init__(config, lent)
        self._navet = Navet(config, lent)

    async def check(self) -> About:
        await self._navet.look()
        told = "" if self.config.order_has_protection else "; without flags, everybody counts as perhaps protected"
        return About(detail=f"the service is there and takes our certificate; the order was not tried{told}")

    async def look_up(self, lookup: PersonLookup) -> Person | None:
        today, has_protection = self.lent.clock.now().astimezone(STOCKHOLM).date(), self.config.order_has_protection
        return await self._navet.get_data(
            lookup.identity_number.digits,
            lambda post: person(post, lookup, today, order_has_protection=has_protection),
        )
