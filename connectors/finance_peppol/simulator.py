"""An access point: fetches what has a manifest from a folder of its SFTP server, reads it, and brings answers.

Written apart from the connector, from the specifications: the two agree only where both are right.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Self
from xml.sax.saxutils import escape

from lxml import etree

from hub.model import (
    Answer,
    Invoice,
    InvoiceAnswered,
    InvoiceKind,
    InvoiceLine,
    Message,
    OrganisationNumber,
    Party,
    PostalAddress,
    Tax,
    VatCategory,
)
from hub.sdk import Clock, HasRecords, Misbehaviour, SftpSimulator, WritesFiles

US = "2120002627"
"""Umeå kommun."""
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_AGGREGATE, _BASIC = f"{_UBL}CommonAggregateComponents-2", f"{_UBL}CommonBasicComponents-2"
_NAMESPACES = {"a": _AGGREGATE, "b": _BASIC}
_REASONS = {
    Answer.REJECTED: ("REF", "Fel referens: skriv kostnadsställe"),
    Answer.UNDER_QUERY: ("QTY", "Fler timmar än bokat"),
    Answer.CONDITIONALLY_ACCEPTED: ("PRI", "Betalas enligt avtal"),
}
_CODES = tuple(Answer)


class AccessPoint(SftpSimulator, HasRecords, WritesFiles):
    """Takes a document as soon as its manifest is there, unless it is told to leave them for now."""

    can = frozenset({Misbehaviour.FULL})
    folders = ("out", "responses")

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.at_once = True
        """Takes what comes as it comes; else when `fetch` is called."""
        self.taken: list[bytes] = []
        """Documents, each time that one was taken."""
        self.refused: list[str] = []
        """Manifests that nothing right came with."""
        self._settings: Mapping[str, object] = _EXAMPLE
        self._meant: list[Message] = []

    @classmethod
    def standing_in(cls, clock: Clock, external_keys: Sequence[str], settings: Mapping[str, object]) -> Self:
        """Fetch for the supplier of the settings."""
        one = cls(clock, external_keys)
        one._settings = {} if settings else _EXAMPLE
        return one

    def config(self) -> Mapping[str, object]:
        return {**self._settings, "folder": "/out", "notes": None, "archive": None, "sftp": self.server}

    def records(self) -> Sequence[object]:
        return [invoice(content) for content in self.taken]

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - a disk is full for all
        if how is Misbehaviour.FULL:
            self.full = True

    def recover(self) -> None:
        self.full = False

    def fetch(self) -> None:
        """Take every document that has a manifest, and both with it."""
        for manifest in sorted((self.root / "out").glob("[!.]*.json")):
            told = json.loads(manifest.read_bytes())
            document = manifest.with_name(told["file"])
            content = document.read_bytes() if document.exists() else b""
            if sha256(content).hexdigest() == told["sha256"]:
                self.taken.append(content)
            else:
                self.refused.append(manifest.name)
            for path in (document, manifest):
                path.unlink(missing_ok=True)

    def answer(self, key: str, answer: Answer, *, kind: InvoiceKind = InvoiceKind.INVOICE) -> bytes:
        """Bring what a buyer says of an invoice: a file in `responses`, which it gives."""
        one = _answer(key, answer, "380" if kind is InvoiceKind.INVOICE else "381")
        content = _response(f"R-{key}-{answer}", self.clock.now().astimezone(UTC), one)
        (self.root / "responses" / f"{sha256(content).hexdigest()[:16]}.xml").write_bytes(content)
        return content

    def file(self, count: int, *, first: int = 0, changed: frozenset[int] = frozenset()) -> bytes:
        numbers = range(first, first + count)
        self._meant = [self._message(n, changed=n in changed) for n in numbers]
        return self._written([self._one(n, changed=n in changed) for n in numbers])

    def with_a_bad_item(self, count: int) -> tuple[bytes, str]:
        self._meant = [self._message(n) for n in range(count)]
        whole = [self._one(n) for n in range(count)]
        bad = _answer(f"B-{count}.i1", Answer.ACCEPTED).replace(">AP<", ">OK<")
        middle = count // 2
        return self._written([*whole[:middle], bad, *whole[middle:]]), f"DocumentResponse[{middle + 1}]"

    def meant(self) -> Sequence[Message]:
        return self._meant

    def _one(self, n: int, *, changed: bool = False) -> str:
        return _answer(f"B-{n}.i1", _CODES[(n + changed) % len(_CODES)])

    def _message(self, n: int, *, changed: bool = False) -> InvoiceAnswered:
        said = _CODES[(n + changed) % len(_CODES)]
        detail = ": ".join(_REASONS.get(said, ()))
        return InvoiceAnswered(key=f"B-{n}.i1", answer=said, at=_SAID_AT, detail=detail)

    def _written(self, answers: Sequence[str]) -> bytes:
        return _response("R-1", _SAID_AT, "\n".join(answers))

    def placed(self, path: str) -> None:
        if self.at_once and path.startswith("/out/") and path.endswith(".json"):
            self.fetch()


# ---------------------------------------------------------------- what a document says


def invoice(content: bytes) -> Invoice:
    """A UBL invoice or credit note in canonical words; held to the arithmetic of the model."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    credit = etree.QName(root).localname == "CreditNote"
    due = "a:PaymentMeans/b:PaymentDueDate" if credit else "b:DueDate"
    told = root.find("a:InvoicePeriod", _NAMESPACES)
    rounded = _at(root, "a:LegalMonetaryTotal/b:PayableRoundingAmount")
    return Invoice(
        key=_at(root, "b:ID"),
        kind=InvoiceKind.CREDIT if credit else InvoiceKind.INVOICE,
        credits=_at(root, "a:BillingReference/a:InvoiceDocumentReference/b:ID") or None,
        booking=_at(root, "a:AdditionalDocumentReference[b:DocumentTypeCode='130']/b:ID"),
        customer=_customer(root),
        issued=date.fromisoformat(_at(root, "b:IssueDate")),
        due=date.fromisoformat(_at(root, due)),
        period=None if told is None else (_day(told, "b:StartDate"), _day(told, "b:EndDate")),
        lines=tuple(
            _line(one) for one in root.iterfind("a:CreditNoteLine" if credit else "a:InvoiceLine", _NAMESPACES)
        ),
        taxes=tuple(_tax(one) for one in root.iterfind("a:TaxTotal/a:TaxSubtotal", _NAMESPACES)),
        whole_kronor=bool(rounded),
        rounding=Decimal(rounded or "0.00"),
    )


