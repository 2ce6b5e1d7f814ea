"""The settings of one ONVIF device."""

from enum import StrEnum

from pydantic import Field, HttpUrl, SecretStr

from hub.sdk import ConnectorConfig, Validity


class Login(StrEnum):
    """How the device wants to be logged in to."""

    WSSE = "wsse"
    DIGEST = "digest"


class Format(StrEnum):
    """How a value becomes octets: the names of ISO 16484-5 (BACnet) that are spoken here."""

    TEXT = "SIMPLE_ALPHA_NUMERIC"
    NUMBER32 = "SIMPLE_NUMBER32"
    NUMBER56 = "SIMPLE_NUMBER56"
    NUMBER16 = "SIMPLE_NUMBER16"


class OnvifConfig(ConnectorConfig):
    """One controller and an account of it."""

    base_url: HttpUrl = Field(description="Root of the device, e.g. `https://dorr-1.example.se/`.")
    device_path: str = Field(default="onvif/device_service", description="Path of its device service.")
    user: str = Field(description="Account on the device, of level operator or administrator.")
    password: SecretStr = Field(description="Its password.")
    login: Login = Field(
        default=Login.WSSE,
        description="`wsse`: a UsernameToken with a digest in each message; `digest`: HTTP Digest.",
    )
    pin_format: Format | None = Field(
        default=None,
        description="Format of PINs. Without it the first of these that the device has, and PINs that fit any of them: "
        "none begins with 0.",
    )
    card_format: Format | None = Field(
        default=None, description="Format of card numbers, one of the same; without it no cards are used."
    )
    validity: Validity = Field(
        default=Validity.TIMES,
        description="How finely it keeps times: `times`, `dates` or `none`; what it says of itself narrows that.",
    )
    profiles_per_door: int = Field(
        default=1,
        ge=1,
        description="Access profiles of each name: as many times can be sent ahead for one door.",
    )
    event_history_hours: int = Field(
        default=24, ge=0, description="How far back events are read the first time, where the device keeps them."
    )
    event_overlap_minutes: int = Field(
        default=5, ge=1, description="How far over what was read before they are read again: a door may tell late."
    )
    event_doors: dict[str, str] = Field(
        default_factory=dict,
        description="The external key of an access point's door, by its token, where it is not the name of the one "
        "access profile that opens it.",
    )
