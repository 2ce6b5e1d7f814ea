"""The stand-in for the message service."""

import json
from collections.abc import Mapping, Sequence

import httpx

from hub.model import Notice
from hub.sdk import Clock, HasRecords, HttpSimulator, Misbehaviour


class PostSimulator(HttpSimulator, HasRecords):
    can = frozenset({Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.kept: dict[str, Notice] = {}
        self.refuses = False

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://post.test/", "token": "not-a-secret"}

    def records(self) -> Sequence[object]:
        return list(self.kept.values())

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - all of it does
        self.refuses = how is Misbehaviour.REFUSES

    def recover(self) -> None:
        self.refuses = False

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={})
        if self.refuses:
            return httpx.Response(200, json={"id": "", "status": "mailbox full"})
        key = request.headers.get("Idempotency-Key") or f"none-{len(self.kept)}"
        self.kept.setdefault(key, Notice.model_validate({**json.loads(request.content), "key": key}))
        return httpx.Response(200, json={"id": f"<{key}@post.test>", "status": "accepted"})
