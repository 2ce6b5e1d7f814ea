"""What happens once and stays: registered documents, invoices, messages; and who somebody is."""

from abc import ABC, abstractmethod
from enum import StrEnum, auto
from typing import ClassVar

from hub.model.application import Acknowledgement
from hub.model.document import Document
from hub.model.invoice import Invoice
from hub.model.notice import Channel, Notice
from hub.model.person import Person, PersonLookup
from hub.sdk.capabilities import Receipt


class OnUnknown(StrEnum):
    """What is done when a record may or may not have arrived. Derived from a connector's abilities, never declared."""

    ASK = auto()
    """It can be looked up by our key: look, then decide."""
    STOP = auto()
    """A person decides."""
    REPEAT = auto()
    """The system knows a second one for what it is, or it does no harm that there are two."""


class Registry(ABC):
    """The public register of documents (diarium)."""

    @abstractmethod
    async def register_document(self, document: Document) -> Receipt:
        """Register it; `reference` is the registry's number (diarienummer)."""


class FindsDocuments(ABC):
    """Can say whether a document is registered."""

    @abstractmethod
    async def find_document(self, key: str) -> Receipt | None:
        """What is registered under our key; None only when nothing is."""


class Finance(ABC):
    """The ledger (ekonomisystem)."""

    @abstractmethod
    async def send_invoice(self, invoice: Invoice) -> Receipt:
        """Hand over an invoice or a credit note; `reference` is the system's own name for it."""


class FindsInvoices(ABC):
    """Can say whether an invoice has come."""

    @abstractmethod
    async def find_invoice(self, key: str) -> Receipt | None:
        """What came under our key; None only when nothing did."""


class Notifier(ABC):
    """Sends messages to people (avisering)."""

    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.EMAIL})
    """The ways that it sends; a message by another never comes."""

    @abstractmethod
    async def send_notice(self, notice: Notice) -> Receipt:
        """Send it; `reference` is what the message is known by on its way."""


class RepeatsSafely:
    """A promise without a method: sending the same record again leaves one (a file by the same name, a Message-ID)."""


class RepeatsHarmlessly:
    """A promise without a method: sending the same record again leaves two, and that does no harm.

    A text that somebody reads twice: better than never.
    """


class AcknowledgesApplications(ABC):
    """Tells an e-service that an application is registered."""

    @abstractmethod
    async def acknowledge(self, told: Acknowledgement) -> Receipt:
        """Tell it; `reference` is the registry's number, as it was told."""


class FindsAcknowledgements(ABC):
    """Can say whether an e-service has been told."""

    @abstractmethod
    async def find_acknowledgement(self, told: Acknowledgement) -> Receipt | None:
        """What it has been told of that application; None only when that is not all of it."""


class PopulationRegister(ABC):
    """Who somebody is (folkbokföring)."""

    @abstractmethod
    async def look_up(self, lookup: PersonLookup) -> Person | None:
        """Tell what may be told; None when there is nobody of that number. Changes nothing."""


_FINDS = (FindsDocuments, FindsInvoices, FindsAcknowledgements)


def on_unknown(connector: type) -> OnUnknown:
    """What an unknown outcome of this kind of connector means."""
    if issubclass(connector, _FINDS):
        return OnUnknown.ASK
    return OnUnknown.REPEAT if issubclass(connector, RepeatsSafely | RepeatsHarmlessly) else OnUnknown.STOP
