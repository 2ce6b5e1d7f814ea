"""Documents in a registry over REST: asked for by our key before anything is registered again."""

from datetime import timedelta

from connectors.registry_rest.client import Service, ended
from connectors.registry_rest.config import RestConfig
from connectors.registry_rest.translate import asked, body, files, found, number
from hub.model import Document
from hub.sdk import About, Connector, FindsDocuments, Lent, Pace, Receipt, Registry


class RestRegistry(Connector[RestConfig], Registry, FindsDocuments):
    """One service, by its profile."""

    pace = Pace(calls_at_once=4, timeout=timedelta(seconds=25), lands_within=timedelta(seconds=30))

    def __init__(self, config: RestConfig, lent: Lent) -> None:
        """Send nothing yet."""
        super().__init__(config, lent)
        self._service = Service(config, lent)

    async def check(self) -> About:
        await self._service.look()
        return About()

    async def register_document(self, document: Document) -> Receipt:
        answer = await self._service.send(body(document, self.config), files(document, self.config))
        if self.config.number_in == "location":
            return Receipt(answer.read(lambda _: ended(answer)))
        return Receipt(answer.read(lambda content: number(content, self.config)))

    async def find_document(self, key: str) -> Receipt | None:
        answer = await self._service.find(key, asked(key, self.config))
        told = answer.read(lambda content: found(content, key, self.config))
        return Receipt(told) if told is not None else None
