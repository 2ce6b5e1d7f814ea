"""Carrying a document to its registry: once, and done when the registry has given it a number."""

from functools import partial

from hub.clock import HOUR, MINUTE
from hub.delivery.errands.leasing import Loaded
from hub.delivery.errands.outcomes import UNKNOWN, Outcome, put_off
from hub.delivery.errands.records import RecordErrand
from hub.delivery.reach.running import Running
from hub.model.plan import DocumentBody
from hub.model.states import Delivery
from hub.sdk import Condition, FindsDocuments, Receipt, Registry
from hub.service.documents.registering import Files
from hub.service.words import sentences
from hub.store.problems import Cause

_NUMBER_AFTER = MINUTE
"""How often a registry is asked that has the document and has given it no number yet."""


class DocumentErrand(RecordErrand):
    """One document."""

    whom_to_ask = "the registry"

    def __init__(self, loaded: Loaded, running: Running, now: int, files: Files, body: DocumentBody) -> None:
        self._files, self._body = files, body
        super().__init__(loaded, running, now)

    def idle(self) -> Outcome | None:
        """What follows in a case waits for what opens it, and is woken by it.

        What may be registered already, and cannot be looked for, is a person's.
        """
        if outcome := super().idle():
            return outcome
        if self.loaded.waits and not self.perhaps:
            return put_off(self.lane, until=self.now + HOUR)
        return self.left_to_a_person()

    async def run(self) -> Outcome:
        """Register it, or find that it is registered."""
        connector = self.running.connector
        if not isinstance(connector, Registry):
            told = "the connection registers no documents"
            return self.stuck(told, Cause("rejected", told))
        key = self._body.key
        find = partial(connector.find_document, key) if isinstance(connector, FindsDocuments) else None
        return await self.once(partial(self._register, connector), find)

    async def _register(self, connector: Registry) -> Receipt:
        document = await self._files.document(self.lane.municipality, self._body.key)
        if document is None:
            raise LookupError("a document that is not registered is never forgotten")
        return await connector.register_document(document)

    def received(self, receipt: Receipt) -> Outcome | None:
        """A registry that has it and has not numbered it is asked again, and gets nothing twice."""
        if receipt.condition is not Condition.COMING:
            return None
        return Outcome(
            lane=self.lane,
            delivery=Delivery.WAITING,
            effect=self.failing_effect,
            due=self.now + _NUMBER_AFTER,
            state=UNKNOWN,
            sent="sent" if self.lane.confirmed is None else None,
            detail=sentences.NO_NUMBER_YET.say(),
            told=self.lane.confirmed is None,
        )


def errand(loaded: Loaded, running: Running, now: int, files: Files) -> DocumentErrand | None:
    """The carrying of a record that is a document; None for another record."""
    body = DocumentBody.read(loaded.lane.body)
    return DocumentErrand(loaded, running, now, files, body) if body else None
