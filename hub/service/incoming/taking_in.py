"""Taking in what comes from outside: known again by its source's id, kept raw, and told in canonical words.

Rows, what they mean, and the cursor behind them are one transaction: whatever kills the process, the source is read
again from where it was committed, and what was kept is not kept twice.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import NamedTuple, Self

from hub.clock import Clock, instant, now_of
from hub.errors import HubError
from hub.model import (
    Application,
    Attendance,
    AttendanceMethod,
    ChangesFile,
    CredentialTouched,
    InvoiceAnswered,
    Message,
    Observation,
    Passage,
    PersonChanged,
    Role,
)
from hub.model.event_data import AttendanceChanged
from hub.model.events import EventType
from hub.sdk import RawItem
from hub.service.documents.applying import Applying
from hub.service.documents.applying import Prepared as Applied
from hub.service.doors.passing import Passing
from hub.service.incoming import changing
from hub.service.incoming.attending import Attending, Prepared
from hub.service.incoming.changing import Changing
from hub.service.incoming.foreseeing import Foreseeing
from hub.service.money import ledger
from hub.service.zones.sensing import Sensing
from hub.store import events, imports, intake, problems, waking
from hub.store.engine.database import Connection
from hub.store.events import Event
from hub.store.intake import Held, Latest, New
from hub.store.problems import Cause
from hub.store.seals.sealed import RAW_ROW
from hub.store.seals.sealing import Place, Seal

QUARANTINED = "quarantined-rows"
_LEVEL = 1
_SEPARATOR = b"\x00"


class MovedError(HubError):
    """Somebody else took in the same things meanwhile: look again, and prepare anew."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A raw item, and what it means: messages, or a fault that says where and why."""

    item: RawItem
    messages: tuple[Message, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class Counts:
    """What came. The last three are the receipt that a source compares with its own figures (kvittens)."""

    items: int = 0
    new: int = 0
    changed: int = 0
    doubles: int = 0
    quarantined: int = 0
    gatherings: int = 0
    """Sammankomster that were told, also those that were known."""
    participants: int = 0
    """Deltagartillfällen: marks of participants who came."""
    leaders: int = 0
    """Ledartillfällen: marks of leaders who came."""

    def __add__(self, other: "Counts") -> "Counts":
        mine, theirs = asdict(self), asdict(other)
        return Counts(**{key: mine[key] + theirs[key] for key in mine})

    def json(self) -> str:
        """As it is stored."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Self:
        """From what was stored."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in json.loads(text).items() if key in known})


class From(NamedTuple):
    """Whence it comes."""

    municipality: str
    connection: str
    import_id: int = 0
    """0: not a file."""


class Hashed(NamedTuple):
    """What was understood, and the keyed hashes that it is known again by."""

    source: bytes
    version: bytes
    told: Understood


class Batch(NamedTuple):
    """Rows to take in together, ready to be written."""

    whence: From
    seen: Mapping[bytes, Latest]
    """The latest row of each source when the batch was prepared."""
    rows: tuple[New, ...]
    gatherings: tuple[Prepared, ...]
    passages: tuple[Passage, ...]
    observations: tuple[Observation, ...]
    touched: tuple[str, ...]
    answers: tuple[tuple[int, InvoiceAnswered], ...]
    """What was said of invoices, with the place of its row."""
    persons: tuple[changing.Prepared, ...]
    files: tuple[ChangesFile, ...]
    applied: tuple[tuple[int, Applied], ...]
    """Applications, with the place of their rows."""
    own: Counts
    """Of these rows."""
    before: Counts = Counts()
    """What the import has had before."""
    cursor: str | None = None


class TakingIn:
    """Everything between a raw item and its rows. What is pure runs in any thread."""

    def __init__(self, seal: Seal, clock: Clock, applying: Applying, passing: Passing, sensing: Sensing) -> None:
        self.seal = self._seal = seal
        self._clock, self._applying, self._passing, self._sensing = clock, applying, passing, sensing
        self._attending, self.changing = Attending(seal), Changing(seal, clock)

    def foreseeing(self, whence: From) -> Foreseeing:
        """For a dry run: what it would change."""
        return Foreseeing(self._attending, whence.municipality, whence.connection)

    def hashed(self, whence: From, told: Iterable[Understood]) -> list[Hashed]:
        """Know each by its source's id and version."""
        return [Hashed(*self._known_by(whence.connection, one.item), one) for one in told]

    def _known_by(self, name: str, item: RawItem) -> tuple[bytes, bytes]:
        source = self._seal.lookup_hash(f"source/{name}/{item.source_id}")
        return source, self._seal.lookup_hash(f"version/{item.version}") if item.version else b""

    def batch(
        self,
        whence: From,
        hashed: Sequence[Hashed],
        seen: Mapping[bytes, Latest],
        *,
        cursor: str | None = None,
    ) -> Batch:
        """Make rows of what is not known yet; no source stands twice in `hashed`."""
        hashed = [self._judged(whence, one) for one in hashed]
        fresh = [one for one in hashed if not _is_double(one, seen)]
        messages = [message for one in fresh for message in one.told.messages]
        attended = [one for one in messages if isinstance(one, Attendance)]
        return Batch(
            whence,
            seen,
            tuple(self._row(whence, one) for one in fresh),
            tuple(self._attending.prepare(whence.municipality, whence.connection, attended)),
            tuple(one for one in messages if isinstance(one, Passage)),
            tuple(one for one in messages if isinstance(one, Observation)),
            tuple(one.key for one in messages if isinstance(one, CredentialTouched)),
            tuple((n, m) for n, one in enumerate(fresh) for m in one.told.messages if isinstance(m, InvoiceAnswered)),
            self.changing.prepare(whence.municipality, [one for one in messages if isinstance(one, PersonChanged)]),
            tuple(one for one in messages if isinstance(one, ChangesFile)),
            self._applied(whence, fresh),
            _counted(hashed, fresh, seen),
            cursor=cursor,
        )

    def _judged(self, whence: From, one: Hashed) -> Hashed:
        """An application that cannot be registered means nothing yet."""
        for told in one.told.messages:
            if isinstance(told, Application) and (fault := self._applying.fault(whence.municipality, told)):
                return one._replace(told=replace(one.told, messages=(), fault=fault))
        return one

    def _applied(self, whence: From, fresh: Sequence[Hashed]) -> tuple[tuple[int, Applied], ...]:
        now, (town, name, _) = now_of(self._clock), whence
        return tuple(
            (n, self._applying.prepare(town, name, told, now))
            for n, one in enumerate(fresh)
            for told in one.told.messages
            if isinstance(told, Application)
        )

    def _row(self, whence: From, one: Hashed) -> New:
        item, fault = one.told.item, one.told.fault
        state = intake.QUARANTINED if fault else intake.DONE
        place = _bound(whence, one.source, one.version)
        raw = _SEPARATOR.join([item.source_id.encode(), item.version.encode(), item.content])
        sealed = self._seal.close(zlib.compress(raw, _LEVEL), place)
        return New(one.source, one.version, item.place, sealed, state, fault or None)

    def raw(self, municipality: str, held: Held) -> RawItem:
        """A row in quarantine, as it came."""
        place = _bound(From(municipality, held.connection), held.source, held.version)
        source_id, version, content = zlib.decompress(self._seal.open(held.sealed, place)).split(_SEPARATOR, 2)
        return RawItem(source_id.decode(), content, held.place, version.decode())

    def take(self, connection: Connection, batch: Batch) -> bool:
        """Keep a batch; says whether somebody is marked of whom something is to be erased.

        Raises:
            MovedError: what was seen is no longer the latest; nothing was written.
        """
        now, whence = now_of(self._clock), batch.whence
        town, name = whence.municipality, whence.connection
        sources = [row.source for row in batch.rows]
        latest = intake.latest(connection, town, name, sources)
        if any(latest.get(source) != batch.seen.get(source) for source in sources):
            raise MovedError(f"{name}: taken in twice at once")
        rows = self._with_strangers(connection, batch, now)
        rows = self._with_applications(connection, batch, rows, now)
        intake.supersede(connection, town, [one.id for one in latest.values()])
        intake.add(connection, town, name, rows, import_id=whence.import_id, now=now)
        marked = self._tell(connection, batch, now)
        if batch.cursor is not None:
            intake.set_cursor(connection, town, name, batch.cursor, now=now)
        if whence.import_id:
            imports.progress(connection, town, whence.import_id, (batch.before + batch.own).json())
        if any(row.state == intake.QUARANTINED for row in rows) or any(
            one.state == intake.QUARANTINED for one in latest.values()
        ):
            judge(connection, town, name, now=now)
        return marked

    def _with_strangers(self, connection: Connection, batch: Batch, now: int) -> Sequence[New]:
        """Keep what was said of invoices; what is said of one that is not ours goes into quarantine."""
        rows, town = list(batch.rows), batch.whence.municipality
        for place, told in batch.answers:
            if not ledger.answered(connection, town, told, now=now):
                rows[place] = rows[place]._replace(state=intake.QUARANTINED, reason=f"there is no invoice {told.key}")
        return rows

    def _with_applications(self, connection: Connection, batch: Batch, rows: Sequence[New], now: int) -> Sequence[New]:
        """Keep what was applied for; what cannot be goes into quarantine."""
        rows, told = list(rows), list[Event]()
        for place, one in batch.applied:
            fault, events_ = self._applying.keep(connection, one, now=now)
            told += events_
            if fault:
                rows[place] = rows[place]._replace(state=intake.QUARANTINED, reason=fault)
        events.append(connection, told)
        return rows

    def _tell(self, connection: Connection, batch: Batch, now: int) -> bool:
        town, name, import_id = batch.whence
        marked = bool(batch.persons) and self.changing.keep(connection, town, name, batch.persons)
        if batch.files:
            self.changing.came(connection, town, name, batch.files)
        if batch.gatherings:
            self._attending.keep(connection, town, name, batch.gatherings, import_id=import_id, now=now)
        if batch.touched:
            waking.ask_for_a_look(connection, town, name, batch.touched, now=now)
        if batch.passages:
            self._passing.keep(connection, town, name, batch.passages, now=now)
        if batch.observations:
            self._sensing.keep(connection, town, name, batch.observations, now=now)
        if batch.gatherings and not import_id:
            told = Event(town, EventType.ATTENDANCE_CHANGED, name, _changed(batch.gatherings), now)
            events.append(connection, [told])
        return marked

    def settle(self, connection: Connection, municipality: str, held: Held, told: Understood) -> bool:
        """Write what a row in quarantine means now; says whether it left the quarantine."""
        now = now_of(self._clock)
        if intake.held(connection, municipality, held.id) is None:
            return False
        whence = From(municipality, held.connection, held.import_id)
        batch = self.batch(whence, [Hashed(held.source, held.version, told)], {})
        rows = self._with_applications(connection, batch, self._with_strangers(connection, batch, now), now)
        if reasons := [row.reason for row in rows if row.reason]:
            intake.settle(connection, municipality, held.id, intake.QUARANTINED, reasons[0])
            return False
        self._tell(connection, batch._replace(whence=From(municipality, held.connection)), now)
        intake.settle(connection, municipality, held.id, intake.DONE, None)
        judge(connection, municipality, held.connection, now=now)
        return True


def judge(connection: Connection, municipality: str, name: str, *, now: int) -> None:
    """One problem for each connection with rows in quarantine, however many; none without."""
    count = intake.count_quarantined(connection, municipality, name)
    if count:
        told = f"{count} {'row' if count == 1 else 'rows'} in quarantine"
        problems.open_(connection, municipality, name, Cause(QUARANTINED, ""), detail=told, now=now)
    else:
        problems.close_of(connection, municipality, name, [QUARANTINED], now=now)


def apart(told: Iterable[Understood], *, most: int, most_bytes: int) -> Iterator[list[Understood]]:
    """Cut into batches in which no source stands twice, each small enough for a short transaction."""
    some: list[Understood] = []
    sources: set[str] = set()
    size = 0
    for one in told:
        if some and (len(some) >= most or size >= most_bytes or one.item.source_id in sources):
            yield some
            some, sources, size = [], set(), 0
        some.append(one)
        sources.add(one.item.source_id)
        size += len(one.item.content)
    if some:
        yield some


def _is_double(one: Hashed, seen: Mapping[bytes, Latest]) -> bool:
    """Known, at the same version; one in quarantine is tried again, for its meaning may be another now."""
    known = seen.get(one.source)
    if known is None or known.version != one.version:
        return False
    return known.state != intake.QUARANTINED or bool(one.told.fault)


def _counted(hashed: Sequence[Hashed], fresh: Sequence[Hashed], seen: Mapping[bytes, Latest]) -> Counts:
    attended = [
        message
        for one in hashed
        for message in one.told.messages
        if isinstance(message, Attendance) and message.method is not AttendanceMethod.REMOVE
    ]
    came = [mark.role for message in attended for mark in message.attendees if mark.present]
    return Counts(
        items=len(hashed),
        new=sum(one.source not in seen for one in fresh),
        changed=sum(one.source in seen for one in fresh),
        doubles=len(hashed) - len(fresh),
        quarantined=sum(bool(one.told.fault) for one in fresh),
        gatherings=len(attended),
        participants=came.count(Role.PARTICIPANT),
        leaders=came.count(Role.LEADER),
    )


def _bound(whence: From, source: bytes, version: bytes) -> Place:
    return RAW_ROW.place(whence.municipality, f"{whence.connection}/{source.hex()}/{version.hex()}")


def _changed(gatherings: Sequence[Prepared]) -> str:
    starts = [one.gathering.starts for one in gatherings]
    told = AttendanceChanged(gatherings=len(gatherings), earliest=instant(min(starts)), latest=instant(max(starts)))
    return told.model_dump_json()
