"""What is known of a file while it is read: on disk when it is much, unreadable there, and gone when it is closed.

The registers stand last in a DAK file, so nothing can be told of a gathering before the whole file has been read.
Gatherings are written one after the other and read back so; persons are looked up.
"""

import hashlib
import marshal
import secrets
import sqlite3
import struct
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import NamedTuple, Self

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

_CACHE_KB = 2000
_PIECE_BYTES = 262_144
_TOGETHER = 500
_LENGTH = struct.Struct(">I")
_TABLES = """
CREATE TABLE gatherings(known TEXT);
CREATE TABLE persons(id BLOB PRIMARY KEY, content BLOB) WITHOUT ROWID;
"""


Row = tuple[int, str, bytes, tuple[str, ...], list[str], list[str], list[str], str]
"""A `Kept` as marshal writes it."""


class Kept(NamedTuple):
    """A gathering, waiting for its persons."""

    n: int
    place: str
    head: bytes
    names: tuple[str, ...]
    """Of association, card and gathering."""
    remarks: list[str]
    participants: list[str]
    leaders: list[str]
    """Ids in the registers."""
    content: str
    """As XML."""


class _Journal:
    """Bytes, written from first to last and then read so; its key is never written."""

    def __init__(self) -> None:
        self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - closed by close
        self._cipher = Cipher(AES(secrets.token_bytes(32)), CTR(bytes(16)))
        self._closing, self._waiting, self._size = self._cipher.encryptor(), [b""], 0

    def write(self, record: bytes) -> None:
        self._waiting += (_LENGTH.pack(len(record)), record)
        self._size += len(record)
        if self._size >= _PIECE_BYTES:
            self._flush()

    def _flush(self) -> None:
        self._file.write(self._closing.update(b"".join(self._waiting)))
        self._waiting, self._size = [], 0

    def read(self) -> Iterator[bytes]:
        """Every record, in order."""
        self._flush()
        self._file.seek(0)
        opening, held, begin = self._cipher.decryptor(), b"", 0
        while piece := self._file.read(_PIECE_BYTES):
            held, begin = held[begin:] + opening.update(piece), 0
            while len(held) - begin >= _LENGTH.size:
                end = begin + _LENGTH.size + _LENGTH.unpack_from(held, begin)[0]
                if end > len(held):
                    break
                yield held[begin + _LENGTH.size : end]
                begin = end

    def close(self) -> None:
        self._file.close()


class Store:
    """Gatherings and persons of one file. `with Store() as store:`."""

    def __init__(self) -> None:
        self._journal = _Journal()
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)  # a temporary file of its own
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KB}"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")
        self._names: list[tuple[str]] = []
        self._cipher, self._key, self._nonce = AESGCM(secrets.token_bytes(32)), secrets.token_bytes(32), 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._journal.close()

    def hash(self, *words: str) -> bytes:
        """The same for the same words, in this store."""
        return hashlib.blake2b("\0".join(words).encode(), key=self._key, digest_size=16).digest()

    def keep(self, one: Row) -> None:
        """Keep a gathering."""
        self._names.append(("\n".join(one[3]),))
        if len(self._names) >= _TOGETHER:
            self._write_names()
        self._journal.write(marshal.dumps(one))

    def _write_names(self) -> None:
        self._db.executemany("INSERT INTO gatherings VALUES(?)", self._names)
        self._names.clear()

    def add_person(self, role: str, id_: str, content: bytes) -> bytes | None:
        """Keep a person; gives who has the id already, if anybody."""
        key = self.hash(role, id_)
        self._nonce += 1
        nonce = self._nonce.to_bytes(12, "big")
        sealed = nonce + self._cipher.encrypt(nonce, content, None)
        added = self._db.execute("INSERT OR IGNORE INTO persons VALUES(?, ?)", (key, sealed))
        return self.person(role, id_) if added.rowcount == 0 else None

    def person(self, role: str, id_: str) -> bytes | None:
        """Who has the id; None: nobody."""
        rows = self._db.execute("SELECT content FROM persons WHERE id = ?", (self.hash(role, id_),)).fetchall()
        return self._cipher.decrypt(rows[0][0][:12], rows[0][0][12:], None) if rows else None

    def gatherings(self) -> Iterator[Kept]:
        """Every gathering, in the order of the file."""
        for record in self._journal.read():
            yield Kept._make(marshal.loads(record))  # noqa: S302 - written by ourselves, and read by nobody else

    def doubled(self) -> frozenset[tuple[str, ...]]:
        """Names of gatherings that stand in the file more than once."""
        self._write_names()
        rows = self._db.execute("SELECT known FROM gatherings GROUP BY known HAVING count(*) > 1")
        return frozenset(tuple(row[0].split("\n")) for row in rows)
