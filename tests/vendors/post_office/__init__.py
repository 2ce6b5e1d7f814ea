"""A message service that knows a message by our id: a second one is the first again."""

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from hub.model import Notice
from hub.sdk import About, Connector, ConnectorConfig, Lent, Notifier, Receipt, RejectedError, RepeatsSafely


class PostConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Root of the service's API.")
    token: SecretStr = Field(description="Of its API.")


class Sent(BaseModel):
    id: str
    status: str


class PostOffice(Connector[PostConfig], Notifier, RepeatsSafely):
    def __init__(self, config: PostConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        token = config.token.get_secret_value()
        self.http = lent.http(config.base_url, headers={"Authorization": f"Bearer {token}"})

    async def check(self) -> About:
        await self.http.get("account")
        return About()

    async def send_notice(self, notice: Notice) -> Receipt:
        body = notice.model_dump(mode="json", exclude={"key"})
        answer = await self.http.post("messages", headers={"Idempotency-Key": notice.key}, json=body)
        sent = answer.read(Sent.model_validate_json)
        if sent.status != "accepted":
            raise RejectedError(f"the service says {sent.status}; correct the recipient")
        return Receipt(sent.id)
