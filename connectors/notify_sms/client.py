"""A gateway, in HTTP's words. Its texts may hold the number, so only its codes are told."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import httpx

from connectors.notify_sms.config import BodyKind, SmsConfig
from hub.sdk import CredentialsError, Lent, RejectedError

T = TypeVar("T")
_NO_MONEY = frozenset({HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN})
_ANSWERS_A_LOOK = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})


class Gateway:
    """One gateway."""

    def __init__(self, config: SmsConfig, lent: Lent) -> None:
        self._path, self._body = config.path.lstrip("/"), config.body
        auth, headers = None, {}
        if config.user is not None and config.password is not None:
            auth = httpx.BasicAuth(config.user, config.password.get_secret_value())
        elif config.token is not None:
            headers["Authorization"] = f"Bearer {config.token.get_secret_value()}"
        self._http = lent.http(config.base_url, auth=auth, headers=headers)

    async def post(self, fields: dict[str, Any], read: Callable[[Any], T], *, safe: bool = False) -> T:
        """Hand over one message; `safe`: it is only tried. What cannot be read is no answer."""
        body = {"json": fields} if self._body is BodyKind.JSON else {"data": fields}
        try:
            answer = await self._http.post(self._path, safe=safe, also_ok=_NO_MONEY, **body)  # type: ignore[arg-type]
        except RejectedError as error:
            raise RejectedError(f"{error}: the gateway does not take it; correct number or sender") from error
        if answer.status in _NO_MONEY:
            told = f"POST /{self._path}: {answer.status}"
            raise CredentialsError(f"{told}; check user and password, and whether the account has money left")
        return answer.read(lambda content: read(json.loads(content)))

    async def look(self) -> None:
        """Whether the gateway is there and lets us in, as far as that can be seen without sending."""
        await self._http.get(self._path, also_ok=_ANSWERS_A_LOOK)
