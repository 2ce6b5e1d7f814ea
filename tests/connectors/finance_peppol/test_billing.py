"""Invoices as UBL: taken by a buyer that is not ours, right to the öre, and addressed to no person."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from lxml import etree
from pydantic import ValidationError

from connectors.finance_peppol import config
from connectors.finance_peppol.codes import SCHEMES, Rules, checks, is_gln
from connectors.finance_peppol.config import PeppolConfig
from connectors.finance_peppol.simulator import invoice as read_back
from connectors.finance_peppol.translate import name_of, parcel
from connectors.finance_peppol.xml import said
from hub.conformance.record_examples import INVOICES
from hub.model import Invoice, InvoiceLine, OrganisationNumber, Party, PersonNumber, PostalAddress, Tax, VatCategory
from hub.sdk import RejectedError, SftpServer, settings_table
from tests.connectors.finance_peppol import odd
from tests.connectors.finance_peppol.stand import (
    CLUB,
    SETTINGS,
    SUPPLIER,
    a_credit,
    a_line,
    an_invoice,
    texts,
    xml_of,
)
from tests.connectors.finance_peppol.stand import settings as settings_of
from tests.counterparts.einvoice import EinvoiceBuyer

CONFIG = settings_of(accounting_order=("konto", "ansvar"))
BUYER, SELLER = "cac:AccountingCustomerParty/cac:Party", "cac:AccountingSupplierParty/cac:Party"
PERSON = "811012-9809"
"""A sole trader's number, made up: its third digit is 1."""


@pytest.fixture(scope="module")
def buyer() -> Iterator[EinvoiceBuyer]:
    with EinvoiceBuyer() as one:
        yield one


@cache
def schema(name: str) -> etree.XMLSchema:
    """OASIS UBL 2.1."""
    path = files("peppol") / "schema" / "maindoc" / f"UBL-{name}-2.1.xsd"
    return etree.XMLSchema(file=str(path))


def test_the_same_invoice_is_the_same_bytes_however_its_numbers_were_kept() -> None:
    one = an_invoice(a_line(1, "120", "S", "25", quantity="2"), rounding=Decimal(0))
    other = an_invoice(a_line(1, "120.00", "S", "25.0", quantity="2.000"), rounding=Decimal("-0.00"))
    assert parcel(other, CONFIG) == parcel(one, CONFIG)


def test_the_buyer_refuses_what_is_wrong(buyer: EinvoiceBuyer) -> None:
    sound = parcel(an_invoice(), CONFIG).document.decode()
    assert buyer.judged(sound.encode()) == ("valid", [])
    for right, wrong, rule in (
        ("<cbc:BuyerReference>Anna Ek</cbc:BuyerReference>", "", "PEPPOL-EN16931-R003"),
        (">8024000005<", ">8024000006<", "PEPPOL-COMMON-R049"),
        ("<cbc:Percent>25<", "<cbc:Percent>24<", "SE-R-006"),
        ("Godkänd för F-skatt", "F-skatt", "SE-R-005"),
    ):
        assert right in sound
        verdict, rules = buyer.judged(sound.replace(right, wrong).encode())
        assert verdict == "invalid"
        assert rule in rules


def test_the_examples_of_the_kit_are_taken_under_both_releases(buyer: EinvoiceBuyer) -> None:
    for made in INVOICES:
        for rules in Rules:
            buyer.taken(parcel(made, settings_of(rules=rules)).document)


# ---------------------------------------------------------------- who and how


