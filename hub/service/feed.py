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
from hub.store.database import Connection
from hub.store.writer import Readers

_LATEST = 2**53


class Cursor(NamedTuple):
    """A place in the feed: everything up to `id` has been read, in that epoch."""

    epoch: str
    id: int

    def written(self) -> str:
        """The cursor as callers carry it; they may not read it."""
        return base64.urlsafe_b64encode(f"{self.epoch}.{self.id}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Read what `written` wrote.

        Raises:
            InvalidError: it is no cursor of ours.
        """
        try:
            epoch, _, id_ = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(".")
            cursor = cls(epoch, int(id_))
        except (ValueError, binascii.Error):
            cursor = cls("", -1)
        if not 0 <= cursor.id <= _LATEST:
            fault = FieldFault("/after", "invalid-cursor", "give the cursor of an earlier page, as it was")
            raise InvalidError([fault], code="invalid-cursor")
        return cursor


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
        epoch, pruned = feed.epoch(connection), feed.pruned_to(connection, municipality)
        place = cursor or Cursor(epoch, pruned)
        if place.epoch != epoch or place.id < pruned:
            raise RefusedError("cursor-gone", "read the bookings anew, then the feed from its end or its beginning")
        rows = feed.page(connection, municipality, place.id, limit=limit)
        last = rows[-1].id if rows else place.id
        found = tuple(enveloped(municipality, *row) for row in rows)
        return EventPage(events=found, next=Cursor(epoch, last).written(), more=len(rows) == limit)

    async def end(self, municipality: str) -> str:
        """The cursor of now: what comes after it is new. Raises NotFoundError."""
        self._rulebook.town(municipality)
        epoch = await self._readers.read(feed.epoch)
        return Cursor(epoch, await self._readers.read(feed.latest, municipality)).written()

    def cursor_of(self, event: Envelope, page: EventPage) -> str:
        """The cursor just after one event of a page."""
        return Cursor(Cursor.read(page.next).epoch, int(event.id)).written()