def _customer(root: etree._Element) -> Party:
    party = "a:AccountingCustomerParty/a:Party"
    number, endpoint = (
        _at(root, f"{party}/a:PartyLegalEntity/b:CompanyID"),
        root.find(f"{party}/b:EndpointID", _NAMESPACES),
    )
    address = "" if endpoint is None else f"{endpoint.get('schemeID')}:{endpoint.text}"
    street, postcode, city, country = (
        _at(root, f"{party}/a:PostalAddress/{path}")
        for path in ("b:StreetName", "b:PostalZone", "b:CityName", "a:Country/b:IdentificationCode")
    )
    return Party(
        name=_at(root, f"{party}/a:PartyLegalEntity/b:RegistrationName"),
        organisation_number=OrganisationNumber.parse(number) if number else None,
        peppol_id=None if address == f"0007:{number}" else address,
        address=PostalAddress(street=street, postcode=postcode, city=city, country=country) if street or city else None,
        reference=_at(root, "b:BuyerReference"),
    )


def _line(one: etree._Element) -> InvoiceLine:
    quantity = Decimal(_at(one, "b:CreditedQuantity") or _at(one, "b:InvoicedQuantity"))
    sign = -1 if quantity < 0 else 1
    dimensions = filter(None, _at(one, "b:AccountingCost").split(";"))
    day = _at(one, "a:InvoicePeriod/b:StartDate")
    return InvoiceLine(
        id=_at(one, "b:ID"),
        text=_at(one, "a:Item/b:Name"),
        article=_at(one, "a:Item/a:SellersItemIdentification/b:ID"),
        quantity=sign * quantity,
        unit_price=sign * Decimal(_at(one, "a:Price/b:PriceAmount")),
        net=Decimal(_at(one, "b:LineExtensionAmount")),
        vat=VatCategory(_at(one, "a:Item/a:ClassifiedTaxCategory/b:ID")),
        rate=Decimal(_at(one, "a:Item/a:ClassifiedTaxCategory/b:Percent") or "0"),
        accounting=dict(part.split(":") for part in dimensions),
        booking=_at(one, "a:DocumentReference[b:DocumentTypeCode='130']/b:ID"),
        on=date.fromisoformat(day) if day else None,
    )


