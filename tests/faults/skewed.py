"""The machine's clock set wrong, for one process: what asks for the time of day is told another."""

import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import apscheduler.executors.base
import apscheduler.schedulers.base
import apscheduler.triggers.interval

import hub.clock

_ASK = (hub.clock, apscheduler.schedulers.base, apscheduler.executors.base, apscheduler.triggers.interval)
"""Who asks `datetime` by that name."""


def by(file: Path) -> None:
    """Be so many seconds wrong as the file says, from moment to moment."""
    ns, seconds, real = time.time_ns, time.time, datetime

    def wrong() -> float:
        return float(file.read_text() or 0)

    class Skewed(datetime):
        """Tells what the wrong clock shows."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return real.now(tz) + timedelta(seconds=wrong())

    time.time_ns = lambda: ns() + int(wrong() * 1e9)
    time.time = lambda: seconds() + wrong()
    for module in _ASK:
        setattr(module, "datetime", Skewed)  # noqa: B010 - it is imported there, and not said to be given on


def set_to(file: Path, seconds: float) -> None:
    """Set the clock, at once and whole."""
    new = file.with_suffix(".new")
    new.write_text(str(seconds))
    new.replace(file)
