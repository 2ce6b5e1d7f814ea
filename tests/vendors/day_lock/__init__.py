"""A lock that keeps dates only, has room for three cards, asks for card and PIN, and bears ten calls a minute."""

from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from hub.model import Credential, Method, Window
from hub.sdk import (
    STOCKHOLM,
    About,
    AccessControl,
    AccessLimits,
    Condition,
    Connector,
    ConnectorConfig,
    Lent,
    Pace,
    ReadsCredentials,
    Receipt,
    RejectedError,
    Sighting,
    Validity,
)

MOMENT = timedelta(microseconds=1)


class DayConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Where the controller answers.")


class Permit(BaseModel):
    door: str
    first: date
    last: date


class Card(BaseModel):
    number: SecretStr
    pin: SecretStr | None
    permits: list[Permit]
    blocked: bool = False


class DayLock(Connector[DayConfig], AccessControl, ReadsCredentials):
    access_limits = AccessLimits(
        methods=frozenset({Method.CARD}), card_and_pin=True, validity=Validity.DATES, windows_per_door=1, capacity=3
    )
    pace = Pace(calls_per_minute=10)

    def __init__(self, config: DayConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.http = lent.http(config.base_url)

    async def check(self) -> About:
        answer = await self.http.get("doors")
        return About(external_keys=answer.read(lambda body: frozenset(body.decode("utf-8").split("\n"))))

    async def put_credential(self, credential: Credential) -> Receipt:
        path = f"cards/{credential.key}"
        answer = await self.http.put(path, json=card(credential), also_ok={HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND})
        match answer.status:
            case HTTPStatus.CONFLICT:
                raise RejectedError("the lock is full; remove cards that are no longer used")
            case HTTPStatus.NOT_FOUND:
                raise RejectedError(f"no such door among {', '.join(sorted(w.door for w in credential.windows))}")
        answer.read(Card.model_validate_json)
        return Receipt(credential.key)

    async def remove_credential(self, key: str) -> Receipt:
        answer = await self.http.delete(f"cards/{key}", also_ok={HTTPStatus.NOT_FOUND})
        if answer.status != HTTPStatus.NOT_FOUND:
            answer.read(Card.model_validate_json)
        return Receipt(key)

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        answer = await self.http.get(f"cards/{key}", also_ok={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        found = answer.read(Card.model_validate_json)
        return Sighting(credential_of(key, found), Condition.DISABLED if found.blocked else Condition.STANDING)


def card(credential: Credential) -> dict[str, object]:
    assert isinstance(credential.value, SecretStr)
    pin = credential.second_value.get_secret_value() if credential.second_value else None
    return {
        "number": credential.value.get_secret_value(),
        "pin": pin,
        "permits": [
            {"door": w.door, "first": day(w.starts_at).isoformat(), "last": day(w.ends_at - MOMENT).isoformat()}
            for w in credential.windows
        ],
    }


def credential_of(key: str, found: Card) -> Credential:
    windows = (
        Window(door=p.door, starts_at=midnight(p.first), ends_at=midnight(p.last + timedelta(days=1)))
        for p in found.permits
    )
    return Credential(
        key=key, method=Method.CARD, value=found.number, second_value=found.pin, windows=frozenset(windows)
    )


def day(moment: datetime) -> date:
    return moment.astimezone(STOCKHOLM).date()


def midnight(of: date) -> datetime:
    return datetime.combine(of, time(), STOCKHOLM).astimezone(UTC)
