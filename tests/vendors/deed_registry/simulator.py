"""The stand-in for the registry."""

import base64
import json
from collections.abc import Mapping, Sequence

import httpx

from hub.model import Document, DocumentFile
from hub.sdk import Clock, HasRecords, HttpSimulator, Misbehaviour


class DeedSimulator(HttpSimulator, HasRecords):
    can = frozenset({Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.kept: list[tuple[str, Document]] = []
        self.refuses = False

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://deeds.test/api/", "api_key": "not-a-secret"}

    def records(self) -> Sequence[object]:
        return [document for _, document in self.kept]

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - all of it does
        self.refuses = how is Misbehaviour.REFUSES

    def recover(self) -> None:
        self.refuses = False

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.rsplit("/", 1)[-1]
        if path == "ping":
            return httpx.Response(200, text="pong")
        if self.refuses:
            return httpx.Response(200, json={"successful": False, "error": "the case is closed"})
        told = json.loads(request.content)
        if path == "find":
            found = next((number for number, one in self.kept if one.key == told["key"]), None)
            return httpx.Response(200, json={"successful": True, "number": found})
        files = [
            DocumentFile(name=one["name"], media_type=one["type"], content=base64.b64decode(one["data"]))
            for one in told.pop("files")
        ]
        self.kept.append((f"FN-2026-{len(self.kept) + 1:05}", Document.model_validate({**told, "files": files})))
        return httpx.Response(200, json={"successful": True, "number": self.kept[-1][0]})
