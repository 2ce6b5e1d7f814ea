"""What is kept of a document that is to be registered: understood, hashed, sealed in pieces, and put together again.

Whoever may not be named in the public register is named nowhere in it: the title that was told becomes the protected
one, a neutral one takes its place, and the mark of OSL 21:3 is added.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from pydantic import ConfigDict, TypeAdapter

from hub.clock import STOCKHOLM, instant, micros
from hub.model.booking import Booking, Protected
from hub.model.document import Direction, Document, DocumentFile, Secrecy
from hub.model.plan import DocumentBody, RecordWish
from hub.model.registering import DocumentToRegister, Place, RegisteredFile
from hub.planner.registering import RegisterRules, case_of, form
from hub.service.persons.whose import of_customer
from hub.store.documents import NewDocument
from hub.store.seals.sealed import DOCUMENT_PART
from hub.store.seals.sealing import Seal

PIECE = 256 * 1024
"""Bytes of a file that are sealed together."""
PROTECTED_GROUND = "OSL 21:3"
"""Source: offentlighets- och sekretesslagen 21 kap. 3 §, read 2026-11-21."""


class Facts(NamedTuple):
    """What is kept in clear: nothing of it names anybody."""

    direction: str
    authority: str
    series: str
    received: int | None
    files: tuple[RegisteredFile, ...]


class Filed(NamedTuple):
    """A document, ready for the writer."""

    new: NewDocument
    parts: tuple[bytes, ...]


class _Said(NamedTuple):
    """Part 0: the document without its files' contents, and in how many pieces each of those is."""

    document: Document
    pieces: tuple[int, ...]


FACTS = TypeAdapter(Facts)
_SAID = TypeAdapter(_Said, config=ConfigDict(hide_input_in_errors=True, ser_json_bytes="base64"))


def document_of(key: str, told: DocumentToRegister, place: Place, neutral_title: str, now: int) -> Document:
    """The document as a registry is to have it; `now`, microseconds, dates what has no date of its own."""
    counterpart = told.counterpart
    document = Document(
        key=key,
        title=told.title,
        protected_title=told.protected_title,
        direction=told.direction,
        dated=told.dated or _day(micros(told.received_at) if told.received_at else now),
        received_at=told.received_at,
        authority=place.authority,
        series=place.series,
        counterpart=counterpart.name if counterpart else "",
        counterpart_protected=False,
        case=told.case,
        case_key=told.case_key,
        classification=told.classification,
        secrecy=told.secrecy,
        files=tuple(DocumentFile(name=f.name, media_type=f.media_type, content=f.content) for f in told.files),
    )
    safe = counterpart is None or counterpart.protection is Protected.NO
    return document if safe else _guarded(document, neutral_title)


def guarded(filed: Filed, seal: Seal, neutral_title: str) -> Filed:
    """The document when its counterpart is known as protected, whatever was said of them."""
    first, *others = filed.parts
    new = filed.new
    return filed._replace(parts=(guarded_part(first, new.municipality, new.key, seal, neutral_title), *others))


def guarded_part(first: bytes, municipality: str, key: str, seal: Seal, neutral_title: str | None) -> bytes:
    """Part 0 of a document whose counterpart turned out to be protected: nobody is named in public any more.

    `neutral_title`: None where its title names nobody, as what the hub itself calls the documents of bookings.
    """
    place = DOCUMENT_PART.place(municipality, f"{key}/0")
    said = _SAID.validate_json(seal.open(first, place))
    document = said.document
    hidden = _guarded(document, document.title if neutral_title is None else neutral_title)
    return seal.close(_SAID.dump_json(said._replace(document=hidden)), place)


def _guarded(document: Document, neutral_title: str) -> Document:
    if document.counterpart_protected:
        return document
    told = document.protected_title or (document.title if document.title != neutral_title else None)
    secrecy = _marked(document.secrecy)
    public = {"title": neutral_title, "protected_title": told, "counterpart_protected": True, "secrecy": secrecy}
    return document.model_copy(update=public)


def _marked(secrecy: Secrecy | None) -> Secrecy:
    """The mark that it has, and the one that protection brings."""
    if secrecy and PROTECTED_GROUND in secrecy.ground:
        return secrecy
    if secrecy is None:
        return Secrecy(ground=PROTECTED_GROUND)
    return secrecy.model_copy(update={"ground": f"{secrecy.ground}, {PROTECTED_GROUND}", "until": None})


