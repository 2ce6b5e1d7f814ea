"""Registering documents (diarieföring): taken once for each key, sent by delivery, and told when it takes too long."""

import asyncio
import json
from collections.abc import Callable, Iterable
from enum import StrEnum, auto
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from hub.clock import MINUTE, STOCKHOLM, Clock, instant, micros, now_of
from hub.errors import FieldFault, InvalidError, NotFoundError, RefusedError
from hub.masking import quoted
from hub.model.audit import Act
from hub.model.document import Direction, Document, RecordKey
from hub.model.events import EventType
from hub.model.plan import DocumentBody, TargetKind
from hub.model.registering import DocumentAnswer, DocumentToRegister, Place, place_of
from hub.model.states import Delivery, Record
from hub.planner.registering import RESERVED, overdue_since
from hub.service.asking import filing
from hub.service.asking.changes import Change
from hub.service.asking.filing import Filed
from hub.service.asking.preparing import faults_of, faults_of_nul
from hub.service.audit.acting import Actor, acting
from hub.service.audit.auditing import Auditing, Note, written
from hub.service.persons import whose
from hub.service.rulebook import Rulebook, Town
from hub.service.standing.showing import moment
from hub.service.words import sentences
from hub.service.words.saying import Language
from hub.service.words.sentences import in_language
from hub.store import documents, lanes, problems, protected, shown
from hub.store.documents import Stored
from hub.store.engine import places
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.events import Event
from hub.store.lanes import Raise
from hub.store.problems import Cause
from hub.store.seals.sealing import Seal

OVERDUE = Cause("unregistered-documents", "")
"""Of a connection whose documents have waited longer than the municipality lets them."""
_AHEAD = 5 * MINUTE
"""So far may a source's clock be ahead of ours."""
_KEY: TypeAdapter[str] = TypeAdapter(RecordKey)
_OURS = f"keys that begin with {RESERVED} are the hub's own"
_GETS_NONE = frozenset({Delivery.STUCK, Delivery.DISMISSED})


class Outcome(StrEnum):
    """What became of a request."""

    TAKEN = auto()
    KNOWN = auto()
    CONFLICT = auto()
    """The key is another document's."""


class Wish(NamedTuple):
    """A document that is to be taken, ready for the writer, and by whom."""

    filed: Filed
    actor: Actor


