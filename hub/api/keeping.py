"""A body kept to be read once more: in memory while it is little; on disk, unreadable there, when it is much."""

import secrets
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

_IN_MEMORY_BYTES = 4_000_000
_CHUNK_BYTES = 65_536


class Kept:
    """Written from first to last, then read so. Its key is never written, so what is left on a disk says nothing."""

    def __init__(self, in_memory: int = _IN_MEMORY_BYTES) -> None:
        self._file = SpooledTemporaryFile(max_size=in_memory)  # noqa: SIM115 - closed by close
        self._cipher = Cipher(AES(secrets.token_bytes(32)), CTR(bytes(16)))
        self._closing = self._cipher.encryptor()

    def write(self, chunk: bytes) -> None:
        """Keep more."""
        self._file.write(self._closing.update(chunk))

    def read(self) -> Iterator[bytes]:
        """All of it, in pieces; it is forgotten afterwards."""
        opening = self._cipher.decryptor()
        self._file.seek(0)
        with self._file:
            while chunk := self._file.read(_CHUNK_BYTES):
                yield opening.update(chunk)

    def close(self) -> None:
        """Forget it."""
        self._file.close()
