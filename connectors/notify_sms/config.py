"""The settings of one SMS gateway: how its request is built and its answer read. Left out, they are 46elks'.

Source: 46elks API, "Send an SMS" and "Text sender ID" (46elks.com/docs/send-sms, /kb/text-sender-id), read 2026-11-26.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, HttpUrl, SecretStr, StringConstraints, model_validator

from hub.sdk import ConnectorConfig

Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]
"""A field, or a path into JSON: `messages.0.to`."""


class BodyKind(StrEnum):
    """How the request is written."""

    FORM = "form"
    JSON = "json"


class SmsConfig(ConnectorConfig):
    """One gateway, and who we are there."""

    base_url: HttpUrl = Field(default=HttpUrl("https://api.46elks.com/"), description="Root of the gateway's API.")
    path: str = Field(default="a1/sms", description="Where messages are posted, from the root.")
    user: str | None = Field(default=None, description="Account (HTTP Basic); with `password`.")
    password: SecretStr | None = Field(default=None, description="Its password.")
    token: SecretStr | None = Field(default=None, description="Bearer token, instead of user and password.")
    sender: str = Field(
        pattern=r"^(\+[1-9][0-9]{6,14}|[A-Za-z][A-Za-z0-9]{2,10})$",
        description="Who it is from: 3 to 11 letters A-Z and digits, a letter first; or a number, +46...",
    )
    body: BodyKind = Field(default=BodyKind.FORM, description="How the request is written: `form` or `json`.")
    sender_field: Path = Field(
        default="from", description="Field of the sender; in JSON perhaps a path, `messages.0.from`."
    )
    recipient_field: Path = Field(default="to", description="Field of the number; likewise.")
    text_field: Path = Field(default="message", description="Field of the text; likewise.")
    key_field: Path | None = Field(
        default=None, description="Field of our own id of the message, where the gateway knows a second one by it."
    )
    plus: bool = Field(default=True, description="Whether numbers begin with `+`.")
    more: dict[Path, str] = Field(default={}, description="Further fields that are the same in every message.")
    id_at: Path = Field(default="id", description="Where the answer tells the gateway's id of the message.")
    status_at: Path | None = Field(default="status", description="Where it tells what became of it; none: nowhere.")
    accepted: tuple[str, ...] = Field(
        default=("created", "sent", "delivered"), description="What it says there when it has taken the message."
    )
    error_at: Path | None = Field(default="error", description="Where it tells a fault, though the status is 200.")
    dry_run: dict[Path, str] = Field(
        default={"dryrun": "yes"},
        description="Fields that have the gateway try a message and not send it; {}: it cannot.",
    )
    check_number: str = Field(
        default="+46701740605",
        pattern=r"^\+[1-9][0-9]{6,14}$",
        description="Number of that trial; the default is one that PTS gives to nobody.",
    )
    most_parts: int = Field(default=4, ge=1, le=10, description="Longest message, in parts of 153 (or 67) characters.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.user is None) != (self.password is None):
            msg = "user and password come together"
            raise ValueError(msg)
        if (self.user is None) == (self.token is None):
            msg = "either user and password, or token"
            raise ValueError(msg)
        return self
