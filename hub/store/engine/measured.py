"""A writer that is measured: how much shared a transaction, and how long it took with its COMMIT."""

import time
from collections.abc import Callable
from typing import Any

from hub.store.engine.writer import Writer, _Waiting

Told = Callable[[int, float], None]


class MeasuredWriter(Writer):
    """Tells of each transaction that was committed: how many items, and seconds. Told in the writer's thread."""

    def __init__(self, url: str, told: Told) -> None:
        self._told_of = told
        super().__init__(url)

    def _transaction(self, group: list[_Waiting]) -> list[Any]:
        began = time.perf_counter()
        answers = super()._transaction(group)
        self._told_of(len(group), time.perf_counter() - began)
        return answers
