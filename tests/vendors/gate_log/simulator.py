"""The stand-in for the gate: its passages come at the same moment, as they do in a rush."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import httpx

from hub.model import Message, Passage, PassageOutcome, Refusal
from hub.sdk import Clock, Emits, HttpSimulator

AT = datetime(2026, 3, 1, 17, tzinfo=UTC)


class GateSimulator(HttpSimulator, Emits):
    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.passed: list[Passage] = []

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://gate.test/"}

    def happen(self, count: int) -> None:
        for _ in range(count):
            n = len(self.passed)
            told = (PassageOutcome.REFUSED, Refusal.OTHER) if n % 5 == 4 else (PassageOutcome.PASSED, None)
            self.passed.append(
                Passage(key=f"hub-B-{n % 3}", door=f"gate {n % 2}", at=AT, outcome=told[0], reason=told[1])
            )

    def emitted(self) -> Sequence[Message]:
        return self.passed

    def handle(self, request: httpx.Request) -> httpx.Response:
        after, limit = int(request.url.params["after"]), int(request.url.params["limit"])
        rows = [
            {
                "number": n,
                "key": one.key,
                "gate": one.door,
                "at": one.at.isoformat(),
                "refused": one.outcome is PassageOutcome.REFUSED,
            }
            for n, one in enumerate(self.passed, 1)
            if n > after
        ]
        return httpx.Response(200, json=rows[:limit])
