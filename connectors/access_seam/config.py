"""The settings of one workspace of Seam."""

from enum import StrEnum
from typing import Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

from hub.sdk import ConnectorConfig


class CodeBy(StrEnum):
    """Who makes a code up."""

    HUB = "hub"
    LOCK_SYSTEM = "lock_system"


class SeamConfig(ConnectorConfig):
    """One workspace, its key, and the municipality's leave to send codes out of the EU."""

    base_url: HttpUrl = Field(
        default=HttpUrl("https://connect.getseam.com/"), description="Where Seam's API answers; seldom another."
    )
    api_key: SecretStr = Field(description="Key of the workspace, from Seam's console.")
    code_by: CodeBy = Field(
        default=CodeBy.HUB,
        description="`lock_system`: the locks make each code themselves, as Salto KS does, and the hub learns it.",
    )
    transfer_outside_eu: bool = Field(
        default=False,
        description="Must be `true`: Seam is in the USA, and gets the codes of your doors, their times and the hub's "
        "references (no names). Set it when the municipality has decided so, by chapter V of the GDPR.",
    )

    @model_validator(mode="after")
    def _leave_is_given(self) -> Self:
        if not self.transfer_outside_eu:
            msg = (
                "transfer_outside_eu is not true: Seam is in the USA, so door codes, their times and the hub's "
                "references leave the EU; set it to true when the municipality has decided that they may"
            )
            raise ValueError(msg)
        return self
