"""SHS, the state agencies' message standard (Spridnings- och Hämtningssystem): a label and its parts, read and written.

    message = unwrapped(content)          # bytes of a file, or of an answer
    message.label.product, message.parts[0].content
    content = wrapped(message)            # what another node takes; the same again when it is read

A message is `multipart/mixed`: first the label, XML in ISO-8859-1, then the parts. There is no node here: whoever
exchanges messages does it elsewhere, and files come and go.

Source: SHS DTDs for labels 1.1, 1.2 and 1.2.01 and messages as Inera Axel has them (2016), read 2026-11-21;
RFC 2045 section 6, RFC 2046 section 5.1, RFC 2183.
"""

import base64
import binascii
import quopri
import re
import secrets
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message as Headers
from email.parser import HeaderParser
from email.policy import compat32
from typing import BinaryIO
from urllib.parse import quote

from lxml import etree
from lxml.builder import ElementMaker

from hub.sdk.errors import RejectedError
from hub.sdk.sources import RawItem
from hub.sdk.xml import local_name, parse_xml

MOST_BYTES = 100_000_000
"""Of a message, where nothing else is said."""
_MOST_PARTS = 1000
_ANY = "application/octet-stream"
_ADDRESS = "urn:X-shs:"
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+shs\.label\s+(?:SYSTEM|PUBLIC\s+\"[^\"<>\[\]]*\")\s+\"[^\"<>\[\]]*\"\s*>")
"""A label may name its DTD, which is never read; one that holds a DTD is refused."""
_NMTOKEN = re.compile(r"[\w.:-]+")
_BLANK = re.compile(rb"(?:[ \t]*\r?\n)*")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_NOT_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_E = ElementMaker()

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody, or something, that a label names: an address or id, and what it is called besides."""

    value: str
    named: Texts = field(default_factory=dict)
    """Attributes as the DTD has them: `commonName`, `e-mail`, `labeledURI`, `name`."""

    @property
    def organisation(self) -> str:
        """The ten digits of an address, `urn:X-shs:162021005448`; empty where it is another."""
        digits = self.value.removeprefix(_ADDRESS)
        ten = digits[2:] if len(digits) == 12 and digits.startswith("16") else digits  # noqa: PLR2004 - 16 and ten
        return ten if re.fullmatch(r"[0-9]{10}", ten) else ""


@dataclass(frozen=True, slots=True)
class Datum:
    """What a label says of one part."""

    kind: str
    """`datapartType`."""
    filename: str = ""
    size: int | None = None
    """Bytes, as its sender counted them."""
    records: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A node that it has passed (history)."""

    at: str
    comment: str = ""
    named: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShsLabel:
    """What a message is, and for whom. Two with the same `tx_id` are one, sent twice."""

    tx_id: str
    corr_id: str
    sequence: str
    """`event`, `request`, `reply` or `adm`."""
    product: Place
    at: datetime
    """As it stands there: Swedish time, most often without zone."""
    content_id: str
    sender: Place | None = None
    """`from`; a message has it or an `originator`."""
    originator: Place | None = None
    to: Place | None = None
    end_recipient: Place | None = None
    subject: str = ""
    meta: tuple[tuple[str, str], ...] = ()
    status: str = "production"
    """Or `test`."""
    transfer: str = "asynch"
    """Or `synch`."""
    message_type: str = "simple"
    """Or `compound`, as the next."""
    document_type: str = "simple"
    agreement: str = ""
    data: tuple[Datum, ...] = ()
    compound: int | None = None
    """How many parts there are that nothing more is said of."""
    comment: str = ""
    history: tuple[Event, ...] = ()
    version: str = "1.2"
    """Or `1.1`."""


@dataclass(frozen=True, slots=True)
class ShsPart:
    """One part, as it was before it was packed."""

    content: bytes = field(repr=False)
    media_type: str = _ANY
    name: str = ""
    """Of the file, where it has one."""


