"""A population register that is asked by POST, marks protection in a field of its own, and withholds nothing."""

import httpx
from pydantic import BaseModel, Field, HttpUrl, SecretStr

from hub.model import AddressKind, Guardian, Person, PersonAddress, PersonLookup, PersonNumber, Protected
from hub.sdk import About, Connector, ConnectorConfig, Lent, PopulationRegister


class PeopleConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Root of the register's service.")
    password: SecretStr = Field(description="Of the municipality's account.")


class Place(BaseModel):
    kind: AddressKind
    co: str = ""
    lines: tuple[str, ...]
    postcode: str = ""
    city: str = ""
    country: str = ""


class Custodian(BaseModel):
    number: PersonNumber | None
    name: str


class Entry(BaseModel):
    marking: str | None = None
    name: str | None = None
    post: Place | None = None
    home: Place | None = None
    municipality: str | None = None
    died: str | None = None
    left: str | None = None
    cause: str | None = None
    now: PersonNumber | None = None
    custodians: tuple[Custodian, ...] = ()


class Reply(BaseModel):
    entry: Entry | None


MARKINGS = {"none": Protected.NO, "S": Protected.YES, "SKF": Protected.YES}


class PeopleRegister(Connector[PeopleConfig], PopulationRegister):
    def __init__(self, config: PeopleConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.http = lent.http(config.base_url, auth=httpx.BasicAuth("kommun", config.password.get_secret_value()))

    async def check(self) -> About:
        await self.http.get("status")
        return About()

    async def look_up(self, lookup: PersonLookup) -> Person | None:
        asked = {"number": lookup.identity_number.digits, "purpose": lookup.purpose}
        answer = await self.http.post("person", safe=True, json=asked)
        entry = answer.read(Reply.model_validate_json).entry
        if entry is None:
            return None
        protected = MARKINGS.get(entry.marking or "", Protected.UNKNOWN)
        if protected is not Protected.NO:
            return Person(identity_number=lookup.identity_number, protected=protected)
        return Person(
            identity_number=lookup.identity_number,
            protected=protected,
            name=entry.name,
            address=address(entry.post),
            registered_address=address(entry.home),
            municipality=entry.municipality,
            deceased=entry.died,
            emigrated=entry.left,
            deregistered=entry.cause,
            replaced_by=entry.now,
            guardians=guardians(entry) if lookup.guardians else (),
        )


def address(place: Place | None) -> PersonAddress | None:
    if place is None:
        return None
    return PersonAddress(
        kind=place.kind,
        care_of=place.co,
        lines=place.lines,
        postcode=place.postcode,
        city=place.city,
        country=place.country,
    )


def guardians(entry: Entry) -> tuple[Guardian, ...]:
    return tuple(Guardian(identity_number=one.number, name=one.name) for one in entry.custodians)
