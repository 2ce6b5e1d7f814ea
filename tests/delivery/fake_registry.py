"""Registries with state: one that can be asked, one that cannot, and one whose numbers come later."""

from hub.model import Document
from hub.sdk import About, Condition, Connector, FindsDocuments, Lent, Receipt, Registry
from tests.delivery.fakes import FakeConfig, System


class RegistrySystem(System):
    """Documents, in the order in which they were registered."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[Document] = []
        self.numbered = True
        """Whether a document has its number at once."""

    def take(self, document: Document) -> Receipt:
        self.came.append(document)
        return self._receipt(len(self.came))

    def find(self, key: str) -> Receipt | None:
        return next((self._receipt(n) for n, one in enumerate(self.came, 1) if one.key == key), None)

    def _receipt(self, number: int) -> Receipt:
        return Receipt(f"FN {number}/2026") if self.numbered else Receipt(condition=Condition.COMING)

    @property
    def keys(self) -> list[str]:
        return [one.key for one in self.came]


REGISTRIES: dict[str, RegistrySystem] = {}
"""By the name that a connection's settings give."""


class MuteRegistry(Connector[FakeConfig], Registry):
    """Registers, and can be asked nothing."""

    def __init__(self, config: FakeConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.system = REGISTRIES.setdefault(config.system, RegistrySystem())

    async def check(self) -> About:
        return await self.system.call("read", "about", lambda: self.system.about)

    async def register_document(self, document: Document) -> Receipt:
        return await self.system.call("send", document.key, lambda: self.system.take(document))


class FakeRegistry(MuteRegistry, FindsDocuments):
    """Registers, and says what is registered."""

    async def find_document(self, key: str) -> Receipt | None:
        return await self.system.call("read", key, lambda: self.system.find(key))


OFFERED = (FakeRegistry, MuteRegistry)
