"""A facility as it is configured (anläggning): what can be booked, its doors and its zones, and what happens there."""

from enum import StrEnum, auto
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from hub.model.frozen import Frozen
from hub.model.ladder import Rung
from hub.model.lit import LONGEST_RESTRIKE_MINUTES, LatestOff, OnlyWhenDark, Position, Purge, Tail, Warn
from hub.model.naming import ExternalKey, Name, ResourceId, Title
from hub.model.sensing import Sensor

DIGITS = "0123456789"
Minutes = Annotated[int, Field(ge=0, le=24 * 60, description="whole minutes")]


class Capability(StrEnum):
    """What a connection does for a resource."""

    ACCESS = auto()
    LIGHTING = auto()
    CLIMATE = auto()
    HOLD_OPEN = auto()
    """A door that is held open is a zone."""
    ALARM = auto()
    """So is an intruder alarm (larm) whose arming is postponed."""
    FINANCE = auto()
    NOTIFICATION = auto()
    REGISTRY = auto()
    POPULATION = auto()


class Strategy(StrEnum):
    """How credentials are given out."""

    PER_BOOKING = auto()
    """One PIN for the booking, on all its doors, for all its holders."""
    PER_HOLDER = auto()
    """One PIN for each distinct holder of the booking."""
    PER_ASSOCIATION = auto()
    """One PIN for each association or company, on all doors of all its bookings, another each season; for others one
    for the booking."""


class PinFormat(Frozen):
    """What a keypad takes, and how long a used PIN rests before it may be given again."""

    length: Annotated[int, Field(ge=4, le=10, description="digits")]
    leading_zero: Annotated[bool, Field(description="whether the first digit may be 0")]
    quarantine_days: Annotated[int, Field(ge=0, le=3650, description="days a used PIN rests")]
    alphabet: Annotated[
        str,
        Field(
            pattern=r"^[0-9A-Z*#]{4,36}$", description="what the keypad has, where that is not all digits, e.g. 12345"
        ),
    ] = DIGITS

    @field_validator("alphabet")
    @classmethod
    def _each_once(cls, alphabet: str) -> str:
        if len(set(alphabet)) < len(alphabet):
            msg = "write each character once"
            raise ValueError(msg)
        return alphabet


class CredentialRule(Frozen):
    """How the doors of a facility are opened."""

    strategy: Annotated[Strategy, Field(description="who shares a credential")]
    pin: Annotated[PinFormat, Field(description="format of PINs that the hub makes")]
    changes_on: Annotated[
        str | None,
        Field(
            pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$",
            description="day of the year on which associations get another PIN, 09-01; written with `per_association`,"
            " and only then",
        ),
    ] = None


class Door(Frozen):
    """One door, what its system calls it, and how much longer than the booking it opens."""

    key: ExternalKey
    serves: Annotated[
        Literal["all"] | tuple[ResourceId, ...], Field(description="resources whose bookings open it, or all places")
    ]
    lead_minutes: Minutes
    lag_minutes: Minutes


class Access(Frozen):
    """The doors of a facility (passage)."""

    connection: Annotated[Name | None, Field(description="left out: unserved until there is one")] = None
    credential: Annotated[CredentialRule, Field(description="what opens them")]
    doors: Annotated[dict[str, Door], Field(min_length=1, description="each door by a name of ours")]
    fallback: Annotated[
        tuple[Rung, ...], Field(description="what is done instead when a credential is not confirmed in time")
    ] = ()


class LevelKind(StrEnum):
    """What kind of level a zone takes."""

    SWITCH = auto()
    """On or off; levels are `true`."""
    DIM = auto()
    """Light in per cent."""
    SETPOINT = auto()
    """Degrees Celsius, at most one decimal."""


class ZoneRule(Frozen):
    """One zone and what bookings ask of it: light, climate (ljuszon, klimatzon), a door held open, an alarm (larm)."""

    connection: Annotated[Name | None, Field(description="left out: unserved until there is one")] = None
    key: ExternalKey
    capability: Annotated[
        Literal[Capability.LIGHTING, Capability.CLIMATE, Capability.HOLD_OPEN, Capability.ALARM],
        Field(
            description="lighting, climate, hold_open (a door is held open; kind: switch) or alarm (an alarm does not"
            " arm; kind: switch)"
        ),
    ]
    serves: Annotated[
        Literal["all"] | tuple[ResourceId, ...], Field(description="resources whose bookings want it, or all places")
    ]
    kind: Annotated[LevelKind, Field(description="switch (on and off), dim (per cent) or setpoint (degrees Celsius)")]
    levels: Annotated[
        dict[str, bool | int | float], Field(description="level by activity; `default` for any other", min_length=1)
    ]
    lead_minutes: Minutes
    lag_minutes: Minutes
    restrike_minutes: Annotated[
        int | None,
        Field(
            ge=1,
            le=LONGEST_RESTRIKE_MINUTES,
            description="how long the lamp must cool before it strikes again: a shorter pause between bookings is lit;"
            " left out: it strikes at once",
        ),
    ] = None
    only_when_dark: Annotated[OnlyWhenDark | None, Field(description="left out: also by day")] = None
    latest_off: Annotated[LatestOff | None, Field(description="left out: as long as it is booked")] = None
    tail: Annotated[Tail | None, Field(description="left out: nothing after the bookings")] = None
    warning: Annotated[Warn | None, Field(description="before it goes dark; only dim; left out: none")] = None
    purge: Annotated[Purge | None, Field(description="only climate; left out: nothing after the bookings")] = None

    empty_after_minutes: Annotated[
        int | None,
        Field(
            ge=5,
            le=24 * 60,
            description="how long into a booking nobody may be seen before `zone.booked_but_empty` is told; left out:"
            " it is not",
        ),
    ] = None
    unbooked_after_minutes: Annotated[
        int | None,
        Field(
            ge=1,
            le=24 * 60,
            description="how long it may be lit though nobody claims it before `zone.lit_but_unbooked` is told; left"
            " out: it is not",
        ),
    ] = None

    @model_validator(mode="after")
    def _a_door_is_held_or_not(self) -> Self:
        if self.capability is Capability.HOLD_OPEN and self.kind is not LevelKind.SWITCH:
            msg = f"kind: {self.kind}: a door is held open or not; write kind: switch, and true or false as levels"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _an_alarm_waits_or_not(self) -> Self:
        if self.capability is Capability.ALARM and self.kind is not LevelKind.SWITCH:
            msg = f"kind: {self.kind}: arming is postponed or not; write kind: switch, and true as level"
            raise ValueError(msg)
        return self


class Resource(Frozen):
    """Something that can be booked (bokningsbart objekt)."""

    name: Title
    kind: Annotated[
        Literal["place", "equipment"],
        Field(description="place or equipment; equipment opens and lights only what names it"),
    ]
    parts: Annotated[tuple[ResourceId, ...], Field(description="what booking this one also takes")] = ()


class Facility(Frozen):
    """A building or a ground (anläggning) with what can be booked there."""

    name: Title
    position: Annotated[Position | None, Field(description="where it is; for zones that are lit only when dark")] = None
    resources: Annotated[dict[ResourceId, Resource], Field(min_length=1, description="what can be booked, by its id")]
    access: Annotated[Access | None, Field(description="its doors; null where bookings open none")] = None
    zones: Annotated[dict[Name, ZoneRule], Field(description="its zones of light and climate; {} for none")] = Field(
        default_factory=dict
    )
    sensors: Annotated[dict[Name, Sensor], Field(description="what is read there; left out: nothing")] = Field(
        default_factory=dict
    )
