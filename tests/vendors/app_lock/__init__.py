"""Mobile keys in an app: one invitation a key, at most twelve hours a window, and the holder must accept."""

from datetime import datetime, timedelta
from http import HTTPStatus

import httpx
from pydantic import BaseModel, Field, HttpUrl, SecretStr

from hub.model import Credential, Method, Window
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Condition,
    Connector,
    ConnectorConfig,
    Lent,
    ReadsCredentials,
    Receipt,
    RejectedError,
    Sighting,
)


class AppConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Root of the service's API.")
    client_id: str = Field(description="The organisation's client.")
    client_secret: SecretStr = Field(description="Its secret.")


class Span(BaseModel):
    door: str
    begins: datetime
    ends: datetime


class Invitation(BaseModel):
    phone: SecretStr
    spans: list[Span]
    status: str  # pending | accepted | stopped


CONDITIONS = {
    "pending": Condition.AWAITING_USER,
    "accepted": Condition.STANDING,
    "stopped": Condition.DISABLED,
}


class AppLock(Connector[AppConfig], AccessControl, ReadsCredentials):
    access_limits = AccessLimits(
        methods=frozenset({Method.MOBILE_KEY}), awaits_user=True, longest_window=timedelta(hours=12)
    )

    def __init__(self, config: AppConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        login = httpx.BasicAuth(config.client_id, config.client_secret.get_secret_value())
        self.http = lent.http(config.base_url, auth=login)

    async def check(self) -> About:
        answer = await self.http.get("doors")
        return About(external_keys=answer.read(lambda body: frozenset(body.decode("utf-8").split("\n"))))

    async def put_credential(self, credential: Credential) -> Receipt:
        answer = await self.http.put(
            f"invitations/{credential.key}", json=invitation(credential), also_ok={HTTPStatus.BAD_REQUEST}
        )
        if answer.status == HTTPStatus.BAD_REQUEST:
            raise RejectedError(f"no such door among {', '.join(sorted(w.door for w in credential.windows))}")
        return Receipt(credential.key, CONDITIONS[answer.read(Invitation.model_validate_json).status])

    async def remove_credential(self, key: str) -> Receipt:
        answer = await self.http.delete(f"invitations/{key}", also_ok={HTTPStatus.NOT_FOUND})
        if answer.status != HTTPStatus.NOT_FOUND:
            answer.read(Invitation.model_validate_json)
        return Receipt(key)

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        answer = await self.http.get(f"invitations/{key}", also_ok={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        found = answer.read(Invitation.model_validate_json)
        windows = frozenset(Window(door=s.door, starts_at=s.begins, ends_at=s.ends) for s in found.spans)
        credential = Credential(key=key, method=Method.MOBILE_KEY, value=found.phone, windows=windows)
        return Sighting(credential, CONDITIONS[found.status])


def invitation(credential: Credential) -> dict[str, object]:
    assert isinstance(credential.value, SecretStr)
    spans = [
        {"door": w.door, "begins": w.starts_at.isoformat(), "ends": w.ends_at.isoformat()} for w in credential.windows
    ]
    return {"phone": credential.value.get_secret_value(), "spans": spans}
