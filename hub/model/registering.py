"""Documents to be registered (diarieföras): as a caller tells them, as they are answered, and by which rules."""

import base64
import binascii
import hashlib
from datetime import date
from typing import Annotated, Self

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    field_validator,
    model_validator,
)

from hub.model.booking import Instant, Protected, Status
from hub.model.document import Direction, RecordKey, Secrecy, Title
from hub.model.finance import CustomerKind
from hub.model.frozen import Frozen
from hub.model.identity import OrganisationNumber, PersonNumber
from hub.model.states import Delivery, Record

MOST_FILES = 50


def _decoded(told: object) -> object:
    """Base64, to the letter: what is not of it is a fault, and never left out."""
    if not isinstance(told, str):
        return told
    try:
        return base64.b64decode(told, validate=True)
    except binascii.Error:
        msg = "is not base64 (RFC 4648, section 4)"
        raise ValueError(msg) from None


Content = Annotated[
    bytes,
    BeforeValidator(_decoded, json_schema_input_type=str),
    PlainSerializer(lambda content: base64.b64encode(content).decode(), return_type=str, when_used="json"),
    Field(repr=False, description="base64", json_schema_extra={"contentEncoding": "base64"}),
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class FileToRegister(Frozen):
    """A file of a document, as it was received."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")]
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[A-Za-z0-9.+-]+$", examples=["application/pdf"])]
    content: Content
    sha256: Annotated[Sha256 | None, Field(description="what the content must be; left out: not checked")] = None

    @model_validator(mode="after")
    def _as_it_was_sent(self) -> Self:
        if self.sha256 is not None and self.sha256 != self.digest:
            msg = "the content is another than its sha256 says; send the file again"
            raise ValueError(msg)
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()


class Counterpart(Frozen):
    """Who sent a document, or was sent it (avsändare, mottagare)."""

    kind: CustomerKind
    name: Annotated[str, StringConstraints(min_length=1, max_length=200), Field(repr=False)]
    organisation_number: Annotated[
        OrganisationNumber | None, Field(description="tells whether it is a person's; not sent on")
    ] = None
    identity_number: Annotated[
        PersonNumber | None, Field(description="tells whether the hub knows them as protected; not sent on")
    ] = None
    protected: Annotated[Protected, Field(description="of a person; unknown behaves as yes")] = Protected.UNKNOWN

    @property
    def protection(self) -> Protected:
        """What is known: an organisation is `no`, unless its number is a person's."""
        number = self.organisation_number
        if self.kind == "person" or self.identity_number or (number and number.is_a_person):
            return self.protected
        return Protected.NO


class DocumentToRegister(Frozen):
    """A document that is to be registered, whole. What is registered is never changed: another document has its own."""

    title: Annotated[
        Title, Field(repr=False, description="as everybody may read it; a neutral one stands there if it names whom"
                     " the register may not")
    ]  # fmt: skip
    protected_title: Annotated[Title | None, Field(repr=False, description="what only some may read")] = None
    direction: Annotated[Direction, Field(description="incoming, outgoing, or drawn_up by the authority itself")]
    received_at: Annotated[
        Instant | None,
        Field(description="of what is incoming: when it came to the authority (TF 2:9), as its source says"),
    ] = None
    dated: Annotated[date | None, Field(description="its own date; left out: the day it was received or sent in")] = (
        None
    )
    authority: Annotated[
        str, Field(max_length=100, description="whose register (nämnd); left out: the only one that is configured")
    ] = ""
    series: Annotated[str, Field(max_length=20, description="of its number; left out: the authority's")] = ""
    counterpart: Annotated[Counterpart | None, Field(description="who sent it, or was sent it")] = None
    case: Annotated[
        str | None, Field(min_length=1, max_length=80, description="the registry's number of the case it belongs to")
    ] = None
    case_key: Annotated[
        RecordKey | None,
        Field(description="documents with the same are one case; the key of the first will do; left out: its own"),
    ] = None
    classification: Annotated[str | None, Field(min_length=1, max_length=40, description="in the plan")] = None
    secrecy: Annotated[
        Secrecy | None, Field(description="a mark that warns; OSL 21:3 is added where someone is protected")
    ] = None
    files: Annotated[tuple[FileToRegister, ...], Field(max_length=MOST_FILES)] = ()

    @model_validator(mode="after")
    def _of_one_case(self) -> Self:
        if self.case is not None and self.case_key is not None:
            msg = "write case (the registry's number) or case_key (ours), not both"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _received_when_incoming(self) -> Self:
        incoming = self.direction is Direction.INCOMING
        if incoming and self.received_at is None:
            msg = "what is incoming has received_at: when it came to the authority, not when it is registered"
            raise ValueError(msg)
        if not incoming and self.received_at is not None:
            msg = "only what is incoming was received; leave received_at out"
            raise ValueError(msg)
        return self


class RegisteredFile(Frozen):
    """What stays known of a file; its name may be a person's."""

    media_type: str
    size: Annotated[int, Field(description="bytes")]
    sha256: Sha256


class DocumentAnswer(Frozen):
    """How far a document has come; says nothing of what it is about."""

    key: RecordKey
    state: Annotated[Record, Field(description="done when it is registered")]
    delivery: Delivery
    number: Annotated[
        str | None, Field(description="the registry's own (diarienummer), as it writes it; null until there is one")
    ] = None
    detail: Annotated[str | None, Field(description="what went wrong last")] = None
    connection: Annotated[str, Field(description="where it is registered")]
    direction: Direction
    authority: str
    series: str
    booking: Annotated[str | None, Field(description="whose application or decision it is")] = None
    received_at: AwareDatetime | None = None
    accepted_at: AwareDatetime
    registered_at: Annotated[AwareDatetime | None, Field(description="when the hub knew the number")] = None
    files: tuple[RegisteredFile, ...] = ()
    kept: Annotated[bool, Field(description="whether the hub still has its own copy of it")]


class AuthorityRule(Frozen):
    """One authority's register: each board has its own (nämnd)."""

    connection: Annotated[
        str | None,
        Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="left out: the one of `registry`"),
    ] = None
    series: Annotated[str, Field(max_length=20, description="of its numbers, e.g. FRI")] = ""


