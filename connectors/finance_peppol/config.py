"""Who invoices and how it is paid, which rules hold, and where the access point fetches."""

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from connectors.finance_peppol.codes import EXEMPTIONS, GLN, ORGANISATION, SCHEMES, Rules, checks, is_gln
from hub.model import OrganisationNumber
from hub.sdk import ConnectorConfig, SftpServer

_BANKGIRO, _PLUSGIRO = range(7, 9), range(2, 9)
"""Digits of one. Source: SE-R-009, SE-R-010."""
_SAYS_SOMETHING = r"^[^\x00-\x1f]*[^\s\x00-\x1f][^\x00-\x1f]*$"


class Supplier(ConnectorConfig):
    """Who invoices."""

    name: str = Field(pattern=_SAYS_SOMETHING, max_length=200, description="Legal name.")
    organisation_number: OrganisationNumber = Field(
        description="Of the municipality; its VAT number is SE, these ten digits and 01."
    )
    trading_name: str = Field(default="", max_length=200, description="The unit that invoices, where it has a name.")
    street: str = Field(default="", max_length=100, description="Street or box.")
    postcode: str = Field(default="", max_length=10, description="Postcode.")
    city: str = Field(default="", max_length=60, description="City.")
    contact: str = Field(default="", max_length=100, description="Whom a customer asks: a person or a desk.")
    phone: str = Field(default="", max_length=50, description="Its telephone number.")
    email: str = Field(default="", max_length=100, description="Its e-mail address.")
    peppol_id: str | None = Field(
        default=None,
        pattern=r"^[0-9]{4}:[A-Za-z0-9._-]{1,50}$",
        description="Electronic address, e.g. `0088:7300009999999`; left out: `0007:` and the organisation number.",
    )
    f_tax: bool = Field(default=False, description="Whether `Godkänd för F-skatt` is written.")

    @property
    def address(self) -> tuple[str, str]:
        """Scheme and identifier of its electronic address."""
        scheme, _, identifier = (self.peppol_id or f"{ORGANISATION}:{self.organisation_number.digits}").partition(":")
        return scheme, OrganisationNumber.parse(identifier).digits if scheme == ORGANISATION else identifier

    @property
    def vat_number(self) -> str:
        """Source: SE-R-001, SE-R-002."""
        return f"SE{self.organisation_number.digits}01"

    @model_validator(mode="after")
    def _is_an_organisation(self) -> Self:
        scheme, identifier = self.address
        if self.organisation_number.is_a_person or (
            scheme == ORGANISATION and OrganisationNumber(identifier).is_a_person
        ):
            msg = "a municipality's organisation number, not a person's"
            raise ValueError(msg)
        if scheme == GLN and not is_gln(identifier):
            msg = "peppol_id: a GLN is 13 digits, the last of them a check digit"
            raise ValueError(msg)
        return self


class PeppolConfig(ConnectorConfig):
    """One supplier, and the folder where its access point fetches."""

    supplier: Supplier = Field(description="Who invoices; see below.")
    bankgiro: str | None = Field(default=None, description="Bankgiro number to pay to; or `plusgiro`.")
    plusgiro: str | None = Field(default=None, description="Plusgiro number to pay to; or `bankgiro`.")
    rules: Rules = Field(
        default=Rules.V3_0_21, description="Release of Peppol BIS Billing 3.0 that the access point checks by."
    )
    exemption_reason: str = Field(
        default="Undantag från skatteplikt: idrottstjänst, 10 kap. mervärdesskattelagen (2023:200)",
        pattern=_SAYS_SOMETHING,
        max_length=200,
        description="Why a line is exempt from VAT (category E).",
    )
    exemption_code: str | None = Field(
        default="VATEX-EU-132-1M",
        description="The same as a VATEX code that the release knows (sport: article 132.1 m); `null`: the text alone.",
    )
    organisation_as_address: bool = Field(
        default=False,
        description="Whether an organisation without `peppol_id` is reached at `0007:` and its organisation number.",
    )
    accounting_order: tuple[str, ...] = Field(
        default=(),
        description="Dimensions of the accounting (kontering) in the order in which they are written; others follow.",
    )
    folder: str = Field(
        min_length=1, description="Where invoices are laid: on this machine or, with `sftp`, on the server."
    )
    sftp: SftpServer | None = Field(default=None, description="The server; left out: a folder on this machine.")
    notes: str | None = Field(
        default=None,
        description="Folder for our note of each invoice that was handed over, where the access point takes nothing;"
        " left out: `.handed-over` in `folder`.",
    )
    archive: str | None = Field(
        default=None, description="Folder that the access point moves what it took to, where it keeps that."
    )

    @field_validator("bankgiro", "plusgiro")
    @classmethod
    def _digits(cls, told: str | None) -> str | None:
        digits = re.sub(r"[-\s]", "", told) if told else None
        if digits and not (digits.isascii() and digits.isdigit() and checks(digits)):
            msg = "digits, with or without hyphen, of which the last is a check digit that must hold"
            raise ValueError(msg)
        return digits

    @model_validator(mode="after")
    def _is_paid_to_one_account(self) -> Self:
        if (self.bankgiro is None) == (self.plusgiro is None):
            msg = "write bankgiro or plusgiro, one of them"
            raise ValueError(msg)
        lengths = _PLUSGIRO if self.bankgiro is None else _BANKGIRO
        if len(self.account[1]) not in lengths:
            msg = f"the account has {lengths[0]} to {lengths[-1]} digits"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _is_known_to_the_release(self) -> Self:
        if self.exemption_code is not None and self.exemption_code not in EXEMPTIONS[self.rules]:
            msg = f"exemption_code: not in {self.rules}; write another, or null and the reason alone"
            raise ValueError(msg)
        if self.supplier.address[0] not in SCHEMES[self.rules]:
            msg = f"supplier.peppol_id: {self.rules} knows no scheme {self.supplier.address[0]}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _folders_are_whole_paths(self) -> Self:
        told = [path for path in (self.folder, self.noted_in, self.archive) if path is not None]
        if self.sftp is None and not all(path.startswith("/") for path in told):
            msg = "write folders of this machine from the root: /srv/peppol/out"
            raise ValueError(msg)
        if len({path.rstrip("/") for path in told}) != len(told):
            msg = "folder, notes and archive are three different folders"
            raise ValueError(msg)
        return self

    @property
    def noted_in(self) -> str:
        """Where our notes lie."""
        return self.notes or f"{self.folder.rstrip('/')}/.handed-over"

    @property
    def account(self) -> tuple[str, str]:
        """Where it is paid to: the branch and the number, as Swedish rules have them."""
        return ("SE:BANKGIRO", self.bankgiro) if self.bankgiro else ("SE:PLUSGIRO", self.plusgiro or "")
