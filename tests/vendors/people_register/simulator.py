"""The stand-in for the register."""

import json
from collections.abc import Mapping, Sequence

import httpx

from hub.model import Person, PersonAddress, Protected
from hub.sdk import Clock, HasPersons, HttpSimulator

HIDDEN = {"kind": "registered", "postcode": "90326", "city": "Umeå"}
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
            "post": place(person.address)
            if person.protected is Protected.NO
            else HIDDEN | {"lines": [knows["street"]]},
            "home": place(person.registered_address),
            "municipality": person.municipality,
            "died": person.deceased,
            "left": person.emigrated,
            "cause": person.deregistered,
            "now": person.replaced_by.digits if person.replaced_by else None,
            "custodians": [
                {"number": one.identity_number.digits if one.identity_number else None, "name": one.name}
                for one in person.guardians
            ],
        }

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, text="ok")
        return httpx.Response(200, json={"entry": self.entries.get(json.loads(request.content)["number"])})


def place(address: PersonAddress | None) -> dict[str, object] | None:
    """In the register's words."""
    if address is None:
        return None
    told = address.model_dump(mode="json")
    return told | {"co": told.pop("care_of")}
