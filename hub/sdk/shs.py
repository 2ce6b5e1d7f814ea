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
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message as Headers
from email.parser import HeaderParser
from email.policy import compat32
from typing import BinaryIO
from urllib.parse import quote

from hub.sdk.errors import RejectedError
from hub.sdk.shs_label import Datum, ShsLabel, Texts, read_label, written_label
from hub.sdk.sources import RawItem

MOST_BYTES = 100_000_000
"""Of a message, where nothing else is said."""
_MOST_PARTS = 1000
_ANY = "application/octet-stream"
_BLANK = re.compile(rb"(?:[ \t]*\r?\n)*")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_NOT_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")
_HEADER_END = re.compile(rb"\r?\n\r?\n")


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
