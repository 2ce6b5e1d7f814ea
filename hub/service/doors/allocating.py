"""Secrets for credentials: drawn from a cryptographic source, unique in their lock domain while anyone may need them.

Part of the accepting transaction, so that two bookings accepted together never get the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from hub.errors import RefusedError
from hub.model.credential import Method
from hub.model.facility import DIGITS
from hub.model.plan import Ask, Claim, Grant
from hub.planner.sharing import is_shared
from hub.service.asking.changes import Given
from hub.store import codes
from hub.store.codes import Code, Holding, Secret
from hub.store.engine import places
from hub.store.engine.database import Connection, Later
from hub.store.lanes import Lane
from hub.store.seals.chance import below
from hub.store.seals.sealed import CODE
from hub.store.seals.sealing import Place, Seal

_TRIES = 2000
_DIFFERENT = 3
"""Digits that a PIN has at least; so a pattern that it repeats is no shorter."""
_UPSTAIRS = "0123456789" * 3
_DOWNSTAIRS = _UPSTAIRS[::-1]


class Wanted(NamedTuple):
    """A grant on its lane, and how long its lock knows it.

    From when it is sent, a push horizon before its first window, to the end of its last.
    """

    municipality: str
    lane: int
    grant: Grant
    starts: int
    ends: int
    now: int
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


class _Drawn(NamedTuple):
    """A value that may become a secret; None for one that is sealed already."""

    value: str | None
    hash: bytes


class Ahead:
    """Secrets for grants whose lanes are not known yet, so that who has them is asked with what tells the lanes.

    `grants`: with their municipalities. What a lane turns out not to need is nobody's.
    """

    def __init__(self, connection: Connection, grants: Iterable[tuple[str, Grant]], seal: Seal) -> None:
        self.held = _Held(connection)
        self.drawn = {(town, grant.target): _drawn(town, grant, seal) for town, grant in grants}
        self.held.look(Secret(town, target.connection, one.hash) for (town, target), one in self.drawn.items())


def allocate(
    connection: Connection, wanted: Sequence[Wanted], known: Mapping[int, Code], seal: Seal, ahead: Ahead | None = None
) -> dict[int, Given]:
    """Give each grant its secret, by lane: the one it has, unless another holds that in the new time.

    What its lock makes up is learned from the lock.
    """
    ahead = ahead or Ahead(connection, (), seal)
    held, given, made = ahead.held, dict(known), dict[int, str | None]()
    first = [_first(one, given.get(one.lane), ahead, seal) for one in wanted]
    held.look(_secret(one, drawn.hash) for one, drawn in zip(wanted, first, strict=True) if not one.grant.value)
    for one, drawn in zip(wanted, first, strict=True):
        code = given.get(one.lane)
        if one.own_pins and one.grant.method is Method.PIN:
            if code is None:
                continue
        elif code is None or not _may_stay(one, code, held, seal):
            new = _free(one, drawn, held, seal)
            code = _sealed(one, new, seal, version=code.version + 1 if code else 1)
            made[one.lane] = new.value
        given[one.lane] = _held_over(one, code)
        held.give(given[one.lane])
    mine = {one.lane: given[one.lane] for one in wanted if one.lane in given}
    codes.put(connection, mine.values())
    return {lane: Given(code, made.get(lane)) for lane, code in mine.items()}


def _held_over(one: Wanted, code: Code) -> Code:
    """From when to when the lane has it; what bookings share as long as any of them may need it."""
    starts, ends = one.starts, one.ends + one.grant.quarantine
    if is_shared(one.grant.target.key) and code.ends:
        starts, ends = min(starts, code.starts), max(ends, code.ends)
    return code._replace(starts=starts, ends=ends)


class _Held:
    """Who has which secret, as far as was asked. What another process asks for just now is not free."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[Secret, list[Holding] | None] = {}
        self._given: dict[int, Code] = {}
        self._now: dict[Secret, set[int]] = {}
        """Lanes that were given a secret here."""
        self._asked: list[Callable[[], None]] = []
        """What will tell of those that were asked about."""

    def look(self, secrets: Iterable[Secret]) -> None:
        """Ask about these: first that nobody else may give them away, then who has them."""
        new = [one for one in dict.fromkeys(secrets) if one not in self._known]
        if new:
            held_now = self._connection.hold_free([places.secret(*one) for one in new])
            holdings = codes.held_later(self._connection, new)
            self._known |= dict.fromkeys(new)
            self._asked.append(partial(self._hear, new, held_now, holdings))

    def _hear(self, new: list[Secret], held_now: Later[set[str]], holdings: Later[list[list[Holding]]]) -> None:
        ours = held_now()
        for one, its in zip(new, holdings(), strict=True):
            self._known[one] = its if places.secret(*one) in ours else None

    def free(self, secret: Secret, wanted: Wanted) -> bool:
        """Whether no other lane has it at any time of the grant and its quarantine."""
        self.look([secret])
        while self._asked:
            self._asked.pop()()
        holdings, ends = self._known[secret], wanted.ends + wanted.grant.quarantine
        if holdings is None:
            return False
        given = [self._given[lane] for lane in self._now.get(secret, ())]
        held = [h for h in holdings if h.lane not in self._given]
        held += [Holding(code.lane, code.starts, code.ends) for code in given]
        return not any(h.starts < ends and h.ends > wanted.starts for h in held if h.lane != wanted.lane)

    def give(self, code: Code) -> None:
        """The lane has this secret now, and no other."""
        if before := self._given.get(code.lane):
            self._now[_secret_of(before)].discard(code.lane)
        self._given[code.lane] = code
        self._now.setdefault(_secret_of(code), set()).add(code.lane)


