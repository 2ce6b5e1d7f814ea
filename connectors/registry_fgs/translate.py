"""A document as FGS Ärendehantering (ERMS), and a receipt; pure.

Source: Riksarkivet, FGS Ärendehantering 1.0 (http://xml.ra.se/e-arkiv/FGS-ERMS), read 2026-11-21. The times of FGS
have no zone: they are Swedish, and the moment itself stands beside, for one hour comes twice.
"""

import re
from datetime import datetime
from functools import cache
from pathlib import Path, PurePath
from typing import Any

import xmlschema
from lxml import etree
from pydantic import BaseModel, Field

from connectors.registry_fgs.client import Delivery
from hub.model import Direction, Document, DocumentFile, Secrecy
from hub.sdk import STOCKHOLM, Condition, Receipt, RejectedError

NAMESPACE = "http://xml.ra.se/e-arkiv/FGS-ERMS"
KEY_TYPE = "knutpunkt"
"""`ExtraIDTyp` of our keys."""
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")
_STATUS = {Direction.INCOMING: "Inkommen", Direction.OUTGOING: "Expedierad", Direction.DRAWN_UP: "Upprättad"}
_CODE = re.compile(r"[a-z0-9-]{1,40}")


class Ack(BaseModel):
    """What the registry says: a number, or why there is none."""

    key: str
    number: str | None = Field(default=None, max_length=80)
    error: str | None = None


def name_of(key: str) -> str:
    """What the files of a document are called; a colon is no letter of a file's name everywhere."""
    return key.replace(":", "+")


def receipt(content: bytes | None, key: str) -> Receipt:
    """What the registry has said; that a number is coming while it has said nothing.

    Raises:
        RejectedError: it refuses the document, or its receipt is of another or cannot be read.
    """
    if content is None:
        return Receipt(condition=Condition.COMING)
    where = f"{name_of(key)}.ack.json"
    try:
        told = Ack.model_validate_json(content)
    except ValueError:
        raise RejectedError(f"{where} is no receipt; have the registry write it anew") from None
    if told.key != key:
        raise RejectedError(f"{where} is of another key; have the registry write it anew")
    if told.number:
        return Receipt(told.number)
    code = f" ({told.error})" if told.error and _CODE.fullmatch(told.error) else ""
    raise RejectedError(
        f"the registry refuses it{code}: {where} says why; correct it there, remove the file, try again"
    )


def delivery(document: Document) -> Delivery:
    """What is laid in the folder: the same document is the same bytes.

    Raises:
        RejectedError: it cannot be said in XML, or is not valid.
    """
    links = [_link(document, n, file) for n, file in enumerate(document.files, 1)]
    try:
        root = _case(document, links)
    except ValueError:
        raise RejectedError(
            "a text holds a character that XML has no room for; correct it where it came from"
        ) from None
    _valid(root)
    xml = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    enclosed = tuple(zip(links, (file.content for file in document.files), strict=True))
    return Delivery(name_of(document.key), xml, enclosed)


def _link(document: Document, n: int, file: DocumentFile) -> str:
    """A name for what it holds, in letters that every disk has."""
    suffix = PurePath(file.name).suffix
    return f"{name_of(document.key)}.{n}-{file.sha256[:16]}{suffix if _SUFFIX.fullmatch(suffix) else ''}"


def _case(document: Document, links: list[str]) -> etree._Element:
    root = etree.Element(_tag("Leveransobjekt"), nsmap={None: NAMESPACE})
    case = _below(_below(root, "ArkivobjektListaArenden"), "ArkivobjektArende")
    _text(case, "ArkivobjektID", document.case or document.opens)
    if document.case is None:
        _text(case, "ExtraID", document.opens, ExtraIDTyp=KEY_TYPE)
    if document.classification:
        _text(case, "Klass", document.classification)
    _restriction(case, document.secrecy)
    if document.counterpart:
        _party(case, "Motpart", document)
    _text(case, "Arendemening", document.title)
    _document(_below(_below(case, "ArkivobjektListaHandlingar"), "ArkivobjektHandling"), document, links)
    return root


def _document(there: etree._Element, document: Document, links: list[str]) -> None:
    """In the order that the schema wants."""
    _text(there, "ArkivobjektID", document.key)
    _text(there, "ExtraID", document.key, ExtraIDTyp=KEY_TYPE)
    direction = document.direction
    if document.counterpart and direction is Direction.INCOMING:
        _party(there, "Avsandare", document)
    if direction is Direction.OUTGOING:
        _text(there, "Expedierad", document.dated.isoformat())
    if document.received_at is not None:
        _text(there, "Inkommen", _wall(document.received_at))
    if document.counterpart and direction is Direction.OUTGOING:
        _party(there, "Mottagare", document)
    _text(there, "Rubrik", document.title)
    _text(there, "StatusHandling", _STATUS[direction])
    if direction is Direction.DRAWN_UP:
        _text(there, "Upprattad", document.dated.isoformat())
    _restriction(there, document.secrecy)
    for link, file in zip(links, document.files, strict=True):
        _enclosed(there, link, file)
    _own(there, document)


def _party(there: etree._Element, name: str, document: Document) -> None:
    party = _below(there, name)
    _text(party, "Namn", document.counterpart)
    _text(party, "SkyddadIdentitet", "true" if document.counterpart_protected else "false")


def _restriction(there: etree._Element, secrecy: Secrecy | None) -> None:
    """The mark: provision, day and authority (OSL 5:5), and when it ends."""
    if secrecy is None:
        return
    one = _below(there, "Restriktion", Typ="Sekretess")
    marked, by = (secrecy.marked.isoformat() if secrecy.marked else ""), secrecy.by
    told = " ".join(filter(None, ("Sekretessmarkering", marked, f"av {by}" if by else "")))
    _text(one, "ForklarandeText", told)
    _text(one, "Lagrum", secrecy.ground)
    if secrecy.until:
        _text(one, "RestriktionsDatum", secrecy.until.isoformat())


def _enclosed(there: etree._Element, link: str, file: DocumentFile) -> None:
    _below(
        there,
        "Bilaga",
        Namn=file.name,
        Lank=link,
        Storlek=str(len(file.content)),
        Mimetyp=file.media_type,
        Checksumma=file.sha256,
        ChecksummaMetod="SHA-256",
    )


def _own(there: etree._Element, document: Document) -> None:
    """What FGS has no element for."""
    told = {
        "SkyddadRubrik": document.protected_title,
        "Datum": document.dated.isoformat(),
        "InkommenMedZon": document.received_at.isoformat() if document.received_at else None,
        "Namnd": document.authority,
        "Diarieserie": document.series,
        "Arendenyckel": document.case_key,
    }
    own = _below(there, "EgnaElement")
    for name, value in told.items():
        if value:
            _text(_below(own, "EgetElement", Namn=name), "Varde", value)


def _wall(at: datetime) -> str:
    return at.astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M:%S")


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _below(there: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(there, _tag(name), attrib=attributes)


def _text(there: etree._Element, name: str, text: str, **attributes: str) -> None:
    _below(there, name, **attributes).text = text


@cache
def schema() -> Any:  # noqa: ANN401 - xmlschema tells no type of it
    """What we write of FGS, and nothing more of it."""
    return xmlschema.XMLSchema(Path(__file__).parent / "erms.xsd")


def _valid(root: etree._Element) -> None:
    """Its own words are not told: they may name somebody."""
    wrong = next(schema().iter_errors(root), None)
    if wrong is not None:
        raise RejectedError(f"it would be no valid FGS at {wrong.path}; see the README of registry_fgs")
