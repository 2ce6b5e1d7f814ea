"""Carrying a message: once, as far as its system allows; what was overtaken before it was sent is never sent."""

from functools import partial

from hub.delivery.leasing import Loaded
from hub.delivery.outcomes import Outcome
from hub.delivery.records import RecordErrand
from hub.delivery.running import Running
from hub.model.plan import NoticeBody
from hub.sdk import Notifier
from hub.service.notices import Known, Notices
from hub.store.problems import Cause


class NoticeErrand(RecordErrand):
    """One message to one role."""

    def __init__(self, loaded: Loaded, running: Running, now: int, body: NoticeBody, notices: Notices) -> None:
        self._body, self._notices = body, notices
        super().__init__(loaded, running, now)

    async def run(self) -> Outcome:
        """Write it and send it."""
        connector = self.running.connector
        if not isinstance(connector, Notifier):
            return self.stuck("the connection sends no messages", Cause("rejected", "sends no messages"))
        known = self.loaded.known or Known(None, before=False)
        notice = self._notices.written(self.lane.municipality, self._body, known)
        if notice is None:
            return self.withdrawn("nothing to tell: nobody had been told of the booking, or nobody is to be told")
        return await self.once(partial(connector.send_notice, notice), None, whom_to_ask="the recipient")
