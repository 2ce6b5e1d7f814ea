"""Documents in ByggR. It cannot be asked by our key: what may have come is left to a person."""

from datetime import timedelta

from connectors.registry_byggr.client import ArendeExport
from connectors.registry_byggr.config import ByggrConfig
from connectors.registry_byggr.translate import case, event
from hub.model import Document
from hub.sdk import About, Connector, Lent, Pace, Receipt, Registry


class ByggrRegistry(Connector[ByggrConfig], Registry):
    """One ByggR."""

    pace = Pace(calls_at_once=1, timeout=timedelta(seconds=25), lands_within=timedelta(seconds=30))

    def __init__(self, config: ByggrConfig, lent: Lent) -> None:
        """Send nothing yet."""
        super().__init__(config, lent)
        self._export = ArendeExport(config, lent)

    async def check(self) -> About:
        await self._export.look()
        return About(detail="it cannot be asked what it has registered")

    async def register_document(self, document: Document) -> Receipt:
        """The number of the case, or of the case and the event in it."""
        number = document.case or await self.lent.state.get(_place(document))
        if number is None:
            number = await self._export.new_case(case(document, self.config))
            await self.lent.state.put(_place(document), number)
            return Receipt(number)
        id_ = await self._export.new_event(event(document, number, self.config))
        return Receipt(f"{number} händelse {id_}")


def _place(document: Document) -> str:
    """Where the number of its case is remembered."""
    return f"case/{document.opens}"
