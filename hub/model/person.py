"""A question to a population register (folkbokföring), and its answer.

Source: Skatteverket, SPAR and Inera interfaces as read 2026-11-21. Three questions with three answers: where to write
(`address`), where somebody is registered (`registered_address`, `municipality`), and who has custody (`guardians`).
"""

from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from hub.model.booking import Protected
from hub.model.frozen import Frozen
from hub.model.identity import PersonNumber

IncompleteDate = Annotated[str, StringConstraints(pattern=r"^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?$")]
"""A year, a month or a day, as far as the register knows; empty where it knows that it was, and not when."""
MunicipalityCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
"""County and municipality, two digits each."""
_Line = Annotated[str, StringConstraints(max_length=100)]
_Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class PersonLookup(Frozen):
    """One question, with the reasons that the audit log keeps."""

    identity_number: PersonNumber
    purpose: _Reason
    legal_basis: _Reason
    asked_by: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
        Field(description="the human user, never a system"),
    ]
    guardians: Annotated[bool, Field(description="whether it is asked who has custody too")] = False


class AddressKind(StrEnum):
    """What an address is to the person."""

    FORWARDING = auto()
    """Asked for by the person, or Skatteverket's own that sends on (särskild postadress)."""
    REGISTERED = auto()
    """Where the person is registered as living (folkbokföringsadress)."""
    ABROAD = auto()
    """Utlandsadress."""
    CONTACT = auto()
    """Of one with a coordination number (kontaktadress): perhaps somebody else's, and no place to live."""


class PersonAddress(Frozen):
    """An address as a register has it; shown in no `repr`."""

    kind: AddressKind
    care_of: Annotated[str, Field(max_length=100, repr=False)] = ""
    lines: Annotated[tuple[_Line, ...], Field(max_length=3, repr=False, description="street or box, most general last")]
    postcode: Annotated[str, Field(max_length=10, repr=False, description="five digits in Sweden; empty abroad")] = ""
    city: Annotated[str, Field(max_length=60, repr=False)] = ""
    country: Annotated[str, Field(max_length=60, repr=False, description="as the register writes it; none: Sweden")] = (
        ""
    )


class Guardian(Frozen):
    """Who has custody (vårdnadshavare), not who is a parent."""

    identity_number: Annotated[PersonNumber | None, Field(description="none where the register has a birth date only")]
    name: Annotated[str | None, Field(max_length=200, repr=False)] = None


class Person(Frozen):
    """Somebody in the register. What is withheld is None; of whoever is protected nothing but that is told.

    Protection that is not known behaves as protection.
    """

    identity_number: PersonNumber
    protected: Protected
    name: Annotated[str | None, Field(max_length=200, repr=False)] = None
    address: Annotated[PersonAddress | None, Field(description="where to write")] = None
    registered_address: PersonAddress | None = None
    municipality: Annotated[MunicipalityCode | None, Field(repr=False, description="where registered")] = None
    deceased: Annotated[IncompleteDate | None, Field(repr=False, description="when; or when found dead")] = None
    emigrated: Annotated[IncompleteDate | None, Field(repr=False)] = None
    deregistered: Annotated[
        str | None,
        Field(max_length=40, repr=False, description="the register's code of any cause: none means registered"),
    ] = None
    replaced_by: Annotated[PersonNumber | None, Field(description="another number that the person has now")] = None
    guardians: Annotated[tuple[Guardian, ...], Field(repr=False, description="only where they were asked for")] = ()

    @model_validator(mode="after")
    def _protected_says_nothing(self) -> Self:
        told = self.model_dump(exclude={"identity_number", "protected"}, exclude_defaults=True)
        if self.protected is not Protected.NO and told:
            msg = f"of somebody who is protected, or may be, nothing is told, but here is: {', '.join(sorted(told))}"
            raise ValueError(msg)
        return self


class NotTold(StrEnum):
    """Why nothing is told of somebody: for those who may know, and for nobody else."""

    PROTECTED = auto()
    UNKNOWN = auto()
    """The register does not say that there is no protection: then it behaves as if there were."""
    MISSING = auto()
    """Nobody in the register has that number."""
    FAILED = auto()
    """There was no answer, or none that can be used."""
    LATE = auto()
    """The register took longer than anybody waits."""
    PAUSED = auto()
    """The connection is paused."""
    MAINTENANCE = auto()
    """The register is worked on."""


class PersonAnswer(Frozen):
    """What is told of somebody. Without the right to know causes it is `found`, or nothing more than that it is not."""

    outcome: Annotated[
        Literal["found", "manual_handling_required"],
        Field(description="manual: a person must look into it, in the register itself"),
    ]
    person: Person | None = None
    cause: Annotated[NotTold | None, Field(description="only with scope `persons:protection`")] = None
    whose: Annotated[Literal["person", "guardian"] | None, Field(description="whom the cause is about; as `cause`")] = (
        None
    )
    detail: Annotated[str | None, Field(description="the problem in words; as `cause`")] = None


class UnsealingRequest(Frozen):
    """A wish to see what is kept of a protected person."""

    kind: Annotated[Literal["invoice"], Field(description="what it is")]
    key: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    reason: _Reason
    asked_by: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
        Field(description="the human user, never a system"),
    ]
    minutes: Annotated[int, Field(ge=1, le=60, description="for how long it may be seen")] = 15


class Unsealed(Frozen):
    """A record of a protected person, shown for a time."""

    id: Annotated[int, Field(description="by which the same key sees it again")]
    kind: Literal["invoice"]
    key: str
    until: datetime
    record: Annotated[dict[str, Any], Field(repr=False, description="the invoice or credit note, as it was sent")]
