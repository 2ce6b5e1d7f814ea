"""A registry that answers 200 whatever happened, and can be asked by our key: POST that only reads, too."""

import base64
from typing import Any

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from hub.model import Document
from hub.sdk import About, Connector, ConnectorConfig, FindsDocuments, Lent, Receipt, Registry, RejectedError


class DeedConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Root of the registry's service.")
    api_key: SecretStr = Field(description="Of its integration account.")


class Reply(BaseModel):
    successful: bool
    error: str = ""
    number: str | None = None


def form(document: Document) -> dict[str, Any]:
    files = [
        {"name": one.name, "type": one.media_type, "data": base64.b64encode(one.content).decode()}
        for one in document.files
    ]
    return document.model_dump(mode="json", exclude={"files"}) | {"files": files}


class DeedRegistry(Connector[DeedConfig], Registry, FindsDocuments):
    def __init__(self, config: DeedConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        key = config.api_key.get_secret_value()
        self.http = lent.http(config.base_url, headers={"Authorization": f"authkey {key}"})

    async def check(self) -> About:
        await self.http.get("ping")
        return About()

    async def register_document(self, document: Document) -> Receipt:
        answer = await self.http.post("create", json=form(document))
        reply = answer.read(Reply.model_validate_json)
        if not reply.successful or reply.number is None:
            raise RejectedError(f"the registry says: {reply.error or 'nothing'}; correct it and try again")
        return Receipt(reply.number)

    async def find_document(self, key: str) -> Receipt | None:
        answer = await self.http.post("find", safe=True, json={"key": key})
        reply = answer.read(Reply.model_validate_json)
        return Receipt(reply.number) if reply.number else None
