"""The settings of one order (beställning) at Navet."""

from enum import StrEnum
from typing import Self

from pydantic import Field, HttpUrl, model_validator

from hub.sdk import ConnectorConfig


class Version(StrEnum):
    """Of the endpoint. V2 has the record of 2015; the later ones have that of today."""

    V2 = "V2"
    V3 = "V3"
    V4 = "V4"


class NavetConfig(ConnectorConfig):
    """One order. Who we are is told by the connection's client certificate."""

    base_url: HttpUrl = Field(
        default=HttpUrl("https://www2.skatteverket.se/na/na_epersondata/"),
        description="Root of the service; the test service is `https://www2.test.skatteverket.se/na/na_epersondata/`.",
    )
    version: Version = Field(default=Version.V3, description="Version of the endpoint: `V2`, `V3` or `V4`.")
    organisation: str = Field(
        pattern=r"^(16)?[2-9][0-9]{9}$", description="Organisation number of the municipality, ten digits."
    )
    order: str = Field(pattern=r"^[0-9]{8}-FO[0-9]{2}-[0-9]{4}$", description="Its order (BestallningsId).")
    order_has_protection: bool = Field(
        default=False,
        description="Whether Skatteverket has confirmed that the order delivers the terms 01003 (sekretessmarkering) "
        "and 01020 (skyddad folkbokföring). Only then does a record without those flags say that nobody is protected; "
        "else such a record is treated as a protected person's.",
    )
    passing_faults: tuple[int, ...] = Field(
        default=(),
        description="Values of Felkod that pass by themselves and are tried again; every other one is for a person.",
    )

    @model_validator(mode="after")
    def _old_records_cannot_tell(self) -> Self:
        if self.version is Version.V2 and self.order_has_protection:
            msg = "order_has_protection with V2: its record is of 2015 and cannot tell term 01020; use V3 or V4"
            raise ValueError(msg)
        return self
