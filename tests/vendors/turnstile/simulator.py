"""The stand-in for the turnstile."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from hub.model import Message, Passage, PassageOutcome
from hub.sdk import Callback, Clock, EmitsCallbacks, Simulator

SECRET = "signed-so"
AT = datetime(2026, 3, 1, 17, tzinfo=UTC)


class TurnstileSimulator(Simulator, EmitsCallbacks):
    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.passed: list[Passage] = []

    def config(self) -> Mapping[str, object]:
        return {"shared_secret": SECRET}

    def happen(self, count: int) -> None:
        for _ in range(count):
            n = len(self.passed)
            self.passed.append(Passage(key=f"hub-B-{n % 2}", door="turnstile", at=AT, outcome=PassageOutcome.PASSED))

    def emitted(self) -> Sequence[Message]:
        return self.passed

    def callbacks(self) -> Sequence[Callback]:
        bodies = (
            json.dumps({"id": f"e{n}", "key": one.key, "door": one.door, "at": one.at.isoformat()}).encode()
            for n, one in enumerate(self.passed)
        )
        return [
            Callback({"x-signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}, body)
            for body in bodies
        ]
