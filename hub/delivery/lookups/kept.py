"""Answers of the population register that are given again for some minutes, where a municipality wants that.

In this process's memory, under a key that is never written, by a keyed hash of the question and of who asked it. One is
given only when nothing has changed since before the register was asked: the epoch, which every mark, every lifted mark
and every file of changes moves on in the database, so for all processes at once.
"""

import secrets
import weakref
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.clock import running_seconds
from hub.delivery.lookups.registers import Asked
from hub.delivery.reach.running import Running
from hub.model.configuration import PopulationDuty
from hub.model.person import PersonAnswer
from hub.store import changed
from hub.store.engine.writer import Readers
from hub.store.seals.sealing import Seal

MOST = 1000
"""Answers at a time; the oldest goes first."""
_NONCE_BYTES = 12


@dataclass(frozen=True)
class _Kept:
    """An answer, sealed, and all that must be as it was for it to be given."""

    town: str
    sealed: bytes
    until: float
    epoch: int
    running: "weakref.ref[Running]"
    duty: PopulationDuty
    key: bytes
    """The newest of the key file."""


class KeptAnswers:
    """Those of one process."""

    def __init__(self, readers: Readers, seal: Seal) -> None:
        self._readers, self._seal = readers, seal
        self._cipher = AESGCM(secrets.token_bytes(32))
        self._kept: dict[bytes, _Kept] = {}
        self.seconds = running_seconds

    async def epoch(self, asked: Asked) -> int | None:
        """That which an answer belongs to whose question begins now; None: it is not to be kept."""
        if not asked.duty.cache_minutes:
            return None
        return await self._readers.read(changed.epoch, asked.municipality)

    def keep(self, name: bytes, asked: Asked, answer: PersonAnswer, epoch: int) -> None:
        """Keep what was told of somebody; what nobody may be told, and what is told of an old number, is not kept."""
        if answer.person is None or answer.person.replaced_by is not None:
            return
        self._sweep()
        while len(self._kept) >= MOST:
            del self._kept[next(iter(self._kept))]
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, answer.model_dump_json().encode(), name)
        until = self.seconds() + asked.duty.cache_minutes * 60.0
        running = weakref.ref(asked.running)
        self._kept[name] = _Kept(asked.municipality, sealed, until, epoch, running, asked.duty, self._seal.newest)

    async def find(self, name: bytes, asked: Asked) -> PersonAnswer | None:
        """The answer to the same question, if it may be given now."""
        epoch = await self.epoch(asked)
        self._sweep(asked.municipality, epoch)
        one = self._kept.get(name)
        if one is None or asked.running.paused or asked.running.held(asked.at) is not None:
            return None
        if one.running() is not asked.running or one.duty != asked.duty:
            del self._kept[name]
            return None
        opened = self._cipher.decrypt(one.sealed[:_NONCE_BYTES], one.sealed[_NONCE_BYTES:], name)
        return PersonAnswer.model_validate_json(opened)

    def _sweep(self, town: str = "", epoch: int | None = None) -> None:
        """Forget what is too old, sealed under another key file, or of another epoch of that town."""
        now, newest = self.seconds(), self._seal.newest
        gone = [
            name
            for name, one in self._kept.items()
            if one.until <= now or one.key != newest or (one.town == town and one.epoch != epoch)
        ]
        for name in gone:
            del self._kept[name]
