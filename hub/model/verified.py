"""What a verification found: between a core's bookings and ours, and between our effects and their systems."""

from typing import Annotated, Literal

from pydantic import Field

from hub.model.answers import TargetName
from hub.model.frozen import Frozen

Verdict = Literal["lost", "overridden", "mended", "failing", "unanswered", "dismissed"]


class TargetVerdict(Frozen):
    """A target that is not as the hub said, or was not until now."""

    target: TargetName
    verdict: Annotated[
        Verdict,
        Field(
            description="lost: gone or shut off there; overridden: set by hand; mended: it differed, and was put right;"
            " failing: its system refuses or is down; unanswered: not looked at in the time given;"
            " dismissed: an operator let it be, and it stands or may"
        ),
    ]
    detail: str | None = None


class Verified(Frozen):
    """Whether what the hub says is true is what its connections read back."""

    standing: Annotated[int, Field(description="effects that stood, or should have been gone")]
    as_said: Annotated[int, Field(description="of them: seen in their system, as the hub said")]
    unread: Annotated[int, Field(description="of them: in systems that cannot be read; nothing more can be known")]
    moved_on: Annotated[int, Field(description="of them: something else was to be there meanwhile")]
    differing: Annotated[int, Field(description="of them: not as the hub said")]
    targets: Annotated[tuple[TargetVerdict, ...], Field(description="those that differ; the first thousand")]


class Difference(Frozen):
    """A booking that is not the same in the core and here."""

    number: str
    difference: Annotated[
        Literal["missing-here", "missing-there", "older-here", "newer-here", "other-content"],
        Field(description="there is the core, here is the hub"),
    ]
    here: Annotated[int | None, Field(description="revision")] = None
    there: Annotated[int | None, Field(description="revision")] = None
