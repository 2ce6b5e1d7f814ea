"""A file of changes in bounded memory, read twice: whom it marks, then all else.

The first reading ends with a file that is whole, or is refused; so nothing but marks comes of one that is not.

Source: Skatteverket, Navetavisering.xsd of 2015, and a sample in public client code (ISO-8859-1), read 2026-11-21.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lxml import etree

from connectors.population_navet_changes.config import ChangesConfig
from connectors.population_navet_changes.translate import (
    DAY,
    DELIVERY,
    bare,
    below,
    described,
    may_be_protected,
    number_of,
)
from hub.sdk import RawItem, RejectedError, child_of, text_of

ROOT, RECORDS, RECORD, HEAD = "Navetavisering", "Folkbokforingsposter", "Folkbokforingspost", "Aviseringsinformation"
_OTHERS = {b"PK": "zip", b"\x1f\x8b": "gzip", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_NAMES = (f"{{*}}{ROOT}", f"{{*}}{RECORDS}", f"{{*}}{RECORD}", f"{{*}}{HEAD}")
_WITHIN = {(ROOT,): {HEAD, RECORDS}, (RECORDS, ROOT): {RECORD}}
"""What may stand there, and nothing else."""
_PIECE_BYTES = 262_144
_MOST_BYTES = 10_000_000
"""Between the ends of two records: one has a few thousand."""
_MENDED = "ask Skatteverket for the whole delivery again"
NOT_WHOLE = f"the file is not whole: whom it marks is marked, and nothing else is done; {_MENDED}"


@dataclass(frozen=True)
class _Record:
    """Where it stands, and the record, which is let go of when the next is asked for."""

    n: int
    post: etree._Element


class Changes:
    """One file. `today`: YYYY-MM-DD, the day on which it is read."""

    def __init__(self, file: BinaryIO, config: ChangesConfig, today: str) -> None:
        self._file, self._config, self._today = file, config, today
        self._head: etree._Element | None = None
        self._name = _begun(file)

    def items(self) -> Iterator[RawItem]:
        """All of it, whom it marks first. Raises RejectedError."""
        posts, first = 0, set[int]()
        for one in self._records():
            posts = one.n
            if self._marks(one.post):
                first.add(one.n)
                yield self._item(one, marks=True)
        told = self._described(posts)
        for one in self._records():
            if one.n not in first:
                yield self._item(one, marks=False)
        part = text_of(child_of(self._head, "Filinformation", "Utfil"), "FilNr")
        yield RawItem(f"file/{self._delivery()}/{part}", told, HEAD, _digest(told))

    def _marks(self, post: etree._Element) -> bool:
        """Whether it comes first; one that cannot be read does."""
        try:
            return may_be_protected(post, order_has_protection=self._config.order_has_protection)
        except ValueError:
            return True

    def _records(self) -> Iterator[_Record]:
        """Record by record. Raises RejectedError at the place where the file ends."""
        reading, n = _Reading(self._file), 0
        events = etree.iterparse(
            reading,
            ("start", "end"),
            tag=_NAMES,
            load_dtd=False,
            no_network=True,
            resolve_entities=False,
            remove_comments=True,
            remove_pis=True,
            huge_tree=False,
        )
        try:
            for event, element in events:
                if event == "start":
                    _look_at(element)
                elif _path(element) == (RECORD, RECORDS, ROOT):
                    n, reading.since = n + 1, 0
                    _require_nothing_else(element, n)
                    yield _Record(n, element)
                elif _path(element) == (HEAD, ROOT):
                    self._head = element
                    self._of_this_order()
                elif {one.tag for one in element} - _WITHIN.get(_path(element), {one.tag for one in element}):
                    raise RejectedError(f"something stands beside the records, and nobody here knows it; {NOT_WHOLE}")
        except etree.XMLSyntaxError:
            raise RejectedError(f"after record {n}: {NOT_WHOLE}") from None
        except _NoEndError:
            raise RejectedError(f"after record {n}: one without end; {_MENDED}") from None
        if events.root is not None:
            _look_at(events.root)

    def _of_this_order(self) -> None:
        order, wanted = text_of(child_of(self._head, "Filinformation"), "BestallningsId"), self._config.order
        if wanted and order != wanted:
            raise RejectedError("the file is of another order than this connection's; lay it where it belongs")

    def _delivery(self) -> str:
        """The name of the delivery, as far as the file tells it: a mark waits for nothing."""
        told = child_of(self._head, "Filinformation") if self._head is not None else None
        if told is None:
            return self._name
        job = text_of(child_of(told, "Utfil"), "JobbId")
        return f"{text_of(told, 'BestallningsId')} {int(job) if job.isdecimal() else ''}".strip() or self._name

    def _described(self, posts: int) -> bytes:
        """What the file tells of itself. Raises RejectedError."""
        says = text_of(child_of(self._head, "Filinformation", "Utfil"), "AntalPoster")
        if says.isdecimal() and int(says) != posts:
            raise RejectedError(f"it holds {posts} records and says {int(says)}: {NOT_WHOLE}")
        try:
            return described(self._head, posts, self._delivery())
        except ValueError:
            raise RejectedError(f"Aviseringsinformation: not as the standard says, so {NOT_WHOLE}") from None

    def _item(self, one: _Record, *, marks: bool) -> RawItem:
        kept = bare(one.post, whole=marks)
        kept.set(DELIVERY, self._delivery())
        kept.set(DAY, self._today)
        whole = _digest(etree.tostring(one.post, with_tail=False))
        posts = [(told.text or "").strip() for told in below([one.post], "Arendeuppgift", "PostId")]
        name = f"post/{posts[0]}" if posts and posts[0] else f"record/{whole}"
        return RawItem(name, etree.tostring(kept), f"record {one.n}", whole, fault=_fault(kept))


def _fault(post: etree._Element) -> str:
    try:
        number_of(post)
    except ValueError:
        return "its identity number cannot be read: look at the record in the file, and have it sent again"
    return ""


def _begun(file: BinaryIO) -> str:
    """A name for a file that tells none: by what it holds. Raises RejectedError."""
    begin = file.read(2)
    file.seek(0)
    if not begin:
        raise RejectedError(f"the file is empty; {_MENDED}")
    if begin in _OTHERS:
        raise RejectedError(f"the file is {_OTHERS[begin]}; lay it here as Skatteverket wrote it, unpacked")
    digest = hashlib.sha256()
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
    return f"file {digest.hexdigest()[:16]}"


class _NoEndError(Exception):
    """So much has been read, and no record has ended."""


class _Reading:
    """The file from its beginning, as far as records end within reason. `since`: bytes since the last one ended."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self._file, self.since = file, 0

    def read(self, size: int = -1, /) -> bytes:
        self.since += size
        if self.since > _MOST_BYTES:
            raise _NoEndError
        return self._file.read(size)


def _path(element: etree._Element) -> tuple[str, ...]:
    return (str(element.tag), *(str(one.tag) for one in element.iterancestors()))


def _look_at(element: etree._Element) -> None:
    """Refuse what is no file of changes as soon as that is seen."""
    if element.getparent() is None:
        if element.tag != ROOT:
            raise RejectedError("the file is no Navetavisering; lay files of changes here, and nothing else")
        if element.getroottree().docinfo.doctype:
            raise RejectedError("the file has a DOCTYPE, which Skatteverket's have not; nothing of it is read")


def _require_nothing_else(record: etree._Element, n: int) -> None:
    """Among the records. The record before is let go of here."""
    while (before := record.getprevious()) is not None:
        if before.tag != RECORD:
            raise RejectedError(f"before record {n}: something else than a record; {NOT_WHOLE}")
        record.getparent().remove(before)  # type: ignore[union-attr]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
