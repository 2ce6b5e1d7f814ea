"""The label of an SHS message: who sends what to whom, in the DTD's words, read strictly and written.

Source: SHS DTDs for labels 1.1, 1.2 and 1.2.01 as Inera Axel has them (2016), read 2026-11-21.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree
from lxml.builder import ElementMaker

from hub.sdk.errors import RejectedError
from hub.sdk.xml import local_name, parse_xml

_ADDRESS = "urn:X-shs:"
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+shs\.label\s+(?:SYSTEM|PUBLIC\s+\"[^\"<>\[\]]*\")\s+\"[^\"<>\[\]]*\"\s*>")
"""A label may name its DTD, which is never read; one that holds a DTD is refused."""
_NMTOKEN = re.compile(r"[\w.:-]+")
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


# ---------------------------------------------------------------- reading

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
