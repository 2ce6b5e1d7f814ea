"""What came in, and what was sent on, expires by the municipality's decision (gallringsbeslut); without one, nothing.

In small steps. A document that is not registered yet never does.
"""

from collections.abc import Callable
from datetime import timedelta

from hub.clock import Clock, now_of, span
from hub.model.audit import Act
from hub.service.audit.auditing import Auditing, Note, written
from hub.service.incoming.taking_in import QUARANTINED, judge
from hub.service.rulebook import Rulebook
from hub.store import attendance, changed, documents, intake, noticed, passages, problems, readings, stretches
from hub.store.engine.database import Connection
from hub.store.engine.writer import Writer
from hub.store.seals.sealing import Seal

_ROWS = 500
_GATHERINGS = 100
_DOCUMENTS = 10


class Forgetting:
    """Forgets raw rows, attendance, passages, readings and documents."""

    def __init__(self, writer: Writer, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._auditing, self._rulebook, self._clock = writer, Auditing(seal), rulebook, clock

    async def forget(self) -> None:
        """Remove what is older than each municipality's days."""
        for town, known in self._rulebook.towns().items():
            retention = known.configuration.municipality.retention
            await self._lately(town)
            if retention and retention.intake_days:
                await self._rows(town, self._before(retention.intake_days))
                await self._files(town, self._before(retention.intake_days))
                await self._writer.call(self._judge, town)
            if retention and retention.attendance_days:
                await self._gatherings(town, self._before(retention.attendance_days))
            if retention and retention.passages_days:
                await self._passages(town, self._before(retention.passages_days))
            if retention and retention.readings_days:
                await self._readings(town, self._before(retention.readings_days))
            if retention and retention.documents_days:
                await self._documents(town, self._before(retention.documents_days))

    def _judge(self, connection: Connection, town: str) -> None:
        """What has expired is no problem any more."""
        for problem in problems.listed(connection, town):
            if problem.code == QUARANTINED:
                judge(connection, town, problem.connection, now=self._now())

    def _now(self) -> int:
        return now_of(self._clock)

    def _before(self, days: int) -> int:
        return self._now() - span(timedelta(days=days))

    async def _rows(self, town: str, before: int) -> None:
        while await self._writer.call(self._forget, town, "intake", intake.forget, before, _ROWS) == _ROWS:
            pass

    async def _files(self, town: str, before: int) -> None:
        while await self._writer.call(self._forget, town, "changes", changed.forget, before, _ROWS) == _ROWS:
            pass

    async def _gatherings(self, town: str, before: int) -> None:
        while (
            await self._writer.call(self._forget, town, "attendance", attendance.forget, before, _GATHERINGS)
            == _GATHERINGS
        ):
            pass

    async def _passages(self, town: str, before: int) -> None:
        while await self._writer.call(self._forget, town, "passages", passages.forget, before, _ROWS) == _ROWS:
            pass

    async def _lately(self, town: str) -> None:
        """What stands in an hour is not kept by itself for long: nothing expires by this that anybody is told."""
        before = self._now() - readings.LATELY
        while await self._writer.call(lambda c: readings.forget_lately(c, town, before=before, limit=_ROWS)) >= _ROWS:
            pass

    async def _readings(self, town: str, before: int) -> None:
        for what, forget in (
            ("readings", readings.forget),
            ("stretches", stretches.forget),
            ("noticed", noticed.forget),
        ):
            while await self._writer.call(self._forget, town, what, forget, before, _ROWS) >= _ROWS:
                pass

    async def _documents(self, town: str, before: int) -> None:
        while (
            await self._writer.call(self._forget, town, "documents", documents.forget, before, _DOCUMENTS) == _DOCUMENTS
        ):
            pass

    def _forget(
        self, connection: Connection, town: str, what: str, forget: Callable[..., int], before: int, limit: int
    ) -> int:
        """Remove some, and tell the audit how many."""
        count = forget(connection, town, before=before, limit=limit)
        if count:
            note = Note(town, Act.EXPIRED, what, self._now(), written({"removed": count}))
            self._auditing.write(connection, [note])
        return count