def _secret_of(code: Code) -> Secret:
    return Secret(code.municipality, code.domain, code.hash)


def _secret(wanted: Wanted, hash_: bytes) -> Secret:
    return Secret(wanted.municipality, wanted.domain, hash_)


def _first(wanted: Wanted, code: Code | None, ahead: Ahead, seal: Seal) -> _Drawn:
    """What to try first: what the lane has, or a new one."""
    if code is not None and code.method == wanted.grant.method:
        return _Drawn(None, code.hash)
    return ahead.drawn.get((wanted.municipality, wanted.grant.target)) or _drawn(
        wanted.municipality, wanted.grant, seal
    )


def _drawn(municipality: str, grant: Grant, seal: Seal) -> _Drawn:
    value = grant.value or drawn_pin(grant.pin_length, leading_zero=grant.leading_zero, alphabet=grant.alphabet)
    return _Drawn(value, _hash(seal, municipality, grant, value))


def _may_stay(wanted: Wanted, code: Code, held: _Held, seal: Seal) -> bool:
    if wanted.grant.value:
        return code.hash == _hash(seal, wanted.municipality, wanted.grant, wanted.grant.value)
    return code.method == wanted.grant.method and held.free(_secret(wanted, code.hash), wanted)


def _free(wanted: Wanted, drawn: _Drawn, held: _Held, seal: Seal) -> _Drawn:
    """Draw until one is free; a domain so full that this fails is for a person."""
    for _ in range(_TRIES):
        if drawn.value is not None and (wanted.grant.value or held.free(_secret(wanted, drawn.hash), wanted)):
            return drawn
        drawn = _drawn(wanted.municipality, wanted.grant, seal)
    length = wanted.grant.pin_length
    msg = f"no free PIN of {length} digits at {wanted.domain}: make PINs longer or their quarantine shorter"
    raise RefusedError("no-free-pin", msg)


def _sealed(wanted: Wanted, drawn: _Drawn, seal: Seal, *, version: int) -> Code:
    sealed = seal.close((drawn.value or "").encode(), place_of(wanted.municipality, wanted.lane))
    return Code(
        wanted.lane, wanted.municipality, wanted.domain, drawn.hash, 0, 0, wanted.grant.method, version, sealed,
        wanted.now,
    )  # fmt: skip


def drawn_pin(length: int, *, leading_zero: bool, alphabet: str = DIGITS) -> str:
    """A PIN of that many characters, as text, that is not trivial."""
    first = alphabet if leading_zero else alphabet.replace("0", "")
    while True:
        pin = _digits(length, leading_zero=leading_zero) if alphabet == DIGITS else _of(length, first, alphabet)
        if not is_trivial(pin):
            return pin


def _digits(length: int, *, leading_zero: bool) -> str:
    lowest = 0 if leading_zero else 10 ** (length - 1)
    return str(lowest + below(10**length - lowest)).zfill(length)


def _of(length: int, first: str, rest: str) -> str:
    return "".join((first[below(len(first))], *(rest[below(len(rest))] for _ in range(length - 1))))


def is_trivial(pin: str) -> bool:
    """Whether anyone would try it first: few different digits, a staircase, a repeated pattern, a recent year."""
    if len(set(pin)) < _DIFFERENT or pin in _UPSTAIRS or pin in _DOWNSTAIRS:
        return True
    repeats = any(pin.startswith(pin[n:]) for n in range(_DIFFERENT, len(pin) // 2 + 1))
    return repeats or (len(pin) == 4 and pin[:2] in {"19", "20"})  # noqa: PLR2004 - a year is four digits


def _hash(seal: Seal, municipality: str, grant: Grant, value: str) -> bytes:
    return seal.lookup_hash(f"{municipality}/{grant.target.connection}/{grant.method}/{value}")


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
