"""The settings of one consumer at a service platform."""

from pydantic import Field, HttpUrl

from hub.sdk import ConnectorConfig


class RivConfig(ConnectorConfig):
    """One way to the service. Who we are is told by the connection's client certificate."""

    base_url: HttpUrl = Field(description="Root of the service platform, e.g. `https://esb.example.se:443/`.")
    path: str = Field(
        default="vp/strategicresourcemanagement/persons/person/GetPersonsForProfile/5/rivtabp21",
        description="Where the contract answers, from the root.",
    )
    logical_address: str = Field(
        default="SE165565594230-1000",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="LogicalAddress: whom the platform hands the question to; the default is the national instance.",
    )
    production: bool = Field(
        default=True,
        description="Whether real persons are asked for: a record that is marked as a test is refused then.",
    )
    left_out_is_false: bool = Field(
        default=False,
        description="Whether Inera has confirmed that `protectedPopulationRecord` is left out only where it is false; "
        "else a record without it is treated as a protected person's.",
    )
