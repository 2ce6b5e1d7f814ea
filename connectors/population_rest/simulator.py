"""Sundsvall's service in memory: persons by an id of its own, and those who are classified left out."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence

import httpx

from hub.model import AddressKind, Person, PersonAddress, Protected
from hub.sdk import Clock, HasPersons, HttpSimulator, Misbehaviour

TOKEN = "not-a-secret"
_OURS = uuid.UUID("6f1c3b54-2f6c-4a5e-9d0e-0d6f8a2d7b11")


class CitizenSimulator(HttpSimulator, HasPersons):
    """One municipality's persons. Of whoever is protected in the other way everything is told."""

    can = frozenset({Misbehaviour.DOWN, Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.ids: dict[str, str] = {}
        """The service's own id by number."""
        self.citizens: dict[str, dict[str, object]] = {}
        """The record by that id."""
        self.down = self.refusing = False

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://api.test/citizen/3.0/", "municipality": "2480", "token": TOKEN}

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - all of it, or none
        self.down, self.refusing = how is Misbehaviour.DOWN, how is Misbehaviour.REFUSES

    def recover(self) -> None:
        self.down = self.refusing = False

    def register(self, person: Person, *, knows: Mapping[str, str]) -> None:
        """Have a record; of one whose protection is not known one flag holds nothing."""
        number = person.identity_number.digits
        given, _, family = (person.name or knows["name"]).rpartition(" ")
        flag = {Protected.NO: "N", Protected.YES: "J", Protected.UNKNOWN: None}[person.protected]
        self.ids[number] = str(uuid.uuid5(_OURS, number))
        self.citizens[self.ids[number]] = {
            "personId": self.ids[number],
            "givenname": given,
            "lastname": family,
            "gender": "K",
            "civilStatus": None,
            "nrDate": "2019-12-02T00:00:00",
            "classified": "N",
            "protectedNR": flag,
            "addresses": list(_addresses(person, knows["street"])),
        }

    def keeps(self, person: Person) -> Person:
        """No other address than the one of registration or abroad, no death, no other number, and no custody."""
        if person.protected is not Protected.NO:
            return person
        home, other = person.registered_address, person.address
        away = other if other and other.kind is AddressKind.ABROAD and not home else None
        return Person(
            identity_number=person.identity_number,
            protected=person.protected,
            name=person.name,
            address=home or away,
            registered_address=home,
            municipality=person.municipality,
            emigrated="" if away else None,
            deregistered=None if home else "unknown",
        )

    def classify(self, number: str) -> None:
        """Mark somebody in the way that has the service leave the record out."""
        self.citizens[self.ids[number]]["classified"] = "J"

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("the service is down", request=request)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return httpx.Response(401, json={"title": "Unauthorized"})
        if self.refusing:
            return httpx.Response(400, json={"title": "Bad Request", "status": 400})
        match request.method, request.url.path.removeprefix("/citizen/3.0/2480/").split("/"):
            case "GET", ["api-docs"]:
                return httpx.Response(200, text="openapi: 3.0.1")
            case "POST", ["guid", "batch"]:
                return httpx.Response(200, json=[self._translated(one) for one in json.loads(request.content)])
            case "GET", [person_id]:
                return self._citizen(person_id, shown=request.url.params.get("ShowClassified") == "true")
        return httpx.Response(404, json={"title": "Not Found", "status": 404})

    def _translated(self, number: str) -> dict[str, object]:
        person_id = self.ids.get(number)
        error = None if person_id else "Citizen not found"
        return {"personNumber": number, "personId": person_id, "success": bool(person_id), "errorMessage": error}

    def _citizen(self, person_id: str, *, shown: bool) -> httpx.Response:
        citizen = self.citizens.get(person_id)
        if citizen is None or (citizen["classified"] != "N" and not shown):
            return httpx.Response(204)
        return httpx.Response(200, json=citizen)


def _addresses(person: Person, street: str) -> Iterator[dict[str, object]]:
    """What was before what is; of whoever is protected too."""
    home = person.registered_address
    if person.protected is not Protected.NO:
        home = PersonAddress(kind=AddressKind.REGISTERED, lines=(street,), postcode="90326", city="Umeå")
    yield _entry(PersonAddress(kind=AddressKind.REGISTERED, lines=(f"{street} B",), city="Umeå"), "0180", "Previous")
    if home:
        yield _entry(home, person.municipality or "2480", "Current")
    if person.address and person.address.kind is AddressKind.ABROAD:
        yield _entry(person.address, "", "Current") | {"emigrated": True, "addressType": "FOREIGN_ADDRESS"}


def _entry(address: PersonAddress, municipality: str, status: str) -> dict[str, object]:
    area, line = ("", *address.lines)[-2:]
    return {
        "status": status,
        "co": address.care_of or None,
        "addressArea": area or None,
        "address": line,
        "addressNumber": None,
        "appartmentNumber": None,
        "postalCode": f"{address.postcode[:3]} {address.postcode[3:]}".strip(),
        "city": address.city,
        "county": municipality[:2],
        "municipality": municipality[2:],
        "country": address.country or "SVERIGE",
        "emigrated": False,
        "addressType": "POPULATION_REGISTRATION_ADDRESS",
    }
