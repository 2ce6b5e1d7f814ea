"""The settings of one assignment (uppdrag) at SPAR."""

from enum import StrEnum

from pydantic import Field, HttpUrl

from hub.sdk import ConnectorConfig


class Version(StrEnum):
    """Of the interface: each has namespaces of its own."""

    V2021_1 = "2021.1"
    V2023_1 = "2023.1"


class SparConfig(ConnectorConfig):
    """One assignment. Who we are is told by the connection's client certificate."""

    base_url: HttpUrl = Field(
        default=HttpUrl("https://ext-ws.statenspersonadressregister.se/"),
        description="Root of the service; customers' tests: `https://kt-ext-ws.statenspersonadressregister.se/`.",
    )
    version: Version = Field(default=Version.V2021_1, description="Of the interface: `2021.1` or `2023.1`.")
    customer: int = Field(
        ge=500001, le=599999, description="Customer number of whoever owns the certificate (KundNrLeveransMottagare)."
    )
    end_customer: int = Field(
        ge=500001, le=599999, description="Customer number of whoever has the permission (KundNrSlutkund)."
    )
    assignment: int = Field(ge=1, description="SPAR's number of the assignment (UppdragId).")
    relations: bool = Field(
        default=False, description="Whether the permission grants relations: without it nobody can ask who has custody."
    )
