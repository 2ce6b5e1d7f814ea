"""An application that somebody made by an e-service (ansökan): as it comes in, is shown, and is answered."""

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from hub.model.booking import Protected
from hub.model.document import DocumentFile, RecordKey, Title
from hub.model.finance import CustomerKind
from hub.model.frozen import Frozen
from hub.model.registering import Counterpart, RegisteredFile
from hub.model.states import Delivery, Record

SourceId = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")]
"""What the e-service calls an application; names nobody."""
Answers = dict[str, tuple[str, ...]]
"""What was answered, by the names that the configuration gives the questions."""


class Application(Frozen):
    """What came in (inkommen handling). Each submission is a document of its own; later ones are completions."""

    source_id: SourceId
    submission: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9]{0,20}$"), Field(description="of a completion; empty: the first")
    ] = ""
    form: Annotated[str, Field(max_length=100, description="which e-service it was made by")]
    title: Annotated[Title, Field(description="for everybody to read: the municipality's own words, that name nobody")]
    authority: Annotated[str, Field(max_length=100)] = ""
    series: Annotated[str, Field(max_length=20)] = ""
    classification: Annotated[str | None, Field(max_length=40)] = None
    received_at: Annotated[AwareDatetime, Field(description="when it was sent in, as its source says (TF 2:9)")]
    counterpart: Annotated[Counterpart | None, Field(repr=False, description="who sent it in")] = None
    answers: Annotated[Answers, Field(repr=False)] = Field(default_factory=dict)
    files: tuple[DocumentFile, ...] = ()
    acknowledged: Annotated[bool, Field(description="whether its source is told the registry's number")] = False


class Acknowledgement(Frozen):
    """What an e-service is told when an application is registered (kvittens)."""

    key: Annotated[RecordKey, Field(description="of the document")]
    source_id: SourceId
    number: Annotated[
        str, Field(min_length=1, max_length=200, description="the registry's own (diarienummer), as it writes it")
    ]
    completes: Annotated[bool, Field(description="whether an earlier submission of it has a number already")] = False


class Applicant(Frozen):
    """Who sent it in, as the e-service says; the register of the population has the last word."""

    kind: CustomerKind
    name: Annotated[str, Field(repr=False)]
    organisation_number: Annotated[str | None, Field(repr=False)] = None
    identity_number: Annotated[str | None, Field(repr=False)] = None
    protected: Annotated[Protected, Field(description="unknown behaves as yes")]


class ApplicationAnswer(Frozen):
    """An application, to the booking core."""

    key: Annotated[RecordKey, Field(description="of its document, see GET /documents/{key}")]
    connection: str
    source_id: Annotated[str, Field(description="what the e-service calls it")]
    form: str
    completes: Annotated[bool, Field(description="it completes one that came before: `source_id` is the same")]
    received_at: AwareDatetime
    state: Annotated[Record, Field(description="of its registration; done when it is registered")]
    delivery: Delivery
    number: Annotated[str | None, Field(description="the registry's own (diarienummer); null until there is one")] = (
        None
    )
    manual_handling_required: Annotated[
        bool, Field(description="nothing more is told of it: a person reads it where it is registered")
    ]
    applicant: Annotated[Applicant | None, Field(repr=False)] = None
    answers: Annotated[Answers, Field(repr=False, description="by the names of the configuration")] = Field(
        default_factory=dict
    )
    files: Annotated[
        tuple[RegisteredFile, ...], Field(description="in order; GET .../files/{n}, from 1, gives what they hold")
    ] = ()
