"""A file that is kept while it is read: on disk, unreadable there, and gone with the process."""

import io
import os
import secrets
from tempfile import TemporaryFile

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

_BLOCK_BYTES = 16


class Spool(io.RawIOBase):
    """Written from first to last, then read and sought in. Its key is never written, so what is left says nothing."""

    def __init__(self) -> None:
        self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - closed by close
        self._key, self._nonce = AES(secrets.token_bytes(32)), secrets.token_bytes(8)
        self._closing = self._from(0)
        self._opening = self._closing
        self.size = 0

    def _from(self, block: int) -> CipherContext:
        """CTR is the same both ways; its counter begins at the block."""
        return Cipher(self._key, CTR(self._nonce + block.to_bytes(8, "big"))).encryptor()

    def write(self, chunk: bytes) -> int:  # type: ignore[override]
        """Keep more; only before the first read."""
        self._file.write(self._closing.update(chunk))
        self.size += len(chunk)
        return len(chunk)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        count = self._file.readinto(buffer) or 0
        if count:
            buffer[:count] = self._opening.update(bytes(buffer[:count]))
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a byte; from there the cipher begins within its block."""
        place = self._file.seek(offset, whence)
        block, within = divmod(place, _BLOCK_BYTES)
        self._opening = self._from(block)
        self._opening.update(bytes(within))
        return place

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        """Forget it."""
        self._file.close()
        super().close()
