"""Why somebody does not get in: what should open a door now and next, what stands, who came, and what is wrong."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from hub.clock import DAY, MINUTE, Clock, instant, micros, now_of
from hub.errors import FieldFault, InvalidError, NotFoundError
from hub.masking import quoted
from hub.model.configuration import Configuration
from hub.model.doors import AttemptAnswer, DoorAnswer, OpeningAnswer
from hub.model.passage import Outcome, Why
from hub.model.plan import Claim, TargetKey
from hub.model.standing import ProblemAnswer
from hub.model.states import Effect
from hub.planner.rules import Rules
from hub.service.doors.door_words import DoorWords
from hub.service.doors.opening import Used, used
from hub.service.operators.operating import Operating
from hub.service.rulebook import Rulebook
from hub.service.standing import showing
from hub.service.standing.showing import Standing
from hub.service.words.saying import Language
from hub.service.words.sentences import in_language
from hub.store import connections, passages, shown
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.passages import Row

AHEAD = DAY
"""How far ahead it is told what will open a door."""
_MOST_OPENINGS, _MOST_ATTEMPTS = 50, 20


class Place(NamedTuple):
    """A door of the configuration: facility and our name, and what its system calls it."""

    name: str
    target: TargetKey


class _Found(NamedTuple):
    uses: list[Used]
    standing: dict[tuple[str, TargetKey], Standing]
    attempts: list[Row]
    paused: bool


class Doors:
    """Answers about doors."""

    def __init__(self, readers: Readers, rulebook: Rulebook, operating: Operating, clock: Clock) -> None:
        self._readers, self._rulebook, self._operating, self._clock = readers, rulebook, operating, clock

    async def explain(
        self, municipality: str, door: str, *, at: datetime | None = None, language: Language = "en"
    ) -> DoorAnswer:
        """Tell of one door at a moment, or now.

        Raises:
            NotFoundError: no such municipality, or no such door.
            InvalidError: there are several of that name.
        """
        town = self._rulebook.town(municipality)
        place = _one(places(town.configuration), door)
        moment = at or self._clock.now()
        found = await self._readers.read(self._find, town.rules, place.target, micros(moment))
        told = await self._operating.problems(municipality, language=language)
        problems = tuple(one for one in told if one.connection == place.target.connection)
        return _answer(place, found, problems, micros(moment), language)

    def _find(self, connection: Connection, rules: Rules, door: TargetKey, at: int) -> _Found:
        town, now = rules.municipality, now_of(self._clock)
        uses = used(connection, rules, door, at, at + AHEAD)[:_MOST_OPENINGS]
        standing: dict[tuple[str, TargetKey], Standing] = {}
        for one in uses:
            lanes = shown.seen(connection, town, [target.lane for target in one.asked.targets.values()])
            told = showing.standings(one.asked, lanes, rules.timing, now=now)
            standing |= {(one.number, each.target): each for each in told}
        paused = (town, door.connection) in connections.paused(connection)
        until = at + MINUTE
        attempts = passages.at_door(connection, town, *door, until=until, limit=_MOST_ATTEMPTS)
        return _Found(uses, standing, [one for one in attempts if one.first <= at], paused)


def places(configuration: Configuration) -> Iterator[Place]:
    """Every door that has a connection."""
    for name, facility in configuration.facilities.items():
        if facility.access and facility.access.connection:
            for ours, door in facility.access.doors.items():
                yield Place(f"{name}/{ours}", TargetKey(facility.access.connection, door.key))


def _one(every: Iterable[Place], asked: str) -> Place:
    """The door that is meant: by facility and name, by name alone, by its key, or by connection and key."""
    listed, wanted = list(every), asked.casefold()
    found = [place for place in listed if wanted in _names(place)]
    if not found:
        msg = f"no door {quoted(asked)}: `facility/door` as in the configuration, or what its lock system calls it"
        raise NotFoundError(msg)
    if len(found) > 1:
        told = ", ".join(place.name for place in found)
        raise InvalidError([FieldFault("/door", "ambiguous", f"say which: {told}")], code="invalid-request")
    return found[0]


def _names(place: Place) -> set[str]:
    _, _, name = place.name.partition("/")
    return {text.casefold() for text in (place.name, name, place.target.key, "/".join(place.target))}


def _answer(
    place: Place, found: _Found, problems: tuple[ProblemAnswer, ...], at: int, language: Language
) -> DoorAnswer:
    words = DoorWords(language)
    opens = tuple(sorted(_openings(found, at, language), key=lambda one: (one.opens_at, one.number)))
    without = tuple(dict.fromkeys(one.number for one in found.uses if not one.claims and one.starts <= at < one.ends))
    attempts = tuple(_attempt(row, words) for row in found.attempts)
    why = [*_should(opens, without, words), *_wrong(found, problems, words), *_refused(attempts, words)]
    return DoorAnswer(
        door=place.name,
        connection=place.target.connection,
        key=place.target.key,
        at=instant(at),
        why=tuple(why),
        opens=opens,
        without=without,
        attempts=attempts,
        problems=problems,
    )


def _openings(found: _Found, at: int, language: Language) -> Iterator[OpeningAnswer]:
    for one in found.uses:
        for claim in one.claims:
            if stands := found.standing.get((one.number, claim.target)):
                yield _opening(one, claim, stands, at, language)


def _opening(one: Used, claim: Claim, stands: Standing, at: int, language: Language) -> OpeningAnswer:
    return OpeningAnswer(
        number=one.number,
        occasion=one.occasion,
        resource=one.resource,
        target="/".join(claim.target),
        opens_at=instant(claim.starts),
        shuts_at=instant(claim.ends),
        now=claim.starts <= at < claim.ends,
        state=Effect.SUSPENDED if claim.suspended else Effect(stands.state),
        delivery=stands.delivery,
        proof=None if claim.suspended else stands.proof,
        detail=in_language(stands.detail, language),
    )


def _attempt(row: Row, words: DoorWords) -> AttemptAnswer:
    why, minutes = Why(row.reason) if row.reason else None, row.minutes or None
    return AttemptAnswer(
        at=instant(row.last),
        outcome=Outcome(row.outcome),
        reason=why,
        minutes=minutes,
        credential=row.credential or None,
        number=row.number or None,
        times=row.times,
        text=words("refused", why=words.why(why, minutes)) if why else words("passed"),
    )


def _should(opens: Sequence[OpeningAnswer], without: Sequence[str], words: DoorWords) -> Iterator[str]:
    """What should open it now; where nothing does, what does next."""
    current = [one for one in opens if one.now]
    for one in current:
        yield _now(one, words)
    for number in without:
        yield words("without", number=number)
    if any(one.state is not Effect.SUSPENDED for one in current):
        return
    if not current:
        yield words("nothing")
    coming = next((one for one in opens if not one.now and one.state is not Effect.SUSPENDED), None)
    yield words("next", number=coming.number, since=words.time(coming.opens_at)) if coming else words("never")


def _now(one: OpeningAnswer, words: DoorWords) -> str:
    if one.state is Effect.SUSPENDED:
        return words("held_back", number=one.number)
    if one.state is not Effect.STANDING:
        return words("unproven", number=one.number, delivery=words.state(one.delivery))
    since, until = words.time(one.opens_at), words.time(one.shuts_at)
    state = words.state(one.proof or one.state)
    return words("opens", number=one.number, since=since, until=until, state=state)


def _wrong(found: _Found, problems: Iterable[ProblemAnswer], words: DoorWords) -> Iterator[str]:
    if found.paused:
        yield words("paused")
    for problem in problems:
        yield words("problem", title=problem.title)


def _refused(attempts: Sequence[AttemptAnswer], words: DoorWords) -> Iterator[str]:
    """The last refusal, unless somebody has got in since."""
    last = next(iter(attempts), None)
    if last and last.reason:
        yield words("last", at=words.time(last.at), why=words.why(last.reason, last.minutes))
