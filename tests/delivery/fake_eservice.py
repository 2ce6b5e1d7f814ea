"""E-services with state: one that can be asked what it has been told, and one that cannot."""

from hub.model import Acknowledgement
from hub.sdk import About, AcknowledgesApplications, Connector, FindsAcknowledgements, Lent, Receipt
from tests.delivery.fakes import FakeConfig, System


class EserviceSystem(System):
    """What it has been told, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Acknowledgement] = []

    def take(self, told: Acknowledgement) -> Receipt:
        self.told.append(told)
        return Receipt(told.number)

    def find(self, told: Acknowledgement) -> Receipt | None:
        return Receipt(told.number) if told in self.told else None


ESERVICES: dict[str, EserviceSystem] = {}
"""By the name that a connection's settings give."""


class MuteEservice(Connector[FakeConfig], AcknowledgesApplications):
    """Takes numbers, and can be asked nothing."""

    def __init__(self, config: FakeConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.system = ESERVICES.setdefault(config.system, EserviceSystem())

    async def check(self) -> About:
        return await self.system.call("read", "about", lambda: self.system.about)

    async def acknowledge(self, told: Acknowledgement) -> Receipt:
        return await self.system.call("send", told.key, lambda: self.system.take(told))


class FakeEservice(MuteEservice, FindsAcknowledgements):
    """Takes numbers, and says what it has been told."""

    async def find_acknowledgement(self, told: Acknowledgement) -> Receipt | None:
        return await self.system.call("read", told.key, lambda: self.system.find(told))


OFFERED = (FakeEservice, MuteEservice)
