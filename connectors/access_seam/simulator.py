"""A stand-in for a workspace of Seam, with locks: what it accepts reaches a lock half a minute later.

Its locks keep times themselves, as the better ones do: a code is put into them ahead. It is written from the same facts
as the client, and shares no code with it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from hub.model import Credential, Method, Window
from hub.sdk import Clock, HasDoors, HttpSimulator, Misbehaviour

KEY = "seam_simulated_workspace_key"
ACTS_AFTER = timedelta(seconds=30)
CLEANER = "Städ"
"""A code that somebody else has made in the same workspace."""


@dataclass
class Code:
    """One code, as Seam sees it; `in_lock` is how the lock has it."""

    id: str
    device_id: str
    name: str
    code: str | None
    starts_at: str | None = None
    ends_at: str | None = None
    common_code_key: str | None = None
    status: str = "setting"
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    in_lock: dict[str, Any] | None = None


class SeamSimulator(HttpSimulator, HasDoors):
    """Devices and codes of one workspace; each lock takes codes, and a thermostat takes none."""

    can = frozenset({Misbehaviour.DELETED_BY_HAND, Misbehaviour.DISABLED_BY_HAND, Misbehaviour.DOWN})
    page_length = 500

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        """Have these locks, and a code in the first that somebody else has made."""
        super().__init__(clock, external_keys)
        self.doors = tuple(external_keys) or ("lock-hall", "lock-entré")
        self.offline: set[str] = set()
        """Locks that Seam cannot reach: what it has accepted waits."""
        self.full: set[str] = set()
        """Locks that have no room for one more."""
        self.bridgeless: set[str] = set()
        """Locks that take no codes for now."""
        self.codes = {"code-0": Code("code-0", self.doors[0], CLEANER, "9090", status="set")}
        self.codes["code-0"].in_lock = _kept(self.codes["code-0"])
        self.due: list[tuple[datetime, str]] = []
        self.made, self.attempts, self.down = 0, 0, False

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://seam.test/", "api_key": KEY, "transfer_outside_eu": True}

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        if how is Misbehaviour.DOWN:
            self.down = True
            return
        for code in [code for code in self.codes.values() if code.name == key]:
            if how is Misbehaviour.DELETED_BY_HAND:
                del self.codes[code.id]
            elif code.in_lock:
                code.in_lock["code"] = "1234"
                code.errors = ["code_modified_external_to_seam"]

    def recover(self) -> None:
        self.down = False

    def credentials(self) -> Iterable[Credential]:
        self._act()
        for code in self.codes.values():
            if (kept := code.in_lock) is None:
                continue
            always = Window.always(code.device_id)
            starts_at = _moment(kept["starts_at"]) if kept["starts_at"] else always.starts_at
            ends_at = _moment(kept["ends_at"]) if kept["ends_at"] else always.ends_at
            windows = frozenset({Window(door=code.device_id, starts_at=starts_at, ends_at=ends_at)})
            yield Credential(key=code.name, method=Method.PIN, value=SecretStr(kept["code"]), windows=windows)

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("down")
        self._act()
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _refused(401, "unauthorized")
        asked: dict[str, Any] = json.loads(request.content or b"{}")
        match request.method, request.url.path:
            case "POST", "/devices/list":
                return self._page("devices", self._devices(), asked)
            case "POST", "/access_codes/list":
                codes = (code for code in self.codes.values() if code.device_id == asked["device_id"])
                return self._page("access_codes", [_shown(code) for code in codes], asked)
            case "POST", "/access_codes/create":
                return self._create(asked)
            case "POST", "/access_codes/update" | "/access_codes/delete":
                return self._change(request.url.path.endswith("delete"), asked)
        return _refused(404, "not_found")

    def _devices(self) -> list[dict[str, Any]]:
        locks = [
            {
                "device_id": door,
                "capabilities_supported": ["lock", "access_code"],
                "can_program_online_access_codes": door not in self.bridgeless,
                "properties": {"online": self._online(door)},
            }
            for door in self.doors
        ]
        return [*locks, {"device_id": "thermostat", "capabilities_supported": ["thermostat"], "properties": {}}]

    def _online(self, door: str) -> bool:
        return door not in self.offline

    def _page(self, name: str, items: list[Any], asked: dict[str, Any]) -> httpx.Response:
        begin = int(asked.get("page_cursor") or 0)
        end = begin + self.page_length
        following = str(end) if end < len(items) else None
        pagination = {"has_next_page": following is not None, "next_page_cursor": following}
        return httpx.Response(200, json={name: items[begin:end], "pagination": pagination, "ok": True})

    def _create(self, asked: dict[str, Any]) -> httpx.Response:
        if asked["device_id"] not in self.doors:
            return _refused(404, "device_not_found")
        if self._taken(asked["device_id"], asked.get("code"), but=""):
            return _refused(409, "duplicate_access_code")
        self.made += 1
        code = Code(f"code-{self.made}", asked["device_id"], asked["name"], asked.get("code"))
        code.starts_at, code.ends_at = asked.get("starts_at"), asked.get("ends_at")
        code.common_code_key = asked.get("common_code_key")
        self.codes[code.id] = code
        self._soon(code)
        return httpx.Response(200, json={"access_code": _shown(code), "ok": True})

    def _change(self, deletes: bool, asked: dict[str, Any]) -> httpx.Response:  # noqa: FBT001  (two calls as one)
        code = self.codes.get(asked["access_code_id"])
        if code is None:
            return _refused(404, "access_code_not_found")
        if not deletes and self._taken(code.device_id, asked.get("code"), but=code.id):
            return _refused(409, "duplicate_access_code")
        code.status, code.errors = "removing" if deletes else "setting", []
        for name in {"code", "starts_at", "ends_at"} & asked.keys():
            setattr(code, name, asked[name])
        self._soon(code)
        self.attempts += 1
        attempt = {"action_attempt_id": f"attempt-{self.attempts}", "status": "pending", "result": None, "error": None}
        return httpx.Response(200, json={"action_attempt": attempt, "ok": True})

    def _taken(self, door: str, code: str | None, *, but: str) -> bool:
        here = (one for one in self.codes.values() if one.device_id == door and one.id != but)
        return code is not None and any(one.code == code for one in here)

    def _soon(self, code: Code) -> None:
        self.due.append((self.clock.now() + ACTS_AFTER, code.id))

    def _act(self) -> None:
        for when, code_id in [one for one in self.due if one[0] <= self.clock.now()]:
            code = self.codes.get(code_id)
            if code is not None and not self._online(code.device_id):
                code.errors = ["device_offline"]
                continue
            self.due.remove((when, code_id))
            if code is not None:
                self._carry_out(code)

    def _carry_out(self, code: Code) -> None:
        """Do in the lock what was accepted."""
        if code.status == "removing":
            del self.codes[code.id]
        elif code.device_id in self.full and code.in_lock is None:
            code.errors = ["no_space_for_access_code_on_device"]
        else:
            code.code, code.status, code.errors = code.code or self._made_up(code), "set", []
            code.in_lock = _kept(code)

    def _made_up(self, code: Code) -> str:
        """Give the code of those with the same common key, or a new one."""
        alike = (one.code for one in self.codes.values() if one.common_code_key == code.common_code_key)
        return next(filter(None, alike), f"7{self.made:05}")


class ChoosingSeam(SeamSimulator):
    """A workspace whose locks take no codes but Seam's."""

    def config(self) -> Mapping[str, object]:
        return {**super().config(), "code_by": "lock_system"}


def _kept(code: Code) -> dict[str, Any]:
    return {"code": code.code, "starts_at": code.starts_at, "ends_at": code.ends_at}


def _shown(code: Code) -> dict[str, Any]:
    return {
        "access_code_id": code.id,
        "device_id": code.device_id,
        "name": code.name,
        "code": code.code,
        "starts_at": code.starts_at,
        "ends_at": code.ends_at,
        "type": "time_bound" if code.starts_at else "ongoing",
        "common_code_key": code.common_code_key,
        "status": code.status,
        "is_managed": True,
        "errors": [{"error_code": error, "message": f"about {code.code}"} for error in code.errors],
        "warnings": [{"warning_code": warning, "message": ""} for warning in code.warnings],
    }


def _refused(status: int, kind: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"type": kind, "message": "told for people"}, "ok": False})


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
