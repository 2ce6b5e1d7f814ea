"""How one municipality reads DAK."""

from enum import StrEnum

from pydantic import Field

from hub.sdk import ConnectorConfig


class Dangling(StrEnum):
    """What a mark costs whose person is not in the file's register."""

    MARK = "mark"
    GATHERING = "gathering"


class DakConfig(ConnectorConfig):
    """How the files of one source system are read."""

    dangling: Dangling = Field(
        default=Dangling.MARK,
        description="What is left out when a mark names nobody in the file's registers: that `mark`, or the whole "
        "`gathering`. Either is named in the import report.",
    )
