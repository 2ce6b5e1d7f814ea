"""An application as it came, packed in one piece; and what it means. Pure."""

import json
import mimetypes
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import NamedTuple

from lxml import etree

from connectors.eservice_oep.client import Fetched, Upload, instance_of
from connectors.eservice_oep.config import Form, OepConfig
from hub.model import Application, Counterpart, DocumentFile, OrganisationNumber, PersonNumber
from hub.sdk import STOCKHOLM, RawItem, RejectedError, children_of, text_of

MOST_BYTES = 30_000_000
"""Of one application with its files; the hub takes no larger document."""
_NO_NAME = "Namn saknas"
_LONGEST_NAME = 200
_UNWANTED = re.compile(r"[/\\\x00-\x1f]")
_MEDIA_TYPE = re.compile(r"[a-z]+/[A-Za-z0-9.+-]+")


class Packed(NamedTuple):
    """What came of one application."""

    xml: bytes
    files: tuple[DocumentFile, ...]


def item(id_: str, xml: bytes, files: Sequence[DocumentFile], fault: str = "") -> RawItem:
    """One submission; the XML stands in it as it came, so that who is protected is found in it."""
    head = {"xml": len(xml), "files": [[one.name, one.media_type, len(one.content)] for one in files]}
    content = b"\n".join([json.dumps(head).encode(), xml + b"".join(one.content for one in files)])
    header = instance_of(xml).find("{*}Header")
    return RawItem(id_, content, f"application {id_}", _sent(header), fault=fault)


def unpacked(content: bytes) -> Packed:
    """What `item` packed."""
    head, _, rest = content.partition(b"\n")
    told = json.loads(head)
    return Packed(rest[: told["xml"]], tuple(_cut(told["files"], memoryview(rest)[told["xml"] :])))


def _cut(named: Sequence[Sequence[object]], rest: memoryview) -> Iterator[DocumentFile]:
    for name, media_type, size in named:
        yield DocumentFile(name=str(name), media_type=str(media_type), content=bytes(rest[: int(str(size))]))
        rest = rest[int(str(size)) :]


def files_of(id_: str, xml: bytes, pdf: bytes | None, uploads: Sequence[tuple[Upload, Fetched]]) -> list[DocumentFile]:
    """All that is registered of an application: what was filled in, for machines and for people, and what came with."""
    own = {"xml": xml} | ({} if pdf is None else {"pdf": pdf})
    return [
        *(
            DocumentFile(name=f"ansökan-{id_}.{kind}", media_type=f"application/{kind}", content=content)
            for kind, content in own.items()
        ),
        *(_file(upload, fetched) for upload, fetched in uploads),
    ]


def _file(upload: Upload, fetched: Fetched) -> DocumentFile:
    name = shortened(_UNWANTED.sub("_", upload.name) or f"fil-{upload.id}")
    told = fetched.media_type.partition(";")[0].strip().lower()
    guessed = told if _MEDIA_TYPE.fullmatch(told) else mimetypes.guess_type(name)[0] or "application/octet-stream"
    return DocumentFile(name=name, media_type=guessed, content=fetched.content)


def shortened(name: str) -> str:
    """A file's name that is no longer than it may be, with the end that says what it is."""
    end = PurePath(name).suffix[:20]
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - len(end)]}{end}"


def application(raw: RawItem, config: OepConfig) -> Application:
    """What a submission means.

    Raises:
        RejectedError: it means nothing; says where and why.
    """
    packed = unpacked(raw.content)
    root = instance_of(packed.xml)
    (header,) = children_of(root, "Header")
    family = text_of(header, "Flow", "FamilyID")
    form = config.forms.get(family)
    if form is None:
        raise RejectedError(f"e-service {family} is not in `forms` of the connection; write it there", place=raw.place)
    try:
        received = datetime.fromisoformat(_sent(header))
    except ValueError:
        raise RejectedError("nobody can tell when it was sent in: register it by hand", place=raw.place) from None
    return Application(
        source_id=raw.source_id,
        submission=_submission(header),
        form=family,
        title=form.title,
        authority=form.authority,
        series=form.series,
        classification=form.classification,
        received_at=(received if received.tzinfo else received.replace(tzinfo=STOCKHOLM)).astimezone(UTC),
        counterpart=_counterpart(root, form),
        answers={name: found for name, where in form.answers.items() if (found := _at(root, where))},
        files=packed.files,
        acknowledged=True,
    )


def _sent(header: etree._Element | None) -> str:
    """When it was last sent in, Swedish time without zone; older installations say only when it was posted."""
    return next(filter(None, (text_of(header, name) for name in ("LastSubmitted", "FirstSubmitted", "Posted"))), "")


def _submission(header: etree._Element) -> str:
    """Empty for the first; a completion is called by when it was sent in."""
    first, last = text_of(header, "FirstSubmitted"), text_of(header, "LastSubmitted")
    return "" if not first or not last or first == last else re.sub(r"[^0-9T]", "", last)[:20]


def _at(root: etree._Element, where: str) -> tuple[str, ...]:
    """All that is said at a place, in order; what is empty says nothing."""
    found = [root]
    for name in where.split("/"):
        found = [child for one in found for child in children_of(one, name)]
    told = ((one.text or "").strip() for one in found if not len(one))
    return tuple(filter(None, told))


def _first(root: etree._Element, where: str | None) -> str:
    return next(iter(_at(root, where)), "") if where else ""


def _counterpart(root: etree._Element, form: Form) -> Counterpart:
    """Who sent it in. A number that does not hold is none; who has none may be a person, and may be protected."""
    number = _first(root, form.organisation_number)
    if _holds(OrganisationNumber, number):
        name = _first(root, form.organisation_name)[:_LONGEST_NAME] or _NO_NAME
        return Counterpart(kind=form.organisation_kind, name=name, organisation_number=OrganisationNumber.parse(number))
    identity = _first(root, form.identity_number)
    person = " ".join(filter(None, (_first(root, where) for where in form.names)))
    return Counterpart(
        kind="person",
        name=(person or _first(root, form.organisation_name) or _NO_NAME)[:_LONGEST_NAME],
        identity_number=PersonNumber.parse(identity) if _holds(PersonNumber, identity) else None,
    )


def _holds(kind: type[OrganisationNumber | PersonNumber], told: str) -> bool:
    try:
        kind.parse(told)
    except ValueError:
        return False
    return True
