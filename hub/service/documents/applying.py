"""Applications (ansökan) that come in by e-services: each submission is a document, and is told of.

In the transaction that keeps the raw item its document is laid before the registry, once for its key, and the booking
core is told by an event that names nobody; it fetches the rest. When the registry has given the number, the
e-service is told of it by a record of its own.
"""

from typing import NamedTuple

from pydantic import ConfigDict, TypeAdapter

from hub.clock import instant
from hub.errors import NotFoundError
from hub.masking import quoted
from hub.model.application import Answers, Applicant, Application, ApplicationAnswer
from hub.model.audit import Act
from hub.model.booking import Protected
from hub.model.document import Direction, DocumentFile
from hub.model.event_data import ApplicationReceived
from hub.model.events import EventType
from hub.model.plan import AcknowledgementBody, TargetKind
from hub.model.registering import MOST_FILES, Counterpart, DocumentToRegister, FileToRegister, place_of
from hub.model.states import Delivery, Record
from hub.planner.registering import Mark
from hub.service.asking import filing
from hub.service.asking.filing import Filed
from hub.service.audit.auditing import Auditing, Note, Witness, written
from hub.service.documents import registering
from hub.service.documents.registering import Files
from hub.service.persons import whose
from hub.service.rulebook import Rulebook, Town
from hub.service.standing.showing import moment
from hub.store import applications, documents, lanes, protected, shown
from hub.store.applications import Applied
from hub.store.documents import Stored
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.events import Event
from hub.store.lanes import Raise
from hub.store.seals.sealed import APPLICATION
from hub.store.seals.sealing import Seal

MOST_BYTES = 30_000_000
"""Of an application with its files: a document that a caller hands in is no larger."""
_LONGEST_KEY = 80


class Told(NamedTuple):
    """What the booking core may fetch."""

    applicant: Applicant | None
    answers: Answers


_TOLD = TypeAdapter(Told, config=ConfigDict(hide_input_in_errors=True))
_NOTHING = Told(None, {})


class Prepared(NamedTuple):
    """An application, ready for the writer."""

    filed: Filed
    applied: Applied
    first: str
    """Key of its first submission."""
    received: int
    nothing: bytes
    """What is left of it where its applicant is protected."""


def key_of(connection: str, source_id: str, submission: str, mark: Mark) -> str:
    """The key of a submission's document: `oep:4711`, and of a completion `oep:4711.20261120T101500`."""
    key = f"{connection}:{source_id}{submission and f'.{submission}'}"
    return key if len(key) <= _LONGEST_KEY else f"{mark(key)}:{source_id}"[:_LONGEST_KEY]


class Applying:
    """Takes them in. What is pure runs in any thread."""

    def __init__(self, seal: Seal, rulebook: Rulebook) -> None:
        self._seal, self._rulebook, self._auditing = seal, rulebook, Auditing(seal)

    def fault(self, municipality: str, told: Application) -> str:
        """Why it cannot be registered, and what to do; empty when it can."""
        size = sum(len(file.content) for file in told.files)
        if size > MOST_BYTES:
            return f"it is {size} bytes, and {MOST_BYTES} at most are taken: register it by hand"
        if len(told.files) > MOST_FILES:
            return f"it has {len(told.files)} files, and {MOST_FILES} at most are taken: register it by hand"
        duty = self._rulebook.town(municipality).configuration.municipality.registry
        place = place_of(duty.documents, duty.connection, told.authority, told.series)
        if place is None:
            return f"authority of form {told.form}: name one of {', '.join(sorted(duty.documents.authorities))}"
        return "" if place.connection else "nobody registers documents here yet; configure `registry`"

    def prepare(self, municipality: str, connection: str, told: Application, now: int) -> Prepared:
        """Seal it as a document and as what is told of it; it has no fault."""
        told = told.model_copy(update={"counterpart": _doubted(told.counterpart)})
        town = self._rulebook.town(municipality)
        first = key_of(connection, told.source_id, "", self._seal.mark)
        key = key_of(connection, told.source_id, told.submission, self._seal.mark)
        said = _TOLD.dump_json(Told(_applicant(told.counterpart), told.answers))
        sealed = self._seal.close(said, APPLICATION.place(municipality, key))
        applied = Applied(
            municipality, key, connection, told.source_id, told.form, 0, int(told.acknowledged), 0, sealed
        )
        filed = self._filed(town, key, first, told, now)
        return Prepared(filed, applied, first, filed.new.since, nothing_of(municipality, key, self._seal))

    def _filed(self, town: Town, key: str, first: str, told: Application, now: int) -> Filed:
        duty, municipality = town.configuration.municipality.registry, town.configuration.municipality.key
        place = place_of(duty.documents, duty.connection, told.authority, told.series)
        assert place is not None  # noqa: S101 - else it had a fault
        assert place.connection is not None  # noqa: S101 - as above
        document = filing.document_of(key, _wanted(told, first, key), place, told.title, now)
        content = self._seal.content_hash(f"application/{told.source_id}/{told.submission}".encode())
        person = whose.of_customer(self._seal, municipality, told.counterpart) if told.counterpart else ""
        return filing.filed(document, place.connection, content, municipality, self._seal, now, person=person)

    def keep(self, connection: Connection, one: Prepared, *, now: int) -> tuple[str, list[Event]]:
        """Keep it, once for its key; part of the transaction that keeps the raw item.

        Gives why it cannot be kept, and what is to be told.
        """
        new, town = one.filed.new, one.filed.new.municipality
        known = documents.find(connection, town, new.key)
        if known is not None:
            same = known.content == new.content
            return ("" if same else f"the key {new.key} is another document's: register it by hand"), []
        registering.lay(connection, one.filed)
        completes = new.key != one.first and documents.find(connection, town, one.first) is not None
        applied = one.applied._replace(completes=int(completes))
        if new.person and protected.among(connection, town, [new.person]):
            applied = applied._replace(erased=1, sealed=one.nothing)
        applications.add(connection, applied)
        self._auditing.write(connection, [_note(one, now)])
        told = ApplicationReceived(
            connection=applied.connection, form=applied.form, received_at=instant(one.received), completes=completes
        )
        return "", [Event(town, EventType.APPLICATION_RECEIVED, new.key, told.model_dump_json(), now)]


