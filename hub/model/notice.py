"""A message to a person or a role (avisering), as every way of sending understands it."""

from enum import StrEnum, auto
from typing import Annotated

from pydantic import Field

from hub.model.document import RecordKey
from hub.model.frozen import Frozen


class Channel(StrEnum):
    """Which way a message goes."""

    EMAIL = auto()
    SMS = auto()


class Notice(Frozen):
    """One message to one recipient. Sent again it has the same id, so that whoever receives it can tell."""

    key: RecordKey
    channel: Channel
    recipient: Annotated[str, Field(min_length=3, max_length=254, repr=False, description="address, or E.164 number")]
    subject: Annotated[str, Field(max_length=200, repr=False)] = ""
    text: Annotated[str, Field(min_length=1, max_length=200_000, repr=False)]
    html: Annotated[str | None, Field(repr=False)] = None
    language: Annotated[str, Field(pattern=r"^(sv|en)$")] = "sv"
    calendar: Annotated[str | None, Field(repr=False, description="iCalendar, for the booker")] = None