class BookingDocument(Frozen):
    """What is registered when a booking comes to stand so."""

    title: Annotated[
        str,
        Field(
            pattern=r"^([^{}]|\{number\})+$",
            max_length=150,
            description="for everybody to read; `{number}` is the booking's",
        ),
    ]
    direction: Annotated[Direction, Field(description="`incoming`, `outgoing` or `drawn_up`")]


class BookingDocuments(Frozen):
    """Of bookings with `registration.required`: one document for each revision that says something else."""

    authority: Annotated[str, Field(max_length=100, description="left out: the only one that is configured")] = ""
    preliminary: Annotated[BookingDocument | None, Field(description="null: nothing is registered")] = BookingDocument(
        title="Ansökan om bokning {number}", direction=Direction.INCOMING
    )
    confirmed: Annotated[BookingDocument | None, Field(description="null: nothing is registered")] = BookingDocument(
        title="Beslut om bokning {number}", direction=Direction.OUTGOING
    )
    cancelled: Annotated[BookingDocument | None, Field(description="null: nothing is registered")] = BookingDocument(
        title="Återkallad bokning {number}", direction=Direction.INCOMING
    )

    def of(self, status: Status) -> BookingDocument | None:
        """What is registered at a status."""
        match status:
            case Status.PRELIMINARY:
                return self.preliminary
            case Status.CONFIRMED:
                return self.confirmed
            case Status.CANCELLED:
                return self.cancelled


class Registering(Frozen):
    """How documents are registered."""

    authorities: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=100)], AuthorityRule],
        Field(description="by name as documents say it; `{}`: any, all in one register"),
    ] = Field(default_factory=dict)
    neutral_title: Annotated[
        str, Field(min_length=1, max_length=200, description="stands for the title where someone is protected")
    ] = "Handling"
    overdue_hours: Annotated[
        int, Field(ge=1, le=80, description="working hours (Mon-Fri 8-17) until an unregistered document is a problem")
    ] = 4
    bookings: Annotated[BookingDocuments, Field(description="what of bookings is registered")] = BookingDocuments()

    @field_validator("bookings")
    @classmethod
    def _of_an_authority(cls, bookings: BookingDocuments, info: object) -> BookingDocuments:
        known = getattr(info, "data", {}).get("authorities") or {}
        if known and (bookings.authority not in known) and (bookings.authority or len(known) > 1):
            msg = f"authority: name one of {', '.join(sorted(known))}"
            raise ValueError(msg)
        return bookings


class Place(Frozen):
    """Where a document is registered."""

    connection: str | None
    authority: str
    series: str


def place_of(rules: Registering, usual: str | None, authority: str, series: str = "") -> Place | None:
    """Where an authority's documents are registered; None for one that is not configured, or of several not named."""
    known = rules.authorities
    if not known:
        return Place(connection=usual, authority=authority, series=series)
    name = authority or (next(iter(known)) if len(known) == 1 else "")
    if name not in known:
        return None
    rule = known[name]
    return Place(connection=rule.connection or usual, authority=name, series=series or rule.series)
