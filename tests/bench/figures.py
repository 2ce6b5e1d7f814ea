"""A measured figure, what it must be, and what may be said of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from statistics import median


class Said(StrEnum):
    """What the rounds allow one to say."""

    PASS = auto()
    """Every round is within what must be."""
    UNDECIDED = auto()
    """Some are, some are not: this machine, now, does not tell."""
    FAIL = auto()
    """None is."""
    MEASURED = auto()
    """Nothing is demanded of it."""


@dataclass(frozen=True)
class Figure:
    """One figure, of each round; `must` and `aim` are ceilings, or floors where `more` is better."""

    what: str
    unit: str
    rounds: Sequence[float]
    must: float | None = None
    aim: float | None = None
    more: bool = False
    note: str = field(default="", compare=False)

    @property
    def median(self) -> float:
        """The middle round."""
        return median(self.rounds)

    @property
    def said(self) -> Said:
        """Judge by every round, not by the best."""
        if self.must is None:
            return Said.MEASURED
        kept = [self._within(value, self.must) for value in self.rounds]
        return Said.PASS if all(kept) else Said.UNDECIDED if any(kept) else Said.FAIL

    @property
    def reaches_aim(self) -> bool | None:
        """Whether the middle round is where we want to be."""
        return None if self.aim is None else self._within(self.median, self.aim)

    def _within(self, value: float, limit: float) -> bool:
        return value >= limit if self.more else value <= limit

    def row(self) -> str:
        """A row of the table."""
        spread = f"{number(min(self.rounds))} - {number(max(self.rounds))}"
        aim = "" if self.reaches_aim is None else ", aim reached" if self.reaches_aim else ", aim missed"
        said = "" if self.said is Said.MEASURED else f"{self.said}{aim}"
        limits = f"{self._limit(self.must)} | {self._limit(self.aim)}"
        return f"| {self.what} | {number(self.median)} {self.unit} | {spread} | {limits} | {said} |"

    def _limit(self, value: float | None) -> str:
        return "" if value is None else f"{'at least' if self.more else 'at most'} {number(value)}"


HEAD = "| what | median | rounds | must | aim | |\n|---|---|---|---|---|---|"


def table(figures: Iterable[Figure]) -> str:
    """All of them, in Markdown."""
    return "\n".join([HEAD, *(figure.row() for figure in figures)])


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Round by round: what both had of the machine's mood falls away."""
    return [a / b for a, b in zip(above, below, strict=True)]


def number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