def nothing_of(municipality: str, key: str, seal: Seal) -> bytes:
    """What is left of an application whose applicant is protected."""
    return seal.close(_TOLD.dump_json(_NOTHING), APPLICATION.place(municipality, key))


def _note(one: Prepared, now: int) -> Note:
    new = one.filed.new
    files = len(filing.FACTS.validate_json(new.facts).files)
    told = written({"connection": new.connection, "files": files, "from": one.applied.connection})
    return Note(new.municipality, Act.DOCUMENT_TAKEN, new.key, now, told)


def _wanted(told: Application, first: str, key: str) -> DocumentToRegister:
    """The document, as a caller would hand it in."""
    files = (FileToRegister(name=one.name, media_type=one.media_type, content=one.content) for one in told.files)
    return DocumentToRegister(
        title=told.title, direction=Direction.INCOMING, received_at=told.received_at,
        authority=told.authority, series=told.series, counterpart=told.counterpart,
        case_key=None if key == first else first, classification=told.classification, files=tuple(files),
    )  # fmt: skip


def _doubted(told: Counterpart | None) -> Counterpart | None:
    """No e-service knows that somebody is not protected: it is no register, and what it knew is old."""
    if told is None or told.protected is not Protected.NO:
        return told
    return told.model_copy(update={"protected": Protected.UNKNOWN})


def _applicant(told: Counterpart | None) -> Applicant | None:
    if told is None:
        return None
    return Applicant(
        kind=told.kind,
        name=told.name,
        organisation_number=told.organisation_number.digits if told.organisation_number else None,
        identity_number=told.identity_number.digits if told.identity_number else None,
        protected=told.protection,
    )


def acknowledged(connection: Connection, municipality: str, key: str, number: str, *, now: int) -> None:
    """Its document has its number: have its e-service told, where that is to be told."""
    found = applications.find(connection, municipality, key)
    if found is None or not found.acknowledged or not number:
        return
    body = AcknowledgementBody(key, found.source_id, number, bool(found.completes)).to_json()
    raised = Raise(municipality, found.connection, key, TargetKind.RECORD, body, now, Delivery.DUE)
    lanes.raise_all(connection, [raised])


class Applications:
    """Shows them to the booking core."""

    def __init__(self, readers: Readers, seal: Seal, rulebook: Rulebook, witness: Witness) -> None:
        self._readers, self._seal, self._rulebook, self._witness = readers, seal, rulebook, witness
        self._files = Files(readers, seal)

    async def show(self, municipality: str, key: str) -> ApplicationAnswer:
        """What it says, which leaves a row in the audit. Raises NotFoundError."""
        self._rulebook.town(municipality)
        applied, stored, seen = await self._readers.read(_found, municipality, key)
        told = _TOLD.validate_json(self._seal.open(applied.sealed, APPLICATION.place(municipality, key)))
        await self._witness.saw(municipality, Act.APPLICATION_SEEN, key, erased="yes" if applied.erased else "no")
        return _shown(applied, stored, seen, told)

    async def file(self, municipality: str, key: str, place: int) -> DocumentFile:
        """One of its files, counted from 1; leaves a row in the audit. Raises NotFoundError."""
        self._rulebook.town(municipality)
        applied, stored, _ = await self._readers.read(_found, municipality, key)
        document = await self._files.document(municipality, key) if stored.kept and not applied.erased else None
        if document is None or not 1 <= place <= len(document.files):
            raise NotFoundError(f"no file {place} of application {quoted(key)}")
        await self._witness.saw(municipality, Act.APPLICATION_SEEN, key, file=place)
        return document.files[place - 1]


def _found(connection: Connection, municipality: str, key: str) -> tuple[Applied, Stored, shown.Seen]:
    applied, stored = applications.find(connection, municipality, key), documents.find(connection, municipality, key)
    if applied is None or stored is None:
        raise NotFoundError(f"no application {quoted(key)} in {municipality}")
    return applied, stored, shown.seen(connection, municipality, [stored.lane])[stored.lane]


def _shown(applied: Applied, stored: Stored, seen: shown.Seen, told: Told) -> ApplicationAnswer:
    facts = filing.FACTS.validate_json(stored.facts)
    received = moment(facts.received)
    assert received is not None  # noqa: S101 - what is incoming was received
    return ApplicationAnswer(
        key=stored.key,
        connection=applied.connection,
        source_id=applied.source_id,
        form=applied.form,
        completes=bool(applied.completes),
        received_at=received,
        state=Record(seen.effect),
        delivery=Delivery(seen.delivery),
        number=seen.reference if seen.effect == Record.DONE else None,
        manual_handling_required=bool(applied.erased),
        applicant=told.applicant,
        answers=told.answers,
        files=() if applied.erased else facts.files,
    )
