"""Is tonight ready? Resource by resource, each system, with its proof (rule 9: only `read` is green)."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Literal, NamedTuple

from hub.clock import HOUR, Clock, instant, micros
from hub.model.answers import Readiness, ReadinessAnswer
from hub.model.configuration import Configuration
from hub.model.plan import Claim
from hub.model.states import Delivery, Effect, Proof
from hub.planner.rules import Rules
from hub.service.asked import Asked
from hub.service.rulebook import Rulebook
from hub.service.showing import Standing, standings
from hub.store import lanes, occupancy
from hub.store.database import Connection
from hub.store.occupancy import Coming
from hub.store.writer import Readers

Colour = Literal["green", "waiting", "yellow", "red", "unserved"]


class _Scene(NamedTuple):
    rules: Rules
    names: dict[str, str]
    now: int


class ReadinessBoard:
    """Answers the question of every afternoon."""

    def __init__(self, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._readers, self._rulebook, self._clock = readers, rulebook, clock

    async def board(self, municipality: str, *, hours: int) -> Readiness:
        """Every use of a resource in the coming hours, and how its systems stand. Raises NotFoundError."""
        town, now = self._rulebook.town(municipality), self._clock.now()
        scene = _Scene(town.rules, names(town.configuration), micros(now))
        lines = await self._readers.read(_lines, scene, micros(now) + hours * HOUR)
        ready = all(line.readiness in {"green", "waiting", "unserved"} for line in lines)
        return Readiness.model_validate(
            {"from": now, "to": now + timedelta(hours=hours), "ready": ready, "lines": lines}
        )


def names(configuration: Configuration) -> dict[str, str]:
    """What people call each resource."""
    return {
        key: f"{facility.name}, {resource.name}"
        for facility in configuration.facilities.values()
        for key, resource in facility.resources.items()
    }


def _lines(connection: Connection, scene: _Scene, until: int) -> list[ReadinessAnswer]:
    town = scene.rules.municipality
    coming = occupancy.coming(connection, town, scene.rules.resources, starts=scene.now, ends=until)
    lines: list[ReadinessAnswer] = []
    for use in coming:
        asked = Asked.from_json(use.asked)
        seen = lanes.seen(connection, town, [target.lane for target in asked.targets.values()])
        its = replace(asked, claims={key: c for key, c in asked.claims.items() if c.occasion == use.occasion})
        for standing in standings(its, seen, scene.rules.horizons, now=scene.now):
            claims = [c for c in its.claims.values() if c.target == standing.target and c.ends > scene.now]
            if claims:
                lines.append(_line(scene, use, standing, claims))
        lines += (_unserved(scene, use, capability, what) for capability, what in json.loads(use.unserved))
    return lines


def _line(scene: _Scene, use: Coming, standing: Standing, claims: list[Claim]) -> ReadinessAnswer:
    starts, ends = min(claim.starts for claim in claims), max(claim.ends for claim in claims)
    return ReadinessAnswer(
        resource=use.resource,
        name=scene.names.get(use.resource, use.resource),
        system=standing.target.connection,
        target="/".join(standing.target),
        needed_at=instant(starts),
        until=instant(ends),
        number=use.number,
        readiness=colour(standing, needed=starts, now=scene.now),
        state=f"{standing.state}, {standing.delivery}",
        proof=standing.proof,
        detail=standing.detail,
    )


def colour(standing: Standing, *, needed: int, now: int) -> Colour:
    """Green is only what was read in its system; red is what stands wrong, or is late."""
    match standing:
        case Standing(state=Effect.STANDING, proof=Proof.READ):
            return "green"
        case Standing(state=Effect.STANDING | Effect.OVERRIDDEN | Effect.SUSPENDED):
            return "yellow"
        case Standing(state=Effect.LOST) | Standing(delivery=Delivery.STUCK | Delivery.RETRYING | Delivery.EXPIRED):
            return "red"
        case Standing(delivery=Delivery.AWAITING_USER | Delivery.DISMISSED):
            return "yellow"
    return "red" if needed < now - _GRACE else "waiting"


_GRACE = 60_000_000
"""A minute: what became due just now is not late yet."""


def _unserved(scene: _Scene, use: Coming, capability: str, what: str) -> ReadinessAnswer:
    return ReadinessAnswer(
        resource=use.resource,
        name=scene.names.get(use.resource, use.resource),
        system=capability,
        target=None,
        needed_at=instant(use.starts),
        until=instant(use.ends),
        number=use.number,
        readiness="unserved",
        state="unserved",
        detail=what,
    )
