"""Runs in turn: every contestant once a round, forwards and backwards, so that the machine's moods fall on all."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from tests.bench.peers.rows import Row

Result = TypeVar("Result")


class MissingError(Exception):
    """Something that is needed is not on this machine, or does not do what it should: its rows are not measured."""


@dataclass
class Runs(Generic[Result]):
    """What came of one contestant's rounds."""

    rounds: list[Result] = field(default_factory=list)
    missing: str = ""


def in_turn(rounds: int, works: Mapping[str, Callable[[], Result]]) -> dict[str, Runs[Result]]:
    """Run each once a round; one that fails is out, and says why."""
    runs: dict[str, Runs[Result]] = {name: Runs() for name in works}
    for turn in range(rounds):
        for name in sorted(works, reverse=bool(turn % 2)):
            if runs[name].missing:
                continue
            try:
                runs[name].rounds.append(works[name]())
            except MissingError as error:
                runs[name].missing = str(error)
            except Exception as error:  # noqa: BLE001 - an hour of others' rounds is not lost for one that fell over
                traceback.print_exc()
                runs[name].missing = f"{type(error).__name__} in round {turn + 1}"
            print(f"  round {turn + 1}, {name}: {runs[name].missing or runs[name].rounds[-1]}", flush=True)
    return runs


def row(
    measure: str,
    against: str,
    ours: Runs[Result],
    theirs: Runs[Result],
    figure: Callable[[Result], float],
    *,
    unit: str,
    must: float,
    aim: float,
    more: bool = True,
) -> Row:
    """Compare one figure of two contestants."""
    missing = "; ".join(filter(None, [ours.missing, theirs.missing]))
    told: dict[str, Any] = {"measure": measure, "against": against, "unit": unit, "must": must, "aim": aim}
    told |= {"more": more, "missing": missing}
    return Row(**told, ours=_figures(ours.rounds, figure), theirs=_figures(theirs.rounds, figure))


def _figures(rounds: Sequence[Result], figure: Callable[[Result], float]) -> list[float]:
    return [figure(one) for one in rounds]
