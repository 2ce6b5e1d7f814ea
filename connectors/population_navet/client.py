"""Navet's wire: personpostXML, SOAP 1.1. Who may ask is told by the certificate and the order.

Source: Skatteverket, WSDL personpostXML 2.0 with its schemas of 2015, and what public clients of V3 and V4 read and
send, read 2026-11-21 and 2026-11-26; no list of Felkod is public.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from lxml import etree

from connectors.population_navet.config import NavetConfig
from hub.sdk import (
    ConnectorError,
    Lent,
    RejectedError,
    Soap,
    SoapFault,
    TransientError,
    child_of,
    children_of,
    local_name,
    text_of,
)

T = TypeVar("T")
WSDL = Path(__file__).parent / "wsdl" / "personpost.wsdl"
MESSAGES = "http://xmls.skatteverket.se/se/skatteverket/folkbokforing/na/epersondata/V1"
_FELKOD = re.compile(r"-?[0-9]{1,6}")


class Navet:
    """The calls for one order."""

    def __init__(self, config: NavetConfig, lent: Lent) -> None:
        self._order: Mapping[str, object] = {
            "OrgNr": int(f"16{config.organisation[-10:]}"),
            "BestallningsId": config.order,
        }
        self._passing = frozenset(config.passing_faults)
        http = lent.http(config.base_url)
        self._soap = Soap(http, WSDL, f"{config.version}/personpostXML", refusal=self._refusal)

    async def get_data(self, person_id: str, read: Callable[[etree._Element | None], T]) -> T:
        """Ask for the record of one number: its Folkbokforingspost, or None where there is none."""
        return await self._soap.ask(
            "getData", lambda told: read(_post(told)), safe=True, Bestallning=self._order, PersonId=int(person_id)
        )

    async def look(self) -> None:
        """Whether the service is there, and takes our certificate."""
        await self._soap.look()

    def _refusal(self, fault: SoapFault) -> ConnectorError | None:
        """What Navet says in words of its own; Beskrivning may hold the number, and is not told."""
        told = child_of(fault.detail, "WebServiceFault")
        if told is None:
            return None
        code = text_of(told, "Felkod")
        named = code if _FELKOD.fullmatch(code) else "that is no number"
        if named == code and int(code) in self._passing:
            return TransientError(f"Navet: Felkod {named}")
        return RejectedError(f"Navet: Felkod {named}; ask Skatteverket, and check organisation and order")


def _post(told: etree._Element) -> etree._Element | None:
    """The one record of an answer. Nobody is an answer whole, and without anything in it."""
    (posts,) = told
    if told.tag != f"{{{MESSAGES}}}PersonpostXMLResponse" or local_name(posts) != "Folkbokforingsposter":
        raise ValueError("another answer")
    if posts.attrib:
        raise ValueError("an answer with more to it")
    if not len(posts):
        return None
    (post,) = children_of(posts, "Folkbokforingspost")
    if len(posts) > 1:
        raise ValueError("more than records")
    return post
