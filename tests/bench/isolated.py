"""A function in a process of its own, so that nothing measured before it has warmed or filled anything."""

import multiprocessing
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def run(folder: Path, function: Callable[P, T], *values: P.args, **named: P.kwargs) -> T:
    """Give what it gives; the town's connectors are on offer there."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, _offer, (str(folder / "offered"),)) as pool:
        return pool.apply(function, values, named)


def _offer(path: str) -> None:
    sys.path.insert(0, path)
