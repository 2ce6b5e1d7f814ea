"""A profile: where each thing that a document says goes, and how it is found again. Left out, it is Sundsvall's.

Source: Sundsvalls kommun, api-service-document 3.0, OpenAPI (2026-07-13), read 2026-11-21.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, StringConstraints, model_validator

from hub.model import Direction
from hub.sdk import ConnectorConfig

Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]
"""A place in JSON: `confidentiality.legalCitation`, `metaData.0.key`."""


class Source(StrEnum):
    """What a document says."""

    KEY = "key"
    TITLE = "title"
    PROTECTED_TITLE = "protected_title"
    DIRECTION = "direction"
    DATED = "dated"
    RECEIVED_AT = "received_at"
    AUTHORITY = "authority"
    SERIES = "series"
    COUNTERPART = "counterpart"
    COUNTERPART_PROTECTED = "counterpart_protected"
    CASE = "case"
    CASE_KEY = "case_key"
    CLASSIFICATION = "classification"
    SECRET = "secret"  # noqa: S105 - a word
    """Whether anything of it may not be read by everybody."""
    GROUND = "secrecy.ground"
    MARKED = "secrecy.marked"
    BY = "secrecy.by"
    UNTIL = "secrecy.until"
    SHA256 = "files.sha256"
    """Of its files in order, a comma between."""


Literally = Annotated[str, StringConstraints(pattern=r"^=.*$")]
"""A text that is the same for every document: `=knutpunkt`."""
Told = Source | Literally | bool


class RestConfig(ConnectorConfig):
    """One service."""

    base_url: HttpUrl = Field(
        description="Root of the service with the municipality's part, e.g. `https://api.example.se/document/3.0/2281/`."
    )
    token: SecretStr | None = Field(default=None, description="Bearer token.")
    user: str | None = Field(default=None, description="Account (HTTP Basic); with `password`.")
    password: SecretStr | None = Field(default=None, description="Its password.")
    path: str = Field(default="documents", min_length=1, description="Where documents are posted, from the root.")
    body: Literal["multipart", "json"] = Field(
        default="multipart", description="JSON and files as parts of one form, or all in one JSON."
    )
    document_part: str = Field(default="document", description="Name of the part with JSON, in a form.")
    file_part: str = Field(default="documentFiles", description="Name of each file's part, in a form.")
    files_at: Path = Field(default="files", description="Where files stand, in JSON: a list.")
    file_fields: tuple[Path, Path, Path] = Field(
        default=("name", "mediaType", "content"), description="Name, media type and base64 of one, in JSON."
    )
    no_file: str | None = Field(
        default="Handlingen har ingen fil.",
        min_length=1,
        max_length=200,
        description="Text of a file that stands in for none, where the service wants one; `null`: it wants none.",
    )
    fields: dict[Path, Told] = Field(
        default={
            "createdBy": "=knutpunkt",
            "type": Source.DIRECTION,
            "description": Source.TITLE,
            "archive": False,
            "confidentiality.confidential": Source.SECRET,
            "confidentiality.legalCitation": Source.GROUND,
        },
        description="Where what stands: a thing that a document says, `=text`, or true and false. What it does not say"
        " is left out.",
    )
    pairs_at: Path | None = Field(
        default="metadataList", description="Where a list of keys and values stands; `null`: nowhere."
    )
    pair_names: tuple[Path, Path] = Field(default=("key", "value"), description="How key and value are called there.")
    pairs: dict[str, Source] = Field(
        default={
            "externalKey": Source.KEY, "protectedTitle": Source.PROTECTED_TITLE, "dated": Source.DATED,
            "receivedAt": Source.RECEIVED_AT, "authority": Source.AUTHORITY, "series": Source.SERIES,
            "counterpart": Source.COUNTERPART, "counterpartProtected": Source.COUNTERPART_PROTECTED,
            "case": Source.CASE, "caseKey": Source.CASE_KEY, "classification": Source.CLASSIFICATION,
            "secrecyMarked": Source.MARKED, "secrecyBy": Source.BY, "secrecyUntil": Source.UNTIL,
            "sha256": Source.SHA256,
        },
        description="What stands in that list, by key.",
    )  # fmt: skip
    directions: dict[Direction, str] = Field(
        default={Direction.INCOMING: "INCOMING", Direction.OUTGOING: "OUTGOING", Direction.DRAWN_UP: "DRAWN_UP"},
        description="How directions are called there; all three.",
    )
    number_in: Literal["location", "body"] = Field(
        default="location", description="Whether the number is the end of `Location`, or stands in the answer."
    )
    number_at: Path = Field(default="registrationNumber", description="Where the number stands in JSON.")
    find: Literal["POST", "GET"] = Field(default="POST", description="How documents are looked for.")
    find_path: str = Field(
        default="documents/filter", description="Where, from the root; `{key}` stands for our key, in a GET."
    )
    find_fields: dict[Path, Literal["key"] | Literally | bool] = Field(
        default={
            "includeConfidential": True, "onlyLatestRevision": True, "metaData.0.key": "=externalKey",
            "metaData.0.matchesAny.0": "key",
        },
        description="What is asked for, in a POST.",
    )  # fmt: skip
    found_at: Path | None = Field(
        default="documents", description="Where the list of what is found stands; `null`: the answer is the list."
    )
    key_at: Path | None = Field(
        default=None, description="Where our key stands in one of them; `null`: in its list of keys and values."
    )
    check_path: str = Field(default="admin/documenttypes", description="What is looked at to see whether it is there.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.user is None) != (self.password is None):
            msg = "user and password come together"
            raise ValueError(msg)
        if self.user is not None and self.token is not None:
            msg = "either user and password, or token"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _tells_all_directions(self) -> Self:
        if len(set(self.directions.values())) < len(Direction):
            msg = "directions: three, each with a word of its own"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _finds_its_own(self) -> Self:
        """Our key goes there and comes back, or a document could be registered twice."""
        keys = [name for name, told in self.pairs.items() if told is Source.KEY]
        if self.key_at is None and (self.pairs_at is None or not keys):
            msg = "key_at, or the key among pairs: without it nothing is found again"
            raise ValueError(msg)
        if Source.KEY not in self.fields.values() and not (self.pairs_at is not None and keys):
            msg = "the key stands neither in fields nor among pairs: without it nothing is found again"
            raise ValueError(msg)
        if self.find == "GET" and "{key}" not in self.find_path:
            msg = "find_path: a GET asks for {key}"
            raise ValueError(msg)
        if self.find == "POST" and "key" not in self.find_fields.values():
            msg = "find_fields: nothing there is the key"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _screens_what_is_protected(self) -> Self:
        """Where the protected title goes, it is also said that not everybody may read."""
        told = {*self.fields.values(), *(self.pairs.values() if self.pairs_at else ())}
        if Source.TITLE not in told or Source.DIRECTION not in told:
            msg = "title and direction stand nowhere in fields or pairs"
            raise ValueError(msg)
        if Source.PROTECTED_TITLE in told and Source.SECRET not in told:
            msg = "protected_title is sent, and `secret` is not: nothing would tell that it is protected"
            raise ValueError(msg)
        return self