def _tax(one: etree._Element) -> Tax:
    return Tax(
        vat=VatCategory(_at(one, "a:TaxCategory/b:ID")),
        rate=Decimal(_at(one, "a:TaxCategory/b:Percent") or "0"),
        net=Decimal(_at(one, "b:TaxableAmount")),
        tax=Decimal(_at(one, "b:TaxAmount")),
    )


def _day(element: etree._Element, path: str) -> date:
    return date.fromisoformat(_at(element, path))


def _at(element: etree._Element, path: str) -> str:
    return element.findtext(path, "", _NAMESPACES)


# ---------------------------------------------------------------- what a buyer says

_SAID_AT = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)


def _answer(key: str, answer: Answer, kind: str = "380") -> str:
    code, why = _REASONS.get(answer, ("", ""))
    status = (
        f'<a:Status><b:StatusReasonCode listID="OPStatusReason">{code}</b:StatusReasonCode>'
        f"<b:StatusReason>{escape(why)}</b:StatusReason></a:Status>"
    )
    return (
        f'<a:DocumentResponse><a:Response><b:ResponseCode listID="UNCL4343OpSubset">{answer}</b:ResponseCode>'
        f"{status if code else ''}</a:Response><a:DocumentReference><b:ID>{escape(key)}</b:ID>"
        f"<b:DocumentTypeCode>{kind}</b:DocumentTypeCode></a:DocumentReference></a:DocumentResponse>"
    )


def _response(number: str, at: datetime, answers: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ApplicationResponse xmlns="{_UBL}ApplicationResponse-2"'
        f' xmlns:a="{_AGGREGATE}" xmlns:b="{_BASIC}">\n'
        "<b:CustomizationID>urn:fdc:peppol.eu:poacc:trns:invoice_response:3</b:CustomizationID>"
        "<b:ProfileID>urn:fdc:peppol.eu:poacc:bis:invoice_response:3</b:ProfileID>\n"
        f"<b:ID>{escape(number)}</b:ID><b:IssueDate>{at:%Y-%m-%d}</b:IssueDate>"
        f"<b:IssueTime>{at:%H:%M:%S}Z</b:IssueTime>\n"
        f'<a:SenderParty><b:EndpointID schemeID="0007">8024000005</b:EndpointID>{_entity("Umeå Badmintonklubb")}'
        f'</a:SenderParty><a:ReceiverParty><b:EndpointID schemeID="0007">{US}</b:EndpointID>{_entity("Umeå kommun")}'
        f"</a:ReceiverParty>\n{answers}\n</ApplicationResponse>\n"
    ).encode()


def _entity(name: str) -> str:
    return f"<a:PartyLegalEntity><b:RegistrationName>{name}</b:RegistrationName></a:PartyLegalEntity>"


_EXAMPLE: Mapping[str, object] = {
    "supplier": {
        "name": "Umeå kommun",
        "organisation_number": US,
        "street": "Skolgatan 31 A",
        "postcode": "901 84",
        "city": "Umeå",
        "contact": "Lokalbokningen",
        "email": "bokning@umea.example",
        "f_tax": True,
    },
    "bankgiro": "991-2346",
    "organisation_as_address": True,
    "accounting_order": ("konto", "ansvar"),
}