def content_of(told: DocumentToRegister, seal: Seal) -> bytes:
    """By what the same is known: what the caller said, and nothing of what the configuration makes of it."""
    said = told.model_dump(mode="json", exclude={"files"}, exclude_defaults=True)
    said["files"] = [(file.name, file.media_type, file.digest) for file in told.files]
    return seal.content_hash(json.dumps(said, sort_keys=True).encode())


def filed(  # noqa: PLR0913 - a document and its surroundings
    document: Document, connection: str, content: bytes, municipality: str, seal: Seal, now: int, *, person: str = ""
) -> Filed:
    """The document as it is kept; its lane is not known yet. `person`: by which its counterpart is found."""
    received = micros(document.received_at) if document.received_at else None
    files = tuple(
        RegisteredFile(media_type=file.media_type, size=len(file.content), sha256=file.sha256)
        for file in document.files
    )
    facts = Facts(document.direction, document.authority, document.series, received, files)
    new = NewDocument(
        municipality, document.key, connection, 0, "", "" if document.case else document.opens, person,
        content,
        FACTS.dump_json(facts).decode(), now if received is None else received, now,
    )  # fmt: skip
    sealed = (
        seal.close(part, DOCUMENT_PART.place(municipality, f"{document.key}/{n}"))
        for n, part in enumerate(_parts(document))
    )
    return Filed(new, tuple(sealed))


def _parts(document: Document) -> Iterator[bytes]:
    cut = [_pieces(file.content) for file in document.files]
    empty = tuple(file.model_copy(update={"content": b""}) for file in document.files)
    yield _SAID.dump_json(_Said(document.model_copy(update={"files": empty}), tuple(map(len, cut))))
    for pieces in cut:
        yield from pieces


def _pieces(content: bytes) -> list[bytes]:
    return [content[start : start + PIECE] for start in range(0, len(content), PIECE)]


def opened(sealed: Sequence[bytes], municipality: str, key: str, seal: Seal) -> Document:
    """A document as it was accepted, out of its parts in order."""
    first, *rest = (seal.open(part, DOCUMENT_PART.place(municipality, f"{key}/{n}")) for n, part in enumerate(sealed))
    said = _SAID.validate_json(first)
    pieces, files = iter(rest), []
    for file, count in zip(said.document.files, said.pieces, strict=True):
        files.append(file.model_copy(update={"content": b"".join(next(pieces) for _ in range(count))}))
    return said.document.model_copy(update={"files": tuple(files)})


def of_booking(
    booking: Booking, wishes: Sequence[RecordWish], rules: RegisterRules, *, municipality: str, seal: Seal, at: int
) -> tuple[Filed, ...]:
    """The documents that a plan asks for, sealed; `at`: when the revision was accepted, microseconds."""
    return tuple(
        _of_booking(booking, body.key, wish.target.connection, rules, municipality, seal, at)
        for wish in wishes
        if (body := DocumentBody.read(wish.body))
    )


def _of_booking(  # noqa: PLR0913, PLR0917 - a booking and its surroundings
    booking: Booking, key: str, connection: str, rules: RegisterRules, municipality: str, seal: Seal, at: int
) -> Filed:
    said, rule = form(booking), rules.documents[booking.status]
    assert rule is not None  # noqa: S101 - else nothing would have been asked for
    protected = booking.customer.protection is not Protected.NO
    incoming = rule.direction is Direction.INCOMING
    document = Document(
        key=key,
        title=rule.title.replace("{number}", booking.number),
        direction=rule.direction,
        dated=_day(at),
        received_at=instant(at) if incoming else None,
        authority=rules.authority,
        series=rules.series,
        case_key=case_of(booking.number, seal.mark),
        counterpart=booking.customer.name,
        counterpart_protected=protected,
        secrecy=_marked(None) if protected else None,
        files=(
            DocumentFile(
                name=f"{booking.number.replace(':', '_')}.{booking.revision}.json",
                media_type="application/json",
                content=said,
            ),
        ),
    )
    person = of_customer(seal, municipality, booking.customer)
    made = filed(document, connection, seal.content_hash(said), municipality, seal, at, person=person)
    return made._replace(new=made.new._replace(booking=booking.number))


def _day(at: int) -> date:
    return instant(at).astimezone(STOCKHOLM).date()
