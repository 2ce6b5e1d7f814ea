"""What buyers answer: Peppol's Invoice Response, read without trust.

One file answers for one invoice; UBL allows several, and each is read. A code that is not known means nothing, and so
never that an invoice was accepted. A Message Level Response, which says with the same codes that a message could be
read, is none of these.

Source: Peppol BIS Invoice Response 3 (T111, May 2025), its process rules, UNCL4343 and OPStatusReason, read 2026-11-26.
"""

import os
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from hashlib import sha256
from typing import BinaryIO

from lxml import etree

from connectors.finance_peppol.parties import Address
from connectors.finance_peppol.xml import CAC, NAMESPACES, said
from hub.model import Answer, InvoiceAnswered
from hub.sdk import STOCKHOLM, RawItem, RejectedError

RESPONSE = "urn:fdc:peppol.eu:poacc:trns:invoice_response:3"
ROOT = "{urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2}ApplicationResponse"
ANSWERED = f"{{{CAC}}}DocumentResponse"
PARTLY = "PPD"
"""Reason code that makes "paid" a part of what is accepted, and no end. Source: OPStatusReason, status code policy."""
TYPES = frozenset({"380", "381"})
DETAIL_MAX_LENGTH = 500
LARGEST_BYTES = 10_000_000
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}")
_PIECE_BYTES = 65_536
_OTHERS = {b"PK": "zip", b"\x1f\x8b": "gzip", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read(file: BinaryIO) -> Iterator[RawItem]:
    """Give what a file answers, one item for each invoice.

    Raises:
        RejectedError: it is none of these, is not whole, or holds what none needs to.
    """
    begin = file.read(2)
    if not begin or begin in _OTHERS:
        raise RejectedError(f"the file is {_OTHERS.get(begin, 'empty')}; an Invoice Response is XML in UTF-8")
    if file.seek(0, os.SEEK_END) > LARGEST_BYTES:
        raise RejectedError(f"the file is larger than {LARGEST_BYTES:,} bytes, which no Invoice Response is")
    if not sum(1 for _ in _answered(file)):  # to its end first: a file that is cut short answers nothing
        raise RejectedError("the file answers nothing (DocumentResponse); have it sent again")
    for number, (head, one) in enumerate(_answered(file), 1):
        yield _item(number, head, one)


def _answered(file: BinaryIO) -> Iterator[tuple[etree._Element, etree._Element]]:
    """Each answer, and what stands before it; let go when the next is asked for."""
    file.seek(0)
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=[ROOT, ANSWERED],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    root: etree._Element | None = None
    try:
        while piece := file.read(_PIECE_BYTES):
            parser.feed(piece)
            for event, element in parser.read_events():
                root = _known(element) if root is None else root
                if event == "end" and element.getparent() is root:
                    yield root, element
                    root.remove(element)
        _known(parser.close())
    except etree.XMLSyntaxError as error:
        raise RejectedError(f"line {error.lineno}: no whole XML; have it sent again") from None


def _known(root: etree._Element) -> etree._Element:
    if root.getroottree().docinfo.doctype:
        raise RejectedError("a document type (DOCTYPE) stands in the file, which no Invoice Response has")
    if root.tag != ROOT:
        raise RejectedError("the file does not begin with <ApplicationResponse> of UBL 2; it is something else")
    return root


def _item(number: int, head: etree._Element, one: etree._Element) -> RawItem:
    """An answer as it came, with all that it needs around it."""
    around = b"".join(etree.tostring(child) for child in head if child.tag != ANSWERED)
    content = b"".join([_BEGIN, around, etree.tostring(one, with_tail=False), _END])
    names = "/".join((_said(head, _SENDER), _said(head, "cbc:ID"), _said(one, _DOCUMENT)))
    place = f"line {one.sourceline}, /ApplicationResponse/DocumentResponse[{number}]"
    return RawItem(names, content, place, sha256(content).hexdigest())


_BEGIN, _END = f'<ApplicationResponse xmlns="{ROOT[1:].partition("}")[0]}">'.encode(), b"</ApplicationResponse>"
_SENDER = "cac:SenderParty/cbc:EndpointID"
_RECEIVER = "cac:ReceiverParty/cbc:EndpointID"
_DOCUMENT = "cac:DocumentReference/cbc:ID"
_TYPE = "cac:DocumentReference/cbc:DocumentTypeCode"
_CODE = "cac:Response/cbc:ResponseCode"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)


