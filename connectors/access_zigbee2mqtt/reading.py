"""The JSON of Zigbee2MQTT's locks, and of our notes: pure.

Source: zigbee2mqtt.io, docs/devices/99100-045.md (`pin_code`, `expose_pin`) and zigbee-herdsman-converters,
src/converters/fromZigbee.ts (`users`, `action`), both read 2026-11-27; no version is told.
"""

import json
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict, SecretStr, StrictInt, StrictStr, ValidationError

from hub.sdk import RejectedError

AVAILABLE: Final = "available"
"""Nothing is in the slot."""
ENABLED: Final = "enabled"
DISABLED: Final = "disabled"
HAND: Final = frozenset({"pin_code_added", "pin_code_changed", "pin_code_deleted"})
"""What a lock tells of a slot that was changed..."""
KEYPAD: Final = "keypad"
"""...at the lock itself; what came by radio is Zigbee2MQTT's doing, and mostly ours."""


@dataclass(frozen=True)
class Slot:
    """What a lock tells of one slot."""

    status: str
    pin: SecretStr | None = None
    """Only where the lock's `expose_pin` is set."""


class Note(BaseModel):
    """What we put into a slot, for whoever of us comes next."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: StrictStr
    mark: StrictStr
    """Of the code; see `translate.mark_of`."""


@dataclass(frozen=True)
class Told:
    """What a message on a lock's state topic says of its slots."""

    slots: dict[int, Slot] = field(default_factory=dict)
    by_hand: int | None = None
    """A slot that somebody changed at the lock."""


class _User(BaseModel):
    status: StrictStr
    pin_code: StrictStr | StrictInt | None = None


class _State(BaseModel):
    users: dict[int, _User] | None = None
    action: object = None
    action_source_name: object = None
    action_user: object = None


def question(slot: int) -> bytes:
    """Ask what is in a slot."""
    return json.dumps({"pin_code": {"user": slot}}).encode()


def command(slot: int, pin: SecretStr | None) -> bytes:
    """Fill a slot, or clear it; a code is a number there, so that none may begin with 0."""
    if pin is None:
        return json.dumps({"pin_code": {"user": slot, "user_type": "unrestricted", "pin_code": None}}).encode()
    user = {"user": slot, "user_type": "unrestricted", "user_enabled": True, "pin_code": int(pin.get_secret_value())}
    return json.dumps({"pin_code": user}).encode()


def told(payload: bytes) -> Told:
    """Read a lock's state.

    Raises:
        RejectedError: it is none, without a word of what came.
    """
    try:
        state = _State.model_validate_json(payload)
    except ValidationError:
        raise RejectedError("no state of a lock came; does another device write there?") from None
    slots = {number: _slot(user) for number, user in (state.users or {}).items()}
    hand = state.action_user if state.action in HAND and state.action_source_name == KEYPAD else None
    return Told(slots, hand if type(hand) is int else None)


def _slot(user: _User) -> Slot:
    return Slot(user.status, None if user.pin_code in {None, ""} else SecretStr(str(user.pin_code)))


def noted(payload: bytes) -> Note:
    """Read a note.

    Raises:
        RejectedError: it is none of ours.
    """
    try:
        return Note.model_validate_json(payload)
    except ValidationError:
        raise RejectedError("no note of ours") from None


def is_online(payload: bytes) -> bool:
    """Read `bridge/state` or an availability, in either of its two forms; what is neither says nothing against."""
    return payload.strip() != b"offline" and b'"offline"' not in payload
