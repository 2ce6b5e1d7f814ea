"""The stand-in for the app's service."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from hub.model import Credential, Method, Window
from hub.sdk import Clock, HasDoors, HasUsers, HttpSimulator, Misbehaviour

LONGEST = timedelta(hours=12)


class AppSimulator(HttpSimulator, HasDoors, HasUsers):
    can = frozenset({Misbehaviour.DISABLED_BY_HAND, Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.doors = external_keys or ("gate", "shed")
        self.invitations: dict[str, dict[str, Any]] = {}
        self.refuses = False

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://app.test/", "client_id": "kommun", "client_secret": "not-a-secret"}

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        if how is Misbehaviour.REFUSES:
            self.refuses = True
        else:
            self.invitations[key]["status"] = "stopped"

    def recover(self) -> None:
        self.refuses = False

    def accept(self, key: str) -> None:
        if self.invitations.get(key, {}).get("status") == "pending":
            self.invitations[key]["status"] = "accepted"

    def credentials(self) -> Iterable[Credential]:
        for key, one in self.invitations.items():
            for span in one["spans"] if one["status"] == "accepted" else ():
                window = Window(door=span["door"], starts_at=span["begins"], ends_at=span["ends"])
                value = SecretStr(one["phone"])
                yield Credential(key=key, method=Method.MOBILE_KEY, value=value, windows=frozenset({window}))

    def handle(self, request: httpx.Request) -> httpx.Response:
        key = request.url.path.rsplit("/", 1)[-1]
        match request.method, key:
            case "GET", "doors":
                return httpx.Response(200, text="\n".join(self.doors))
            case "PUT", _:
                return self._put(key, json.loads(request.content))
            case "DELETE", _:
                gone = self.invitations.pop(key, None)
                return httpx.Response(200, json=gone) if gone else httpx.Response(404)
        return httpx.Response(200, json=self.invitations[key]) if key in self.invitations else httpx.Response(404)

    def _put(self, key: str, asked: dict[str, Any]) -> httpx.Response:
        if self.refuses or any(not self._possible(span) for span in asked["spans"]):
            return httpx.Response(400)
        before = self.invitations.get(key)
        same = before is not None and before["phone"] == asked["phone"]
        status = before["status"] if before and same else "pending"
        self.invitations[key] = asked | {"status": status}
        return httpx.Response(200, json=self.invitations[key])

    def _possible(self, span: dict[str, Any]) -> bool:
        begins, ends = datetime.fromisoformat(span["begins"]), datetime.fromisoformat(span["ends"])
        return span["door"] in self.doors and ends - begins <= LONGEST
