"""Asking Inera's population service who somebody is."""

from datetime import timedelta

from connectors.population_riv.client import PERSONNUMMER, SAMORDNINGSNUMMER, PersonService
from connectors.population_riv.config import RivConfig
from connectors.population_riv.translate import person
from hub.model import Person, PersonLookup
from hub.sdk import STOCKHOLM, About, Connector, Lent, Pace, PopulationRegister


class RivRegister(Connector[RivConfig], PopulationRegister):
    """One consumer at a service platform."""

    pace = Pace(
        calls_at_once=4, calls_per_minute=600, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30)
    )
    """Ten a second is what the service promises (SLA, read 2026-11-21)."""

    def __init__(self, config: RivConfig, lent: Lent) -> None:
        """Send nothing yet."""
        super().__init__(config, lent)
        self._service = PersonService(config, lent)

    async def check(self) -> About:
        await self._service.look()
        told = "" if self.config.production else "; records that are marked as tests are taken"
        return About(detail=f"the platform is there and takes our certificate; the contract was not tried{told}")

    async def look_up(self, lookup: PersonLookup) -> Person | None:
        number, today = lookup.identity_number, self.lent.clock.now().astimezone(STOCKHOLM).date()
        return await self._service.get_person(
            SAMORDNINGSNUMMER if number.is_coordination_number else PERSONNUMMER,
            number.digits,
            "P4" if lookup.guardians else "P2",
            lambda record: person(record, lookup, today, self.config),
        )
