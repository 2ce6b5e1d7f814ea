"""Resources: their identities in each system, what their targets should be like now, and who claims them."""

from collections.abc import Iterator

from hub.clock import Clock, instant, now_of
from hub.errors import NotFoundError
from hub.masking import quoted
from hub.model.answers import ClaimAnswer, EffectAnswer
from hub.model.facility import Facility
from hub.model.standing import ResourceAnswer
from hub.model.states import Delivery, Effect, Proof
from hub.planner.rules import ResourceRules, Rules
from hub.service.rulebook import Rulebook
from hub.service.standing.showing import moment
from hub.store import bookings, claims, shown
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers


class Resources:
    """Answers about resources."""

    def __init__(self, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._readers, self._rulebook, self._clock = readers, rulebook, clock

    async def listed(self, municipality: str) -> list[ResourceAnswer]:
        """All resources of a municipality. Raises NotFoundError."""
        town = self._rulebook.town(municipality)
        return [
            _answer(name, facility, key, town.rules)
            for name, facility in town.configuration.facilities.items()
            for key in facility.resources
        ]

    async def one(self, municipality: str, resource: str) -> ResourceAnswer:
        """One resource, with its zones and their claims. Raises NotFoundError."""
        found = next((one for one in await self.listed(municipality) if one.id == resource), None)
        if found is None:
            msg = f"no resource {quoted(resource)} in {municipality}"
            raise NotFoundError(msg)
        rules = self._rulebook.rules(municipality)
        targets, claimed = await self._readers.read(_zones, rules, rules.resources[resource], now_of(self._clock))
        return found.model_copy(update={"targets": tuple(targets), "claims": claimed})


def _answer(name: str, facility: Facility, key: str, rules: Rules) -> ResourceAnswer:
    resource, ruled = facility.resources[key], rules.resources[key]
    identities: dict[str, list[str]] = {}
    for connection, identity in _identities(ruled):
        identities.setdefault(connection, []).append(identity)
    unserved = [*([ruled.unserved_access] if ruled.unserved_access else []), *ruled.unserved_zones]
    return ResourceAnswer(
        id=key,
        name=resource.name,
        kind=resource.kind,
        facility=name,
        parts=resource.parts,
        identities={connection: tuple(keys) for connection, keys in identities.items()},
        unserved=tuple(f"{one.capability}: {one.what}" for one in unserved),
        claims={},
    )


def _identities(ruled: ResourceRules) -> Iterator[tuple[str, str]]:
    if ruled.access:
        yield from ((ruled.access.connection, door.door) for door in ruled.access.doors)
    yield from zone_keys(ruled)


def zone_keys(ruled: ResourceRules) -> Iterator[tuple[str, str]]:
    """(connection, external key) of each zone."""
    yield from (zone.target for zone in ruled.zones)


def _zones(
    connection: Connection, rules: Rules, ruled: ResourceRules, now: int
) -> tuple[list[EffectAnswer], dict[str, tuple[ClaimAnswer, ...]]]:
    targets: list[EffectAnswer] = []
    claimed: dict[str, tuple[ClaimAnswer, ...]] = {}
    for target in zone_keys(ruled):
        seen = shown.with_key(connection, rules.municipality, *target)
        if seen is None:
            continue
        name = "/".join(target)
        proof = Proof(seen.proof) if seen.proof else None
        targets.append(
            EffectAnswer(
                target=name,
                state=Effect(seen.effect),
                delivery=Delivery(seen.delivery),
                proof=proof,
                expected_at=moment(seen.due),
                detail=seen.detail or f"confirmed {seen.confirmed}",
            )
        )
        claimed[name] = _claims(connection, rules.municipality, seen.id, now)
    return targets, claimed


def _claims(connection: Connection, municipality: str, lane: int, now: int) -> tuple[ClaimAnswer, ...]:
    rows = claims.on_lane(connection, municipality, lane, since=now)
    numbers = bookings.numbers(connection, municipality, {row.booking for row in rows})
    return tuple(
        ClaimAnswer(
            number=numbers.get(row.booking, "?"),
            occasion=row.occasion,
            level=row.level,
            starts_at=instant(row.starts),
            ends_at=instant(row.ends),
            suspended=bool(row.suspended),
        )
        for row in rows
    )
