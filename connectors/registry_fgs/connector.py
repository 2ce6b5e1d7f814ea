"""Documents to a registry that takes them from a folder, and numbers them in its own time."""

from datetime import timedelta

from connectors.registry_fgs.client import Drop
from connectors.registry_fgs.config import FgsConfig
from connectors.registry_fgs.translate import delivery, name_of, receipt
from hub.model import Document
from hub.sdk import About, Connector, FindsDocuments, Lent, Pace, Receipt, Registry, RepeatsSafely


class FgsRegistry(Connector[FgsConfig], Registry, FindsDocuments, RepeatsSafely):
    """One registry's folders."""

    pace = Pace(calls_at_once=4, timeout=timedelta(seconds=25), lands_within=timedelta(seconds=30))

    def __init__(self, config: FgsConfig, lent: Lent) -> None:
        """Reach the folders with each document."""
        super().__init__(config, lent)
        self._drop = Drop(config, lent)

    async def check(self) -> About:
        return About(detail=f"{await self._drop.waiting()} not yet taken by the registry")

    async def register_document(self, document: Document) -> Receipt:
        lies = await self._drop.hand_over(delivery(document))
        return receipt(lies.receipt, document.key)

    async def find_document(self, key: str) -> Receipt | None:
        lies = await self._drop.lies(name_of(key))
        return receipt(lies.receipt, key) if lies.receipt is not None or lies.handed_over else None
