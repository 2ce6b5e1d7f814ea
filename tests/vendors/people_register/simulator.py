"""The stand-in for the register."""

import json
from collections.abc import Mapping, Sequence

import httpx

from hub.model import Person, Protected
from hub.sdk import Clock, HasPersons, HttpSimulator

MARKINGS = {Protected.NO: "none", Protected.YES: "S", Protected.UNKNOWN: None}


class PeopleSimulator(HttpSimulator, HasPersons):
    """Its service withholds nothing: what may be told is for whoever asks to keep."""

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.entries: dict[str, dict[str, object]] = {}

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://people.test/v2/", "password": "not-a-secret"}

    def register(self, person: Person, *, knows: Mapping[str, str]) -> None:
        self.entries[person.identity_number.digits] = {
            "marking": MARKINGS[person.protected],
            "name": knows["name"],
            "street": knows["street"],
            "postcode": "903 26",
            "city": "Umeå",
            "died": person.deceased.isoformat() if person.deceased else None,
        }

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, text="ok")
        return httpx.Response(200, json={"entry": self.entries.get(json.loads(request.content)["number"])})
