"""The pages as values and HTML: what the templates get, and nothing that they would have to work out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from hub.clock import STOCKHOLM
from hub.console.charts import bars
from hub.console.words import TEXTS
from hub.model.energy import FacilityMonth, MonthOfEnergy
from hub.model.standing import ProblemAnswer, Readiness, ReadinessAnswer
from hub.planner.lasting import Month
from hub.service.words.saying import LANGUAGES, Language, said

HOURS = (12, 24, 48, 168)
"""The lengths of time that the page offers."""
_SYMBOLS = {"green": "✓", "waiting": "◷", "yellow": "!", "red": "✗", "unserved": "○"}
"""Said besides the colour, for whoever does not see it."""
_MEANT = {
    ("yellow", "overridden"): "by_hand",
    ("yellow", "standing"): "not_read",
    ("yellow", "awaiting_user"): "awaiting_user",
    ("yellow", "dismissed"): "dismissed",
    ("waiting", "suspended"): "closed",
}
"""What is meant by a colour besides its own name, by effect or delivery."""
_WORST_FIRST = ("red", "yellow", "waiting", "green", "unserved")
_DAYS = {
    "sv": ["mån", "tis", "ons", "tors", "fre", "lör", "sön"],
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
}

_TEMPLATES = Environment(
    loader=PackageLoader("hub.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Place(NamedTuple):
    """A resource, its lines in order of time, and the capabilities that its bookings have no connection for."""

    name: str
    lines: Sequence[ReadinessAnswer]
    without: Sequence[str]

    @property
    def worst(self) -> int:
        """Where it comes on the page."""
        return min((_WORST_FIRST.index(line.readiness) for line in self.lines), default=len(_WORST_FIRST))


class Alike(NamedTuple):
    """Problems that differ in nothing that a reader sees: the first, and what waits behind them all."""

    first: ProblemAnswer
    ids: Sequence[int]
    """Of all of them."""
    waiting: int
    nearest: datetime | None
    places: Sequence[str]
    """Resources that will not be ready because of them."""
    instead: Sequence[tuple[str, Sequence[str]]]
    """(booking, who is told) of what is done instead of doors."""


class Texts:
    """The words of one language, and how it writes moments."""

    def __init__(self, language: Language) -> None:
        self.language, self._texts = language, TEXTS[language]
        self.other: Language = next(each for each in LANGUAGES if each != language)

    def __call__(self, key: str, *values: object) -> str:
        return self._texts[key].format(*values)

    def moment(self, at: datetime) -> str:
        """A moment in Stockholm, with its day."""
        local = at.astimezone(STOCKHOLM)
        return f"{_DAYS[self.language][local.weekday()]} {local.day}/{local.month} {local:%H:%M}"

    def soon(self, at: datetime, now: datetime) -> str:
        """A moment, with its day only when it is another than now's."""
        local = at.astimezone(STOCKHOLM)
        return f"{local:%H:%M}" if local.date() == now.astimezone(STOCKHOLM).date() else self.moment(at)

    def span(self, starts: datetime, ends: datetime) -> str:
        """From one moment to another."""
        same = starts.astimezone(STOCKHOLM).date() == ends.astimezone(STOCKHOLM).date()
        until = f"{ends.astimezone(STOCKHOLM):%H:%M}" if same else self.moment(ends)
        return f"{self.moment(starts)} - {until}"

    def number(self, value: Decimal | float) -> str:
        """A number as this language writes it."""
        told = str(value)
        return told.replace(".", ",") if self.language == "sv" else told

    def state(self, code: str) -> str:
        """A state in this language."""
        return said(code, self.language)

    def states(self, codes: Iterable[str]) -> str:
        """Several, with commas between."""
        return ", ".join(map(self.state, codes))

    def instead(self, told: Iterable[tuple[str, Sequence[str]]]) -> str:
        """Who is told of which booking."""
        return "; ".join(f"{number}: {', '.join(roles)}" for number, roles in told)

    def readiness(self, line: ReadinessAnswer) -> str:
        """What a line's colour means for it."""
        effect, _, delivery = line.state.partition(", ")
        meant = _MEANT.get((line.readiness, effect)) or _MEANT.get((line.readiness, delivery))
        return self._texts[meant or line.readiness]

    def symbol(self, readiness: str) -> str:
        """The sign of a readiness."""
        return _SYMBOLS[readiness]


