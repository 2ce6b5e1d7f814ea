"""Looking for secrets in what was heard, however they may be written there."""

import base64
import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple

from tests.canary.hearing import Heard
from tests.canary.planted import Secret

_TOKENS = re.compile(rb"[A-Za-z0-9+/_-]{11,}")
_HEX, _BASE64, _RAW = 16, 10, 8
"""So much of a hash is enough to tell it by: it may be cut short."""
_HASHES: dict[str, Callable[[bytes], Any]] = {
    "MD5": hashlib.md5, "SHA-1": hashlib.sha1, "SHA-256": hashlib.sha256, "SHA-512": hashlib.sha512,
    "SHA3-256": hashlib.sha3_256, "BLAKE2b": hashlib.blake2b, "BLAKE2b of 8": partial(hashlib.blake2b, digest_size=8),
    "BLAKE2b of 16": partial(hashlib.blake2b, digest_size=16),
    "BLAKE2b of 32": partial(hashlib.blake2b, digest_size=32),
}  # fmt: skip


class Leak(NamedTuple):
    """A secret where it must not be."""

    kind: str
    place: str
    secret: str
    written: str
    """How it stands there."""
    around: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.secret}, {self.written}, in {self.place}: ...{self.around}..."


@dataclass(frozen=True)
class _Needle:
    secret: str
    written: str
    bytes_: bytes
    lone: bool

    def places(self, where: bytes) -> Iterator[int]:
        """Where it stands."""
        place = where.find(self.bytes_)
        while place >= 0:
            if not (self.lone and self._has_more(where, place)):
                yield place
            place = where.find(self.bytes_, place + 1)

    def _has_more(self, where: bytes, place: int) -> bool:
        """Whether it is a part of a longer number."""
        end = place + len(self.bytes_)
        return where[max(0, place - 1) : place].isdigit() or where[end : end + 1].isdigit()


def _inside(text: bytes, shift: int) -> bytes:
    """The characters of base64 that depend on nothing but the text, when it stands at such a place."""
    whole = base64.b64encode(bytes(shift) + text)
    begin = {0: 0, 1: 2, 2: 3}[shift]
    spare = {0: 0, 1: 3, 2: 2}[(len(text) + shift) % 3]
    return whole[begin : len(whole) - spare or None]


def _needles(secret: Secret) -> Iterator[tuple[str, bytes, bool]]:
    """Name of the way, bytes, and whether its case matters."""
    for n, spelling in enumerate(secret.spellings):
        plain = spelling.encode()
        yield "as it is", plain, False
        if n and spelling not in secret.value.lower():
            continue  # another way to write the same, and nobody encodes that
        yield "in UTF-16", spelling.encode("utf-16-le")[:-1], False
        for original in {spelling, *(part for part in secret.value.split() if part.lower().startswith(spelling))}:
            yield "in hexadecimal", original[: len(spelling)].encode().hex().encode(), False
            for shift in range(3):
                yield "in base64", _inside(original[: len(spelling)].encode(), shift), True


class Whole:
    """All pieces as one: that is looked through in a tenth of the time."""

    def __init__(self, heard: Sequence[Heard]) -> None:
        self._heard = heard
        self.content = _BETWEEN.join(one.content for one in heard)
        self.begins = list(accumulate((len(one.content) + len(_BETWEEN) for one in heard), initial=0))
        """Where each piece begins."""

    def at(self, place: int) -> int:
        """Which piece that is."""
        return bisect_right(self.begins, place) - 1

    def leak(self, n: int, secret: str, written: str, place: int) -> Leak | None:
        """What was found, unless it is told there on purpose."""
        one = self._heard[n]
        if one.is_for(secret):
            return None
        begin, end = self.begins[n], self.begins[n + 1] - len(_BETWEEN)
        around = self.content[max(begin, place - 60) : min(end, place + 60)].decode("utf-8", "replace")
        return Leak(one.kind, one.place, secret, written, " ".join(around.split()))


_BETWEEN = b"\n\0\n"
_ENDS = re.compile(rb'[",\n\r{}<>]')
"""Where words of JSON, markup and logs end: no needle holds any of them, and most words come again and again."""


def _among(needles: Iterable[_Needle], different: bytes) -> list[_Needle]:
    """Those that stand there."""
    return [one for one in needles if one.bytes_ in different]


class Search:
    """What is looked for, made ready once."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self.secrets = tuple(secrets)
        self._exact: list[_Needle] = []
        self._folded: list[_Needle] = []
        self._hashes: dict[bytes, tuple[str, str]] = {}
        for secret in self.secrets:
            for written, bytes_, exact in _needles(secret):
                (self._exact if exact else self._folded).append(_Needle(secret.name, written, bytes_, secret.lone))
            for number in secret.numbers:
                self._hash(secret.name, number)

    def _hash(self, name: str, number: str) -> None:
        for called, how in _HASHES.items():
            for encoding in {number.encode(), number.encode("latin-1")}:
                digest = how(encoding).digest()
                told = (name, f"as {called} without a key")
                self._hashes[digest[:_RAW]] = told
                self._hashes[digest.hex()[:_HEX].encode()] = told
                self._hashes[base64.urlsafe_b64encode(digest)[:_BASE64]] = told
                self._hashes[base64.b64encode(digest)[:_BASE64]] = told

    def leaks(self, heard: Sequence[Heard]) -> list[Leak]:
        """All that is told where it must not be, each once for the place."""
        whole = Whole(heard)
        different = b"\n".join(dict.fromkeys(_ENDS.split(whole.content)))
        found = {
            (whole.at(place), needle.secret, needle.written): place
            for needles, fold in ((self._exact, bytes), (self._folded, bytes.lower))
            for needle in _among(needles, fold(different))
            for place in needle.places(fold(whole.content))
        }
        for token in _TOKENS.finditer(whole.content):
            told = self._hashes.get(token[0][:_HEX].lower()) or self._hashes.get(token[0][:_BASE64])
            if told is not None:
                found[whole.at(token.start()), *told] = token.start()
        for n, one in enumerate(heard):
            if (told := self._hashes.get(one.content[:_RAW])) is not None:
                found[n, *told] = whole.begins[n]
        leaks = (whole.leak(n, secret, written, place) for (n, secret, written), place in found.items())
        return list(dict.fromkeys(one for one in leaks if one))

    def told_of(self, contents: Mapping[str, bytes]) -> set[str]:
        """The names of all secrets that stand in what may hold them."""
        blob = b"\n".join(contents.values())
        folded = blob.lower()
        exact = {one.secret for one in self._exact if one.bytes_ in blob}
        return exact | {one.secret for one in self._folded if one.bytes_ in folded}
