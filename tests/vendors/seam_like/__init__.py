"""A lock service that answers at once and acts later: one code per door, ids of its own, codes of its own choice."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from http import HTTPStatus
from itertools import groupby
from types import MappingProxyType

from pydantic import BaseModel, Field, HttpUrl, SecretStr, TypeAdapter

from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Chooser,
    Condition,
    Connector,
    ConnectorConfig,
    Lent,
    ListsCredentials,
    PinRules,
    ReadsCredentials,
    Receipt,
    RejectedError,
    Sighting,
)


class SeamConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Root of the service's API.")
    api_key: SecretStr = Field(description="Key of the workspace.")


class Code(BaseModel):
    access_code_id: str
    device_id: str
    name: str
    code: SecretStr | None
    starts_at: datetime
    ends_at: datetime
    status: str  # setting | set | removing | failed


class ActionAttempt(BaseModel):
    action_attempt_id: str


CODES, DEVICES = TypeAdapter(list[Code]), TypeAdapter(list[str])
CONDITIONS = {
    "setting": Condition.COMING,
    "set": Condition.STANDING,
    "removing": Condition.COMING,
    "failed": Condition.FAILED,
}


class SeamLock(Connector[SeamConfig], AccessControl, ReadsCredentials, ListsCredentials):
    """The service has no key of ours but a name: every command looks first, then does what is missing."""

    access_limits = AccessLimits(windows_per_door=1, pin=PinRules(chosen_by=frozenset(Chooser)))

    def __init__(self, config: SeamConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        bearer = f"Bearer {config.api_key.get_secret_value()}"
        self.http = lent.http(config.base_url, headers={"Authorization": bearer})

    async def check(self) -> About:
        answer = await self.http.post("devices/list", safe=True)
        return About(external_keys=frozenset(answer.read(DEVICES.validate_json)))

    async def put_credential(self, credential: Credential) -> Receipt:
        """The new opens before the old shuts: create and update first, then delete."""
        codes = [code for code in await self._codes() if code.name == credential.key]
        spare = {code.access_code_id: code for code in codes if code.status != "removing"}
        for window in credential.windows:
            here = (code for code in spare.values() if code.device_id == window.door and code.status != "failed")
            kept = next(here, None)
            if kept is None:
                await self._create(credential, window)
                continue
            del spare[kept.access_code_id]
            times = (kept.starts_at, kept.ends_at)
            if times != (window.starts_at, window.ends_at) or self._other_value(credential, kept):
                await self._attempt("update", kept, body(credential, window))
        for code in spare.values():
            await self._attempt("delete", code)
        return Receipt(credential.key, Condition.COMING)

    async def remove_credential(self, key: str) -> Receipt:
        for code in await self._codes():
            if code.name == key and code.status != "removing":
                await self._attempt("delete", code)
        return Receipt(key, Condition.COMING)

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        codes = [code for code in await self._codes() if code.name == key]
        return sighting(codes) if codes else None

    async def list_credentials(self) -> AsyncIterator[Sighting[Credential]]:
        codes = sorted(await self._codes(), key=lambda code: code.name)
        for _, ours in groupby(codes, key=lambda code: code.name):
            yield sighting(list(ours))

    def _other_value(self, credential: Credential, code: Code) -> bool:
        return credential.value is not Unsaid.CHOSEN_BY_SYSTEM and code.code != credential.value

    async def _codes(self) -> list[Code]:
        return (await self.http.post("access_codes/list", safe=True)).read(CODES.validate_json)

    async def _create(self, credential: Credential, window: Window) -> None:
        named = {"device_id": window.door, "name": credential.key, "common_code_key": credential.key}
        json = named | body(credential, window)
        answer = await self.http.post("access_codes/create", json=json, also_ok={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            raise RejectedError(f"no device {window.door}")
        answer.read(Code.model_validate_json)

    async def _attempt(self, what: str, code: Code, change: Mapping[str, str] = MappingProxyType({})) -> None:
        """How the attempt ends is seen in the code itself."""
        json = {"access_code_id": code.access_code_id, **change}
        (await self.http.post(f"access_codes/{what}", json=json)).read(ActionAttempt.model_validate_json)


def body(credential: Credential, window: Window) -> dict[str, str]:
    times = {"starts_at": window.starts_at.isoformat(), "ends_at": window.ends_at.isoformat()}
    return times | ({"code": credential.value.get_secret_value()} if isinstance(credential.value, SecretStr) else {})


def sighting(codes: list[Code]) -> Sighting[Credential]:
    """The least of its doors decides; two codes on one door are wrong, whatever they say."""
    conditions = {CONDITIONS[code.status] for code in codes}
    doubled = len({code.device_id for code in codes}) < len(codes)
    condition = next((c for c in (Condition.FAILED, Condition.COMING) if c in conditions), Condition.STANDING)
    return Sighting(
        Credential(
            key=codes[0].name,
            method=Method.PIN,
            value=codes[0].code or Unsaid.NOT_TOLD,
            windows=frozenset(Window(door=c.device_id, starts_at=c.starts_at, ends_at=c.ends_at) for c in codes),
        ),
        Condition.FAILED if doubled else condition,
        "two codes on one door" if doubled else "",
    )
