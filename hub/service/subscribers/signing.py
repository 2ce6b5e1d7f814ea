"""Signatures of what is sent to subscribers: Standard Webhooks, symmetric, with secrets that are rotated.

Source: Standard Webhooks specification 1.0.0, "Webhook headers" and "Signature scheme", read 2026-11-21.
"""

import hmac
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import NamedTuple

from hub.clock import NEVER
from hub.store.seals.sealed import SUBSCRIPTION_SECRETS
from hub.store.seals.sealing import Seal

_PREFIX = "whsec_"
_BYTES = 32
_MOST = 4
"""More secrets than that are never in force at once: the oldest goes first."""


class Secret(NamedTuple):
    """What signs, and until when; microseconds."""

    text: str
    until: int = NEVER

    def __repr__(self) -> str:
        return f"Secret({_PREFIX}..., until={self.until})"


def new_secret() -> Secret:
    """Make a secret."""
    return Secret(_PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode())


def rotated(known: Iterable[Secret], new: Secret, *, until: int) -> list[Secret]:
    """The new one first; those before it sign until then, at most."""
    return [new, *(Secret(one.text, min(one.until, until)) for one in known)][:_MOST]


def in_force(known: Iterable[Secret], *, now: int) -> list[Secret]:
    """Those that still sign, the newest first."""
    return [one for one in known if one.until > now]


def closed(seal: Seal, municipality: str, name: str, known: Iterable[Secret]) -> bytes:
    """The secrets of a subscription, sealed."""
    return seal.close(json.dumps(list(known)).encode(), SUBSCRIPTION_SECRETS.place(municipality, name))


def opened(seal: Seal, municipality: str, name: str, sealed: bytes) -> list[Secret]:
    """What `closed` sealed."""
    return [Secret(*one) for one in json.loads(seal.open(sealed, SUBSCRIPTION_SECRETS.place(municipality, name)))]


def signed(known: Iterable[Secret], id_: str, body: bytes, *, at: int) -> dict[str, str]:
    """The headers that prove who sent the body; `at` in seconds since 1970 UTC by the machine's clock."""
    content = f"{id_}.{at}.".encode() + body
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{_signature(one, content)}" for one in known),
    }


def _signature(secret: Secret, content: bytes) -> str:
    key = b64decode(secret.text.removeprefix(_PREFIX))
    return b64encode(hmac.digest(key, content, "sha256")).decode()
