"""A document to be registered (diarieföras), as every registry understands it."""

from datetime import date
from enum import StrEnum, auto
from typing import Annotated

from pydantic import Field, StringConstraints

from hub.model.frozen import Frozen

RecordKey = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
"""Our own key of a record: what a system is asked for when nobody knows whether it has it."""
Title = Annotated[str, StringConstraints(min_length=1, max_length=250)]


class Direction(StrEnum):
    """Which way a document went."""

    INCOMING = auto()
    OUTGOING = auto()
    INTERNAL = auto()


class Secrecy(Frozen):
    """Why a document may not be given out (sekretess)."""

    ground: Annotated[str, Field(min_length=1, max_length=100, description="the law and its section, e.g. OSL 21:1")]
    until: Annotated[date | None, Field(description="when it ends, if that is known")] = None


class DocumentFile(Frozen):
    """A file of a document."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")]
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[A-Za-z0-9.+-]+$")]
    content: Annotated[bytes, Field(repr=False)]


class Document(Frozen):
    """A document (handling). What names a person is shown in no `repr`."""

    key: RecordKey
    title: Annotated[Title, Field(repr=False)]
    direction: Direction
    dated: date
    counterpart: Annotated[str, Field(max_length=200, repr=False, description="who sent it, or was sent it")] = ""
    case: Annotated[str | None, Field(max_length=80, description="the registry's number of the case it belongs to")] = (
        None
    )
    classification: Annotated[str | None, Field(max_length=40, description="in the municipality's plan")] = None
    secrecy: Secrecy | None = None
    files: tuple[DocumentFile, ...] = ()
