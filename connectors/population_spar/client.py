"""SPAR's wire: personsök, program to program, SOAP 1.1.

Source: SPAR, Personsök 2021.1 (WSDL and schemas of the reference implementation, 2023-11-23), and the namespaces that
public clients of 2023.1 send, read 2026-11-21 and 2026-11-26.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from lxml import etree

from connectors.population_spar.config import SparConfig
from hub.sdk import Lent, RejectedError, Soap, SoapFault, TransientError, children_of, local_name, text_of

T = TypeVar("T")
WSDLS = Path(__file__).parent / "wsdl"
_KNOWN = frozenset(
    {"PersonsokningFraga", "PersonsokningSvarspost", "Undantag", "OverstigerMaxAntalSvarsposter", "UUID"}
)
_PASSES = "GENERELLT_FEL"
_KOD, _UUID = re.compile("[A-Z_]{1,40}"), re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Spar:
    """The calls for one assignment."""

    def __init__(self, config: SparConfig, lent: Lent) -> None:
        self._who: Mapping[str, object] = {
            "KundNrLeveransMottagare": config.customer,
            "KundNrSlutkund": config.end_customer,
            "UppdragId": config.assignment,
        }
        wsdl = WSDLS / config.version / "personsok.wsdl"
        self._soap = Soap(lent.http(config.base_url), wsdl, f"{config.version}/", refusal=_refusal)

    async def person_sok(
        self, id_nummer: str, slut_anvandar_id: str, rights: list[str], read: Callable[[etree._Element | None], T]
    ) -> T:
        """Ask for the record of one number: its PersonsokningSvarspost, or None where there is none.

        Args:
            id_nummer: twelve digits.
            slut_anvandar_id: who asks; SPAR logs it, and it must lead to one human.
            rights: SlutAnvandarUtokadBehorighet, no more than the permission grants.
            read: of the record.
        """
        who = {**self._who, "SlutAnvandarId": slut_anvandar_id, "SlutAnvandarUtokadBehorighet": rights}
        asked = {"IdNummer": id_nummer}
        return await self._soap.ask(
            "PersonSok",
            lambda told: read(_post(told)),
            safe=True,
            Identifieringsinformation=who,
            PersonsokningFraga=asked,
        )

    async def look(self) -> None:
        """Whether the service is there, and takes our certificate."""
        await self._soap.look()


def _refusal(fault: SoapFault) -> RejectedError:
    """What passes is told in an answer (GENERELLT_FEL); a fault is one of the question's."""
    return RejectedError(f"SPAR: SOAP fault {fault.code}; check the number, and customer and assignment")


def _post(told: etree._Element) -> etree._Element | None:
    """The one record of an answer. Nobody is an answer without records, and without anything that is not known."""
    if local_name(told) != "SPARPersonsokningSvar" or any(local_name(one) not in _KNOWN for one in told):
        raise ValueError("another answer")
    if children_of(told, "Undantag"):
        raise _exception(told)
    if children_of(told, "OverstigerMaxAntalSvarsposter"):
        raise RejectedError(f"SPAR: more records than it gives at once{_uuid(told)}; one number has one: tell SPAR")
    posts = children_of(told, "PersonsokningSvarspost")
    if len(posts) > 1:
        raise ValueError("several records")
    return posts[0] if posts else None


def _exception(told: etree._Element) -> RejectedError | TransientError:
    """An error with status 200; Beskrivning may hold the number, and is not told."""
    kod = text_of(told, "Undantag", "Kod")
    if kod == _PASSES:
        return TransientError(f"SPAR: {kod}{_uuid(told)}")
    named = kod if _KOD.fullmatch(kod) else "an error of another kind"
    return RejectedError(f"SPAR: {named}{_uuid(told)}; check customer, assignment and who asked")


def _uuid(told: etree._Element) -> str:
    """What SPAR's support asks for."""
    uuid = text_of(told, "UUID")
    return f" ({uuid})" if _UUID.fullmatch(uuid) else ""
