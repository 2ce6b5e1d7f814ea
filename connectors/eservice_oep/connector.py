"""Applications out of one Open ePlatform, and their registry numbers back to it."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from connectors.eservice_oep.client import Listed, Platform, instance_of, uploads_of
from connectors.eservice_oep.config import OepConfig
from connectors.eservice_oep.translate import MOST_BYTES, application, files_of, item
from hub.model import Acknowledgement, Message
from hub.sdk import (
    STOCKHOLM,
    About,
    AcknowledgesApplications,
    Connector,
    FindsAcknowledgements,
    Lent,
    Pace,
    Page,
    Polls,
    RawItem,
    Receipt,
    RejectedError,
    TransientError,
)

_ENOUGH = 2
"""Failures before an application waits for the others."""


class OpenEplatform(Connector[OepConfig], Polls, AcknowledgesApplications, FindsAcknowledgements):
    """One installation."""

    pace = Pace(calls_at_once=2, timeout=timedelta(seconds=15), lands_within=timedelta(seconds=30))

    def __init__(self, config: OepConfig, lent: Lent) -> None:
        """Send nothing yet."""
        super().__init__(config, lent)
        self._platform = Platform(config, lent)
        self._failed: Counter[str] = Counter()
        """How often in a row an application could not be fetched."""

    async def check(self) -> About:
        waiting = [len(await self._listed(family)) for family in self.config.forms]
        return About(detail=f"{sum(waiting)} applications in status {self.config.status}")

    # ---- in

    async def poll(self, cursor: str | None) -> Page:
        """One application a page. The cursor is what has been fetched of all that is listed, and how it was then."""
        seen: dict[str, str] = json.loads(cursor or "{}")
        there = [one for family in self.config.forms for one in await self._listed(family)]
        kept = {one.id: seen[one.id] for one in there if one.id in seen}
        new = sorted((one for one in there if seen.get(one.id) != one.changed), key=self._turn)
        if not new:
            return Page([], _cursor(kept))
        came = await self._fetched(new[0].id)
        return Page([came], _cursor(kept | {new[0].id: new[0].changed}), more=len(new) > 1)

    def _turn(self, one: Listed) -> tuple[bool, int]:
        """The oldest first; what fails again and again lets all others go before it."""
        return self._failed[one.id] >= _ENOUGH, int(one.id)

    async def _listed(self, family: str) -> list[Listed]:
        since = self.lent.clock.now().astimezone(STOCKHOLM).date() - timedelta(days=self.config.look_back_days)
        return await self._platform.listed(family, since)

    async def _fetched(self, id_: str) -> RawItem:
        try:
            came = await self._whole(id_)
        except (TransientError, RejectedError):
            self._failed[id_] += 1
            raise
        del self._failed[id_]
        return came

    async def _whole(self, id_: str) -> RawItem:
        xml = await self._platform.instance(id_)
        try:
            uploads = uploads_of(instance_of(xml))
        except ValueError:
            return item(id_, xml, (), "its files cannot be told apart: register it by hand")
        size = sum(one.size or 0 for one in uploads)
        if size > MOST_BYTES:
            return item(
                id_, xml, (), f"its files are {size} bytes, {MOST_BYTES} at most are taken: register it by hand"
            )
        pdf = await self._platform.pdf(id_)
        fetched = [(one, await self._platform.file(id_, one)) for one in uploads]
        return item(id_, xml, files_of(id_, xml, pdf, fetched))

    def translate(self, item: RawItem) -> Iterable[Message]:
        return [application(item, self.config)]

    # ---- back

    async def acknowledge(self, told: Acknowledgement) -> Receipt:
        """Do what of it has not been done: number first, then status."""
        if not told.completes and not await self._knows(told.number):
            await self._platform.confirm(told.source_id, told.number, f"Diarieförd som {told.number} ({told.key})")
        if self.config.registered_status and await self._is_as_it_came(told.source_id):
            await self._platform.set_status(told.source_id, self.config.registered_status)
        return Receipt(told.number)

    async def find_acknowledgement(self, told: Acknowledgement) -> Receipt | None:
        if not told.completes:
            if not self.config.can_be_asked:
                asked = f"application {told.source_id}: see in Open ePlatform whether it has the number {told.number}"
                raise RejectedError(f"{asked}; then dismiss this, or retry it")
            if not await self._platform.knows(told.number):
                return None
        if self.config.registered_status and await self._is_as_it_came(told.source_id):
            return None
        return Receipt(told.number)

    async def _knows(self, number: str) -> bool:
        return self.config.can_be_asked and await self._platform.knows(number)

    async def _is_as_it_came(self, id_: str) -> bool:
        """Whether it still has the status that it was fetched in; who moved it on since knew of a later one."""
        statuses = await self._platform.statuses(id_)
        return self.config.status in statuses and self.config.registered_status not in statuses


def _cursor(seen: dict[str, str]) -> str:
    return json.dumps(seen, sort_keys=True, separators=(",", ":"))
