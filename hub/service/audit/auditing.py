"""Writing the audit: in the transaction of what it tells of, and before what it tells of is shown.

All that a transaction notes of a municipality is one leaf. Each row has its digest there, and the leaf a proof, a
keyed hash, so that nobody without the key file makes one. Names of persons are sealed once for the leaf, with a key of
its own: only that key is sealed anew when keys rotate, and what is proven and chained never changes.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.clock import Clock, now_of
from hub.model.audit import Act
from hub.service.audit.acting import HUB, Actor, acting
from hub.store import audit
from hub.store.audit import Leaf, Line, NewLeaf
from hub.store.engine.database import Connection
from hub.store.engine.writer import Writer
from hub.store.seals import chance
from hub.store.seals.sealed import AUDIT_SECRET
from hub.store.seals.sealing import Seal

DIGEST_BYTES = 16
_NONCE = bytes(12)
"""A leaf's key seals once."""
_MOST_NAMES = 10_000


class Note(NamedTuple):
    """One thing that is done or seen. `subject`: a name that is stored in clear anyway, never what a caller made up.

    `told`: JSON of references and counts, never of persons.
    """

    municipality: str
    act: Act
    subject: str
    at: int
    told: str = ""
    actor: Actor = HUB
    private: str = ""
    """What may be personal, as what was sought; sealed."""


def note(municipality: str, act: Act, subject: str, *, at: int, **told: str | int | None) -> Note:
    """A note of what whoever acts now does; made in the caller's task, not in the writer's thread."""
    return Note(municipality, act, subject, at, written(told), acting())


def written(told: Mapping[str, str | int | None]) -> str:
    """References and counts, as they are kept."""
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False) if told else ""


class Auditing:
    """Writes notes; safe to share between threads."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._hashes: dict[str, bytes] = {}

    def write(self, connection: Connection, notes: Iterable[Note]) -> None:
        """Write notes in this transaction: two statements, however many there are."""
        self.begin(connection, notes)()

    def begin(self, connection: Connection, notes: Iterable[Note]) -> Callable[[], None]:
        """The same when it is told to; ids for it are asked for now, with what is asked next."""
        by_town: dict[str, list[Note]] = {}
        for one in notes:
            by_town.setdefault(one.municipality, []).append(one)
        ids = audit.ids_later(connection, len(by_town))

        def write() -> None:
            if by_town:
                leaves = [self._leaf(town, mine) for town, mine in by_town.items()]
                audit.add(connection, dict(zip(ids(), leaves, strict=True)))

        return write

    def all(self, connection: Connection, notes: list[Note]) -> list[None]:
        """The same, as a work of the writer."""
        self.write(connection, notes)
        return [None] * len(notes)

    def person(self, name: str) -> bytes:
        """By what a person's rows are found."""
        if not name:
            return b""
        if (known := self._hashes.get(name)) is not None:
            return known
        if len(self._hashes) >= _MOST_NAMES:
            self._hashes.clear()
        return self._hashes.setdefault(name, self._seal.lookup_hash(f"audit/{name}"))

    def _leaf(self, town: str, notes: Sequence[Note]) -> NewLeaf:
        lines = [
            Line(one.at, one.act, one.subject, one.actor.who, self.person(one.actor.person), one.told) for one in notes
        ]
        mark, secret = time.time_ns().to_bytes(8) + chance.sixteen()[:8], chance.sixteen()
        sealed = AESGCM(secret).encrypt(_NONCE, _private(notes), mark)
        closed = self._seal.close(secret, AUDIT_SECRET.place(town, mark.hex()))
        digests = b"".join(digest(n, line) for n, line in enumerate(lines))
        return NewLeaf(town, mark, digests, sealed, closed, proof(self._seal, town, mark, digests, sealed), lines)


class Witness:
    """Notes what is looked at, or asked for, by itself: on disk before any of it is told."""

    def __init__(self, writer: Writer, seal: Seal, clock: Clock) -> None:
        self._writer, self._auditing, self._clock = writer, Auditing(seal), clock

    async def saw(
        self, municipality: str, act: Act, subject: str, *, private: str = "", **told: str | int | None
    ) -> None:
        """Whoever acts now sees, or asks for, this."""
        seen = note(municipality, act, subject, at=now_of(self._clock), **told)
        await self._writer.do(self._auditing.all, seen._replace(private=private))


def digest(n: int, line: Line) -> bytes:
    """What a row is known by within its leaf."""
    at, act, subject, who, person, told = line
    text = f"{n}:{at}:{len(act)}:{act}{len(subject)}:{subject}{len(who)}:{who}{len(person)}:{person.hex()}{told}"
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).digest()


def proof(seal: Seal, municipality: str, mark: bytes, digests: bytes, sealed: bytes) -> bytes:
    """What nobody without the key file can make of a leaf."""
    return seal.proof("leaf", _joined((municipality, mark.hex(), digests.hex(), sealed.hex())))


def link(seal: Seal, before: bytes, proof: bytes) -> bytes:
    """The link of a leaf that follows another."""
    return seal.proof("link", _joined((before.hex(), proof.hex())))


def head_proof(seal: Seal, municipality: str, place: int, link: bytes) -> bytes:
    """What nobody without the key file can make of a chain's end: no leaf holds it."""
    return seal.proof("head", _joined((municipality, str(place), link.hex())))


def start(municipality: str) -> bytes:
    """What the first leaf of a chain follows."""
    return hashlib.blake2b(f"audit/{municipality}".encode(), digest_size=32).digest()


class Private(NamedTuple):
    """What is sealed of a row: who stood behind it, empty for nobody, and what else may be personal."""

    person: str
    more: str = ""


def _private(notes: Iterable[Note]) -> bytes:
    """Of each row: the person alone, where there is no more."""
    told = [[one.actor.person, one.private] if one.private else one.actor.person for one in notes]
    return json.dumps(told, ensure_ascii=False).encode()


def opened(seal: Seal, leaf: Leaf) -> list[Private]:
    """What is sealed of each row of a leaf. Raises cryptography's InvalidTag."""
    secret = seal.open(leaf.secret, AUDIT_SECRET.place(leaf.municipality, leaf.mark.hex()))
    found = json.loads(AESGCM(secret).decrypt(_NONCE, leaf.sealed, leaf.mark))
    return [Private(one) if isinstance(one, str) else Private(*one) for one in found]


def _joined(parts: Iterable[str]) -> str:
    """Several texts as one that no other texts give."""
    return "".join(f"{len(part)}:{part}" for part in parts)
