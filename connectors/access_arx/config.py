"""The settings of one ARX server."""

from enum import StrEnum
from typing import Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

from hub.model import Refusal
from hub.sdk import ConnectorConfig


class Verb(StrEnum):
    """How the server wants to be asked for an export; installations differ."""

    GET = "GET"
    POST = "POST"


class ArxConfig(ConnectorConfig):
    """One ARX server and the account of its web API."""

    base_url: HttpUrl = Field(description="Where the web API answers, e.g. `https://arx.example.se:5002/arx/`.")
    user: str = Field(description="Account of the web API.")
    password: SecretStr = Field(description="Its password.")
    pin_format: str = Field(default="kode", description="Name in ARX of the card format of codes typed at a keypad.")
    pin_prefix: str = Field(default="", description="Put before a PIN to make it a card number; some sites use `00`.")
    card_format: str = Field(default="kort", description="Name in ARX of the card format of cards and tags.")
    export_verb: Verb = Field(default=Verb.GET, description="How the server wants to be asked: `GET` or `POST`.")
    whole_export: bool = Field(
        default=True,
        description="Before a number is given to a person of ours, look at everybody's cards, so that no one else's is "
        "taken. Turn it off only where the export is slow and `pin_prefix` keeps our numbers apart.",
    )

    passage_events: tuple[str, ...] = Field(
        default=("controller.access.card.valid.standard",),
        description="Events of ARX that tell that somebody was let in; also those whose name goes on after a dot.",
    )
    refused_events: dict[str, Refusal] = Field(
        default_factory=dict,
        description="Events that tell that somebody was refused, and why: `too_early`, `too_late`, `wrong_door`, "
        "`unknown_code`, `wrong_code`, `disabled` or `other`. Their names differ; ARX shows them in its log.",
    )
    event_doors: dict[str, str] = Field(
        default_factory=dict,
        description="The access category of each door, by the door's external id; of one that is left out, the "
        "external id itself is told.",
    )
    event_overlap_minutes: int = Field(
        default=10,
        ge=0,
        le=120,
        description="How much is asked for again each time: a controller may tell late, and its clock may be behind.",
    )
    event_history_hours: int = Field(default=24, ge=1, le=744, description="How far back is asked for the first time.")

    @model_validator(mode="after")
    def _formats_differ(self) -> Self:
        if self.pin_format == self.card_format:
            msg = f"pin_format and card_format are both {self.pin_format!r}: a PIN could not be told from a card"
            raise ValueError(msg)
        return self
