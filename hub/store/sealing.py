"""Personal fields at rest: AES-GCM bound to municipality, table, column and row; keyed hashes for looking things up.

One key file, made 0600 at first start. Every use has a key of its own, derived from it.
"""

import hashlib
import logging
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LOG = logging.getLogger("hub.sealing")

KEY_BYTES = 32
_NONCE_BYTES = 12


class Seal:
    """Closes and opens personal fields with one key; safe to share between threads."""

    def __init__(self, key: bytes) -> None:
        self._gcm = AESGCM(_derived(key, b"seal"))
        self._content, self._lookup = _derived(key, b"content"), _derived(key, b"lookup")

    def close(self, value: bytes, place: str) -> bytes:
        """Seal a value; `place` is municipality/table/column/row: moved to another row it does not open."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._gcm.encrypt(nonce, value, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Unseal; raises cryptography's InvalidTag for another place or key."""
        return self._gcm.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())

    def content_hash(self, canonical: bytes) -> bytes:
        """Know a content again; keyed, so that a guessed name cannot be tried against it."""
        return hashlib.blake2b(canonical, key=self._content, digest_size=16).digest()

    def lookup_hash(self, words: str) -> bytes:
        """Find a personal value without reading it; the same words give the same hash."""
        return hashlib.blake2b(words.encode(), key=self._lookup, digest_size=16).digest()

    def mark(self, words: str) -> str:
        """A short text for keys in other systems, which tells nobody the words."""
        return self.lookup_hash(words)[:8].hex()


def _derived(key: bytes, use: bytes) -> bytes:
    return hashlib.blake2b(use, key=key, digest_size=KEY_BYTES).digest()


def key_from(path: Path) -> bytes:
    """Read the key file, or make it (mode 0600) when there is none.

    Raises:
        ValueError: the file is no key; nothing sealed could be opened with it.
    """
    if not path.exists():
        _make(path)
    return _read(path)


def _make(path: Path) -> None:
    """Write it elsewhere, then give it its name: there is never half a key. Of two that try, the first one's stands."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as file:  # mode 0600
        file.write(secrets.token_bytes(KEY_BYTES).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        LOG.warning("%s can be read by others than its owner; chmod 600 it", path.name)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        msg = f"{path}: a key is {KEY_BYTES} bytes in hexadecimal; restore the file that belongs to this database"
        raise ValueError(msg)
    return key
