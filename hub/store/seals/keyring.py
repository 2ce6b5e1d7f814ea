"""The key file: what opens a database's personal fields. Its newest key seals, and the older ones open.

It is the owner's alone (mode 0600) and never half written: each change is a new file that takes the old one's name when
it is on disk. The keys of the hashes stand in it too, and are not rotated: docs/decisions/0041-keys-rotate.md says why.
"""

import fcntl
import hashlib
import logging
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Self

LOG = logging.getLogger("hub.sealing")

KEY_BYTES = 32
ID_BYTES = 4
_UNFINISHED = ".unfinished"
_HEAD = "# Opens the personal fields of a database: the newest key seals, all open. Changed by `knutpunkt key` only.\n"


def key_id(secret: bytes) -> bytes:
    """What a key is known by; it says nothing of the key."""
    return hashlib.blake2b(b"id", key=secret, digest_size=ID_BYTES).digest()


@dataclass(frozen=True)
class SealingKey:
    """One key that seals, or has sealed."""

    secret: bytes = field(repr=False)
    made: str = ""
    """When, as ISO 8601; empty for the key of a file from before there were several."""
    bare: bool = False
    """Also opens what was sealed before values carried the id of their key."""

    @property
    def id(self) -> bytes:
        """Stands before each value that it sealed."""
        return key_id(self.secret)


@dataclass(frozen=True)
class Keys:
    """All of a key file."""

    content: bytes = field(repr=False)
    lookup: bytes = field(repr=False)
    sealing: tuple[SealingKey, ...]
    """The newest last."""

    @property
    def newest(self) -> SealingKey:
        """The one that seals."""
        return self.sealing[-1]

    @classmethod
    def of(cls, key: bytes) -> Self:
        """What a single key gives: so were files written before there were several."""
        seal = SealingKey(_derived(key, b"seal"), bare=True)
        return cls(_derived(key, b"content"), _derived(key, b"lookup"), (seal,))

    @classmethod
    def new(cls, made: str) -> Self:
        """Draw all of them."""
        return cls(_drawn(), _drawn(), (SealingKey(_drawn(), made),))

    def rotated(self, made: str) -> Self:
        """The same, and a new one that seals."""
        known, new = {key.id for key in self.sealing}, SealingKey(_drawn(), made)
        return replace(self, sealing=(*self.sealing, new)) if new.id not in known else self.rotated(made)

    def without(self, ids: frozenset[bytes]) -> Self:
        """The same, less these; never less the newest."""
        kept = tuple(key for key in self.sealing[:-1] if key.id not in ids)
        return replace(self, sealing=(*kept, self.newest))

    def text(self) -> str:
        """As the file has it."""
        hashing = [f"{name} {_written(key)}" for name, key in (("content", self.content), ("lookup", self.lookup))]
        return _HEAD + "\n".join([*hashing, *map(_line, self.sealing)]) + "\n"


def _line(key: SealingKey) -> str:
    return f"{'bare' if key.bare else 'seal'} {_written(key.secret)} {key.made}".rstrip()


def _written(secret: bytes) -> str:
    return f"{key_id(secret).hex()} {secret.hex()}"


def _derived(key: bytes, use: bytes) -> bytes:
    return hashlib.blake2b(use, key=key, digest_size=KEY_BYTES).digest()


def _drawn() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def key_from(path: Path, *, made: str = "", may_make: bool = True) -> Keys:
    """Read the key file, or make it (mode 0600) when there is none and the database is new.

    Raises:
        ValueError: it is no key file, or not there; nothing sealed could be opened.
    """
    if not path.exists():
        if not may_make:
            msg = f"{path}: not there, and the database holds what only its keys open; put the newest copy of it back"
            raise ValueError(msg)
        with _on_disk(path, Keys.new(made).text()) as new, suppress(FileExistsError):
            os.link(new, path)  # of two that try, the first one's stands
        settle(path)
    if path.stat().st_mode & 0o077:
        LOG.warning("%s can be read by others than its owner; chmod 600 it", path.name)
    return read(path)


def read(path: Path) -> Keys:
    """What the key file holds.

    Raises:
        ValueError: it is none.
        OSError: it is not there, or may not be read.
    """
    try:
        return parsed(path.read_text(encoding="ascii"))
    except ValueError as error:
        msg = f"{path}: no key file ({error}); restore the file that belongs to this database"
        raise ValueError(msg) from None


def parsed(text: str) -> Keys:
    """What the text of a key file says. Raises ValueError."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) == 1 and len(lines[0]) == 1:
        return Keys.of(_secret(lines[0][0]))
    read_as = [_Line.of(number, words) for number, words in enumerate(lines, 1)]
    hashing = {line.use: line.secret for line in read_as if line.use in _HASHING}
    sealing = tuple(
        SealingKey(line.secret, line.made, bare=line.use == "bare") for line in read_as if line.use not in _HASHING
    )
    if len(hashing) < len(_HASHING) or not sealing or len({key.id for key in sealing}) < len(sealing):
        msg = "a key is missing, or stands twice"
        raise ValueError(msg)
    return Keys(**hashing, sealing=sealing)


_HASHING = ("content", "lookup")


class _Line(NamedTuple):
    use: str
    secret: bytes
    made: str

    @classmethod
    def of(cls, number: int, words: list[str]) -> Self:
        """Use, id, key in hexadecimal, and when it was made."""
        use, id_, told, made = [*words, "", "", ""][:4]
        secret = _secret(told)
        if use not in {*_HASHING, "seal", "bare"} or key_id(secret).hex() != id_:
            msg = f"key {number} was changed, or is of a kind that this version does not know"
            raise ValueError(msg)
        return cls(use, secret, made)


def _secret(text: str) -> bytes:
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        msg = f"a key is {KEY_BYTES} bytes in hexadecimal"
        raise ValueError(msg)
    return secret


def rotate(path: Path, *, made: str) -> Keys:
    """Put a new key in the file, on disk when this returns. Raises as `read`."""
    with _alone(path):
        return _replaced(path, read(path).rotated(made))


def retire(path: Path, ids: frozenset[bytes]) -> Keys:
    """Take keys out of the file, on disk when this returns; the newest stays. Raises as `read`."""
    with _alone(path):
        return _replaced(path, read(path).without(ids))


def settle(path: Path) -> None:
    """See that the name leads to this file after a loss of power too: before anything is sealed with a key of it."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _replaced(path: Path, keys: Keys) -> Keys:
    with _on_disk(path, keys.text()) as new:
        Path(new).replace(path)
    settle(path)
    return keys


@contextmanager
def _on_disk(path: Path, text: str) -> Iterator[str]:
    """The text in a file beside, mode 0600; gone afterwards, unless it got a name of its own."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=_UNFINISHED)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield name
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One at a time; what one that was killed has left is taken away."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        for left in path.parent.glob(f"{path.name}.*{_UNFINISHED}"):
            left.unlink()
        yield
    finally:
        os.close(folder)
