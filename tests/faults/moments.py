"""The moments between any two steps of the hub, at which a test can have the process die, as from kill -9.

A trap is a file with the name of a moment: who comes by finds it, takes it away and dies. The systems kill at two
moments of their own: when a request has come and nothing is done, and when it is done and not answered.
"""

import os
import signal
from collections.abc import Callable
from enum import StrEnum, auto
from pathlib import Path
from typing import Any

from hub.delivery.settling import Settling
from hub.service.accepting import Accepting
from hub.store.writer import Writer


class Moment(StrEnum):
    """In the order of the walk."""

    ACCEPTING = auto()
    """A booking is written, and not committed."""
    ACCEPTED = auto()
    """It is committed, and not answered."""
    TAKEN = auto()
    """A lane is leased, and nothing is sent."""
    RECEIVED = auto()
    """The system has the request, and does it later."""
    APPLIED = auto()
    """The system has done it, and has not answered."""
    ANSWERED = auto()
    """The connector has its answer, and nobody has looked."""
    SEEN = auto()
    """The hub has looked, and written nothing."""
    SETTLING = auto()
    """The outcome is written, and not committed."""
    SETTLED = auto()
    """It is committed."""


OF_SYSTEMS = (Moment.RECEIVED, Moment.APPLIED)
"""Moments at which the other side kills."""

_trap: Path | None = None


def name_of(place: str, moment: Moment) -> str:
    """What the trap file says."""
    return f"{place}:{moment}"


def here(place: str, moment: Moment) -> None:
    """Die, if a trap says so."""
    if _trap is not None and _trap.exists() and _trap.read_text() == name_of(place, moment):
        _trap.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def lay(trap: Path) -> None:
    """Look for a trap there; and at the moments around a COMMIT, which no connector sees."""
    global _trap  # noqa: PLW0603 - one process, one trap
    _trap = trap
    Accepting.accept = _dying_after(Accepting.accept, Moment.ACCEPTING)  # type: ignore[method-assign]
    Settling.settle = _dying_after(Settling.settle, Moment.SETTLING)  # type: ignore[method-assign]
    Writer._transaction = _dying_once_committed(Writer._transaction)  # type: ignore[method-assign]


def _dying_after(step: Callable[..., Any], moment: Moment) -> Callable[..., Any]:
    def stepped(*values: Any) -> Any:
        answer = step(*values)
        here("hub", moment)
        return answer

    stepped.__name__ = step.__name__
    return stepped


def _dying_once_committed(transaction: Callable[..., Any]) -> Callable[..., Any]:
    moments = {"accept": Moment.ACCEPTED, "settle": Moment.SETTLED}

    def committed(writer: Writer, group: list[Any]) -> Any:
        answers = transaction(writer, group)
        for work in {waiting.work.__name__ for waiting in group} & moments.keys():
            here("hub", moments[work])
        return answers

    return committed