@dataclass(frozen=True, slots=True)
class ShsMessage:
    """A label, and what came with it."""

    label: ShsLabel
    parts: tuple[ShsPart, ...] = ()

    def files(self) -> Iterator[tuple[str, str, ShsPart]]:
        """(`datapartType`, name, part) in order; a name that the part itself lacks is the label's."""
        told = (*self.label.data, *[Datum("")] * (len(self.parts) - len(self.label.data)))
        for datum, part in zip(told, self.parts, strict=True):
            yield datum.kind, part.name or datum.filename, part


def is_shs(head: bytes) -> bool:
    """Whether a file that begins so may be a message: as much of it as a line or two will do."""
    return head[_begins(head) :].lower().startswith((b"content-type: multipart/mixed", b"mime-version:", b"--"))


def _begins(content: bytes) -> int:
    """Where the blank lines end that somebody may have left before it."""
    found = _BLANK.match(content)
    return found.end() if found else 0


# ---------------------------------------------------------------- reading


def unwrapped(content: bytes, *, most_bytes: int = MOST_BYTES) -> ShsMessage:
    """Read a message, with the header of its multipart or without.

    Raises:
        RejectedError: it is none, is cut short, or its label says something else than there is; `place` says where.
    """
    if len(content) > most_bytes:
        raise RejectedError(f"{len(content)} bytes, and {most_bytes} at most are taken", place="message")
    first, *others = _chunks(*_opened(content))
    headers, body = _headers(first, "label")
    if headers.get_content_type() not in {"text/xml", "application/xml"}:
        raise RejectedError("the first part is no XML", place="label")
    label = read_label(_decoded(headers, body, "label"))
    read = [_part(chunk, f"part {n}") for n, chunk in enumerate(others, 1)]
    _agree(label, [sizes for _, sizes in read])
    return ShsMessage(label, tuple(part for part, _ in read))


def received(file: BinaryIO, *, most_bytes: int = MOST_BYTES) -> RawItem:
    """A file with one message as a source's raw item, whole and as it came: `read_file` yields it, `translate` unwraps.

    It is known by its transaction (`tx.id`), so one that is sent again is a double. Raises RejectedError.
    """
    content = file.read(most_bytes + 1)
    label = unwrapped(content, most_bytes=most_bytes).label
    return RawItem(label.tx_id, content, f"message {label.tx_id}")


def _opened(content: bytes) -> tuple[bytes, bytes]:
    """All from the first part on, and what stands between the parts."""
    content = content[_begins(content) :]
    if content.startswith(b"--"):
        line = content[2:100].partition(b"\n")[0].rstrip()
        return content, _boundary(line.decode("ascii", "replace"))
    end = _HEADER_END.search(content)
    if end is None:
        raise RejectedError("it has no header and no parts", place="message")
    headers = _parsed(content[: end.start()])
    if headers.get_content_type() != "multipart/mixed":
        raise RejectedError("it is no multipart/mixed", place="message")
    return content[end.start() :], _boundary(str(headers.get_boundary() or ""))


def _boundary(told: str) -> bytes:
    if not _BOUNDARY.fullmatch(told):
        raise RejectedError("nothing says what stands between its parts", place="message")
    return told.encode()


