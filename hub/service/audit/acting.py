"""Who acts: set where a caller becomes known (a request's key, a command's user), read where a change is written.

It follows a task and all that it starts, so no use case has to hand it on. Where nobody was told it is the hub itself.
"""

from contextvars import ContextVar
from typing import NamedTuple


class Actor(NamedTuple):
    """Who acts: by what, and for whom."""

    who: str
    """The name of an API key; `cli` for the command line, `hub` for the hub itself."""
    person: str = ""
    """Who stands behind it, as X-Sent-By tells; personal."""
    shown: bool = False
    """Whether the answer tells them what opens doors."""


HUB, CLI = Actor("hub"), Actor("cli")
_ACTING: ContextVar[Actor] = ContextVar("acting", default=HUB)


def act_as(actor: Actor) -> None:
    """From here on, in this task, it is this one who acts."""
    _ACTING.set(actor)


def acting() -> Actor:
    """Who acts now."""
    return _ACTING.get()
