"""The stand-in for the building controller: who writes with the lowest number decides."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

import httpx

from hub.model import Dim, Level, Release, Setpoint
from hub.sdk import Clock, HasZones, HttpSimulator, Misbehaviour

DEFAULT, HAND = 17, 8


class ClimateSimulator(HttpSimulator, HasZones):
    can = frozenset({Misbehaviour.SET_BY_HAND})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        names = external_keys or ("hall.temperature", "hall.light")
        self.points = {name: {DEFAULT: Decimal(15 if n % 2 == 0 else 0)} for n, name in enumerate(names)}
        self.kinds = {name: "percent" if n % 2 else "celsius" for n, name in enumerate(names)}

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://climate.test/", "token": "not-a-secret"}

    def zones(self) -> Mapping[str, Level]:
        return {name: self._level(name) for name in self.points}

    def takes(self, zone: str) -> frozenset[type[Level]] | None:
        return frozenset({Setpoint if self.kinds[zone] == "celsius" else Dim, Release})

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        assert how is Misbehaviour.SET_BY_HAND
        self.points[key][HAND] = Decimal(17)

    def _level(self, name: str) -> Level:
        present = self.points[name][min(self.points[name])]
        return Setpoint(celsius=present) if self.kinds[name] == "celsius" else Dim(percent=int(present))

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("X-Token") != "not-a-secret":
            return httpx.Response(401)
        _, _, *rest = request.url.path.split("/")
        if not rest:
            return httpx.Response(200, text="\n".join(self.points))
        if rest[0] not in self.points:
            return httpx.Response(404)
        written = self.points[rest[0]]
        if request.method == "PUT":
            written[int(rest[1])] = Decimal(json.loads(request.content)["value"])
        if request.method == "DELETE":
            written.pop(int(rest[1]), None)
        decides = min(written)
        told = {"kind": self.kinds[rest[0]], "present": str(written[decides]), "decides": decides}
        return httpx.Response(200, json=told)
