"""Who is told what of bookings, when and how (avisering), as a municipality writes it."""

from enum import StrEnum, auto
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from hub.model.frozen import Frozen
from hub.model.naming import Email, Name, Phone

T = TypeVar("T")
Place = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*$", max_length=120, description="a facility, or a resource"
    ),
]
WallTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Swedish time, e.g. 06:30")]
Language = Literal["sv", "en"]


def _some(listed: tuple[T, ...]) -> tuple[T, ...]:
    if not listed:
        msg = "an empty list; write what is meant, or leave it out"
        raise ValueError(msg)
    return listed


class News(StrEnum):
    """What may have happened with a booking, for somebody who is told of it."""

    NEW = auto()
    CHANGED = auto()
    CANCELLED = auto()
    """Or moved to where it no longer concerns them."""
    CLOSED = auto()
    """A closure suspends it, or more of it."""
    REOPENED = auto()
    """The closure is lifted."""
    CODE = auto()
    """Its door code is known, or is another; only for the booker."""


Wanted = Literal[News.NEW, News.CHANGED, News.CANCELLED, News.CLOSED, News.REOPENED]
_FIRST_THREE: tuple[Wanted, ...] = (News.NEW, News.CHANGED, News.CANCELLED)
_ALL_FIVE: tuple[Wanted, ...] = (*_FIRST_THREE, News.CLOSED, News.REOPENED)


class Weekday(StrEnum):
    """A day of the week, Monday first."""

    MONDAY = auto()
    TUESDAY = auto()
    WEDNESDAY = auto()
    THURSDAY = auto()
    FRIDAY = auto()
    SATURDAY = auto()
    SUNDAY = auto()


class QuietHours(Frozen):
    """When nothing is sent (tyst tid): what falls due then waits until the end."""

    model_config = ConfigDict(serialize_by_alias=True)

    begins: Annotated[WallTime, Field(alias="from", description="Swedish time, e.g. 21:00")]
    until: Annotated[WallTime, Field(description="Swedish time; on the next day when it is the earlier of the two")]

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.begins == self.until:
            msg = "`from` and `until` are the same time; take quiet_hours out, or make them differ"
            raise ValueError(msg)
        return self


class Digest(Frozen):
    """All news since the last one, in one message at a time of day (sammandrag)."""

    at: Annotated[WallTime, Field(description="when it is sent, Swedish time, e.g. 06:30")]
    weekdays: Annotated[tuple[Weekday, ...], AfterValidator(_some), Field(description="on which days")] = tuple(Weekday)


class Way(Frozen):
    """How a role is reached."""

    connection: Annotated[Name | None, Field(description="left out: unserved until there is one")] = None
    to: str | None = None
    by_facility: dict[Name, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _to_somebody(self) -> Self:
        if self.connection is not None and self.to is None and not self.by_facility:
            msg = "to whom? write `to`, or `by_facility`"
            raise ValueError(msg)
        return self


class EmailWay(Way):
    """By e-mail, to a mailbox of the municipality's or of somebody it works with."""

    to: Annotated[Email | None, Field(description="address; left out: only facilities below are told")] = None
    by_facility: Annotated[
        dict[Name, Email], Field(description="another address for bookings of a facility, by the facility's name")
    ] = Field(default_factory=dict)


class SmsWay(Way):
    """By text message, to a phone that somebody has on duty."""

    to: Annotated[Phone | None, Field(description="e.g. +46701740605; left out: only facilities below are told")] = None
    by_facility: Annotated[
        dict[Name, Phone], Field(description="another number for bookings of a facility, by the facility's name")
    ] = Field(default_factory=dict)


class _Told(Frozen):
    """What a role and the booker have in common."""

    language: Annotated[Language, Field(description="of what is written to them")] = "sv"
    resources: Annotated[
        Literal["all"] | tuple[Place, ...],
        Field(description="facilities and resources whose bookings they are told of, or all"),
    ] = "all"
    quiet_hours: Annotated[QuietHours | None, Field(description="when nothing is sent to them; left out: never")] = None


class Role(_Told):
    """Whom bookings may have told."""

    email: Annotated[EmailWay | None, Field(description="left out: not by e-mail")] = None
    sms: Annotated[SmsWay | None, Field(description="left out: not by text message")] = None
    when: Annotated[tuple[Wanted, ...], AfterValidator(_some), Field(description="what they are told of")] = (
        _FIRST_THREE
    )
    always: Annotated[bool, Field(description="told without being named in the booking's `notify`")] = False
    digest: Annotated[Digest | None, Field(description="left out: each booking gives a message of its own")] = None


class BookerWay(Frozen):
    """By which connection; the address is the one that the customer of the booking has."""

    connection: Annotated[Name | None, Field(description="left out: unserved until there is one")] = None


class Booker(_Told):
    """What the customer of a booking is told (bokare), at the address and number that the booking has."""

    email: Annotated[BookerWay | None, Field(description="left out: not by e-mail")] = None
    sms: Annotated[BookerWay | None, Field(description="left out: not by text message")] = None
    contact: Annotated[
        Email | None, Field(description="address that bookers turn to; with `email`, for their calendars name it")
    ] = None
    when: Annotated[tuple[Wanted, ...], AfterValidator(_some), Field(description="what they are told of")] = _ALL_FIVE
    tell_code: Annotated[
        bool, Field(description="whether the door code stands in the message; it is told to nobody else")
    ] = False

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if self.email is not None and self.contact is None:
            msg = "`email` needs `contact`: the address that bookers turn to"
            raise ValueError(msg)
        return self


BOOKER = "booker"
"""The role of a booking's own customer; no other may have the name."""
