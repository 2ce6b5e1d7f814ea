"""A registry that takes documents and cannot be asked: what is not known, a person looks up."""

from pydantic import BaseModel, Field, HttpUrl

from hub.model import Document
from hub.sdk import About, Connector, ConnectorConfig, Lent, Receipt, Registry
from tests.vendors.mute_registry.wire import form


class MuteConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Where it answers.")


class Number(BaseModel):
    number: str


class MuteRegistry(Connector[MuteConfig], Registry):
    def __init__(self, config: MuteConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.http = lent.http(config.base_url)

    async def check(self) -> About:
        await self.http.get("version")
        return About()

    async def register_document(self, document: Document) -> Receipt:
        answer = await self.http.post("documents", json=form(document))
        return Receipt(answer.read(Number.model_validate_json).number)
