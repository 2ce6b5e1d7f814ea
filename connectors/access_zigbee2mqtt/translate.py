"""What a slot means for a credential: pure."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from pydantic import SecretStr

from connectors.access_zigbee2mqtt.reading import AVAILABLE, ENABLED, Note, Slot
from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import Condition, RejectedError, Sighting

MARK_BYTES = 16


class State(Enum):
    """How a slot that we noted stands."""

    EMPTY = auto()
    OURS = auto()
    SHUT_OFF = auto()
    """Ours, and disabled or changed at the lock."""
    ANOTHERS = auto()
    """It shows another code than ours: somebody has filled it anew, and it is none of our business."""


@dataclass(frozen=True)
class Found:
    """A slot that is noted for a key, as its lock tells it."""

    lock: str
    state: State
    pin: SecretStr | None


def pin_of(credential: Credential) -> SecretStr:
    """The code that a credential carries, as these locks can keep it.

    Raises:
        RejectedError: it is none.
    """
    value = credential.value
    if credential.method is not Method.PIN or not isinstance(value, SecretStr):
        raise RejectedError("these locks take a PIN that the hub makes, and nothing else")
    digits = value.get_secret_value()
    if not digits.isdecimal() or digits.startswith("0"):
        raise RejectedError("Zigbee2MQTT keeps a PIN as a number: digits, and none that begins with 0")
    return value


def mark_of(secret: SecretStr, lock: str, slot: int, pin: SecretStr) -> str:
    """Know a code again without keeping it: equal only for the same code in the same slot, with the same secret."""
    about = "\0".join((lock, str(slot), pin.get_secret_value())).encode()
    return hmac.new(secret.get_secret_value().encode(), about, hashlib.sha256).hexdigest()[: 2 * MARK_BYTES]


def state_of(seen: Slot, note: Note, mark: str | None, *, changed: bool) -> State:
    """How a noted slot stands; `mark` is that of the code which it shows, `changed`: its lock said so."""
    if seen.status == AVAILABLE:
        return State.EMPTY
    if mark is not None and not hmac.compare_digest(mark, note.mark):
        return State.ANOTHERS
    if seen.status != ENABLED or (changed and mark is None):
        return State.SHUT_OFF
    return State.OURS


def sighting_of(key: str, found: Iterable[Found]) -> Sighting[Credential] | None:
    """Put a credential together from the slots noted for it; None: no door opens with it."""
    held = [one for one in found if one.state in {State.OURS, State.SHUT_OFF}]
    if not held:
        return None
    pins = {one.pin.get_secret_value() if one.pin else None for one in held}
    shown = next(iter(pins)) if len(pins) == 1 else None
    credential = Credential(
        key=key,
        method=Method.PIN,
        value=SecretStr(shown) if shown else Unsaid.NOT_TOLD,
        windows=frozenset(Window.always(one.lock) for one in held),
    )
    if any(one.state is State.SHUT_OFF for one in held):
        return Sighting(credential, Condition.DISABLED, "disabled or changed at the lock")
    if len({one.lock for one in held}) < len(held):
        return Sighting(credential, Condition.COMING, "an older code of it still opens")
    return Sighting(credential)
