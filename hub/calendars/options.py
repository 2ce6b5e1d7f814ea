"""What a calendar does not say: which resource a place is, who pays, and what opens the door."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from hub.model.booking import Text
from hub.model.frozen import Frozen
from hub.model.naming import Name, ResourceId


class CalendarOptions(Frozen):
    """How the events of one calendar become bookings."""

    calendar: Annotated[
        str, Field(max_length=80, description="a name that keeps UIDs of several calendars apart; rooms can share them")
    ] = ""
    resources: Annotated[
        dict[str, ResourceId], Field(description="what LOCATION, or a category, says: which resource that is")
    ] = Field(default_factory=dict)
    activities: Annotated[dict[str, Name], Field(description="what a category says: which activity that is")] = Field(
        default_factory=dict
    )
    customer_kind: Annotated[
        Literal["person", "association", "company", "internal"],
        Field(description="what organisers are; a person's protection is unknown, and unknown behaves as yes"),
    ] = "person"
    customer_name: Annotated[
        Text | None, Field(repr=False, description="who pays for all; else who organises each")
    ] = None
    credential: Annotated[Literal["pin", "mobile_key", "none"], Field(description="what opens the doors")] = "pin"
    payment: Annotated[Literal["free", "invoice"], Field(description="a calendar has no prices")] = "free"
    notify: Annotated[tuple[Name, ...], Field(description="roles to tell")] = ()


def plain(text: str) -> str:
    """How texts are compared: without case, and with single spaces."""
    return " ".join(text.split()).casefold()


class Places:
    """Which resource a text means: by the options first, then its id, then a name that only one has."""

    def __init__(self, names: Mapping[str, str], told: Mapping[str, str] | None = None) -> None:
        counts = Counter(plain(name) for name in names.values())
        self._doubled = {name for name, count in counts.items() if count > 1}
        self._found = {plain(name): key for key, name in names.items() if counts[plain(name)] == 1}
        self._found |= {plain(key): key for key in names}
        self._found |= {plain(text): key for text, key in (told or {}).items()}

    def find(self, text: str) -> str | None:
        """The resource's id."""
        return self._found.get(plain(text))

    def why_not(self, text: str) -> str:
        """Why a text means no resource, and what to do."""
        if plain(text) in self._doubled:
            return f"{text!r} is the name of several resources: write the resource's id"
        return f"{text!r} is no resource's id or name: correct it, or map it (`resources` in --mapping)"
