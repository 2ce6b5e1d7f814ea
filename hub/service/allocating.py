"""Secrets for credentials: drawn from a cryptographic source, unique in their lock domain while anyone may need them.

Part of the accepting transaction, so that two bookings accepted together never get the same.
"""

import secrets
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from hub.errors import RefusedError
from hub.model.credential import Method
from hub.model.plan import Ask, Claim, Grant, TargetKey
from hub.store import codes
from hub.store.codes import Code
from hub.store.database import Connection
from hub.store.lanes import Lane
from hub.store.sealed import CODE
from hub.store.sealing import Place, Seal

_TRIES = 2000


class Wanted(NamedTuple):
    """A grant on its lane, and how long its lock knows it.

    From when it is sent, a push horizon before its first window, to the end of its last.
    """

    municipality: str
    lane: int
    grant: Grant
    starts: int
    ends: int
    own_pins: bool = False
    """Whether the lock makes its PINs itself."""

    @property
    def domain(self) -> str:
        """Within which no two have the same secret: the lock system."""
        return self.grant.target.connection


def span_of(claims: Iterable[Claim]) -> tuple[int, int]:
    """From the first start to the last end."""
    starts, ends = zip(*((claim.starts, claim.ends) for claim in claims), strict=True)
    return min(starts), max(ends)


def place_of(municipality: str, lane: int) -> Place:
    """What a secret is sealed to."""
    return CODE.place(municipality, str(lane))


def allocate(
    connection: Connection, wanted: Iterable[Wanted], known: dict[int, Code], seal: Seal, *, now: int
) -> dict[TargetKey, Code]:
    """Give each grant its secret: the one it has, unless another holds that in the new time.

    What its lock makes up is learned from the lock.
    """
    given = {}
    for one in wanted:
        code = known.get(one.lane)
        if one.own_pins and one.grant.method is Method.PIN:
            if code is None:
                continue
        elif code is None or not _may_stay(connection, one, code, seal):
            code = _drawn(connection, one, seal, version=code.version + 1 if code else 1, now=now)
        given[one.grant.target] = code._replace(starts=one.starts, ends=one.ends + one.grant.quarantine)
        codes.put(connection, [given[one.grant.target]])
    return given


def _may_stay(connection: Connection, wanted: Wanted, code: Code, seal: Seal) -> bool:
    grant, ends = wanted.grant, wanted.ends + wanted.grant.quarantine
    if grant.value:
        return code.hash == _hash(seal, wanted, grant.value)
    taken = codes.taken(
        connection, wanted.municipality, wanted.domain, code.hash, starts=wanted.starts, ends=ends, but=wanted.lane
    )
    return code.method == grant.method and not taken


def _drawn(connection: Connection, wanted: Wanted, seal: Seal, *, version: int, now: int) -> Code:
    value, hash_ = (
        (wanted.grant.value, _hash(seal, wanted, wanted.grant.value))
        if wanted.grant.value
        else _free(connection, wanted, seal)
    )
    sealed = seal.close(value.encode(), place_of(wanted.municipality, wanted.lane))
    return Code(wanted.lane, wanted.municipality, wanted.domain, hash_, 0, 0, wanted.grant.method, version, sealed, now)


def _free(connection: Connection, wanted: Wanted, seal: Seal) -> tuple[str, bytes]:
    """Draw until one is free; a domain so full that this fails is for a person."""
    grant, ends = wanted.grant, wanted.ends + wanted.grant.quarantine
    for _ in range(_TRIES):
        pin = drawn_pin(grant.pin_length, leading_zero=grant.leading_zero)
        hash_ = _hash(seal, wanted, pin)
        if not codes.taken(
            connection, wanted.municipality, wanted.domain, hash_, starts=wanted.starts, ends=ends, but=wanted.lane
        ):
            return pin, hash_
    msg = f"no free PIN of {grant.pin_length} digits at {wanted.domain}: make PINs longer or their quarantine shorter"
    raise RefusedError("no-free-pin", msg)


def drawn_pin(length: int, *, leading_zero: bool) -> str:
    """A PIN of that many digits, as text, that is not trivial."""
    while True:
        lowest = 0 if leading_zero else 10 ** (length - 1)
        pin = str(lowest + secrets.randbelow(10**length - lowest)).zfill(length)
        if not is_trivial(pin):
            return pin


def is_trivial(pin: str) -> bool:
    """Whether anyone would try it first: few different digits, a staircase, a repeated pattern, a recent year."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    repeats = any(pin == (pin[:n] * len(pin))[: len(pin)] for n in range(1, len(pin) // 2 + 1))
    year = len(pin) == 4 and pin[:2] in {"19", "20"}  # noqa: PLR2004 - a year is four digits
    return len(set(pin)) < 3 or steps <= {1} or steps <= {9} or repeats or year  # noqa: PLR2004 - three different digits


def _hash(seal: Seal, wanted: Wanted, value: str) -> bytes:
    return seal.lookup_hash(f"{wanted.municipality}/{wanted.domain}/{wanted.grant.method}/{value}")


def learned(lane: Lane, value: str, known: Code | None, seal: Seal, *, asks: Iterable[Ask], now: int) -> Code | None:
    """The PIN that a lock made up, when it is another than was known."""
    domain = f"{lane.municipality}/{lane.connection}/{Method.PIN}"
    hash_ = seal.lookup_hash(f"{domain}/{value}")
    if known is not None and known.hash == hash_:
        return None
    version = known.version + 1 if known else 1
    ends = max((ask.ends for ask in asks), default=now)
    sealed = seal.close(value.encode(), place_of(lane.municipality, lane.id))
    return Code(lane.id, lane.municipality, lane.connection, hash_, now, ends, Method.PIN, version, sealed, now)
