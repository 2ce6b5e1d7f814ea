"""The stand-in for the keypads."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
from pydantic import SecretStr

from hub.model import Credential, Method, Window
from hub.sdk import Clock, HasDoors, HttpSimulator, Misbehaviour


class SlotSimulator(HttpSimulator, HasDoors):
    can = frozenset({Misbehaviour.DELETED_BY_HAND})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.doors = external_keys or ("sauna", "gym")
        self.slots: dict[str, dict[int, dict[str, Any]]] = {door: {} for door in self.doors}

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://slots.test/", "doors": list(self.doors), "slots": 2}

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        assert how is Misbehaviour.DELETED_BY_HAND
        for door, held in self.slots.items():
            self.slots[door] = {n: slot for n, slot in held.items() if slot["label"] != key}

    def credentials(self) -> Iterable[Credential]:
        for door, held in self.slots.items():
            for slot in held.values():
                value, window = SecretStr(str(slot["pin"])), Window.always(door)
                yield Credential(key=slot["label"], method=Method.PIN, value=value, windows=frozenset({window}))

    def handle(self, request: httpx.Request) -> httpx.Response:
        _, door, _, *number = request.url.path.split("/")
        if door not in self.slots or (number and int(number[0]) > 2):
            return httpx.Response(404)
        held = self.slots[door]
        match request.method:
            case "PUT":
                held[int(number[0])] = json.loads(request.content) | {"slot": int(number[0])}
                return httpx.Response(200, json=held[int(number[0])])
            case "DELETE":
                gone = held.pop(int(number[0]), None)
                return httpx.Response(200, json=gone) if gone else httpx.Response(404)
        return httpx.Response(200, json=list(held.values()))
