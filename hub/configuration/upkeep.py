"""Maintenance windows: those that are over, and those in which bookings are likely to need something."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from hub.clock import STOCKHOLM
from hub.configuration.declared import access_limits
from hub.configuration.finding import Finding
from hub.configuration.folder import Folder
from hub.configuration.sheet import Sheet
from hub.model.connection import Connection
from hub.model.maintenance import Maintenance
from hub.sdk import AccessControl, Connector, Control, Validity

_MORNING, _NIGHT = time(6), time(23)
"""Between them halls are open."""


def daytime(sheet: Sheet[Connection], kind: type[Connector[Any]], connection: Connection) -> Iterator[Finding]:
    """Windows by day of a system that is told things at their very time: what falls into one is late."""
    if not _at_their_time(kind, connection):
        return
    for place, window in enumerate(connection.maintenance):
        if _by_day(window):
            message = (
                f"by day ({_MORNING:%H:%M} to {_NIGHT:%H:%M}): what bookings need of it meanwhile comes when the window"
                " ends; move it to the night, or heed what readiness says"
            )
            yield sheet.warning(("maintenance", place), "daytime-window", message)


def _at_their_time(kind: type[Connector[Any]], connection: Connection) -> bool:
    limits = access_limits(kind, connection)
    timed = limits is not None and limits.validity is Validity.TIMES
    return issubclass(kind, Control) or (issubclass(kind, AccessControl) and not timed)


def _by_day(window: Maintenance) -> bool:
    begins, ends = (time.fromisoformat(told.rpartition("T")[2]) for told in (window.begins, window.until))
    if not window.weekdays and window.begins[:10] != window.until[:10]:
        nights = datetime.fromisoformat(window.until).date() - datetime.fromisoformat(window.begins).date()
        return nights > timedelta(days=1) or begins < _NIGHT or ends > _MORNING
    return begins < _NIGHT or ends > _MORNING if ends < begins else begins < _NIGHT and ends > _MORNING


def past(folder: Folder, now: datetime) -> Iterator[Finding]:
    """Windows on dates that are over."""
    for _, sheet, connection in folder.valid_connections():
        for place, window in enumerate(connection.maintenance):
            if not window.weekdays and window.until < _wall(now):
                message = f"it ended {window.until.replace('T', ' ')}: take it out"
                yield sheet.warning(("maintenance", place), "past-window", message)


def _wall(now: datetime) -> str:
    return f"{now.astimezone(STOCKHOLM):%Y-%m-%dT%H:%M}"
