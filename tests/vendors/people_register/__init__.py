"""A population register that is asked by POST, marks protection in a field of its own, and withholds nothing."""

from datetime import date

import httpx
from pydantic import BaseModel, Field, HttpUrl, SecretStr

from hub.model import Person, PersonLookup, PostalAddress, Protected
from hub.sdk import About, Connector, ConnectorConfig, Lent, PopulationRegister


class PeopleConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Root of the register's service.")
    password: SecretStr = Field(description="Of the municipality's account.")


class Entry(BaseModel):
    marking: str | None = None
    name: str | None = None
    street: str | None = None
    postcode: str = ""
    city: str = ""
    died: date | None = None


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
        address = PostalAddress(street=entry.street or "", postcode=entry.postcode, city=entry.city)
        return Person(
            identity_number=lookup.identity_number,
            protected=protected,
            name=entry.name,
            address=address,
            deceased=entry.died,
        )