class Documents:
    """The use case."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._seal, self._rulebook = writer, readers, seal, rulebook
        self._clock, self._auditing = clock, Auditing(seal)
        self.woken: Callable[[], None] = lambda: None
        """Called when a lane is due."""

    async def take(self, municipality: str, key: str, raw: bytes) -> bool:
        """Take a document to be registered, on disk when this returns; whether it was not known before.

        Raises:
            InvalidError: with all faults; nothing has changed.
            NotFoundError: no such municipality.
            RefusedError: the key is another document's, or nobody registers documents there.
        """
        town = self._rulebook.town(municipality)
        filed = await asyncio.to_thread(self._filed, town, key, raw)
        outcome = await self._writer.do(self._take, Wish(filed, acting()))
        if outcome is Outcome.CONFLICT:
            told = f"{key} is another document: what is registered is not changed; send this one under a key of its own"
            raise RefusedError("document-conflict", told)
        if outcome is Outcome.TAKEN:
            self.woken()
        return outcome is Outcome.TAKEN

    def _filed(self, town: Town, key: str, raw: bytes) -> Filed:
        """Read, judge and seal: not the event loop's work, for files are large."""
        now, told = now_of(self._clock), _read(key, raw)
        _judge(key, told, now)
        duty = town.configuration.municipality.registry
        place = place_of(duty.documents, duty.connection, told.authority, told.series)
        if place is None:
            raise _unknown_authority(duty.documents.authorities)
        name = _connection(place)
        document = filing.document_of(key, told, place, duty.documents.neutral_title, now)
        municipality, content = town.configuration.municipality.key, filing.content_of(told, self._seal)
        person = whose.of_customer(self._seal, municipality, told.counterpart) if told.counterpart else ""
        return filing.filed(document, name, content, municipality, self._seal, now, person=person)

    def _take(self, connection: Connection, group: list[Wish]) -> list[Outcome]:
        """Take each in order of arrival; the same key twice is one."""
        held = {places.document(one.filed.new.municipality, one.filed.new.key) for one in group}
        connection.hold(held, share=[places.EVERYTHING])
        return [self._taken(connection, one) for one in group]

    def _taken(self, connection: Connection, wish: Wish) -> Outcome:
        new = wish.filed.new
        known = documents.find(connection, new.municipality, new.key)
        if known is not None:
            return Outcome.KNOWN if known.content == new.content else Outcome.CONFLICT
        lay(connection, self._safe(connection, wish.filed))
        told = written({"connection": new.connection, "files": len(filing.FACTS.validate_json(new.facts).files)})
        note = Note(new.municipality, Act.DOCUMENT_TAKEN, new.key, new.at, told, wish.actor)
        self._auditing.write(connection, [note])
        return Outcome.TAKEN

    def _safe(self, connection: Connection, filed: Filed) -> Filed:
        """Whoever is known as protected is so whatever the caller says: asked where nobody protects in between."""
        new = filed.new
        if not new.person or not protected.among(connection, new.municipality, [new.person]):
            return filed
        town = self._rulebook.town(new.municipality)
        return filing.guarded(filed, self._seal, town.configuration.municipality.registry.documents.neutral_title)

    async def answer(self, municipality: str, key: str, language: Language = "en") -> DocumentAnswer:
        """How far a document has come. Raises NotFoundError."""
        self._rulebook.town(municipality)
        found = await self._readers.read(_found, municipality, key)
        if found is None:
            raise NotFoundError(f"no document {quoted(key)} in {municipality}")
        return _answer(*found, language)

    def settled(self, municipality: str, key: str) -> Callable[[Connection], bool]:
        """Whether it has its number, or gets none by itself."""

        def is_settled(connection: Connection) -> bool:
            found = _found(connection, municipality, key)
            return found is None or found[0].registered_at is not None or found[1].delivery in _GETS_NONE

        return is_settled


def _read(key: str, raw: bytes) -> DocumentToRegister:
    try:
        _KEY.validate_python(key)
    except ValidationError:
        told = "a key is at most 80 letters, digits and . _ : -, and begins with a letter or a digit"
        raise InvalidError([FieldFault("", "invalid-key", told)], code="invalid-document") from None
    nul = faults_of_nul(raw)
    try:
        read = DocumentToRegister.model_validate_json(raw)
    except ValidationError as error:
        raise InvalidError([*faults_of(error), *nul], code="invalid-document") from None
    if nul:
        raise InvalidError(nul, code="invalid-document")
    return read


def _judge(key: str, told: DocumentToRegister, now: int) -> None:
    faults = []
    if key.startswith(RESERVED):
        faults.append(FieldFault("", "invalid-key", _OURS))
    if (told.case_key or "").startswith(RESERVED):
        faults.append(FieldFault("/case_key", "invalid-key", _OURS))
    if told.received_at is not None and micros(told.received_at) > now + _AHEAD:
        faults.append(FieldFault("/received_at", "invalid-value", "lies ahead: what came in has come already"))
    if faults:
        raise InvalidError(faults, code="invalid-document")


def _unknown_authority(known: Iterable[str]) -> InvalidError:
    detail = f"name one of {', '.join(sorted(known))}"
    return InvalidError([FieldFault("/authority", "unknown-authority", detail)], code="invalid-document")


def _connection(place: Place) -> str:
    if place.connection is None:
        told = "nobody registers documents here yet: nothing was taken; configure `registry`, and send it again"
        raise RefusedError("no-registry", told)
    return place.connection


def lay(connection: Connection, filed: Filed) -> None:
    """Lay a document before its registry; nobody has its key."""
    new = filed.new
    body = DocumentBody(new.key).to_json()
    raised = Raise(new.municipality, new.connection, new.key, TargetKind.RECORD, body, new.at, Delivery.DUE)
    ((lane, _),) = lanes.raise_all(connection, [raised])
    _keep(connection, filed, lane)


