"""The events of one device, page by page.

A device that keeps its events is asked with a pull point of its own for each page, sought back to where the last ended:
an answer that was lost is asked for again. One that keeps none gives each event once, to whoever asks just then: there
one pull point is kept alive between pages, and what is lost with an answer, or while no hub asks, stays lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from connectors.access_onvif.client import AccessProfile, Onvif, Place
from connectors.access_onvif.config import OnvifConfig
from connectors.access_onvif.events import Event, PullPoints
from connectors.access_onvif.passages import Mark, items_of
from connectors.access_onvif.translate import MARK, TOKEN_MAX_LENGTH, key_of
from hub.sdk import ConnectorError, Lent, Page, RejectedError

_MOST_PULLS = 50
"""For one page."""


class EventLog:
    """What happened at the doors, as far as the device tells."""

    def __init__(self, onvif: Onvif, config: OnvifConfig, lent: Lent) -> None:
        self._onvif, self._config, self._lent = onvif, config, lent
        self._points = PullPoints(onvif)
        self._kept: bool | None = None
        self._place: Place | None = None
        """The pull point that is kept alive, where the device keeps no events."""
        self._doors: Mapping[str, str] = {}

    async def kept(self) -> bool:
        """Whether the device keeps its events."""
        if self._kept is None:
            self._kept = await self._points.are_kept()
        return self._kept

    async def close(self) -> None:
        """Give up the pull point that is kept alive, if there is one."""
        if self._place is not None:
            with suppress(ConnectorError):  # it ends by itself
                await self._points.give_up(self._place)
            self._place = None

    async def page(self, cursor: str | None) -> Page:
        """Give what came after the cursor."""
        kept = await self.kept()
        now = self._lent.clock.now() + (self._onvif.clock_offset or timedelta())
        begin = now - timedelta(hours=self._config.event_history_hours)
        mark = Mark.read(cursor, begin, timedelta(minutes=self._config.event_overlap_minutes))
        events, now, more = await (self._sought(mark.start) if kept else self._live())
        fresh = mark.fresh(events)
        doors = await self._named({one.items.get("AccessPointToken", "") for one in fresh})
        keys = await self._ours({one.items.get("CredentialToken", "") for one in fresh})
        return Page(list(items_of(fresh, doors, keys)), str(mark.after(events, now)), more=more)

    async def _sought(self, since: datetime) -> tuple[Sequence[Event], datetime, bool]:
        place = await self._points.make()
        try:
            await self._points.seek(place, since)
            return await self._read(place)
        finally:
            with suppress(ConnectorError):  # it ends by itself
                await self._points.give_up(place)

    async def _live(self) -> tuple[Sequence[Event], datetime, bool]:
        if self._place is not None:
            try:
                await self._points.renew(self._place)
            except RejectedError:
                self._place = None  # it has ended
        if self._place is None:
            self._place = await self._points.make()
        return await self._read(self._place)

    async def _read(self, place: Place) -> tuple[Sequence[Event], datetime, bool]:
        """All that there is, or as much as one page holds; the device's time; whether there may be more."""
        told = await self._points.pull(place)
        events = list(told.events)
        for _ in range(_MOST_PULLS):
            if not told.events:
                return events, told.now, False
            told = await self._points.pull(place)
            events += told.events
        return events, told.now, True

    async def _named(self, points: set[str]) -> Mapping[str, str]:
        """The doors of access points: by the settings, or by the one name of the access profiles that open them."""
        if points - self._doors.keys() - self._config.event_doors.keys() - {""}:
            self._doors = doors_by(await self._onvif.access_profiles())
        return {**self._doors, **self._config.event_doors}

    async def _ours(self, tokens: set[str]) -> Mapping[str, str]:
        """Our keys by token, of those that are ours."""
        keys = {token: token for token in tokens if token.startswith(MARK) and len(token) < TOKEN_MAX_LENGTH}
        for token in sorted(tokens - keys.keys() - {""}):
            there = await self._onvif.credential(token)
            if there is not None and (key := key_of(there)):
                keys[token] = key
        return keys


def doors_by(profiles: Iterable[AccessProfile]) -> dict[str, str]:
    """The name of each access point that access profiles of one name only open."""
    names: dict[str, set[str]] = {}
    for profile in profiles:
        for point in profile.points:
            names.setdefault(point, set()).add(profile.name)
    return {point: next(iter(its)) for point, its in names.items() if len(its) == 1 and its != {""}}
