"""Is tonight ready? Resource by resource, each system, with its proof (rule 9: only `read` is green)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Literal, NamedTuple

from hub.clock import HOUR, NEVER, STOCKHOLM, Clock, instant, micros
from hub.model.configuration import Configuration
from hub.model.facility import Capability
from hub.model.maintenance import Span, spans
from hub.model.plan import Claim, TargetKey
from hub.model.standing import Readiness, ReadinessAnswer
from hub.model.states import Delivery, Effect, Proof
from hub.planner.rules import Rules
from hub.service.asking.asked import Asked
from hub.service.rulebook import Rulebook
from hub.service.standing.colouring import colour
from hub.service.standing.showing import Standing, fallback, moment, standings
from hub.service.words import sentences
from hub.service.words.remedies import remedy
from hub.service.words.saying import Language
from hub.service.words.sentences import in_language
from hub.store import connections, ladders, occupancy, problems, shown
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.ladders import Rung
from hub.store.occupancy import Coming
from hub.store.shown import Seen


class _Shut(NamedTuple):
    """Why nothing goes over a connection now."""

    why: Literal["paused", "observe", "unreachable", "credentials"]
    by: str | None = None
    since: int | None = None
    problem: int | None = None


class _Scene(NamedTuple):
    rules: Rules
    configuration: Configuration
    maintenance: dict[str, list[Span]]
    names: dict[str, str]
    capabilities: dict[TargetKey, str]
    now: int
    language: Language


class _Around(NamedTuple):
    """What is the same for every line: connections that are shut, and what each open problem is called."""

    shut: dict[str, _Shut]
    titles: dict[int, str]
    rungs: dict[tuple[str, str], list[Rung]]
    """What is done instead of doors, by booking and occasion."""


class ReadinessBoard:
    """Answers the question of every afternoon."""

    def __init__(self, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._readers, self._rulebook, self._clock = readers, rulebook, clock

    async def board(self, municipality: str, *, hours: int, language: Language = "en") -> Readiness:
        """Every use of a resource in the coming hours, and how its systems stand. Raises NotFoundError."""
        town, now = self._rulebook.town(municipality), self._clock.now()
        configuration = town.configuration
        at = micros(now)
        until = at + hours * HOUR
        scene = _Scene(
            town.rules,
            configuration,
            {
                name: spans(c.maintenance, since=micros(now), until=until)
                for name, c in configuration.connections.items()
            },
            names(configuration),
            _capabilities(configuration),
            at,
            language,
        )
        lines, shut = await self._readers.read(_read, scene, until)
        ready = all(line.readiness in {"green", "waiting", "unserved"} for line in lines)
        needed = {line.system for line in lines}
        held = [_held(name, one) for name, one in sorted(shut.items()) if name in needed and one.why in _SENTENCES]
        held += [one for name in sorted(needed & scene.maintenance.keys()) for one in _worked_on(name, scene)]
        return Readiness.model_validate(
            {"from": now, "to": now + timedelta(hours=hours), "ready": ready, "lines": lines, "held": held}
        )


_SENTENCES = {"paused": sentences.PAUSED, "observe": sentences.OBSERVES}
"""What holds a connection because somebody said so."""


def _held(name: str, shut: _Shut) -> dict[str, object]:
    return {"connection": name, "why": shut.why, "by": shut.by, "since": moment(shut.since)}


def _worked_on(name: str, scene: _Scene) -> Iterator[dict[str, object]]:
    for span in scene.maintenance[name]:
        yield {"connection": name, "why": "maintenance", "since": instant(span.begins), "until": instant(span.ends)}


def _capabilities(configuration: Configuration) -> dict[TargetKey, str]:
    """What each zone is for."""
    zones = (zone for facility in configuration.facilities.values() for zone in facility.zones.values())
    return {TargetKey(zone.connection, zone.key): zone.capability for zone in zones if zone.connection}


def names(configuration: Configuration) -> dict[str, str]:
    """What people call each resource."""
    return {
        key: f"{facility.name}, {resource.name}"
        for facility in configuration.facilities.values()
        for key, resource in facility.resources.items()
    }


def _read(connection: Connection, scene: _Scene, until: int) -> tuple[list[ReadinessAnswer], dict[str, _Shut]]:
    around = _around(connection, scene)
    return list(_lines(connection, scene, around, until)), around.shut


def _around(connection: Connection, scene: _Scene) -> _Around:
    town = scene.rules.municipality
    open_ = problems.listed(connection, town)
    shut = {name: _Shut("observe") for name, one in scene.configuration.connections.items() if one.mode == "observe"}
    shut |= {
        one.connection: _Shut("credentials" if one.code == "credentials" else "unreachable", problem=one.id)
        for one in open_
        if one.code in {"credentials", "unreachable"} and not one.cause
    }
    known = connections.known(connection, town).values()
    shut |= {
        one.name: _Shut("paused", one.paused, one.paused_at)
        for one in known
        if one.paused is not None and (one.name not in shut or shut[one.name].problem is None)
    }
    rungs: dict[tuple[str, str], list[Rung]] = {}
    for one in ladders.holding(connection, town):
        rungs.setdefault((one.number, one.occasion), []).append(one)
    return _Around(shut, {one.id: remedy(one.code, scene.language).title for one in open_}, rungs)


def _lines(connection: Connection, scene: _Scene, around: _Around, until: int) -> Iterator[ReadinessAnswer]:
    town = scene.rules.municipality
    for use in occupancy.coming(connection, town, scene.rules.resources, starts=scene.now, ends=until):
        asked = Asked.from_json(use.asked)
        seen = shown.seen(connection, town, [target.lane for target in asked.targets.values()])
        its = replace(asked, claims={key: c for key, c in asked.claims.items() if c.occasion == use.occasion})
        for standing in standings(its, seen, scene.rules.timing, now=scene.now):
            claims = [c for c in its.claims.values() if c.target == standing.target and c.ends > scene.now]
            if claims:
                lane = seen[asked.targets[standing.target].lane]
                yield _line(scene, around, use, standing, lane, claims)
        for capability, what in json.loads(use.unserved):
            yield _unserved(scene, use, capability, what)


def _line(
    scene: _Scene, around: _Around, use: Coming, standing: Standing, lane: Seen, claims: list[Claim]
) -> ReadinessAnswer:
    first, ends = min(claim.starts for claim in claims), max(claim.ends for claim in claims)
    starts = min(scene.rules.timing.needed_at(claim, scene.now) for claim in claims)
    shut = around.shut.get(standing.target.connection)
    late = _late(scene, standing, starts)
    readiness = "red" if late else colour(standing, needed=starts, now=scene.now, shut=shut.why if shut else None)
    problem = _problem(lane, shut) if readiness == "red" else None
    title = around.titles.get(problem) if problem is not None else None
    return ReadinessAnswer(
        resource=use.resource,
        name=scene.names.get(use.resource, use.resource),
        system=standing.target.connection,
        target="/".join(standing.target),
        needed_at=instant(first if starts == NEVER else starts),
        until=instant(ends),
        number=use.number,
        readiness=readiness,
        capability=scene.capabilities.get(standing.target, Capability.ACCESS if claims[0].door else None),
        state=f"{standing.state}, {standing.delivery}",
        proof=standing.proof,
        read_at=moment(lane.confirmed_at) if standing.proof is Proof.READ else None,
        next_try_at=moment(lane.due) if standing.delivery is Delivery.RETRYING else None,
        detail=(in_language(late, scene.language) if late else None)
        or in_language(standing.detail, scene.language)
        or title
        or _held_back(readiness, shut, scene.language),
        problem=problem if title else None,
        fallback=tuple(map(fallback, around.rungs.get((use.number, use.occasion), ()))) if claims[0].door else (),
    )


def _late(scene: _Scene, standing: Standing, needed: int) -> str | None:
    """Why it will not stand in time though nothing is wrong: when it is to be sent its system is worked on."""
    if standing.delivery not in {Delivery.WAITING, Delivery.DUE} or standing.state is not Effect.PLANNED:
        return None
    sent = max(scene.now, standing.expected)
    for span in scene.maintenance.get(standing.target.connection, ()):
        if span.begins <= sent < span.ends and span.ends > needed:
            return sentences.LATE_FOR_MAINTENANCE.say(needed=_clock(needed), until=_clock(span.ends))
    return None


def _clock(at: int) -> str:
    return f"{instant(at).astimezone(STOCKHOLM):%H:%M}"


def _held_back(readiness: str, shut: _Shut | None, language: Language) -> str | None:
    """Why it is not ready though nothing has failed."""
    told = _SENTENCES.get(shut.why) if shut and readiness in {"red", "yellow"} else None
    return in_language(told.say(), language) if told else None


def _problem(lane: Seen, shut: _Shut | None) -> int | None:
    """What stops it: its own problem, or its connection's while it waits."""
    return lane.problem if lane.problem is not None else shut.problem if shut else None


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
        capability=capability,
        state="unserved",
        detail=what,
    )