def _keep(connection: Connection, filed: Filed, lane: int) -> None:
    new = filed.new
    documents.add(connection, [new._replace(lane=lane)])
    documents.add_parts(connection, [(new.municipality, new.key, n, part) for n, part in enumerate(filed.parts)])


def keep_documents(connection: Connection, changes: list[Change]) -> None:
    """Keep what a group of accepted bookings is to have registered, each document once; part of that transaction."""
    for one in changes:
        fresh = one.records - one.before.records
        for filed in one.request.documents:
            for target in fresh:
                if target.key == filed.new.key:
                    _keep(connection, filed, one.targets[target].lane)


def registered(connection: Connection, municipality: str, body: DocumentBody, number: str, *, now: int) -> Event:
    """The registry has given it a number."""
    documents.registered(connection, municipality, body.key, now=now)
    documents.wake_case(connection, municipality, body.key, now=now)
    told = json.dumps({"number": number, "booking": body.booking or None}, ensure_ascii=False)
    return Event(municipality, EventType.DOCUMENT_REGISTERED, body.key, told, now)


def _found(connection: Connection, municipality: str, key: str) -> tuple[Stored, shown.Seen] | None:
    stored = documents.find(connection, municipality, key)
    return (stored, shown.seen(connection, municipality, [stored.lane])[stored.lane]) if stored else None


def _answer(stored: Stored, seen: shown.Seen, language: Language) -> DocumentAnswer:
    facts = filing.FACTS.validate_json(stored.facts)
    return DocumentAnswer(
        key=stored.key,
        state=Record(seen.effect),
        delivery=Delivery(seen.delivery),
        number=seen.reference if seen.effect == Record.DONE else None,
        detail=in_language(seen.detail, language),
        connection=stored.connection,
        direction=Direction(facts.direction),
        authority=facts.authority,
        series=facts.series,
        booking=stored.booking or None,
        received_at=moment(facts.received),
        accepted_at=instant(stored.at),
        registered_at=moment(stored.registered_at),
        files=facts.files,
        kept=bool(stored.kept),
    )


class Files:
    """Reads documents when they are sent, and not before: some are large."""

    def __init__(self, readers: Readers, seal: Seal) -> None:
        self._readers, self._seal = readers, seal

    async def document(self, municipality: str, key: str) -> Document | None:
        """The document as it was accepted; None when it is not there."""
        sealed = await self._readers.read(documents.parts, municipality, key)
        return await asyncio.to_thread(filing.opened, sealed, municipality, key, self._seal) if sealed else None


class Overdue:
    """Tells of documents that wait too long (OSL 5:1, without delay): one problem for each connection."""

    def __init__(self, writer: Writer, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._rulebook, self._clock = writer, readers, rulebook, clock

    async def look(self) -> None:
        """Open and end the problems; nothing is written while all is well."""
        for key, town in self._rulebook.towns().items():
            hours = town.configuration.municipality.registry.documents.overdue_hours
            now = now_of(self._clock)
            before = overdue_since(now, hours)
            late = await self._readers.read(
                lambda c, key=key, before=before: documents.unregistered(c, key, before=before)
            )
            known = await self._readers.read(problems.listed, key)
            told = {one.connection for one in known if one.code == OVERDUE.code}
            if late or told:
                await self._writer.call(self._tell, key, late, told, now)

    def _tell(
        self, connection: Connection, municipality: str, late: list[documents.Waiting], told: set[str], now: int
    ) -> None:
        for one in late:
            since = instant(one.since).astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")
            detail = sentences.UNREGISTERED.say(count=one.documents, since=since)
            problems.open_(connection, municipality, one.connection, OVERDUE, detail=detail, now=now)
        for name in told - {one.connection for one in late}:
            problems.close_cause(connection, municipality, name, OVERDUE, now=now)
