"""Carrying a message: once, as far as its system allows; what was overtaken before it was sent is never sent."""

from collections.abc import Callable
from functools import partial

from hub.configuration.templates import TextError
from hub.delivery.errands.leasing import Loaded
from hub.delivery.errands.outcomes import Outcome, believed, put_off
from hub.delivery.errands.records import RecordErrand
from hub.delivery.reach.running import Running
from hub.model.notice_record import DigestBody, NoticeBody, RungBody, Slot
from hub.model.states import Delivery
from hub.sdk import Notifier
from hub.service.telling.knowing import DigestKnown, Known, RungKnown
from hub.service.telling.notices import Draft, Notices
from hub.service.words import sentences
from hub.store.problems import Cause


class NoticeErrand(RecordErrand):
    """One message to one slot."""

    whom_to_ask = "the recipient"
    quiet: int | None = None
    """When the slot's quiet hours end, in which it lies now."""
    _draft: Draft | None = None

    def __init__(self, loaded: Loaded, running: Running, now: int, write: Callable[[], Draft]) -> None:
        self._write = write
        super().__init__(loaded, running, now)

    def idle(self) -> Outcome | None:
        """What has its time waits for it; what tells nothing is withdrawn."""
        if outcome := super().idle():
            return outcome
        if self.quiet is not None:
            return self._waiting(self.quiet, sentences.QUIET.say())
        try:
            draft = self._draft = self._write()
        except TextError as error:
            return self._not_written(str(error), Cause("bad-template", str(error)))
        if draft.wait is not None:
            return self._waiting(draft.wait, draft.why)
        if draft.notice is None:
            return self.withdrawn(draft.why)._replace(learnt=draft.learnt)
        return self.left_to_a_person()

    async def run(self) -> Outcome:
        """Send it."""
        connector, draft = self.running.connector, self._draft
        if not isinstance(connector, Notifier) or draft is None or draft.notice is None:
            return self._not_written(sentences.SENDS_NO_MESSAGES.say(), Cause("rejected", "sends no messages"))
        sent = await self.once(partial(connector.send_notice, draft.notice), None)
        return sent._replace(learnt=draft.learnt) if sent.delivery is Delivery.CONFIRMED else sent

    def _waiting(self, until: int, detail: str) -> Outcome:
        """Its time has not come; a doubt stays."""
        kept = put_off(self.lane, until=until)
        if self.perhaps or self.lane.attempts:
            return kept
        return kept._replace(delivery=Delivery.WAITING, detail=detail)

    def _not_written(self, detail: str, cause: Cause) -> Outcome:
        """For a person, and nothing was sent."""
        return self.stuck(detail, cause)._replace(state=believed(self.lane))


def errand(loaded: Loaded, running: Running, now: int, notices: Notices) -> NoticeErrand | None:
    """The carrying of a record that is a message; None for another record."""
    lane, known = loaded.lane, loaded.known
    if (rung := RungBody.read(lane.body)) is not None:
        of_rung = known if isinstance(known, RungKnown) else RungKnown(None, None)
        return NoticeErrand(
            loaded, running, now, partial(notices.rung, lane.municipality, rung, lane.key, of_rung, now)
        )
    if (body := NoticeBody.read(lane.body)) is not None:
        slot, about = body.slot, known if isinstance(known, Known) else Known(None)
        write = partial(notices.draft, lane.municipality, body, lane.key, about, now)
    elif (digest := DigestBody.read(lane.body)) is not None:
        slot, many = Slot.parse(digest.slot), known if isinstance(known, DigestKnown) else DigestKnown(())
        write = partial(notices.digest, lane.municipality, digest, lane.key, many, now)
    else:
        return None
    made = NoticeErrand(loaded, running, now, write)
    made.quiet = notices.quiet_until(lane.municipality, slot, now)
    return made
