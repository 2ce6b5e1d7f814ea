"""Personal fields at rest: AES-GCM bound to municipality, table, column and row; keyed hashes for looking things up.

A sealed value is the id of its key (4 bytes), a random nonce (12), what was sealed, and a tag (16). Values from before
version 0.4 have no id. Keys are followed while running: see hub.store.seals.keyring.
"""

import hashlib
import logging
import threading
from pathlib import Path
from typing import NamedTuple, NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.store.seals import keyring
from hub.store.seals.chance import sixteen
from hub.store.seals.keyring import ID_BYTES, Keys

LOG = logging.getLogger("hub.sealing")

_NONCE_BYTES = 12
_NONCE = slice(ID_BYTES, ID_BYTES + _NONCE_BYTES)
_REST = slice(ID_BYTES + _NONCE_BYTES, None)

Place = NewType("Place", str)
"""What a value is bound to: municipality/table/column/row. `seals.sealed` makes them, and knows every column."""


class UnknownKeyError(InvalidTag):
    """The value was sealed with a key that is not in the key file."""

    def __init__(self, id_: bytes) -> None:
        super().__init__(f"sealed with key {id_.hex()}, which is not in the key file; put its newest copy back")


class _Ring(NamedTuple):
    """The keys in force, made ready; replaced as a whole."""

    newest: tuple[bytes, AESGCM]
    by_id: dict[bytes, AESGCM]
    bare: AESGCM | None

    def opened(self, sealed: bytes, place: bytes) -> bytes:
        """Four random bytes of a value without an id may look like one: then the key of such values is tried too."""
        gcm = self.by_id.get(sealed[:ID_BYTES])
        if gcm is not None:
            try:
                return gcm.decrypt(sealed[_NONCE], sealed[_REST], place)
            except InvalidTag:
                if self.bare is None:
                    raise
        elif self.bare is None:
            raise UnknownKeyError(sealed[:ID_BYTES])
        return self.bare.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)


def _ring(keys: Keys) -> _Ring:
    ciphers = [(key, AESGCM(key.secret)) for key in keys.sealing]
    newest, bare = ciphers[-1], [gcm for key, gcm in ciphers if key.bare]
    return _Ring((newest[0].id, newest[1]), {key.id: gcm for key, gcm in ciphers}, bare[0] if bare else None)


class Seal:
    """Closes and opens personal fields; safe to share between threads, and follows its key file."""

    def __init__(self, keys: Keys | bytes, file: Path | None = None) -> None:
        """Begin with these keys, or with a single one; `file` is where newer ones will stand."""
        self.keys = keys if isinstance(keys, Keys) else Keys.of(keys)
        self._ring, self._file = _ring(self.keys), file
        self._newest = self._ring.newest
        """By itself: sealing is in the way of every booking."""
        self._content, self._lookup = self.keys.content, self.keys.lookup
        self._proving = hashlib.blake2b(b"audit", key=self._content, digest_size=32).digest()
        self._seen: _Look | None = ()
        self._lock = threading.Lock()
        self.fault = ""
        """Why the key file cannot be followed; empty while it can."""

    def close(self, value: bytes, place: Place) -> bytes:
        """Seal a value: moved to another place it does not open."""
        id_, gcm = self._newest
        nonce = sixteen()[:_NONCE_BYTES]
        return id_ + nonce + gcm.encrypt(nonce, value, place.encode())

    def open(self, sealed: bytes, place: Place) -> bytes:
        """Unseal; raises cryptography's InvalidTag for another place or key."""
        ring = self._ring
        try:
            return ring.opened(sealed, place.encode())
        except InvalidTag:
            self.follow()
            if self._ring is ring:  # nobody has found newer keys, this thread or another
                raise
        return self._ring.opened(sealed, place.encode())

    @property
    def newest(self) -> bytes:
        """The id of the key that seals now."""
        return self._newest[0]

    def renewed(self, sealed: bytes, place: Place) -> bytes | None:
        """The value under the newest key; None when it is so already. Raises InvalidTag."""
        ring, bound = self._ring, place.encode()
        if sealed.startswith(ring.newest[0]):
            if ring.bare is None:
                return None
            try:
                ring.newest[1].decrypt(sealed[_NONCE], sealed[_REST], bound)
            except InvalidTag:
                pass
            else:
                return None
        return self.close(self.open(sealed, place), place)

    def follow(self) -> bool:
        """Take up what the key file says now, if it can be used; whether that is anything new."""
        with self._lock:
            looked = _look(self._file)
            if self._file is None or looked == self._seen:
                return False
            try:
                keys = self._followed(self._file)
            except (OSError, ValueError) as error:
                if self.fault != str(error):
                    self.fault = str(error)
                    LOG.error("%s; going on with the keys of before", self.fault)  # noqa: TRY400 - its text says it all
                self._seen = ()
                return False
            self.fault, self._seen = "", looked
            if keys == self.keys:
                return False
            self.keys, self._ring = keys, _ring(keys)
            self._newest = self._ring.newest
            LOG.warning("the key file has changed: key %s seals", keys.newest.id.hex())
            return True

    def _followed(self, file: Path) -> Keys:
        keys = keyring.read(file)
        if (keys.content, keys.lookup) != (self._content, self._lookup) or self.newest not in {
            key.id for key in keys.sealing
        }:
            msg = f"{file}: without key {self.newest.hex()}, or of another database; put the newest copy of it back"
            raise ValueError(msg)
        keyring.settle(file)
        return keys

    def content_hash(self, canonical: bytes) -> bytes:
        """Know a content again; keyed, so that a guessed name cannot be tried against it."""
        return hashlib.blake2b(canonical, key=self._content, digest_size=16).digest()

    def lookup_hash(self, words: str) -> bytes:
        """Find a personal value without reading it; the same words give the same hash."""
        return hashlib.blake2b(words.encode(), key=self._lookup, digest_size=16).digest()

    def proof(self, use: str, words: str) -> bytes:
        """What only who has the key file can make; it stays the same when keys are rotated."""
        return hashlib.blake2b(words.encode(), key=self._proving, digest_size=32, person=use.encode()).digest()

    def mark(self, words: str) -> str:
        """A short text for keys in other systems, which tells nobody the words."""
        return self.lookup_hash(words)[:8].hex()


_Look = tuple[int, ...]
"""By which a file is told from the one before it; empty before the first look."""


def _look(file: Path | None) -> _Look | None:
    try:
        found = file.stat() if file else None
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None
