"""The settings of one municipal service."""

from pydantic import Field, HttpUrl, SecretStr

from hub.sdk import ConnectorConfig


class RestConfig(ConnectorConfig):
    """One service, and who we are there."""

    base_url: HttpUrl = Field(
        description="Root of the service with its version, e.g. `https://api.example.se/citizen/3.0/`."
    )
    municipality: str = Field(
        pattern=r"^[0-9]{4}$", description="Municipality whose persons are asked for, four digits."
    )
    token: SecretStr = Field(description="What is shown at each call.")
    token_header: str = Field(
        default="Authorization",
        pattern=r"^[A-Za-z0-9-]{1,40}$",
        description="Header that it is shown in; in `Authorization` with `Bearer` before it. Behind no gateway the "
        "service has `X-JWT-Assertion`.",
    )
    no_values: tuple[str, ...] = Field(
        default=("N",),
        description="What `classified` and `protectedNR` hold where they are not set; whatever is not listed is "
        "protection, or may be. List an empty text only where the service's owner has confirmed that empty means no.",
    )
    not_found: str = Field(
        default="Citizen not found", description="What the service says of a number that it has nobody for."
    )
