"""ArendeExport V8, in its words (SOAP 1.1, document/literal). It knows no key of ours, and no question by one.

Source: the service's public WSDL, version 8, read 2026-11-21.
"""

from pathlib import Path
from typing import Any

from lxml import etree

from connectors.registry_byggr.config import ByggrConfig
from hub.sdk import Lent, Soap, local_name, text_of

WSDL = Path(__file__).parent / "wsdl" / "arendeexport.wsdl"
Tree = dict[str, Any]


class ArendeExport:
    """The two calls that are used here."""

    def __init__(self, config: ByggrConfig, lent: Lent) -> None:
        self._soap = Soap(lent.http(config.base_url), WSDL, config.path.lstrip("/"))

    async def new_case(self, message: Tree) -> str:
        """Open a case with its first event; gives its number."""
        return await self._soap.ask(
            "SaveNewArende", lambda told: _result(told, "SaveNewArende", "Dnr"), message=message
        )

    async def new_event(self, message: Tree) -> str:
        """Put an event in a case; gives its number."""
        return await self._soap.ask(
            "SaveNewHandelse", lambda told: _result(told, "SaveNewHandelse", "HandelseId"), message=message
        )

    async def look(self) -> None:
        """Whether it is there, and lets us in."""
        await self._soap.look()


def _result(told: etree._Element, operation: str, what: str) -> str:
    """What it gives; an answer without it is none."""
    if local_name(told) != f"{operation}Response":
        raise ValueError("another answer")
    result = text_of(told, f"{operation}Result", what)
    if not result:
        raise ValueError(f"no {what}")
    return result
