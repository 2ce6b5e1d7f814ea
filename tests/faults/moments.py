"""The moments between any two steps of the hub, at which a test can have the process die, as from kill -9.

A trap is a file with the name of a moment, and with words of which one must be in the key at hand, where there are any:
who comes by finds it, takes it away and dies. The systems kill at two moments of their own: when a request has come and
nothing is done, and when it is done and not answered.
"""

import os
import signal
from collections.abc import Callable, Collection, Iterable
from enum import StrEnum, auto
from pathlib import Path
from typing import Any

from hub.delivery.errands.outcomes import Outcome
from hub.delivery.loop.settling import Settling
from hub.service.accept.accepting import Accepting
from hub.store.engine.writer import Writer


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


def meant(keys: Iterable[str], whose: Collection[str]) -> bool:
    """Whether a trap with these words is meant for any of the keys."""
    return not whose or any(word in key for key in keys for word in whose)


def here(place: str, moment: Moment, *keys: str) -> None:
    """Die, if a trap says so."""
    if _trap is None or not _trap.exists():
        return
    name, *whose = _trap.read_text().splitlines()
    if name == name_of(place, moment) and meant(keys, whose):
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
    def stepped(own: Any, connection: Any, items: list[Any]) -> Any:
        answer = step(own, connection, items)
        here("hub", moment, *_keys(items))
        return answer

    stepped.__name__ = step.__name__
    return stepped


def _dying_once_committed(transaction: Callable[..., Any]) -> Callable[..., Any]:
    moments = {"accept": Moment.ACCEPTED, "settle": Moment.SETTLED}

    def committed(writer: Writer, group: list[Any]) -> Any:
        answers = transaction(writer, group)
        for work, moment in moments.items():
            if keys := _keys(waiting.item for waiting in group if waiting.work.__name__ == work):
                here("hub", moment, *keys)
        return answers

    return committed


def _keys(items: Iterable[Any]) -> list[str]:
    """The keys of the lanes that were carried, or the numbers of the bookings that were sent."""
    return [one.lane.key if isinstance(one, Outcome) else one.number for one in items]
