"""Events for subscribers: cursor pages in order of commit."""

import base64
import binascii
from typing import NamedTuple

from hub.clock import Clock
from hub.errors import FieldFault, InvalidError, RefusedError
from hub.model.answers import EventPage
from hub.model.events import Envelope, enveloped
from hub.service.rulebook import Rulebook
from hub.store import feed
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.feed import FIRST, UNKNOWN, Reach

_LATEST = 2**53
_FURTHEST = 2**62


class Cursor(NamedTuple):
    """A place in the feed of that epoch: how far its reader has come (`Reach`)."""

    epoch: str
    id: int
    low: int = FIRST
    high: int = 1
    last: int = UNKNOWN

    @property
    def reach(self) -> Reach:
        """How far that is."""
        return Reach(*self[1:])

    def written(self) -> str:
        """The cursor as callers carry it; they may not read it."""
        told = self[:2] if self.reach.is_plain else self
        return base64.urlsafe_b64encode(".".join(map(str, told)).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Read what `written` wrote.

        Raises:
            InvalidError: it is no cursor of ours.
        """
        try:
            epoch, *numbers = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(".")
            cursor = cls(epoch, *map(int, numbers))
        except (ValueError, TypeError, binascii.Error):
            cursor = cls("", -1)
        if not cursor._may_be_ours():
            fault = FieldFault("/after", "invalid-cursor", "give the cursor of an earlier page, as it was")
            raise InvalidError([fault], code="invalid-cursor")
        return cursor

    def _may_be_ours(self) -> bool:
        in_order = -_FURTHEST * 2 < self.low <= self.high < _FURTHEST
        return in_order and 0 <= self.id <= _LATEST and UNKNOWN <= self.last <= _LATEST


class Feed:
    """The use cases of reading events."""

    def __init__(self, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._readers, self._rulebook, self._clock = readers, rulebook, clock

    async def page(self, municipality: str, after: str | None, *, limit: int) -> EventPage:
        """The next page; without a cursor from the beginning.

        Raises:
            InvalidError: no cursor.
            RefusedError: `cursor-gone`: the database was restored, or what came next has been pruned.
            NotFoundError: no such municipality.
        """
        self._rulebook.town(municipality)
        cursor = Cursor.read(after) if after else None
        return await self._readers.read(lambda c: self._page(c, municipality, cursor, limit))

    def _page(self, connection: Connection, municipality: str, cursor: Cursor | None, limit: int) -> EventPage:
        epoch = feed.epoch(connection)
        if cursor and (cursor.epoch != epoch or cursor.id < feed.pruned_to(connection, municipality)):
            raise RefusedError("cursor-gone", "read the bookings anew, then the feed from its end or its beginning")
        reach = cursor.reach if cursor else feed.beginning(connection, municipality)
        page = feed.page(connection, municipality, reach, limit=limit)
        found = tuple(enveloped(municipality, *row) for row in page.events)
        return EventPage(events=found, next=Cursor(epoch, *page.reach).written(), more=page.more)

    async def end(self, municipality: str) -> str:
        """The cursor of now: what comes after it is new. Raises NotFoundError."""
        self._rulebook.town(municipality)
        epoch = await self._readers.read(feed.epoch)
        return Cursor(epoch, *await self._readers.read(feed.end, municipality)).written()

    def cursor_of(self, event: Envelope, page: EventPage) -> str:
        """The cursor just after one event of a page."""
        return Cursor.read(page.next)._replace(id=int(event.id)).written()