def answered(item: RawItem, us: Address) -> InvoiceAnswered:
    """What an answer means; pure.

    Raises:
        RejectedError: it is for somebody else, or says nothing that is known; shows nothing of what it says.
    """
    root = etree.fromstring(item.content, _PARSER)
    one = root.find("cac:DocumentResponse", NAMESPACES)
    if one is None:
        raise RejectedError("it answers nothing (DocumentResponse)", place=item.place)
    if fault := _fault(root, one, us):
        raise RejectedError(fault, place=item.place)
    answer = Answer(_said(one, _CODE))
    detail, partly = _reasons(root, one)
    if answer is Answer.PAID and partly:
        answer = Answer.ACCEPTED
    return InvoiceAnswered(key=_said(one, _DOCUMENT), answer=answer, at=_moment(root), detail=detail)


def _fault(root: etree._Element, one: etree._Element, us: Address) -> str | None:
    """Why an answer cannot be used, and what to do."""
    receiver = root.find(_RECEIVER, NAMESPACES)
    if not _said(root, "cbc:CustomizationID").startswith(RESPONSE):
        return "it is no Invoice Response (CustomizationID); a Message Level Response is read by the access point"
    if receiver is None or (receiver.get("schemeID", ""), _said(root, _RECEIVER)) != us:
        return "it is for another receiver than the settings' supplier; pass it on, or mend supplier.peppol_id"
    if _said(one, _TYPE) not in TYPES:
        return "it is not about an invoice (380) or a credit note (381)"
    if _said(one, _CODE) not in set(Answer):
        return "its ResponseCode is none of AB, IP, UQ, CA, RE, AP and PD; ask the buyer what is meant"
    if not _KEY.fullmatch(_said(one, _DOCUMENT)):
        return "it names no invoice of ours (DocumentReference); ask the buyer which is meant"
    return _timeless(root)


def _timeless(root: etree._Element) -> str | None:
    try:
        _moment(root)
    except ValueError:
        return "IssueDate or IssueTime is none; have it sent again"
    return None


def _moment(root: etree._Element) -> datetime:
    """When it was said: Swedish time where no zone stands, the day's beginning where no time does."""
    day = date.fromisoformat(_said(root, "cbc:IssueDate")[:10])
    told = _said(root, "cbc:IssueTime")
    at = time.fromisoformat(told) if told else time()
    return datetime.combine(day, at, at.tzinfo or STOCKHOLM)


def _reasons(root: etree._Element, one: etree._Element) -> tuple[str, bool]:
    """Why, in the sender's words; and whether what was paid is a part."""
    told = [_said(root, "cbc:Note")]
    codes: set[str] = set()
    for status in one.iterfind("cac:Response/cac:Status", NAMESPACES):
        codes.add(_said(status, "cbc:StatusReasonCode"))
        about = (
            f"{_said(each, 'cbc:AttributeID')} {_said(each, 'cbc:Description')}".strip()
            for each in status.iterfind("cac:Condition", NAMESPACES)
        )
        parts = (_said(status, "cbc:StatusReasonCode"), _said(status, "cbc:StatusReason"), *about)
        told.append(": ".join(filter(None, parts)))
    whole = "; ".join(filter(None, told))
    return (whole if len(whole) <= DETAIL_MAX_LENGTH else f"{whole[: DETAIL_MAX_LENGTH - 1]}…"), PARTLY in codes


def _said(element: etree._Element, path: str) -> str:
    return said(element.findtext(path, "", NAMESPACES))
