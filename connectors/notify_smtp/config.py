"""The settings of one mail server."""

from enum import StrEnum
from typing import Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk import ConnectorConfig


class Security(StrEnum):
    """How the way to the server is closed to others."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SmtpConfig(ConnectorConfig):
    """One mail server, and who we are there."""

    host: str = Field(min_length=1, description="Name of the mail server.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port: 587 for `starttls`, 465 for `tls`.")
    security: Security = Field(
        default=Security.STARTTLS,
        description="`starttls`, `tls` from the first byte, or `none`: only to a server on the same machine.",
    )
    user: str | None = Field(default=None, description="Account; left out where the server knows us by our address.")
    password: SecretStr | None = Field(default=None, description="Its password.")
    sender: str = Field(
        pattern=r"^[^@\s<>]+@[A-Za-z0-9.-]+$",
        description="Address that messages come from, and that failures return to.",
    )
    sender_name: str = Field(default="", max_length=100, description="Name beside it.")
    reply_to: str | None = Field(
        default=None, pattern=r"^[^@\s<>]+@[A-Za-z0-9.-]+$", description="Where answers go; left out: to the sender."
    )

    @model_validator(mode="after")
    def _account_is_whole(self) -> Self:
        if (self.user is None) != (self.password is None):
            msg = "user and password come together"
            raise ValueError(msg)
        return self
