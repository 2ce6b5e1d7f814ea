"""The table: what the hub reaches, what another does, the ratio of each round, and what may be said of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.figures import Figure, Said, number, ratios


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measure. `must` and `aim` are of the ratio: floors where `more` of it is better, else ceilings.

    Without `theirs` the hub's own figure is judged. `missing`: why it was not measured.
    """

    measure: str
    against: str
    unit: str
    ours: Sequence[float] = ()
    theirs: Sequence[float] | None = ()
    must: float | None
    aim: float | None
    more: bool = True
    missing: str = ""

    @property
    def judged(self) -> Figure:
        """The ratio, round by round."""
        rounds = list(self.ours) if self.theirs is None else ratios(self.ours, self.theirs)
        return Figure(self.measure, "x", rounds, self.must, self.aim, self.more)

    @property
    def verdict(self) -> str:
        """`aim met` and `fails` are said of every round; an interval with a limit inside is `undecided`."""
        if self.missing:
            return f"not measured: {self.missing}"
        must, aim = self.judged.said, Figure(self.measure, "x", self.judged.rounds, self.aim, more=self.more).said
        if must is Said.PASS:
            return "aim met" if aim is Said.PASS else "pass; aim undecided" if aim is Said.UNDECIDED else "pass"
        return {Said.UNDECIDED: "undecided", Said.FAIL: "fails"}.get(must, "")

    @property
    def fails(self) -> bool:
        """Whether no round is within what must be."""
        return not self.missing and self.judged.said is Said.FAIL

    def __str__(self) -> str:
        """A line of the table."""
        limits = f"{self._limit(self.must)} | {self._limit(self.aim)}"
        if self.missing:
            return f"| {self.measure} | {self.against} | | | | {limits} | {self.verdict} |"
        theirs = "" if self.theirs is None else f"{number(median(self.theirs))} {self.unit}"
        ratio = "" if self.theirs is None else f"{number(self.judged.median)}x ({self._spread()})"
        ours = f"{number(median(self.ours))} {self.unit}" + (f" ({self._spread()})" if self.theirs is None else "")
        return f"| {self.measure} | {self.against} | {ours} | {theirs} | {ratio} | {limits} | {self.verdict} |"

    def _spread(self) -> str:
        return f"{number(min(self.judged.rounds))} - {number(max(self.judged.rounds))}"

    def _limit(self, limit: float | None) -> str:
        return "" if limit is None else f"{'at least' if self.more else 'at most'} {number(limit)}"


def unmeasured(measure: str, why: str) -> Row:
    """Where not even the beginning could be made."""
    return Row(measure=measure, against="", unit="", must=None, aim=None, missing=why)


HEAD = (
    "| measure | against | ours | peer | ratio (of the rounds) | must | aim | verdict |\n"
    "|---|---|---|---|---|---|---|---|"
)


def table(rows: Iterable[Row]) -> str:
    """All of them, in Markdown; figures are medians."""
    return "\n".join([HEAD, *map(str, rows)])
