"""Reading a file: every item taken in, an import that says how it went, and a report for whoever sent it."""

import json
from collections.abc import Iterator
from typing import BinaryIO, Literal

from hub.clock import Clock, instant, now_of
from hub.errors import FieldFault, InvalidError, RefusedError
from hub.intake.inlets import Inlet
from hub.intake.taking import Report, Taking
from hub.model.audit import Act
from hub.model.event_data import AttendanceImported
from hub.model.events import EventType
from hub.model.imported import GatheringChange, GatheringCounts, GatheringName, ImportReport, Placed, Receipt
from hub.sdk import RawItem, RejectedError
from hub.service.audit.auditing import Auditing, Note, note, written
from hub.service.incoming.attended import Attended
from hub.service.incoming.foreseeing import Foreseen, Shown
from hub.service.incoming.taking_in import Counts
from hub.store import events, imports
from hub.store.engine.database import Connection
from hub.store.engine.writer import Writer
from hub.store.events import Event
from hub.store.imports import Origin
from hub.store.seals.sealing import Seal

Via = Literal["upload", "folder", "sftp"]


class Importing:
    """Imports of one hub."""

    node = ""
    """Which of those that share a database this is."""

    def __init__(self, writer: Writer, taking: Taking, attended: Attended, seal: Seal, clock: Clock) -> None:
        self._writer, self._taking, self._attended, self._clock = writer, taking, attended, clock
        self._auditing = Auditing(seal)

    async def dry(self, inlet: Inlet, file: BinaryIO, name: str) -> ImportReport:
        """What the file would come to; nothing is stored.

        Raises:
            InvalidError: it cannot be read at all.
        """
        report = Report()
        detail = await self._read(inlet, file, report, import_id=0, dry_run=True)
        return self._told(inlet, name, report, detail, import_id=None)

    async def live(self, inlet: Inlet, file: BinaryIO, name: str, via: Via, sent_by: str) -> ImportReport:
        """Take the file in. Whatever ends it early, the same file may be sent again.

        Raises:
            InvalidError: it cannot be read at all.
        """
        origin = Origin(inlet.municipality, inlet.name, via, name, sent_by)
        noted = note(inlet.municipality, Act.FILE_IMPORTED, inlet.name, at=self._now())
        import_id = await self._writer.call(self._begin, origin, noted)
        report = Report()
        detail: str | None = "broken off"
        try:
            detail = await self._read(inlet, file, report, import_id=import_id, dry_run=False)
        except InvalidError as error:
            detail = error.faults[0].detail
            raise
        finally:
            await self._writer.call(self._end, inlet, import_id, report.counts, detail)
        told = self._told(inlet, name, report, detail, import_id=import_id)
        return told.model_copy(update={"overlaps": await self._attended.overlaps(inlet.municipality, import_id)})

    def _begin(self, connection: Connection, origin: Origin, noted: Note) -> int:
        import_id = imports.begin(connection, origin, node=self.node, now=noted.at)
        told = written({"import": import_id, "via": origin.via})
        self._auditing.write(connection, [noted._replace(told=told)])
        return import_id

    async def _read(self, inlet: Inlet, file: BinaryIO, report: Report, *, import_id: int, dry_run: bool) -> str | None:
        """Why it could not be read to its end; None when it was."""
        try:
            await self._taking.file(inlet, _items(inlet, file), report, import_id=import_id, dry_run=dry_run)
        except RejectedError as error:
            if not report.counts.items:
                raise InvalidError([FieldFault("", "invalid-file", str(error))], code="invalid-file") from error
            return str(error)
        return None

    def _end(self, connection: Connection, inlet: Inlet, import_id: int, counts: Counts, detail: str | None) -> None:
        now, town = self._now(), inlet.municipality
        state = imports.FAILED if detail else imports.ENDED
        imports.end(connection, town, import_id, state, detail, now=now)
        if (counts.new or counts.changed) and inlet.takes_uploads:
            told = AttendanceImported(
                import_id=import_id,
                gatherings=counts.gatherings,
                participants=counts.participants,
                leaders=counts.leaders,
                quarantined=counts.quarantined,
            )
            body = told.model_dump_json()
            events.append(connection, [Event(town, EventType.ATTENDANCE_IMPORTED, inlet.name, body, now)])

    def _told(
        self, inlet: Inlet, name: str, report: Report, detail: str | None, *, import_id: int | None
    ) -> ImportReport:
        counts = report.counts
        return ImportReport(
            id=import_id,
            connection=inlet.name,
            name=name,
            state="failed" if detail else "done",
            dry_run=import_id is None,
            detail=detail,
            items=counts.items,
            new=counts.new,
            changed=counts.changed,
            doubles=counts.doubles,
            quarantined=counts.quarantined,
            receipt=Receipt(gatherings=counts.gatherings, participants=counts.participants, leaders=counts.leaders),
            faults=tuple(Placed(place=place, text=text) for place, text in report.faults),
            remarks=tuple(Placed(place=place, text=text) for place, text in report.remarks),
            remarked=report.remarked,
            overlaps=(),
            changes=tuple(_change(inlet.name, one) for one in report.foreseen),
        )

    def _now(self) -> int:
        return now_of(self._clock)


def _items(inlet: Inlet, file: BinaryIO) -> Iterator[RawItem]:
    """The file's items. A connector's bug is told as what it is, and stops this file only.

    Raises:
        RejectedError: the file cannot be read any further.
        OSError: this machine is in the way, and not the file: no room, say; to be tried again.
    """
    if inlet.reading is None:
        raise RefusedError("unknown-format", f"{inlet.name} reads no files")
    try:
        yield from inlet.reading.read_file(file)
    except RejectedError:
        raise
    except Exception as error:  # its text may hold anything
        if isinstance(error, OSError) and error.errno is not None:
            raise
        told = f"{inlet.kind} raised {type(error).__name__} while reading: its author must mend it"
        raise RejectedError(told) from error


def _change(name: str, one: Foreseen) -> GatheringChange:
    association, card, code = one.place
    gathering = GatheringName(connection=name, association=association, card=card, code=code)
    return GatheringChange(gathering=gathering, before=_shown(one.before), after=_shown(one.after))


def _shown(one: Shown | None) -> GatheringCounts | None:
    if one is None:
        return None
    return GatheringCounts(
        starts_at=instant(one.starts), ends_at=instant(one.ends), participants=one.participants, leaders=one.leaders
    )


def counted(text: str) -> dict[str, int]:
    """The counts of a stored import."""
    found: dict[str, int] = json.loads(text)
    return found
