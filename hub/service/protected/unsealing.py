"""Showing what must be kept of a protected person: to one key, with a reason, for a time, each time on record."""

from datetime import timedelta

from hub.clock import Clock, instant, now_of, span
from hub.errors import NotFoundError
from hub.masking import quoted
from hub.model.audit import Act
from hub.model.person import Unsealed, UnsealingRequest
from hub.service.audit.acting import acting
from hub.service.audit.auditing import Witness
from hub.service.money.billing import opened
from hub.service.rulebook import Rulebook
from hub.store import invoices, protected
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.invoices import Stored
from hub.store.protected import NewUnsealing, Unsealing
from hub.store.seals.sealing import Seal


class Unseals:
    """The use case."""

    def __init__(
        self, writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, witness: Witness, clock: Clock
    ) -> None:
        self._writer, self._readers, self._seal, self._rulebook = writer, readers, seal, rulebook
        self._witness, self._clock = witness, clock

    async def unseal(self, municipality: str, wish: UnsealingRequest) -> Unsealed:
        """Show a record from now on, for so many minutes, to the key that asks. Raises NotFoundError."""
        self._rulebook.town(municipality)
        stored = await self._readers.read(_sealed, municipality, wish.kind, wish.key)
        minutes = wish.minutes
        await self._witness.saw(municipality, Act.RECORD_UNSEALED, wish.key, private=wish.reason, minutes=minutes)
        now = now_of(self._clock)
        until = now + span(timedelta(minutes=minutes))
        new = NewUnsealing(municipality, wish.kind, wish.key, acting().who, until)
        id_ = await self._writer.call(lambda connection: protected.unseal(connection, new, now=now))
        return self._shown(municipality, Unsealing(id_, wish.kind, wish.key, until), stored)

    async def again(self, municipality: str, id_: int) -> Unsealed:
        """Show it once more, while its time lasts, to the same key. Raises NotFoundError."""
        self._rulebook.town(municipality)
        now, who = now_of(self._clock), acting().who
        found = await self._readers.read(
            lambda connection: protected.unsealing(connection, municipality, id_, who=who, now=now)
        )
        if found is None:
            msg = f"no unsealing {id_} of this key lasts; give a reason anew"
            raise NotFoundError(msg)
        stored = await self._readers.read(_sealed, municipality, found.kind, found.key)
        await self._witness.saw(municipality, Act.RECORD_UNSEALED, found.key, again="yes")
        return self._shown(municipality, found, stored)

    def _shown(self, municipality: str, found: Unsealing, stored: Stored) -> Unsealed:
        record = opened(stored, municipality, self._seal).model_dump(mode="json")
        return Unsealed(id=found.id, kind="invoice", key=found.key, until=instant(found.until), record=record)


def _sealed(connection: Connection, municipality: str, kind: str, key: str) -> Stored:
    """What is shown only with a reason. Raises NotFoundError."""
    stored = invoices.find(connection, municipality, key) if kind == "invoice" else None
    if stored is None or not protected.is_sealed(connection, municipality, kind, key):
        msg = f"no {kind} {quoted(key)} in {municipality} is sealed"
        raise NotFoundError(msg)
    return stored
