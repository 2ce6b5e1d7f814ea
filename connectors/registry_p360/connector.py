"""Documents in Public 360°: asked for by our key before anything is registered again."""

from datetime import timedelta

from connectors.registry_p360.client import CaseCreated, Cases, DocumentCreated, Documents, Reply, Sif
from connectors.registry_p360.config import P360Config
from connectors.registry_p360.translate import case, external, registered, said
from hub.model import Document
from hub.sdk import About, Connector, FindsDocuments, Lent, Pace, Receipt, Registry, RejectedError

_NOBODYS = "no-such-key"
"""A key that nobody has: what is found under it shows that keys are not looked at."""


class P360Registry(Connector[P360Config], Registry, FindsDocuments):
    """One installation of Public 360°."""

    pace = Pace(calls_at_once=2, timeout=timedelta(seconds=25), lands_within=timedelta(seconds=30))

    def __init__(self, config: P360Config, lent: Lent) -> None:
        """Send nothing yet."""
        super().__init__(config, lent)
        self._sif = Sif(config, lent)

    async def check(self) -> About:
        if await self._under(_NOBODYS):
            raise RejectedError(_KEYLESS)
        return About(detail="documents are found by our key")

    async def register_document(self, document: Document) -> Receipt:
        number = document.case or await self._case(document)
        told = registered(document, number, self.config)
        reply = await self._sif.call("DocumentService", "CreateDocument", told, DocumentCreated)
        _held(reply, "CreateDocument", document)
        return Receipt(reply.number or "")

    async def find_document(self, key: str) -> Receipt | None:
        found = await self._under(key)
        if len(found) > 1:
            raise RejectedError(f"{len(found)} documents have our key {key}; see to it that one does")
        return Receipt(found[0]) if found else None

    async def _case(self, document: Document) -> str:
        """The number of the case that is opened under our key: the one that is there, or a new one."""
        asked = {"ExternalId": external(document.opens, self.config)}
        reply = await self._sif.call("CaseService", "GetCases", asked, Cases, safe=True)
        _held(reply, "GetCases")
        mine = [one.number for one in reply.cases or () if one.external and one.external.id == document.opens]
        if len(mine) > 1:
            raise RejectedError(f"{len(mine)} cases have our key {document.opens}; see to it that one does")
        if mine:
            return mine[0]
        made = await self._sif.call("CaseService", "CreateCase", case(document, self.config), CaseCreated)
        _held(made, "CreateCase", document)
        return made.number or ""

    async def _under(self, key: str) -> list[str]:
        """The numbers of documents with our key."""
        asked = {"ExternalId": external(key, self.config), "IncludeFileData": False, "MaxReturnedDocuments": 10}
        reply = await self._sif.call("DocumentService", "GetDocuments", asked, Documents, safe=True)
        _held(reply, "GetDocuments")
        found = reply.documents or ()
        if any(one.external is None or one.external.id != key for one in found):
            raise RejectedError(_KEYLESS)
        return [one.number for one in found]


_KEYLESS = "this version of Public 360 does not find documents by ExternalId; it must, or one could be registered twice"


def _held(reply: Reply, what: str, document: Document | None = None) -> None:
    """A no is a no, though its status is 200."""
    if not reply.successful:
        raise RejectedError(f"{what}: Public 360 says: {said(reply.error, document)}; correct it and try again")
