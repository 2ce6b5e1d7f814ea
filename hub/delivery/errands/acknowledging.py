"""Telling an e-service the number of an application: once, and asked before it is told again."""

from functools import partial

from hub.delivery.errands.leasing import Loaded
from hub.delivery.errands.outcomes import Outcome
from hub.delivery.errands.records import RecordErrand
from hub.delivery.reach.running import Running
from hub.model.application import Acknowledgement
from hub.model.plan import AcknowledgementBody
from hub.sdk import AcknowledgesApplications, FindsAcknowledgements
from hub.store.problems import Cause


class AcknowledgementErrand(RecordErrand):
    """One acknowledgement."""

    whom_to_ask = "the e-service"

    def __init__(self, loaded: Loaded, running: Running, now: int, body: AcknowledgementBody) -> None:
        self._told = Acknowledgement(**body._asdict())
        super().__init__(loaded, running, now)

    def idle(self) -> Outcome | None:
        """What may have been told, over a connection that cannot be asked, is a person's."""
        return super().idle() or self.left_to_a_person()

    async def run(self) -> Outcome:
        """Tell it, or find that it has been told."""
        connector = self.running.connector
        if not isinstance(connector, AcknowledgesApplications):
            told = "the connection takes no registry numbers"
            return self.stuck(told, Cause("rejected", told))
        finds = isinstance(connector, FindsAcknowledgements)
        find = partial(connector.find_acknowledgement, self._told) if finds else None  # type: ignore[attr-defined]
        return await self.once(partial(connector.acknowledge, self._told), find)


def errand(loaded: Loaded, running: Running, now: int) -> AcknowledgementErrand | None:
    """The carrying of a record that is an acknowledgement; None for another record."""
    body = AcknowledgementBody.read(loaded.lane.body)
    return AcknowledgementErrand(loaded, running, now, body) if body else None
