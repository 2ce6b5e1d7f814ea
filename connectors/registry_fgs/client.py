"""A folder that a registry takes documents from: the XML comes last, and what has none is not to be taken.

It is made whole under `.prepared`, then noted under `.handed-over`, where the registry takes nothing, and then moved.
A move is one step, so at any moment it can be told how far a document has come:

    nothing -> prepared -> prepared, note -> note, XML -> note (taken) -> note, receipt
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from connectors.registry_fgs.config import FgsConfig
from hub.sdk import Exchange, File, Lent, Place, RejectedError, TransientError, exchange

PREPARED, NOTED = ".prepared", ".handed-over"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A document, and the files that it names."""

    name: str
    """Of its XML, without what it ends in."""
    xml: bytes = field(repr=False)
    enclosed: tuple[tuple[str, bytes], ...] = field(repr=False)
    """(name, content), each named for what it holds."""

    @property
    def note(self) -> bytes:
        """What stands in our note."""
        return json.dumps({"file": f"{self.name}.xml", "sha256": hashlib.sha256(self.xml).hexdigest()}).encode()


@dataclass(frozen=True, slots=True)
class Lies:
    """What is there of a document; None for what is not."""

    receipt: bytes | None = field(repr=False)
    note: bytes | None = field(repr=False)
    prepared: bytes | None = field(repr=False)
    xml: bytes | None = field(repr=False)

    @property
    def handed_over(self) -> bool:
        """Whether the registry has it, or can take it."""
        return self.xml is not None or (self.note is not None and self.prepared is None)


class Drop:
    """One registry's folders; reached anew for each document."""

    def __init__(self, config: FgsConfig, lent: Lent) -> None:
        self._config, self._lent = config, lent
        self._folder, self._receipts = config.folder.rstrip("/"), config.receipts.rstrip("/")

    async def waiting(self) -> int:
        """How many documents the registry has not taken."""
        async with self._reached() as (place, _):
            if not await place.there(self._receipts):
                raise TransientError(f"{self._receipts} (receipts) is not there; make it, or mend the settings")
            return sum(name.endswith(".xml") and name[0] != "." for name in await place.names(self._folder))

    async def lies(self, name: str) -> Lies:
        """How far a document has come."""
        async with self._reached() as (place, _):
            return await self._look(place, name)

    async def hand_over(self, delivery: Delivery) -> Lies:
        """Have it there once, or know that it was; gives how far it has come then.

        Raises:
            RejectedError: another document has its name.
        """
        async with self._reached() as (place, stage):
            lies = await self._look(place, delivery.name)
            if lies.receipt is not None:
                return lies
            _refuse_another(delivery, lies)
            if not lies.handed_over:
                await self._lay(place, delivery, lies, stage)
            return await self._look(place, delivery.name)

    async def _look(self, place: Place, name: str) -> Lies:
        """The receipt first: what is taken meanwhile is seen as it was before, or by its receipt the next time."""
        return Lies(
            *await place.read(
                f"{self._receipts}/{name}.ack.json",
                f"{self._folder}/{NOTED}/{name}.json",
                f"{self._folder}/{PREPARED}/{name}.xml",
                f"{self._folder}/{name}.xml",
            )
        )

    async def _lay(self, place: Place, delivery: Delivery, lies: Lies, stage: Exchange) -> None:
        for folder in (PREPARED, NOTED):
            await place.make(f"{self._folder}/{folder}")
        prepared = File.at(f"{self._folder}/{PREPARED}", f"{delivery.name}.xml", delivery.xml)
        missing = [
            File.at(self._folder, name, content)
            for name, content in delivery.enclosed
            if not await place.there(f"{self._folder}/{name}")
        ]
        missing += [prepared] if lies.prepared is None else []
        missing += (
            [File.at(f"{self._folder}/{NOTED}", f"{delivery.name}.json", delivery.note)] if lies.note is None else []
        )
        await _name(place, missing)
        stage.handing_over = True
        await place.publish(File(f"{self._folder}/{delivery.name}.xml", delivery.xml, prepared.path))

    def _reached(self) -> AbstractAsyncContextManager[tuple[Place, Exchange]]:
        return exchange(self._folder, self._config.sftp, self._lent)


async def _name(place: Place, files: Sequence[File]) -> None:
    """Write all of them, then give them their names one after the other."""
    try:
        await place.prepare(files)
        for file in files:
            await place.publish(file)
    except Exception:
        await place.discard(files)
        raise


def _refuse_another(delivery: Delivery, lies: Lies) -> None:
    found = {lies.prepared, lies.xml} - {None, delivery.xml}
    if found or lies.note not in {None, delivery.note}:
        raise RejectedError(
            f"{delivery.name}.xml lies there, or was handed over, with other content: see whose it is, and take it away"
        )
