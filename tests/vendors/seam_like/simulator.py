"""The stand-in for the lock service: what it accepts reaches the door half a minute later."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from hub.model import Credential, Method, Window
from hub.sdk import Clock, HasDoors, HttpSimulator, Misbehaviour


class SeamSimulator(HttpSimulator, HasDoors):
    can = frozenset({Misbehaviour.DELETED_BY_HAND, Misbehaviour.FULL})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.doors = external_keys or ("august-1", "august-2")
        self.codes: dict[str, dict[str, Any]] = {}  # as the service sees them
        self.at_door: dict[str, dict[str, Any]] = {}  # as the locks do
        self.due: list[tuple[datetime, str]] = []
        self.made, self.full = 0, False

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://seam.test/", "api_key": "not-a-secret"}

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        self.full = how is Misbehaviour.FULL
        if how is Misbehaviour.DELETED_BY_HAND:
            for code_id in [i for i, c in self.codes.items() if c["name"] == key]:
                del self.codes[code_id], self.at_door[code_id]

    def credentials(self) -> Iterable[Credential]:
        self._act()
        for c in self.at_door.values():
            window = Window(door=c["device_id"], starts_at=c["starts_at"], ends_at=c["ends_at"])
            yield Credential(key=c["name"], method=Method.PIN, value=SecretStr(c["code"]), windows=frozenset({window}))

    def recover(self) -> None:
        self.full = False

    def handle(self, request: httpx.Request) -> httpx.Response:
        self._act()
        if request.headers.get("Authorization") != "Bearer not-a-secret":
            return httpx.Response(401)
        asked = json.loads(request.content or b"{}")
        match request.url.path:
            case "/devices/list":
                return httpx.Response(200, json=self.doors)
            case "/access_codes/list":
                return httpx.Response(200, json=list(self.codes.values()))
            case "/access_codes/create":
                return self._create(asked)
        if asked.get("access_code_id") not in self.codes:
            return httpx.Response(404)
        code = self.codes[asked["access_code_id"]]
        code |= asked | {"status": "removing" if request.url.path.endswith("delete") else "setting"}
        self._soon(code["access_code_id"])
        return httpx.Response(200, json={"action_attempt_id": "a1", "status": "pending"})

    def _create(self, asked: dict[str, Any]) -> httpx.Response:
        if asked["device_id"] not in self.doors:
            return httpx.Response(404)
        if self.full:
            return httpx.Response(400, json={"error": {"type": "no_space_for_access_code_on_device"}})
        self.made += 1
        code: dict[str, Any] = {"code": None, "status": "setting", "access_code_id": f"code-{self.made}"} | asked
        self.codes[code["access_code_id"]] = code
        self._soon(code["access_code_id"])
        return httpx.Response(200, json=code)

    def _soon(self, code_id: str) -> None:
        self.due.append((self.clock.now() + timedelta(seconds=30), code_id))

    def _act(self) -> None:
        for when, code_id in [d for d in self.due if d[0] <= self.clock.now()]:
            self.due.remove((when, code_id))
            if (code := self.codes.get(code_id)) is None:
                continue
            if code["status"] == "removing":
                del self.codes[code_id]
                self.at_door.pop(code_id, None)
            else:
                alike = [c["code"] for c in self.codes.values() if c["common_code_key"] == code["common_code_key"]]
                shared = [one for one in alike if one] or [f"7{self.made:05}"]
                code |= {"status": "set", "code": code["code"] or shared[0]}
                self.at_door[code_id] = dict(code)