def board(
    name: str,
    readiness: Readiness,
    problems: Iterable[ProblemAnswer] | None,
    *,
    hours: int,
    language: Language,
    key: str = "",
) -> str:
    """The page of one municipality; `problems` is None for a key that may not see them, `key` leads to its others."""
    answer = _answer(readiness)
    counts = Counter[str](line.readiness for line in readiness.lines)
    return _TEMPLATES.get_template("board.html").render(
        t=Texts(language), name=name, readiness=readiness, answer=answer,
        places=sorted(_places(readiness.lines), key=lambda place: place.worst),
        counts=[(each, counts[each]) for each in _WORST_FIRST if counts[each]],
        problems=None if problems is None else list(_alike(problems, readiness.lines)), hours=hours, lengths=HOURS,
        key=key,
    )  # fmt: skip


def energy(key: str, name: str, month: MonthOfEnergy, *, later: Month | None, language: Language) -> str:
    """The page of a month in light and heat; `later`: the next month, if it has begun."""
    return _TEMPLATES.get_template("energy.html").render(
        t=Texts(language), key=key, name=name, month=month, later=later, earlier=Month.read(month.month).before,
        sums=(("lit_sum", "lit"), ("heated_sum", "heated")),
    )  # fmt: skip


def energy_chart(facility: FacilityMonth, month: str, language: Language) -> bytes:
    """A facility's zones as a picture."""
    t = Texts(language)
    series = {t(key): [getattr(zone, key) for zone in facility.zones] for key in ("on", "booked")}
    title = t("hours_of", f"{facility.name} {month}")
    return bars(title, [zone.zone for zone in facility.zones], series, t.number)


def _alike(problems: Iterable[ProblemAnswer], lines: Sequence[ReadinessAnswer]) -> Iterable[Alike]:
    """One for all that say the same of the same connection, in the order of the first."""
    hit: dict[int | None, set[str]] = {}
    instead: dict[int | None, dict[str, set[str]]] = {}
    for line in lines:
        hit.setdefault(line.problem, set()).add(line.name)
        for rung in line.fallback:
            instead.setdefault(line.problem, {}).setdefault(line.number, set()).add(rung.role)
    said: dict[tuple[str, ...], list[ProblemAnswer]] = {}
    for one in problems:
        said.setdefault((one.connection, one.code, one.title, one.detail), []).append(one)
    for mine in said.values():
        nearest = min((one.nearest for one in mine if one.nearest), default=None)
        places = sorted({name for one in mine for name in hit.get(one.id, ())})
        rungs = {number: roles for one in mine for number, roles in instead.get(one.id, {}).items()}
        told = [(number, sorted(roles)) for number, roles in sorted(rungs.items())]
        yield Alike(mine[0], [one.id for one in mine], sum(one.waiting for one in mine), nearest, places, told)


def _answer(readiness: Readiness) -> str:
    if not readiness.ready:
        return "no"
    return "yes" if all(line.readiness in {"green", "unserved"} for line in readiness.lines) else "so_far"


def _places(lines: Iterable[ReadinessAnswer]) -> Iterable[Place]:
    ordered = sorted(lines, key=lambda line: (line.name, line.resource, line.needed_at, line.number, line.system))
    for (name, _), mine in groupby(ordered, key=lambda line: (line.name, line.resource)):
        found = list(mine)
        served = [line for line in found if line.readiness != "unserved"]
        yield Place(name, served, sorted({line.system for line in found if line.readiness == "unserved"}))


def towns(names: Iterable[tuple[str, str]], language: Language) -> str:
    """The list of municipalities, (key, name) each."""
    return _TEMPLATES.get_template("towns.html").render(t=Texts(language), towns=list(names))


def refusal(key: str, language: Language, detail: str | None = None) -> str:
    """A page that says why there is none."""
    return _TEMPLATES.get_template("refusal.html").render(t=Texts(language), key=key, detail=detail)
