"""Who invoices whom, and where the buyer is reached; pure.

A person's number never becomes an address: no personnummer, and no sole trader's organisation number, which is one.
"""

import re

from lxml import etree

from connectors.finance_peppol.codes import COUNTRIES, GLN, ORGANISATION, SCHEMES, is_gln
from connectors.finance_peppol.config import PeppolConfig, Supplier
from connectors.finance_peppol.xml import group, said, text
from hub.model import Invoice, OrganisationNumber, Party, PostalAddress, VatCategory
from hub.sdk import RejectedError

Address = tuple[str, str]
"""Scheme and identifier."""
_IDENTIFIER = re.compile(r"[A-Za-z0-9._:-]{1,50}")
_OTHERWISE = "send it another way, or write the organisation's own address as customer.invoice.peppol_id"
F_TAX = "Godkänd för F-skatt"
"""Source: SE-R-005."""


def address_of(customer: Party, config: PeppolConfig) -> Address:
    """Where the buyer is reached.

    Raises:
        RejectedError: nowhere, and what to do; shows nothing of whom.
    """
    if customer.identity_number is not None:
        raise RejectedError("the customer is a person, and persons have no Peppol address; send it another way")
    if customer.peppol_id is not None:
        found = _written(customer.peppol_id, config)
    elif customer.organisation_number is None:
        raise RejectedError(f"the customer has neither Peppol address nor organisation number; {_OTHERWISE}")
    elif not config.organisation_as_address:
        raise RejectedError(
            f"the customer has no Peppol address; {_OTHERWISE}, or set organisation_as_address to use the number"
        )
    else:
        found = ORGANISATION, _organisation(customer.organisation_number.digits)
    number = customer.organisation_number
    if number and number.is_a_person and number.digits in found[1]:
        raise RejectedError(f"the customer's address holds a person's number (enskild firma); {_OTHERWISE}")
    if found == config.supplier.address:
        raise RejectedError("the customer is the supplier itself; what is internal goes by no invoice over Peppol")
    return found


def _written(told: str, config: PeppolConfig) -> Address:
    """The address that the booking core gave."""
    scheme, _, identifier = told.partition(":")
    if scheme not in SCHEMES[config.rules]:
        raise RejectedError(
            f"Peppol {config.rules} knows no address scheme {scheme}; correct customer.invoice.peppol_id"
        )
    if scheme == ORGANISATION:
        return scheme, _organisation(identifier)
    if (scheme == GLN and not is_gln(identifier)) or not _IDENTIFIER.fullmatch(identifier):
        raise RejectedError(f"the customer's address of scheme {scheme} is none; correct customer.invoice.peppol_id")
    return scheme, identifier


def _organisation(told: str) -> str:
    """The ten digits of an organisation that is no person."""
    try:
        number = OrganisationNumber.parse(told)
    except ValueError as error:
        raise RejectedError(f"the customer's organisation number: {error}; correct it") from None
    if number.is_a_person:
        raise RejectedError(
            f"the customer's organisation number is a person's (enskild firma), no address; {_OTHERWISE}"
        )
    return number.digits


def supplier(invoice: Invoice, config: PeppolConfig) -> etree._Element | None:
    """Who invoices. What is outside VAT may not tell a VAT number (BR-O-02)."""
    who = config.supplier
    outside = any(line.vat is VatCategory.OUTSIDE for line in invoice.lines)
    scheme, identifier = who.address
    party = group(
        "Party",
        text("EndpointID", identifier, schemeID=scheme),
        group("PartyName", text("Name", who.trading_name)),
        _postal(who.street, who.city, who.postcode, "SE"),
        None if outside else _registered(who.vat_number, "VAT"),
        _registered(F_TAX, "TAX") if who.f_tax else None,
        _entity(who.name, who.organisation_number),
        _contact(who),
    )
    return group("AccountingSupplierParty", party)


def customer(invoice: Invoice, config: PeppolConfig) -> etree._Element | None:
    """Who pays; a person's number is left out."""
    who = invoice.customer
    scheme, identifier = address_of(who, config)
    if not said(who.name):
        raise RejectedError("the customer has no name; write customer.name")
    at = who.address or PostalAddress()
    if at.country not in COUNTRIES:
        raise RejectedError("the customer's country is none of ISO 3166 (GB, not UK); correct customer.address.country")
    number = who.organisation_number
    party = group(
        "Party",
        text("EndpointID", identifier, schemeID=scheme),
        _postal(at.street, at.city, at.postcode, at.country),
        _entity(who.name, number if number and not number.is_a_person else None),
    )
    return group("AccountingCustomerParty", party)


def _postal(street: str, city: str, postcode: str, country: str) -> etree._Element | None:
    return group(
        "PostalAddress",
        text("StreetName", street),
        text("CityName", city),
        text("PostalZone", postcode),
        group("Country", text("IdentificationCode", country)),
    )


def _registered(number: str, scheme: str) -> etree._Element | None:
    return group("PartyTaxScheme", text("CompanyID", number), group("TaxScheme", text("ID", scheme)))


def _entity(name: str, number: OrganisationNumber | None) -> etree._Element | None:
    known = text("CompanyID", number.digits, schemeID=ORGANISATION) if number else None
    return group("PartyLegalEntity", text("RegistrationName", name), known)


def _contact(who: Supplier) -> etree._Element | None:
    return group("Contact", text("Name", who.contact), text("Telephone", who.phone), text("ElectronicMail", who.email))
