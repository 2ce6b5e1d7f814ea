"""One Public 360°: where it is, who we are there, and which of its own codes mean what."""

from typing import Self

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from hub.sdk import ConnectorConfig

CODE = r"^(recno:[0-9]{1,12}|[^\s:][^:\x00-\x1f]{0,60})$"
"""A code of one of its tables: by number (`recno:110`) or by its text."""


class P360Config(ConnectorConfig):
    """One installation; all codes are its own, and stand in its code tables."""

    base_url: HttpUrl = Field(description="Root of the site, e.g. `https://umea.public360online.com/`.")
    authkey: SecretStr = Field(description="Of our integration account.")
    auth_header: str = Field(
        default="Authorization", pattern=r"^[A-Za-z-]{1,40}$", description="Header that carries the key."
    )
    auth_scheme: str = Field(
        default="authkey", pattern=r"^[A-Za-z]{0,20}$", description="What stands before the key there; empty: nothing."
    )
    client_id: str | None = Field(default=None, description="Header `clientid`, where the site asks for it.")
    user: str | None = Field(default=None, description="`ADContextUser`: in whose name documents are registered.")
    external_type: str = Field(
        default="Knutpunkt", min_length=1, max_length=50, description="`ExternalId.Type` of our keys."
    )
    incoming: str = Field(pattern=CODE, description="Category of a document that came in.")
    outgoing: str = Field(pattern=CODE, description="Category of one that was sent.")
    drawn_up: str = Field(pattern=CODE, description="Category of one that the authority made itself.")
    status: str = Field(pattern=CODE, description="Status of a document that is registered, e.g. `J`.")
    sender_role: str = Field(pattern=CODE, description="Role of whom a document came from.")
    recipient_role: str = Field(pattern=CODE, description="Role of whom it went to.")
    nobody: str = Field(
        default="Ej angiven",
        min_length=1,
        max_length=60,
        description="Stands for the counterpart where a document has none and its category asks for one.",
    )
    enterprise: str | None = Field(
        default=None, description="Number of the responsible unit (`ResponsibleEnterpriseNumber`), where one answers"
        " for all."
    )  # fmt: skip
    authorities: dict[str, str] = Field(
        default={}, description="The same by authority (nämnd); what is not in it is refused, and `enterprise` is for"
        " documents without one."
    )  # fmt: skip
    access_code: str | None = Field(default=None, pattern=CODE, description="Access code of what is marked as secret.")
    access_group: str | None = Field(default=None, description="Access group of the same, where there is one.")
    archive_type: str | None = Field(
        default=None, pattern=CODE, description="Archive code type of classifications (`ArchiveCodes`)."
    )

    @field_validator("base_url")
    @classmethod
    def _without_a_key(cls, told: HttpUrl) -> HttpUrl:
        if told.query:
            msg = "no ?authkey= here: addresses end in logs; write it as authkey"
            raise ValueError(msg)
        return told

    @model_validator(mode="after")
    def _categories_differ(self) -> Self:
        if len({self.incoming, self.outgoing, self.drawn_up}) < len(("incoming", "outgoing", "drawn_up")):
            msg = "incoming, outgoing and drawn_up are three categories"
            raise ValueError(msg)
        return self