def _chunks(content: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the delimiters, up to the closing one; the first is the label."""
    delimiters = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    chunks, at = list[bytes](), None
    for found in delimiters.finditer(content):
        if at is not None:
            chunks.append(content[at : found.start()])
        if found[1] and chunks:
            return chunks
        if len(chunks) > _MOST_PARTS:
            raise RejectedError(f"it has more than {_MOST_PARTS} parts", place="message")
        at = found.end()
    raise RejectedError("it is cut short: its end is missing", place="message")


def _parsed(raw: bytes) -> Headers:
    """A header; its letters are UTF-8, or else Latin-1."""
    try:
        told = raw.decode()
    except UnicodeDecodeError:
        told = raw.decode("latin-1")
    return HeaderParser(policy=compat32).parsestr(told)


def _headers(chunk: bytes, place: str) -> tuple[Headers, bytes]:
    """The header of a part, and what stands below it."""
    end = _HEADER_END.search(chunk)
    if end is None:
        raise RejectedError("its header does not end", place=place)
    return _parsed(chunk[: end.start()].lstrip(b"\r\n")), chunk[end.end() :]


def _decoded(headers: Headers, body: bytes, place: str) -> bytes:
    """What a part holds, whichever way it was packed."""
    match str(headers.get("Content-Transfer-Encoding", "binary")).strip().lower():
        case "binary" | "8bit" | "7bit":
            return body
        case "base64":
            try:
                return base64.b64decode(b"".join(body.split()), validate=True)
            except binascii.Error:
                raise RejectedError("it is no base64", place=place) from None
        case "quoted-printable" if not _NOT_QUOTED.search(body):
            return quopri.decodestring(body)
        case "quoted-printable":
            raise RejectedError("it is not quoted-printable", place=place)
    raise RejectedError("nobody knows how it is packed (Content-Transfer-Encoding)", place=place)


def _part(chunk: bytes, place: str) -> tuple[ShsPart, set[int]]:
    """A part, and how many bytes somebody may have counted: as it is, or as it was packed."""
    headers, body = _headers(chunk, place)
    kind = headers.get_content_type() if headers.get("Content-Type") else _ANY
    content = _decoded(headers, body, place)
    return ShsPart(content, kind, _letters(headers.get_filename("") or "")), {len(content), len(body)}


def _letters(name: str) -> str:
    """A name, also where it is written as RFC 2047 has it."""
    try:
        return str(make_header(decode_header(name))) if name.startswith("=?") else name
    except (ValueError, LookupError, HeaderParseError):
        return name


def _agree(label: ShsLabel, sizes: Sequence[Container[int]]) -> None:
    """What the label says of its parts, and what there is."""
    wanted = len(label.data) if label.compound is None else label.compound
    if wanted != len(sizes):
        raise RejectedError(f"it says {wanted} parts, and there are {len(sizes)}", place="label, content")
    for n, (datum, counted) in enumerate(zip(label.data, sizes, strict=False), 1):
        if datum.size is not None and datum.size not in counted:
            raise RejectedError(f"the label says {datum.size} bytes, and there are others", place=f"part {n}")


# ---------------------------------------------------------------- the label

_NAMED = {
    "originator": {"name", "labeledURI"}, "from": {"commonName", "e-mail", "labeledURI"}, "to": {"commonName"},
    "end-recipient": {"name", "labeledURI"}, "product": {"commonName", "labeledURI"}, "meta": {"name"},
    "data": {"datapartType", "filename", "no-of-bytes", "no-of-records"},
    "compound": {"no-of-parts"}, "content": {"content.id", "uuid"}, "subject": set(), "datetime": set(),
    "comment": set(),
    "history": {
        "node.id", "content.id", "tx.id", "corr.id", "from", "to", "local.id", "shs.agreement", "product.id",
    },
    "shs.label": {
        "version", "tx.id", "corr.id", "shs.agreement", "transfer-type", "message-type", "document-type",
        "sequence-type", "status",
    },
}  # fmt: skip
_BELOW = {
    "shs.label": (
        "originator", "from", "to", "end-recipient", "product", "meta", "subject", "datetime", "content", "history",
    ),
    "content": ("data", "compound", "comment"),
    "history": ("datetime", "comment"),
}  # fmt: skip
_MANY = {"meta", "history", "data"}


def read_label(body: bytes) -> ShsLabel:
    """Read a label; what the DTD does not have is refused.

    Raises:
        RejectedError: it is none; `place` says where in it.
    """
    try:
        root = parse_xml(_DOCTYPE.sub(b"", body, count=1))
    except (ValueError, SyntaxError):
        raise RejectedError("it is no XML, or brings a DTD of its own", place="label") from None
    if root.tag != "shs.label":
        raise RejectedError("it is no shs.label", place="label")
    _allowed(root, "label")
    try:
        return _label(root)
    except (ValueError, KeyError) as error:
        told = str(error) if isinstance(error, ValueError) else f"{error.args[0]} is missing"
        raise RejectedError(told, place="label") from None


def _allowed(element: etree._Element, place: str) -> None:
    """Refuse what nobody knows: an element, its order, an attribute."""
    name = local_name(element)
    if extra := sorted(map(str, set(element.attrib) - _NAMED[name])):
        raise RejectedError(f"unknown attribute {extra[0]}", place=place)
    order, last = _BELOW.get(name, ()), -1
    if order and any((text or "").strip() for text in (element.text, *(one.tail for one in element))):
        raise RejectedError("text where none may be", place=place)
    for one in element:
        child = local_name(one)
        if one.tag not in order:
            raise RejectedError(f"unknown element {child}", place=place)
        now = order.index(child)
        if now < last or (now == last and child not in _MANY):
            raise RejectedError(f"{child} stands in another place than it should", place=place)
        last = now
        _allowed(one, f"{place}, {child}")


def _label(root: etree._Element) -> ShsLabel:
    version = _one_of(root, "version", ("1.2", "1.1"))
    content = _only(root, "content")
    data, compounds = content.findall("data"), content.findall("compound")
    if data and compounds:
        raise ValueError("content has data and compound")
    product = _only(root, "product")
    if root.find("from") is None and root.find("originator") is None:
        raise ValueError("nobody says who sent it")
    return ShsLabel(
        tx_id=_token(root, "tx.id"),
        corr_id=_token(root, "corr.id"),
        sequence=_one_of(root, "sequence-type", ("event", "request", "reply", "adm"), needed=True),
        product=_place(product),
        at=_moment(_text(_only(root, "datetime"))),
        content_id=_token(content, "content.id" if version == "1.2" else "uuid"),
        sender=_placed(root, "from"),
        originator=_placed(root, "originator"),
        to=_placed(root, "to"),
        end_recipient=_placed(root, "end-recipient"),
        subject=_text(root.find("subject")),
        meta=tuple((str(one.attrib["name"]), _text(one)) for one in root.findall("meta")),
        status=_one_of(root, "status", ("production", "test")),
        transfer=_one_of(root, "transfer-type", ("asynch", "synch")),
        message_type=_one_of(root, "message-type", ("simple", "compound")),
        document_type=_one_of(root, "document-type", ("simple", "compound")),
        agreement=_token(root, "shs.agreement", needed=False),
        data=tuple(_datum(one, version) for one in data),
        compound=_number(compounds[0], "no-of-parts") if compounds else None,
        comment=_text(content.find("comment")),
        history=tuple(_event(one) for one in root.findall("history")),
        version=version,
    )


def _only(element: etree._Element, name: str) -> etree._Element:
    found = element.find(name)
    if found is None:
        raise KeyError(name)
    return found


def _text(element: etree._Element | None) -> str:
    return "" if element is None else (element.text or "").strip()


def _token(element: etree._Element, name: str, *, needed: bool = True) -> str:
    told = str(element.get(name, ""))
    if needed and not told:
        raise KeyError(name)
    if told and not _NMTOKEN.fullmatch(told):
        raise ValueError(f"{name} is no NMTOKEN")
    return told


def _one_of(element: etree._Element, name: str, known: Sequence[str], *, needed: bool = False) -> str:
    """One of the words that are known; the first of them where there is none and none is needed."""
    told = element.get(name)
    if told is None and not needed:
        return known[0]
    if told not in known:
        raise ValueError(f"{name} is none of {', '.join(known)}")
    return str(told)


def _number(element: etree._Element, name: str) -> int | None:
    told = element.get(name)
    if told is not None and not re.fullmatch(r"[0-9]{1,12}", told):
        raise ValueError(f"{name} is no number")
    return None if told is None else int(told)


def _moment(told: str) -> datetime:
    try:
        return datetime.fromisoformat(told)
    except ValueError:
        raise ValueError("datetime is none") from None


def _place(element: etree._Element) -> Place:
    return Place(_text(element), {str(name): str(value) for name, value in element.attrib.items()})


def _placed(root: etree._Element, name: str) -> Place | None:
    found = root.find(name)
    return None if found is None else _place(found)


def _datum(element: etree._Element, version: str) -> Datum:
    kind = str(element.get("datapartType", ""))
    if not kind and version == "1.2":
        raise KeyError("datapartType")
    size, records = _number(element, "no-of-bytes"), _number(element, "no-of-records")
    return Datum(kind, str(element.get("filename", "")), size, records)


def _event(element: etree._Element) -> Event:
    named = {str(name): str(value) for name, value in element.attrib.items()}
    return Event(_text(_only(element, "datetime")), _text(element.find("comment")), named)


# ---------------------------------------------------------------- writing

_LABEL = {"Content-Type": "text/xml; charset=ISO-8859-1"}


def wrapped(message: ShsMessage) -> bytes:
    """Write a message that is read as the same again.

    Raises:
        RejectedError: it says something else than it has, or something that no label and no header can say.
    """
    _agree(message.label, [{len(part.content)} for part in message.parts])
    label = _piece(_LABEL, written_label(message.label))
    pieces = [label, *(_written(part, f"part {n}") for n, part in enumerate(message.parts, 1))]
    boundary = _free(pieces)
    head = f'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="{boundary}"\r\n'.encode()
    between = f"\r\n--{boundary}\r\n".encode()
    return between.join([head, *pieces]) + between[:-2] + b"--\r\n"


def _free(contents: Sequence[bytes]) -> str:
    """A boundary that stands in none of them."""
    while True:
        boundary = f"shs-{secrets.token_hex(12)}"
        if not any(boundary.encode() in content for content in contents):
            return boundary


def _written(part: ShsPart, place: str) -> bytes:
    """A part, if its header is read as it was meant."""
    headers = {"Content-Type": part.media_type} | (
        {"Content-Disposition": _disposition(part.name)} if part.name else {}
    )
    written = _piece(headers, b"")
    try:
        found, _ = _part(b"\r\n" + written, place)
    except RejectedError:
        found = None
    if found != ShsPart(b"", part.media_type, part.name):
        raise RejectedError("its name or media type fits no header", place=place)
    return written + part.content


def _disposition(name: str) -> str:
    return f"attachment; filename*=utf-8''{quote(name, safe='')}"


def _piece(headers: Texts, content: bytes) -> bytes:
    told = {**headers, "Content-Transfer-Encoding": "binary"}
    return (
        "".join(f"{name}: {value}\r\n" for name, value in told.items()).encode("utf-8", "replace") + b"\r\n" + content
    )


def written_label(label: ShsLabel) -> bytes:
    """Write a label, by the DTD of its version, that is read as the same again. Raises RejectedError."""
    try:
        written = etree.tostring(_element(label), xml_declaration=True, encoding="ISO-8859-1")
        if read_label(written) == label:
            return written
    except (ValueError, RejectedError):
        pass
    raise RejectedError("it has something that a label cannot say", place="label")


def _element(label: ShsLabel) -> etree._Element:
    root = _E("shs.label", _attributes({
        "version": label.version, "tx.id": label.tx_id, "corr.id": label.corr_id, "shs.agreement": label.agreement,
        "transfer-type": label.transfer, "message-type": label.message_type if label.version == "1.2" else "",
        "document-type": label.document_type, "sequence-type": label.sequence, "status": label.status,
    }))  # fmt: skip
    named = {"originator": label.originator, "from": label.sender, "to": label.to}
    named |= {"end-recipient": label.end_recipient, "product": label.product}
    root.extend(_E(name, one.value, dict(one.named)) for name, one in named.items() if one is not None)
    root.extend(_E("meta", value, name=name) for name, value in label.meta)
    root.extend(_texts(("subject", label.subject)))
    root.append(_E("datetime", label.at.isoformat()))
    root.append(_content(label))
    for one in label.history:
        root.append(_E("history", dict(one.named), _E("datetime", one.at), *_texts(("comment", one.comment))))
    return root


def _content(label: ShsLabel) -> etree._Element:
    content = _E("content", {"content.id" if label.version == "1.2" else "uuid": label.content_id})
    content.extend(
        _E("data", _attributes({
            "datapartType": one.kind, "filename": one.filename,
            "no-of-bytes": "" if one.size is None else str(one.size),
            "no-of-records": "" if one.records is None else str(one.records),
        }))
        for one in label.data
    )  # fmt: skip
    if label.compound is not None:
        content.append(_E("compound", {"no-of-parts": str(label.compound)}))
    content.extend(_texts(("comment", label.comment)))
    return content


def _texts(*told: tuple[str, str]) -> list[etree._Element]:
    return [_E(name, text) for name, text in told if text]


def _attributes(told: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in told.items() if value}
