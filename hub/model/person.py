"""A question to a population register (folkbokföring), and its answer."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from hub.model.booking import Protected
from hub.model.frozen import Frozen
from hub.model.identity import PersonNumber
from hub.model.invoice import PostalAddress


class PersonLookup(Frozen):
    """One question, with the reasons that the audit log keeps."""

    identity_number: PersonNumber
    purpose: Annotated[str, Field(min_length=1, max_length=200)]
    legal_basis: Annotated[str, Field(min_length=1, max_length=200)]
    asked_by: Annotated[str, Field(min_length=1, max_length=100, description="the human user")]


class Person(Frozen):
    """Somebody in the register. What is withheld is None; of whoever is protected nothing but that is told.

    Protection that is not known behaves as protection.
    """

    identity_number: PersonNumber
    protected: Protected
    name: Annotated[str | None, Field(max_length=200, repr=False)] = None
    address: PostalAddress | None = None
    deceased: Annotated[date | None, Field(repr=False, description="told only where protection is a clear no")] = None
    emigrated: Annotated[date | None, Field(repr=False, description="likewise")] = None
    replaced_by: Annotated[PersonNumber | None, Field(description="another number that the person has now")] = None

    @model_validator(mode="after")
    def _protected_says_nothing(self) -> Self:
        told = (self.name, self.address, self.deceased, self.emigrated)
        if self.protected is not Protected.NO and any(one is not None for one in told):
            msg = "of somebody who is protected, or may be, neither name, address nor circumstances are told"
            raise ValueError(msg)
        return self
