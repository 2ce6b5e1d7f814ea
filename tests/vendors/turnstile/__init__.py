"""A turnstile that calls us at each passage, signed with a shared secret."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import BaseModel, Field, SecretStr, ValidationError

from hub.model import Message, Passage, PassageOutcome
from hub.sdk import (
    About,
    Callback,
    Connector,
    ConnectorConfig,
    CredentialsError,
    RawItem,
    ReceivesCallbacks,
    RejectedError,
)


class TurnstileConfig(ConnectorConfig):
    shared_secret: SecretStr = Field(description="That its calls are signed with.")


class Call(BaseModel):
    id: str
    key: str
    door: str
    at: datetime


class Turnstile(Connector[TurnstileConfig], ReceivesCallbacks):
    async def check(self) -> About:
        return About()

    async def receive(self, callback: Callback) -> Sequence[RawItem]:
        secret = self.config.shared_secret.get_secret_value().encode()
        wanted = hmac.new(secret, callback.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, callback.headers.get("x-signature", "")):
            raise CredentialsError("the signature does not hold; compare shared_secret")
        try:
            return [RawItem(Call.model_validate_json(callback.body).id, callback.body, "callback")]
        except ValidationError:
            raise RejectedError("no passage in the call; ask the supplier") from None

    def translate(self, item: RawItem) -> Iterable[Message]:
        call = Call.model_validate_json(item.content)
        return [Passage(key=call.key, door=call.door, at=call.at, outcome=PassageOutcome.PASSED)]
