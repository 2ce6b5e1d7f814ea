"""The wire: GetPersonsForProfile 5, RIV-TA Basic Profile 2.1 (SOAP 1.1 with a LogicalAddress).

Source: Inera, strategicresourcemanagement:persons:person 5.0, contract and schemas, read 2026-11-21 and 2026-11-26;
OIDs of identities as public clients send them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lxml import etree

from connectors.population_riv.config import RivConfig
from hub.sdk import Lent, Soap, local_name, text_of

T = TypeVar("T")
WSDL = Path(__file__).parent / "wsdl" / "interaction.wsdl"
PERSONNUMMER, SAMORDNINGSNUMMER = "1.2.752.129.2.1.3.1", "1.2.752.129.2.1.3.3"


class PersonService:
    """The one call that is used here."""

    def __init__(self, config: RivConfig, lent: Lent) -> None:
        self._headers = {"LogicalAddress": config.logical_address}
        self._soap = Soap(lent.http(config.base_url), WSDL, config.path.lstrip("/"))

    async def get_person(
        self, root: str, extension: str, profile: str, read: Callable[[etree._Element | None], T]
    ) -> T:
        """Ask for the record of one identity, and not of one that it refers to; None where there is none.

        Args:
            root: OID of the kind of identity.
            extension: the identity.
            profile: P2 has addresses, P4 relations too.
            read: of personRecord.
        """
        return await self._soap.ask(
            "GetPersonsForProfile",
            lambda told: read(_record(told, extension)),
            safe=True,
            headers=self._headers,
            personId=[{"root": root, "extension": extension}],
            profile=profile,
            ignoreReferredIdentity=True,
        )

    async def look(self) -> None:
        """Whether the platform is there, and takes our certificate."""
        await self._soap.look()


def _record(told: etree._Element, extension: str) -> etree._Element | None:
    """The record of the one that was asked for. Nobody is the identity, repeated, and nothing with it."""
    (requested,) = told
    names = [local_name(one) for one in requested]
    if (local_name(told), local_name(requested)) != ("GetPersonsForProfileResponse", "requestedPersonRecord"):
        raise ValueError("another answer")
    if text_of(requested, "requestedPersonalIdentity", "extension") != extension:
        raise ValueError("an answer to another question")
    if names == ["requestedPersonalIdentity"]:
        return None
    if names != ["requestedPersonalIdentity", "personRecord"]:
        raise ValueError("an answer with more to it")
    return requested[1]
