"""The stand-in for the lock of dates."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from pydantic import SecretStr

from hub.model import Credential, Method, Window
from hub.sdk import Clock, HasDoors, HttpSimulator, Misbehaviour

ZONE = ZoneInfo("Europe/Stockholm")


class DaySimulator(HttpSimulator, HasDoors):
    can = frozenset({Misbehaviour.DELETED_BY_HAND, Misbehaviour.DISABLED_BY_HAND})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.doors = external_keys or ("front", "back")
        self.cards: dict[str, dict[str, Any]] = {}
        self.calls: list[datetime] = []

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://day.test/"}

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        if how is Misbehaviour.DELETED_BY_HAND:
            del self.cards[key]
        else:
            self.cards[key]["blocked"] = True

    def credentials(self) -> Iterable[Credential]:
        for key, card in self.cards.items():
            if card.get("blocked"):
                continue
            for permit in card["permits"]:
                starts, ends = self._midnight(permit["first"], 0), self._midnight(permit["last"], 1)
                window = Window(door=permit["door"], starts_at=starts, ends_at=ends)
                yield Credential(
                    key=key,
                    method=Method.CARD,
                    value=SecretStr(card["number"]),
                    second_value=SecretStr(card["pin"]) if card["pin"] else None,
                    windows=frozenset({window}),
                )

    def _midnight(self, day: str, later: int) -> datetime:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=later), time(), ZONE).astimezone(UTC)

    def handle(self, request: httpx.Request) -> httpx.Response:
        now = self.clock.now()
        self.calls = [call for call in self.calls if now - call < timedelta(minutes=1)] + [now]
        if len(self.calls) > 16:
            return httpx.Response(429, headers={"Retry-After": "60"})
        path, key = request.url.path, request.url.path.rsplit("/", 1)[-1]
        match request.method, path:
            case "GET", "/doors":
                return httpx.Response(200, text="\n".join(self.doors))
            case "PUT", _:
                return self._put(key, json.loads(request.content))
            case "DELETE", _:
                gone = self.cards.pop(key, None)
                return httpx.Response(200, json=gone) if gone else httpx.Response(404)
        return httpx.Response(200, json=self.cards[key]) if key in self.cards else httpx.Response(404)

    def _put(self, key: str, card: dict[str, Any]) -> httpx.Response:
        if {permit["door"] for permit in card["permits"]} - set(self.doors):
            return httpx.Response(404)
        if key not in self.cards and len(self.cards) == 3:
            return httpx.Response(409)
        self.cards[key] = card
        return httpx.Response(200, json=card)
