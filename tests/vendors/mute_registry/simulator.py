"""The stand-in for the mute registry."""

import base64
import json
from collections.abc import Mapping, Sequence

import httpx

from hub.model import Document, DocumentFile
from hub.sdk import Clock, HasRecords, HttpSimulator


class MuteSimulator(HttpSimulator, HasRecords):
    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.kept: list[Document] = []

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://mute.test/"}

    def records(self) -> Sequence[object]:
        return self.kept

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, text="3.1")
        told = json.loads(request.content)
        files = [
            DocumentFile(name=name, media_type=kind, content=base64.b64decode(data))
            for name, kind, data in told.pop("attached")
        ]
        self.kept.append(Document.model_validate({**told, "files": files}))
        return httpx.Response(201, json={"number": f"D{len(self.kept)}"})
