"""Which bookings open a door, and when: from who uses what it leads to, and what they ask for."""

from collections.abc import Iterator
from typing import NamedTuple

from hub.model.plan import Claim, TargetKey, TargetKind
from hub.planner.notifying import facility_of
from hub.planner.rules import Rules
from hub.service.asking.asked import Asked
from hub.store import occupancy
from hub.store.engine.database import Connection
from hub.store.occupancy import Coming


class Leads(NamedTuple):
    """Where a door leads, and the most that it opens longer than an occasion (microseconds)."""

    resources: tuple[str, ...]
    lead: int
    lag: int

    @property
    def facility(self) -> str | None:
        """Whose door it is; None for one that the configuration does not have."""
        return facility_of(self.resources[0]) if self.resources else None


def leads(rules: Rules, door: TargetKey) -> Leads:
    """Where a door leads, by its connection and its external key."""
    resources, lead, lag = [], 0, 0
    for key, rule in rules.resources.items():
        for one in rule.access.doors if rule.access and rule.access.connection == door.connection else ():
            if one.door == door.key:
                resources.append(key)
                lead, lag = max(lead, one.lead), max(lag, one.lag)
    return Leads(tuple(resources), lead, lag)


class Used(NamedTuple):
    """An occasion of what a door leads to, and what its booking asks of the door, if anything."""

    number: str
    occasion: str
    resource: str
    starts: int
    ends: int
    asked: Asked
    claims: tuple[Claim, ...]


def used(connection: Connection, rules: Rules, door: TargetKey, since: int, until: int) -> list[Used]:
    """The occasions in whose time the door may have to open within [since, until), in order of time."""
    led = leads(rules, door)
    rows = occupancy.coming(
        connection, rules.municipality, led.resources, starts=since - led.lag, ends=until + led.lead
    )
    asked = {row.number: Asked.from_json(row.asked) for row in rows}
    once: dict[tuple[str, str], Used] = {}
    for row in rows:
        claims = tuple(_opening(row, asked[row.number], door, since, until))
        once.setdefault((row.number, row.occasion), Used(*_of(row), asked[row.number], claims))
    return list(once.values())


def _of(row: Coming) -> tuple[str, str, str, int, int]:
    return row.number, row.occasion, row.resource, row.starts, row.ends


def _opening(row: Coming, asked: Asked, door: TargetKey, since: int, until: int) -> Iterator[Claim]:
    for claim in asked.claims.values():
        mine = claim.occasion == row.occasion and claim.kind is TargetKind.CREDENTIAL
        here = (claim.target.connection, claim.door) == door
        if mine and here and claim.starts < until and since < claim.ends:
            yield claim
