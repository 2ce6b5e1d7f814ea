"""API keys: long random values, stored as SHA-256, scoped by municipality and right."""

import hashlib
import secrets
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from hub.store import keys
from hub.store.engine.database import Connection


class Scope(StrEnum):
    """A right that a key may have."""

    BOOKINGS_READ = "bookings:read"
    BOOKINGS_WRITE = "bookings:write"
    CREDENTIALS_READ = "credentials:read"
    EVENTS_READ = "events:read"
    SUBSCRIPTIONS_WRITE = "subscriptions:write"
    PERSONS_LOOKUP = "persons:lookup"
    PERSONS_PROTECTION = "persons:protection"
    DOCUMENTS_WRITE = "documents:write"
    APPLICATIONS_READ = "applications:read"
    FINANCE_WRITE = "finance:write"
    ATTENDANCE_READ = "attendance:read"
    ATTENDANCE_WRITE = "attendance:write"
    AUDIT_READ = "audit:read"
    """Sees who did what, and who looked at what; no other right but admin holds it."""
    OPERATOR = "operator"
    """Sees all that runs, and may pause, retry and dismiss; reads and writes bookings."""
    ADMIN = "admin"
    """May do everything, in every municipality."""


EVERY_MUNICIPALITY = "*"
_OPERATOR_MAY = frozenset({Scope.BOOKINGS_READ, Scope.BOOKINGS_WRITE, Scope.EVENTS_READ, Scope.OPERATOR})


class Holder(NamedTuple):
    """Who a key belongs to, and what it may do."""

    municipality: str
    name: str
    scopes: frozenset[Scope]

    def reaches(self, municipality: str) -> bool:
        """Whether the key is for that municipality."""
        return self.municipality in {EVERY_MUNICIPALITY, municipality}

    def may(self, scope: Scope, municipality: str) -> bool:
        """Whether the key gives that right in that municipality."""
        if not self.reaches(municipality):
            return False
        return (
            scope in self.scopes
            or Scope.ADMIN in self.scopes
            or (Scope.OPERATOR in self.scopes and scope in _OPERATOR_MAY)
        )


def digest(key: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).digest()


def create(connection: Connection, *, municipality: str, name: str, scopes: Iterable[Scope], now: int) -> str:
    """Make a key and store its digest; the key itself is told once, here."""
    key = f"kp_{secrets.token_urlsafe(32)}"
    keys.add(connection, digest(key), municipality=municipality, name=name, scopes=sorted(scopes), now=now)
    return key


def holder(connection: Connection, key_digest: bytes) -> Holder | None:
    """Whose key it is; None for one that is unknown or revoked."""
    found = keys.find(connection, key_digest)
    return Holder(found.municipality, found.name, frozenset(map(Scope, found.scopes))) if found else None