def test_a_seller_is_told_as_swedish_rules_have_it() -> None:
    root = xml_of(an_invoice(), supplier=SUPPLIER | {"contact": "Lokalbokningen", "trading_name": "Fritid"})
    assert texts(root, f"{SELLER}/cbc:EndpointID") == ["2120002627"]
    assert texts(root, f"{SELLER}/cac:PartyName/cbc:Name") == ["Fritid"]
    assert texts(root, f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID") == ["SE212000262701", "Godkänd för F-skatt"]
    assert texts(root, f"{SELLER}/cac:PartyTaxScheme/cac:TaxScheme/cbc:ID") == ["VAT", "TAX"]
    assert texts(root, f"{SELLER}/cac:PartyLegalEntity/cbc:CompanyID") == ["2120002627"]
    assert texts(root, f"{SELLER}/cac:Contact/cbc:Name") == ["Lokalbokningen"]


def test_without_f_tax_nothing_is_said_of_it() -> None:
    root = xml_of(an_invoice(), supplier=SUPPLIER | {"f_tax": False})
    assert texts(root, f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID") == ["SE212000262701"]


@pytest.mark.parametrize(
    "account, branch, number",
    [
        ({"bankgiro": "991-2346"}, "SE:BANKGIRO", "9912346"),
        ({"bankgiro": None, "plusgiro": "28 65 43-4"}, "SE:PLUSGIRO", "2865434"),
    ],
)
def test_it_is_paid_by_transfer_to_the_account_with_its_key(account: dict[str, Any], branch: str, number: str) -> None:
    root, means = xml_of(an_invoice(), **account), "cac:PaymentMeans/"
    assert texts(root, f"{means}cbc:PaymentMeansCode") == ["30"]
    assert texts(root, f"{means}cbc:PaymentID") == ["B-1.i1"]
    assert texts(root, f"{means}cac:PayeeFinancialAccount/cbc:ID") == [number]
    assert texts(root, f"{means}cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch/cbc:ID") == [branch]


def test_an_invoice_has_its_day_and_a_credit_note_has_it_with_the_payment() -> None:
    invoice, credit = xml_of(an_invoice()), xml_of(a_credit())
    assert texts(invoice, "cbc:DueDate") == texts(credit, "cac:PaymentMeans/cbc:PaymentDueDate") == ["2026-12-26"]
    assert texts(invoice, "cac:PaymentMeans/cbc:PaymentDueDate") == texts(credit, "cbc:DueDate") == []


def test_a_credit_note_names_its_invoice_and_its_amounts_are_what_is_taken_off() -> None:
    root = xml_of(a_credit(a_line(quantity="1.5"), a_line(2, "200.00", "S", "25")))
    assert etree.QName(root).localname == "CreditNote"
    assert texts(root, "cbc:CreditNoteTypeCode") == ["381"]
    assert texts(root, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID") == ["B-1.i1"]
    assert texts(root, "cac:CreditNoteLine/cbc:CreditedQuantity") == ["1.5", "1"]
    assert texts(root, "cac:LegalMonetaryTotal/cbc:PayableAmount") == ["430.00"]
    assert texts(xml_of(an_invoice()), "cac:BillingReference") == []


def test_bookings_days_and_accounting_stand_at_their_lines() -> None:
    lines = (
        a_line(1, on=date(2026, 11, 3), booking="B-7", accounting={"ansvar": "47", "konto": "3411", "aktivitet": "9"}),
        a_line(2, accounting={"objekt": ""}),
    )
    period = (date(2026, 11, 1), date(2026, 11, 30))
    root = xml_of(an_invoice(*lines, period=period), accounting_order=("konto", "ansvar"))
    assert texts(root, "cac:InvoiceLine/cbc:AccountingCost") == ["konto:3411;ansvar:47;aktivitet:9"]
    assert texts(root, "cac:InvoiceLine/cac:InvoicePeriod/cbc:StartDate") == ["2026-11-03"]
    assert texts(root, "cac:InvoiceLine/cac:InvoicePeriod/cbc:EndDate") == ["2026-11-03"]
    assert texts(root, "cac:InvoiceLine/cac:DocumentReference/cbc:ID") == ["B-7"]
    assert texts(root, "cac:AdditionalDocumentReference/cbc:ID") == ["B-1"]
    assert texts(root, "cac:InvoicePeriod/cbc:EndDate") == ["2026-11-30"]


def test_a_text_is_one_line_without_what_xml_lacks() -> None:
    root = xml_of(an_invoice(a_line(text="Bana 3\r\n\x00\x1b[31m\ufffe hel "), a_line(2, text="\x07")))
    assert texts(root, "cac:InvoiceLine/cac:Item/cbc:Name") == ["Bana 3 [31m  hel", "BADM-60"]


def test_the_longest_texts_go_as_they_are() -> None:
    root = xml_of(an_invoice(a_line(text="Å" * 200), customer=CLUB.model_copy(update={"name": "ŝ" * 200})))
    assert texts(root, "cac:InvoiceLine/cac:Item/cbc:Name") == ["Å" * 200]
    assert texts(root, f"{BUYER}/cac:PartyLegalEntity/cbc:RegistrationName") == ["ŝ" * 200]


# ---------------------------------------------------------------- VAT and öre


def test_each_category_and_rate_is_told_once_and_why_nothing_is_taxed() -> None:
    root = xml_of(an_invoice(a_line(1, "0.05", "S", "25"), a_line(2, "0.05", "S", "25"), a_line(3), a_line(4)))
    part = "cac:TaxTotal/cac:TaxSubtotal"
    assert texts(root, f"{part}/cac:TaxCategory/cbc:ID") == ["E", "S"]
    assert texts(root, f"{part}/cbc:TaxAmount") == ["0.00", "0.03"], "of the sum, not line by line"
    assert texts(root, f"{part}/cac:TaxCategory/cbc:TaxExemptionReasonCode") == ["VATEX-EU-132-1M"]
    assert texts(root, f"{part}/cac:TaxCategory/cbc:TaxExemptionReason") == [CONFIG.exemption_reason]
    assert texts(root, f"{part}/cac:TaxCategory/cbc:Percent") == ["0", "25"]


def test_an_exemption_may_be_told_in_words_alone() -> None:
    root = xml_of(an_invoice(), exemption_code=None, exemption_reason="Upplåtelse av fastighet")
    assert texts(root, ".//cbc:TaxExemptionReasonCode") == []
    assert texts(root, ".//cbc:TaxExemptionReason") == ["Upplåtelse av fastighet"]


def test_what_is_outside_vat_has_neither_rate_nor_vat_number() -> None:
    root = xml_of(an_invoice(a_line(vat="O")))
    assert texts(root, ".//cbc:Percent") == []
    assert texts(root, ".//cbc:TaxExemptionReasonCode") == ["VATEX-EU-O"]
    assert texts(root, f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID") == ["Godkänd för F-skatt"]


def test_a_reduction_is_a_quantity_below_nothing() -> None:
    root = xml_of(an_invoice(a_line(), a_line(2, "-20.50", quantity="2")))
    assert texts(root, "cac:InvoiceLine/cbc:InvoicedQuantity") == ["1", "-2"]
    assert texts(root, "cac:InvoiceLine/cac:Price/cbc:PriceAmount") == ["120.00", "20.50"]
    assert texts(root, "cac:LegalMonetaryTotal/cbc:PayableAmount") == ["79.00"]


def test_rounding_stands_beside_what_is_paid_and_nowhere_else() -> None:
    root = xml_of(an_invoice(a_line(1, "99.99", "S", "25"), whole_kronor=True, rounding=Decimal("0.01")))
    total = "cac:LegalMonetaryTotal/"
    assert texts(root, f"{total}cbc:TaxInclusiveAmount") == ["124.99"]
    assert texts(root, f"{total}cbc:PayableRoundingAmount") == ["0.01"]
    assert texts(root, f"{total}cbc:PayableAmount") == ["125.00"]
    assert texts(xml_of(an_invoice(whole_kronor=True)), f"{total}cbc:PayableRoundingAmount") == ["0.00"]
    assert texts(xml_of(an_invoice()), f"{total}cbc:PayableRoundingAmount") == []


def test_two_roundings_may_meet_in_what_is_credited() -> None:
    root = xml_of(a_credit(a_line(price="62.30"), whole_kronor=True, rounding=Decimal("0.70")))
    assert texts(root, "cac:LegalMonetaryTotal/cbc:PayableAmount") == ["63.00"]


def broken(invoice: Invoice, line: dict[str, Any] | None = None, **more: Any) -> Invoice:
    """The invoice with something in it that the model would not take."""
    lines = tuple(InvoiceLine.model_construct(**dict(one) | (line or {})) for one in invoice.lines)
    return Invoice.model_construct(**dict(invoice) | {"lines": lines} | more)


def a_tax(tax: str, vat: str = "S", rate: str = "25", net: str = "200.00") -> Tax:
    return Tax.model_construct(vat=VatCategory(vat), rate=Decimal(rate), net=Decimal(net), tax=Decimal(tax))


TAXED = an_invoice(a_line(1, "200.00", "S", "25"))
ARITHMETIC = {
    "an öre of VAT too much": (broken(TAXED, taxes=(a_tax("50.01"),)), "VAT of 25 % is not that of its lines"),
    "99 öre of VAT too much": (broken(TAXED, taxes=(a_tax("50.99"),)), "VAT of 25 % is not that of its lines"),
    "VAT below nothing": (broken(TAXED, taxes=(a_tax("-50.00"),)), "is not that of its lines"),
    "VAT of another sum": (broken(TAXED, taxes=(a_tax("25.00", net="100.00"),)), "is not that of its lines"),
    "VAT of another rate": (broken(TAXED, taxes=(a_tax("24.00", rate="12"),)), "once for each category and rate"),
    "no VAT": (broken(TAXED, taxes=()), "once for each category and rate"),
    "VAT twice": (broken(TAXED, taxes=(a_tax("50.00"), a_tax("50.00"))), "once for each category and rate"),
    "two öre on a credit note": (
        broken(a_credit(a_line(1, "200.00", "S", "25")), taxes=(a_tax("50.02"),)), "is not that of its lines"
    ),
    "a net that is another": (broken(TAXED, {"net": Decimal("200.01")}), "net is not quantity times price"),
    "a rate that is none": (an_invoice(a_line(1, "10.00", "S", "10")), "VAT of 10 % is none of category S"),
    "taxed at nothing": (an_invoice(a_line(1, "10.00", "S", "0")), "VAT of 0 % is none of category S"),
    "exempt with a rate": (an_invoice(a_line(1, "0.01", "E", "25")), "VAT of 25 % is none of category E"),
    "outside with a rate": (an_invoice(a_line(1, "0.01", "O", "6")), "VAT of 6 % is none of category O"),
    "outside beside exempt": (an_invoice(a_line(), a_line(2, vat="O")), "outside VAT .O. stands beside"),
    "a line twice": (an_invoice(a_line(), a_line()), "a line id stands twice"),
    "a line twice, in other letters": (an_invoice(a_line(), a_line(id="1\x00")), "a line id stands twice"),
    "a line without an id": (an_invoice(a_line(id="\x00")), "a line id stands twice, or is none"),
    "a line that says nothing": (an_invoice(a_line(text=" ", article=" ")), "neither text nor article"),
    "too much rounding": (
        an_invoice(a_line(price="0.40"), whole_kronor=True, rounding=Decimal("0.60")), "nearest whole krona"
    ),
    "a krona of rounding on a credit note": (
        a_credit(a_line(price="1.00"), whole_kronor=True, rounding=Decimal("1.00")), "nearest whole krona"
    ),
    "half a rounding": (
        broken(an_invoice(a_line(price="0.40")), whole_kronor=True, rounding=Decimal("-0.10")), "nearest whole krona"
    ),
    "a rounding that is not wanted": (
        broken(an_invoice(a_line(price="0.40")), rounding=Decimal("-0.40")), "nearest whole krona"
    ),
    "below nothing": (an_invoice(a_line(price="-1.00")), "is a credit note"),
    "a period backwards": (an_invoice(period=(date(2026, 2, 2), date(2026, 2, 1))), "ends before it begins"),
    "a day outside the period": (
        an_invoice(a_line(on=date(2026, 3, 1)), period=(date(2026, 2, 1), date(2026, 2, 28))),
        "outside the invoice's period",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ARITHMETIC)
def test_what_does_not_add_up_is_never_written(case: str) -> None:
    made, why = ARITHMETIC[case]
    with pytest.raises(RejectedError, match=why) as caught:
        parcel(made, CONFIG)
    assert "under another key" in str(caught.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(RejectedError) as caught:
        parcel(an_invoice(a_line(vat="O"), a_line(1), a_line(3, "1.00", "S", "7")), CONFIG)
    assert str(caught.value).count("; ") == 2


def test_a_credit_note_may_be_an_ore_from_the_sum_and_an_invoice_may_not() -> None:
    off = (Tax(vat=VatCategory.STANDARD, rate=Decimal(25), net=Decimal("0.05"), tax=Decimal("0.02")),)
    root = xml_of(a_credit(a_line(1, "0.05", "S", "25"), taxes=off))
    assert texts(root, "cac:TaxTotal/cbc:TaxAmount") == ["0.02"]
    with pytest.raises(RejectedError, match="not that of its lines"):
        xml_of(broken(an_invoice(a_line(1, "0.05", "S", "25")), taxes=off))


# ---------------------------------------------------------------- where to


@pytest.mark.parametrize(
    "told, scheme, identifier",
    [
        (None, "0007", "8024000005"),
        ("0007:802400-0005", "0007", "8024000005"),
        ("0007:168024000005", "0007", "8024000005"),
        ("0088:7350053850019", "0088", "7350053850019"),
        ("9930:DE123456788", "9930", "DE123456788"),
    ],
)
def test_a_buyer_is_reached_where_it_says_or_at_its_number(told: str | None, scheme: str, identifier: str) -> None:
    root = xml_of(an_invoice(customer=CLUB.model_copy(update={"peppol_id": told})))
    found = root.find(f"{BUYER}/cbc:EndpointID", root.nsmap | {})
    assert found is not None
    assert (found.get("schemeID"), found.text) == (scheme, identifier)
    assert texts(root, f"{BUYER}/cac:PartyLegalEntity/cbc:CompanyID") == ["8024000005"]


NOWHERE: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a person": ({"identity_number": PersonNumber.parse("199001019802")}, {}, "persons have no Peppol address"),
    "a person with an address": (
        {"identity_number": PersonNumber.parse("199001019802"), "peppol_id": "0088:7350053850019"}, {}, "is a person"
    ),
    "nobody": ({"organisation_number": None}, {}, "neither Peppol address nor organisation number"),
    "a number alone": ({}, {"organisation_as_address": False}, "set organisation_as_address"),
    "a sole trader": ({"organisation_number": OrganisationNumber.parse(PERSON)}, {}, "a person's .enskild firma."),
    "a sole trader who wrote it": ({"peppol_id": f"0007:{PERSON}"}, {}, "a person's .enskild firma."),
    "a sole trader with a century": ({"peppol_id": "0007:198110129809"}, {}, "ten digits"),
    "a wrong check digit": ({"organisation_number": OrganisationNumber("8024000006")}, {}, "check digit is wrong"),
    "a wrong check digit, written": ({"peppol_id": "0007:8024000006"}, {}, "check digit is wrong"),
    "a wrong GLN": ({"peppol_id": "0088:7350053850018"}, {}, "of scheme 0088 is none"),
    "a short GLN": ({"peppol_id": "0088:73500538500"}, {}, "of scheme 0088 is none"),
    "a scheme that is none": ({"peppol_id": "9999:1"}, {}, "knows no address scheme 9999"),
    "a scheme of the release before": ({"peppol_id": "0037:1"}, {}, "3.0.21 knows no address scheme 0037"),
    "a scheme of the next release": ({"peppol_id": "0244:1"}, {"rules": "3.0.19"}, "3.0.19 knows no address scheme"),
    "an address with blanks": ({"peppol_id": "9930:DE 1"}, {}, "of scheme 9930 is none"),
    "ourselves": ({"organisation_number": OrganisationNumber.parse("212000-2627")}, {}, "the supplier itself"),
    "ourselves by address": ({"peppol_id": "0007:2120002627"}, {}, "the supplier itself"),
    "no reference": ({"reference": " \x00 "}, {}, "PEPPOL-EN16931-R003"),
    "no name": ({"name": "\x00"}, {}, "has no name"),
    "a country that is none": ({"address": PostalAddress(country="UK")}, {}, "none of ISO 3166"),
    "a sole trader's number elsewhere": (
        {"organisation_number": OrganisationNumber.parse(PERSON), "peppol_id": "9930:SE811012980901"}, {},
        "holds a person's",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NOWHERE)
def test_who_cannot_be_reached_is_told_to_a_person_without_saying_who(case: str) -> None:
    changed, more, why = NOWHERE[case]
    made = an_invoice(customer=CLUB.model_copy(update=changed))
    with pytest.raises(RejectedError, match=why) as caught:
        parcel(made, settings_of(**more))
    for secret in ("Badminton", "Anna", "Storgatan", "8024", "8110", "9809", "735005"):
        assert secret not in str(caught.value)


def test_a_sole_trader_with_an_address_that_is_no_number_is_reached_and_the_number_is_told_nowhere() -> None:
    trader = Party(
        name="Eks Skidor", organisation_number=OrganisationNumber.parse(PERSON), peppol_id="0088:7350053850019",
        reference="Ek",
    )  # fmt: skip
    written = parcel(an_invoice(customer=trader), CONFIG)
    assert b"8110129809" not in written.document + written.manifest
    assert b"7350053850019" in written.document


def test_a_buyer_without_an_address_has_its_country() -> None:
    root = xml_of(an_invoice(customer=CLUB.model_copy(update={"address": None})))
    assert texts(root, f"{BUYER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode") == ["SE"]


@pytest.mark.parametrize("bad", ["konto;", "a:b"])
def test_an_accounting_that_would_be_read_as_another_is_refused(bad: str) -> None:
    for accounting in ({bad: "1"}, {"konto": bad}):
        with pytest.raises(RejectedError, match="accounting of line 1"):
            parcel(an_invoice(a_line(accounting=accounting)), CONFIG)


# ---------------------------------------------------------------- what the access point is told


def test_a_manifest_tells_all_that_an_access_point_asks() -> None:
    written = parcel(a_credit(key="K:1"), CONFIG)
    manifest = json.loads(written.manifest)
    assert written.name == "K+1"
    assert manifest == {
        "invoice": "K:1",
        "file": "K+1.xml",
        "sha256": sha256(written.document).hexdigest(),
        "sender": "iso6523-actorid-upis::0007:2120002627",
        "receiver": "iso6523-actorid-upis::0007:8024000005",
        "document_type": "busdox-docid-qns::urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2::CreditNote"
        "##urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1",
        "process": "cenbii-procid-ubl::urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
    }


def test_every_key_has_files_of_its_own() -> None:
    keys = ["a:b", "a.b", "a-b", "a_b", "ab", "a::b", "a:b:"]
    assert len({name_of(key) for key in keys}) == len(keys)


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "told",
    [
        {"bankgiro": None},
        {"plusgiro": "2865434"},
        {"bankgiro": "991-2345"},
        {"bankgiro": "99a2346"},
        {"bankgiro": "18"},
        {"bankgiro": None, "plusgiro": "123456782"},
        {"rules": "3.0.18"},
        {"exemption_code": "VATEX-EU-AE"},
        {"exemption_code": "VATEX-EU-135-1", "rules": "3.0.19"},
        {"exemption_reason": ""},
        {"exemption_reason": " \n"},
        {"archive": "/srv/out/.handed-over"},
        {"supplier": SUPPLIER | {"name": " "}},
        {"folder": "out"},
        {"notes": "notes"},
        {"notes": "/srv/out/"},
        {"archive": "/srv/out"},
        {"sftp": {"host": "h", "username": "u", "host_key": "k"}},
        {"supplier": SUPPLIER | {"organisation_number": PERSON}},
        {"supplier": SUPPLIER | {"organisation_number": "212000-2628"}},
        {"supplier": SUPPLIER | {"peppol_id": f"0007:{PERSON.replace('-', '')}"}},
        {"supplier": SUPPLIER | {"peppol_id": "0007:2120002628"}},
        {"supplier": SUPPLIER | {"peppol_id": "0088:7350053850018"}},
        {"supplier": SUPPLIER | {"peppol_id": "9999:1"}},
        {"supplier": SUPPLIER | {"no_such": 1}},
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        PeppolConfig.model_validate({**SETTINGS, **told})
    assert len({error["loc"][:2] for error in caught.value.errors()}) == 1


def test_the_readme_tells_the_parts_of_the_settings_as_they_are() -> None:
    readme = (Path(config.__file__).parent / "README.md").read_text()
    for part in (config.Supplier, SftpServer):
        assert settings_table(part) in readme


def test_a_newer_release_knows_the_exemption_of_letting() -> None:
    root = xml_of(an_invoice(), rules="3.0.21", exemption_code="VATEX-EU-135-1")
    assert texts(root, ".//cbc:TaxExemptionReasonCode") == ["VATEX-EU-135-1"]


def test_a_supplier_may_write_its_number_with_a_hyphen() -> None:
    root = xml_of(an_invoice(), supplier=SUPPLIER | {"peppol_id": "0007:212000-2627"})
    assert texts(root, f"{SELLER}/cbc:EndpointID") == ["2120002627"]


def test_nothing_has_no_sign() -> None:
    root = xml_of(an_invoice(a_line(), a_line(2, "-0.01", quantity="0.1")))
    assert texts(root, "cac:InvoiceLine/cbc:LineExtensionAmount") == ["120.00", "0.00"]


def test_a_supplier_may_have_an_address_of_its_own() -> None:
    root = xml_of(an_invoice(), supplier=SUPPLIER | {"peppol_id": "0088:7350053850019"})
    assert texts(root, f"{SELLER}/cbc:EndpointID") == ["7350053850019"]


@pytest.mark.parametrize("digits, right", [("9912346", True), ("9912364", False), ("18", True), ("0000000", True)])
def test_a_check_digit_is_held_from_the_right(digits: str, right: bool) -> None:  # noqa: FBT001 - a case
    assert checks(digits) is right


@pytest.mark.parametrize("text", ["735005385001\uff19", "73500538500190", "", "735005385001a"])
def test_what_is_no_gln(text: str) -> None:
    assert not is_gln(text)


def test_the_buyer_knows_the_schemes_of_the_newer_release_and_no_others(buyer: EinvoiceBuyer) -> None:
    sound = parcel(an_invoice(), CONFIG).document.decode()
    for scheme in sorted(set().union(*SCHEMES.values()) | {"9955", "0218", "9999"}):
        asked = sound.replace('<cbc:EndpointID schemeID="0007">8024000005', f'<cbc:EndpointID schemeID="{scheme}">1')
        _, rules = buyer.judged(asked.encode())
        assert ("PEPPOL-EN16931-CL008" not in rules) == (scheme in SCHEMES[Rules.V3_0_21]), scheme


# ---------------------------------------------------------------- whatever is billed


@settings(suppress_health_check=[HealthCheck.too_slow], phases=set(Phase) - {Phase.shrink})
@given(odd.invoices())
def test_every_odd_invoice_is_taken_by_a_buyer_that_is_not_ours(buyer: EinvoiceBuyer, made: Invoice) -> None:
    buyer.taken(parcel(made, CONFIG).document)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(odd.invoices())
def test_every_odd_invoice_is_as_the_schema_has_it_and_says_what_was_meant(made: Invoice) -> None:
    written = parcel(made, CONFIG)
    root = etree.fromstring(written.document)
    schema(etree.QName(root).localname).assertValid(root)
    assert told(read_back(written.document)) == told(made)
    assert parcel(Invoice.model_validate_json(made.model_dump_json()), CONFIG) == written, "the same bytes again"


def told(one: Invoice) -> dict[str, Any]:
    """All of it, with texts as one line can hold them."""
    whole = one.model_dump(mode="json")
    customer = whole["customer"] | {"peppol_id": None}
    customer |= {name: said(customer[name]) for name in ("name", "reference")}
    address = {name: said(text) for name, text in (customer["address"] or {}).items()}
    customer["address"] = address if address.get("street") or address.get("city") else None
    lines = [
        line
        | {"text": said(line["text"]) or line["article"], "quantity": Decimal(line["quantity"])}
        | {"rate": Decimal(line["rate"]), "unit_price": Decimal(line["unit_price"]), "net": Decimal(line["net"])}
        | {"accounting": {name: code for name, code in line["accounting"].items() if code}}
        for line in whole["lines"]
    ]
    taxes = [
        {name: Decimal(tax[name]) for name in ("rate", "net", "tax")} | {"vat": tax["vat"]} for tax in whole["taxes"]
    ]
    amounts = {"rounding": one.rounding, "payable": one.payable}
    return whole | {"customer": customer, "lines": lines, "taxes": taxes} | amounts
