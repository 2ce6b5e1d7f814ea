"""One ByggR: where it is, and which of its own codes mean what."""

from pydantic import Field, HttpUrl

from hub.sdk import ConnectorConfig


class ByggrConfig(ConnectorConfig):
    """One installation; all codes are its own."""

    base_url: HttpUrl = Field(description="Root of the site, e.g. `https://byggr.umea.example/`.")
    path: str = Field(default="TekisArende/ArendeExportWS.svc", description="The service, from the root.")
    signature: str | None = Field(
        default=None, max_length=20, description="`HandlaggarSign` of whom new events are given to."
    )
    case_group: str | None = Field(default=None, description="`arendegrupp` of new cases.")
    case_type: str | None = Field(default=None, description="`arendetyp` of new cases.")
    event_kind: str | None = Field(default=None, description="`handelseslag` of each event.")
    event_type: str | None = Field(default=None, description="`handelsetyp` of each event.")
    record_type: str | None = Field(default=None, description="`typ` of each document.")
    authorities: dict[str, str] = Field(
        default={}, description="`namndkod` by authority (nämnd); what is not in it is refused."
    )
