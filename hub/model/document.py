"""A document to be registered (diarieföras), as every registry understands it.

Source: OSL 5 kap. 1, 2 and 5 §§, TF 2 kap. 9-10 §§, as read 2026-11-21.
"""

import hashlib
from datetime import date
from enum import StrEnum, auto
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from hub.model.frozen import Frozen

RecordKey = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
"""Our own key of a record: what a system is asked for when nobody knows whether it has it."""
Title = Annotated[str, StringConstraints(min_length=1, max_length=250)]


class Direction(StrEnum):
    """Which way a document went."""

    INCOMING = auto()
    OUTGOING = auto()
    DRAWN_UP = auto()
    """Drawn up (upprättad): made by the authority itself."""


class Secrecy(Frozen):
    """Why a document may not be given out: a mark that warns, no decision (sekretessmarkering)."""

    ground: Annotated[str, Field(min_length=1, max_length=100, description="the law and its section, e.g. OSL 21:1")]
    marked: Annotated[date | None, Field(description="when it was marked; none: with the document")] = None
    by: Annotated[
        str, Field(max_length=100, description="the authority that marked it; none: that of the register")
    ] = ""
    until: Annotated[date | None, Field(description="when it ends, if that is known")] = None


class DocumentFile(Frozen):
    """A file of a document, as it was received."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")]
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[A-Za-z0-9.+-]+$")]
    content: Annotated[bytes, Field(repr=False)]

    @property
    def sha256(self) -> str:
        """Of the content, 64 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


class Document(Frozen):
    """A document (handling). What names a person, or is protected, is shown in no `repr`."""

    key: RecordKey
    title: Annotated[Title, Field(repr=False, description="as everybody may read it in the register")]
    protected_title: Annotated[
        Title | None,
        Field(repr=False, description="what it is about, for those who may know; never in the public register"),
    ] = None
    direction: Direction
    dated: Annotated[date, Field(description="the document's own date; Swedish local")]
    received_at: Annotated[
        AwareDatetime | None,
        Field(description="when it came in to the authority, as its source says (TF 2:9); of what is incoming only"),
    ] = None
    authority: Annotated[str, Field(max_length=100, description="whose register: each board has its own (nämnd)")] = ""
    series: Annotated[str, Field(max_length=20, description="of its numbers, e.g. FRI")] = ""
    counterpart: Annotated[str, Field(max_length=200, repr=False, description="who sent it, or was sent it")] = ""
    counterpart_protected: Annotated[
        bool, Field(description="whether the public register may not say who it is (OSL 5:2)")
    ] = False
    case: Annotated[str | None, Field(max_length=80, description="the registry's number of the case it belongs to")] = (
        None
    )
    case_key: Annotated[
        RecordKey | None,
        Field(description="documents with the same are one case, opened by the first; left out: its own key"),
    ] = None
    classification: Annotated[str | None, Field(max_length=40, description="in the municipality's plan")] = None
    secrecy: Secrecy | None = None
    files: tuple[DocumentFile, ...] = ()

    @property
    def opens(self) -> str:
        """By which key its case is known, where it belongs to none that has a number."""
        return self.case_key or self.key

    @model_validator(mode="after")
    def _of_one_case(self) -> Self:
        if self.case is not None and self.case_key is not None:
            msg = "a document belongs to a case by its number or by our key, not by both"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _received_is_what_came_in(self) -> Self:
        if self.received_at is not None and self.direction is not Direction.INCOMING:
            msg = "only what is incoming was received"
            raise ValueError(msg)
        return self
