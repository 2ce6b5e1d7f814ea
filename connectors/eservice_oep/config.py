"""One Open ePlatform: where it is, who we are there, which of its e-services are fetched, and where they say what."""

from typing import Annotated, Literal

from pydantic import Field, HttpUrl, SecretStr, StringConstraints

from hub.sdk import ConnectorConfig

Where = Annotated[str, StringConstraints(pattern=r"^(Header|Values)(/[^/\s]{1,80}){1,6}$", max_length=300)]
"""A place in the XML of an application, e.g. `Values/applicant/citizenIdentifier`."""
Question = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Family = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}$")]


class Form(ConnectorConfig):
    """One e-service."""

    title: str = Field(
        min_length=1, max_length=250, description="Of each of its documents, for everybody to read; names nobody."
    )
    authority: str = Field(default="", max_length=100, description="Whose register (nämnd); empty: the only one.")
    series: str = Field(default="", max_length=20, description="Of its numbers; empty: the authority's.")
    classification: str | None = Field(default=None, max_length=40, description="In the municipality's plan.")
    names: tuple[Where, ...] = Field(
        default=("Header/Owner/Firstname", "Header/Owner/Lastname"),
        description="Where the name of who applies stands, part by part.",
    )
    identity_number: Where | None = Field(default=None, description="Where a person's number stands.")
    organisation_number: Where | None = Field(default=None, description="Where an organisation's number stands.")
    organisation_name: Where | None = Field(default=None, description="Where its name stands.")
    organisation_kind: Literal["association", "company"] = Field(
        default="association", description="What an organisation is that applies by it."
    )
    answers: dict[Question, Where] = Field(
        default={}, description="What the booking core may fetch, by the name that it is told under; all else is only"
        " registered."
    )  # fmt: skip


class OepConfig(ConnectorConfig):
    """One installation."""

    base_url: HttpUrl = Field(description="Root of the site, e.g. `https://e-tjanster.umea.example/`.")
    user: str = Field(min_length=1, description="Our account for its API.")
    password: SecretStr = Field(description="Its password.")
    forms: dict[Family, Form] = Field(
        min_length=1, description="By number of the e-service's family (`FamilyID`): what it is about, and where its"
        " answers stand. See below."
    )  # fmt: skip
    status: str = Field(
        default="SUBMITTED", pattern=r"^[^/?#\s]{1,60}$", description="Status of what is fetched, as its API names it."
    )
    look_back_days: int = Field(
        default=90, ge=1, le=3650, description="How long ago an application may have come in to be asked for."
    )
    none_is_404: bool = Field(
        default=False, description="Whether this installation answers 404 where an e-service has no application."
    )
    system: str = Field(
        default="Knutpunkt", min_length=1, max_length=100, description="`System` of the registry numbers that are told."
    )
    can_be_asked: bool = Field(
        default=True, description="Whether `getManagers` finds an application by its registry number. `false`: what may"
        " have been told is left to a person."
    )  # fmt: skip
    registered_status: str | None = Field(
        default=None, max_length=100, description="Status that a registered application is given: its alias, or its"
        " number. Left out: it keeps the one that it has."
    )  # fmt: skip
