"""The quarantine: items that could not be understood, kept as they came, and tried again when the cause is mended."""

import asyncio

from hub.clock import Clock, instant, now_of
from hub.errors import NotFoundError
from hub.intake.inlets import Inlet, Inlets
from hub.model.audit import Act
from hub.model.imported import QuarantinedRow, Rerun
from hub.service.audit.auditing import Auditing, Note, note
from hub.service.incoming.taking_in import TakingIn, Understood, judge
from hub.store import intake
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.intake import Held

_BATCH = 100


class Quarantine:
    """What operators do with it."""

    def __init__(self, inlets: Inlets, writer: Writer, readers: Readers, taking_in: TakingIn, clock: Clock) -> None:
        self._inlets, self._writer, self._readers = inlets, writer, readers
        self._in, self._clock, self._auditing = taking_in, clock, Auditing(taking_in.seal)

    async def listed(self, municipality: str, name: str | None, *, after: int, limit: int) -> list[QuarantinedRow]:
        """What is there, the oldest first."""
        held = await self._readers.read(_page, municipality, name, after, limit)
        return [_answer(one) for one in held]

    async def rerun(self, municipality: str, name: str, *, ids: frozenset[int] | None = None) -> Rerun:
        """Try the rows of a connection again, or some of them. Raises NotFoundError."""
        inlet = self._inlets.find(municipality, name)
        rows = {"rows": len(ids)} if ids is not None else {}
        asked = note(municipality, Act.QUARANTINE_RERUN, name, at=now_of(self._clock), **rows)
        await self._writer.do(self._auditing.all, asked)
        tried = understood = after = 0
        while held := await self._readers.read(_page, municipality, name, after, _BATCH):
            after = held[-1].id
            for one in held:
                if ids is not None and one.id not in ids:
                    continue
                told = await asyncio.to_thread(self._understood, inlet, one)
                tried += 1
                async with inlet.lock:
                    understood += await self._writer.call(self._in.settle, municipality, one, told)
        return Rerun(tried=tried, understood=understood, left=tried - understood)

    def _understood(self, inlet: Inlet, held: Held) -> Understood:
        return inlet.understood(self._in.raw(inlet.municipality, held))

    async def dismiss(self, municipality: str, id_: int) -> QuarantinedRow:
        """Somebody says that it never will mean anything. Raises NotFoundError."""
        now = now_of(self._clock)
        asked = note(municipality, Act.QUARANTINE_DISMISSED, "", at=now, row=id_)
        held = await self._writer.call(self._dismiss, municipality, id_, asked)
        if held is None:
            msg = f"no row {id_} in quarantine"
            raise NotFoundError(msg)
        return _answer(held)

    def _dismiss(self, connection: Connection, municipality: str, id_: int, asked: Note) -> Held | None:
        held = intake.held(connection, municipality, id_)
        if held is not None:
            intake.settle(connection, municipality, id_, intake.DISMISSED, held.reason)
            judge(connection, municipality, held.connection, now=asked.at)
            self._auditing.write(connection, [asked._replace(subject=held.connection)])
        return held


def _page(connection: Connection, municipality: str, name: str | None, after: int, limit: int) -> list[Held]:
    return intake.quarantined(connection, municipality, name=name, after=after, limit=limit)


def _answer(held: Held) -> QuarantinedRow:
    return QuarantinedRow(
        id=held.id,
        connection=held.connection,
        import_id=held.import_id or None,
        place=held.place,
        reason=held.reason.removeprefix(f"{held.place}: "),
        at=instant(held.at),
    )
