"""The wire of Seam, in its own words: devices, access codes and action attempts as JSON, each call a POST.

Source: `@seamapi/types` 1.721.0 and the answers of `@seamapi/fake-seam-connect` 1.86.0, both read 2026-11-21. What the
documentation shows and the fake does not is named in README.md.
"""

import re
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, SecretStr, ValidationError

from hub.sdk import Answer, Http, RejectedError, TransientError

REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})
"""What Seam answers with a reason of its own."""
MOST_PAGES = 200
"""More than that is a list without an end."""
A_WORD = re.compile("[a-z_]{1,80}")


def _word(told: object) -> str:
    return told if isinstance(told, str) and A_WORD.fullmatch(told) else "unreadable_reason"


Word = Annotated[str, BeforeValidator(_word)]
"""A reason in Seam's words, or that it is none. The message beside it may hold a code, and is never read."""

OFFLINE = frozenset(
    {
        "account_disconnected",
        "august_lock_temporarily_offline",
        "device_disconnected",
        "device_offline",
        "hub_disconnected",
        "lock_is_disconnected",
    }
)
"""The lock cannot be reached now; Seam tries again by itself."""


class Properties(BaseModel):
    """What a device is like, as far as it matters here."""

    online: bool = True


class Device(BaseModel):
    """A lock, or anything else in the workspace."""

    device_id: str
    capabilities_supported: tuple[str, ...] = ()
    can_program_online_access_codes: bool = False
    """Whether it takes codes now; a lock that has lost its bridge does not, and keeps those that it has."""
    properties: Properties = Properties()


class Fault(BaseModel):
    """An error of a code."""

    error_code: Word


class Warned(BaseModel):
    """A warning of a code."""

    warning_code: Word


class AccessCode(BaseModel):
    """One code in one lock."""

    access_code_id: str
    device_id: str
    name: str | None = None
    code: SecretStr | None = None
    """None: the lock or Seam has not made it up yet, or keeps it."""
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    status: str
    """`setting`, `set`, `unset`, `removing` or `unknown`."""
    is_scheduled_on_device: bool = False
    errors: tuple[Fault, ...] = ()
    warnings: tuple[Warned, ...] = ()


class Pagination(BaseModel):
    """Where a list goes on."""

    next_page_cursor: str | None = None


class Devices(BaseModel):
    """A page of devices."""

    devices: list[Device]
    pagination: Pagination = Pagination()


class AccessCodes(BaseModel):
    """A page of codes."""

    access_codes: list[AccessCode]
    pagination: Pagination = Pagination()


class Created(BaseModel):
    """The answer to a new code."""

    access_code: AccessCode


class Reason(BaseModel):
    """Why something was refused, or failed."""

    type: Word


class Refusal(BaseModel):
    """The answer of a call that is refused."""

    error: Reason


class ActionAttempt(BaseModel):
    """Work that Seam does later; how it ends is seen in the code itself."""

    status: Literal["pending", "success", "error"]
    error: Reason | None = None


class Changed(BaseModel):
    """The answer to a change or a deletion; newer versions of the API give no attempt."""

    ok: Literal[True]
    action_attempt: ActionAttempt | None = None


class SeamRefusalError(RejectedError):
    """Seam says no, with a reason of its own."""

    def __init__(self, call: str, kind: str) -> None:
        """Say which call and why."""
        super().__init__(f"Seam refuses {call}: {kind or 'without a reason'}; see the lock in Seam's console")
        self.kind = kind


class SeamClient:
    """The calls of the API that are used here."""

    def __init__(self, http: Http) -> None:
        """Ask by a client that shows the key."""
        self._http = http

    async def devices(self) -> list[Device]:
        """Give every device of the workspace."""
        found: list[Device] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = (await self._ask("devices/list", _paged({}, cursor), safe=True)).read(Devices.model_validate_json)
            found += page.devices
            if (cursor := page.pagination.next_page_cursor) is None:
                return found
        raise TransientError(f"devices/list: more than {MOST_PAGES} pages")

    async def access_codes(self, device_id: str) -> list[AccessCode]:
        """Give the codes of one lock that Seam manages."""
        found: list[AccessCode] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            answer = await self._ask("access_codes/list", _paged({"device_id": device_id}, cursor), safe=True)
            page = answer.read(AccessCodes.model_validate_json)
            found += [code for code in page.access_codes if code.device_id == device_id]
            if (cursor := page.pagination.next_page_cursor) is None:
                return found
        raise TransientError(f"access_codes/list: more than {MOST_PAGES} pages")

    async def create(self, code: dict[str, str]) -> AccessCode:
        """Make a code; there is no key that would keep a second call from making a second one."""
        return (await self._ask("access_codes/create", code)).read(Created.model_validate_json).access_code

    async def update(self, access_code_id: str, change: dict[str, str]) -> None:
        """Change a code, later."""
        body = {"access_code_id": access_code_id, "type": "time_bound", **change}
        _accepted(await self._ask("access_codes/update", body), "access_codes/update")

    async def delete(self, access_code_id: str) -> None:
        """Remove a code, later; harmless when it is gone."""
        try:
            _accepted(await self._ask("access_codes/delete", {"access_code_id": access_code_id}), "access_codes/delete")
        except SeamRefusalError as refused:
            if refused.kind != "access_code_not_found":
                raise

    async def _ask(self, call: str, body: dict[str, str], *, safe: bool = False) -> Answer:
        answer = await self._http.post(call, safe=safe, json=body, also_ok=REFUSALS)
        if answer.status in REFUSALS:
            raise SeamRefusalError(call, _kind(answer.content))
        return answer


def _paged(body: dict[str, str], cursor: str | None) -> dict[str, str]:
    return body if cursor is None else {**body, "page_cursor": cursor}


def _kind(content: bytes) -> str:
    try:
        return Refusal.model_validate_json(content).error.type
    except ValidationError:
        return ""


def _accepted(answer: Answer, call: str) -> None:
    """Read what was promised; an attempt that has failed already has changed nothing."""
    attempt = answer.read(Changed.model_validate_json).action_attempt
    if attempt is None or attempt.status != "error":
        return
    kind = attempt.error.type if attempt.error else ""
    if kind in OFFLINE:
        raise TransientError(f"{call}: {kind}; the lock cannot be reached")
    raise SeamRefusalError(call, kind)
