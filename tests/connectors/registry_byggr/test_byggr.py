"""ByggR: at most one of each, what is secret, and cases whose numbers are remembered."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from connectors.registry_byggr import ByggrRegistry
from connectors.registry_byggr.config import ByggrConfig
from connectors.registry_byggr.simulator import ByggrSimulator
from connectors.registry_byggr.translate import case, event
from hub.conformance.driver import Memory, SetClock
from hub.conformance.record_examples import DOCUMENTS
from hub.delivery.reach.simulating import InProcess
from hub.model import Direction, Document, Secrecy
from hub.sdk import Lent, Misbehaviour, OnUnknown, RejectedError, UnknownOutcomeError, on_unknown

APPLICATION, DECISION, FOLLOWING, _ = DOCUMENTS


class Stand:
    """A connector before a simulator."""

    def __init__(self, way: httpx.AsyncBaseTransport | None = None, **settings: Any) -> None:
        self.simulator, self.state = ByggrSimulator(SetClock()), Memory()
        self.config = ByggrConfig.model_validate({**self.simulator.config(), **settings})
        way = way or InProcess(self.simulator)
        lent = Lent(transport=way, clock=SetClock(), state=self.state, log=logging.getLogger("byggr"))
        self.registry = ByggrRegistry(self.config, lent)

    def register(self, document: Document = APPLICATION) -> str:
        reference: str = run(self.registry.register_document(document)).reference
        return reference


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


def test_it_cannot_be_asked_and_so_a_person_decides_about_what_may_have_come() -> None:
    assert on_unknown(ByggrRegistry) is OnUnknown.STOP
    stand = Stand()
    stand.simulator.diarium.silent = 1
    with pytest.raises(UnknownOutcomeError):
        stand.register()
    assert len(stand.simulator.records()) == 1


def test_a_case_is_opened_with_its_first_document_and_the_next_is_an_event_in_it() -> None:
    stand = Stand()
    assert stand.register(APPLICATION) == "BYGG 2026-000001"
    assert stand.register(FOLLOWING) == "BYGG 2026-000001 händelse 5002"
    assert stand.register(DECISION) == "FN-2026-00017 händelse 5003"
    assert stand.state.kept == {"case/doc-1": "BYGG 2026-000001"}


def test_a_case_whose_number_is_forgotten_is_opened_anew_and_nothing_is_registered_twice() -> None:
    stand = Stand()
    stand.register(APPLICATION)
    stand.state.kept.clear()
    assert stand.register(FOLLOWING) == "BYGG 2026-000002"
    assert len(stand.simulator.records()) == 2


@pytest.mark.parametrize(
    "update, secret, provision",
    [
        ({}, False, (None, None)),
        ({"secrecy": Secrecy(ground="OSL 26:1, OSL 21:3")}, True, ("26", "1")),
        ({"secrecy": Secrecy(ground="OSL 21:3a")}, True, ("21", "3a")),
        ({"secrecy": Secrecy(ground="annan lag")}, True, (None, None)),
        ({"protected_title": "Ansökan från Lena Norberg"}, True, (None, None)),
        ({"counterpart": "Lena Norberg", "counterpart_protected": True}, True, (None, None)),
    ],
    ids=["open", "two grounds", "a letter", "another law", "a title", "a counterpart"],
)
def test_whatever_may_not_be_read_by_everybody_makes_the_event_secret(
    *, update: dict[str, Any], secret: bool, provision: tuple[str | None, str | None]
) -> None:
    told = case(APPLICATION.model_copy(update=update), Stand().config)["Handelse"]
    assert (told["sekretess"], (told["sekretessKapitel"], told["sekretessParagraf"])) == (secret, provision)
    assert "Norberg" not in told["rubrik"]


def test_what_came_in_is_stamped_and_what_went_out_is_not() -> None:
    config = Stand().config
    assert case(APPLICATION, config)["AnkomststamplaHandlingar"]
    assert case(APPLICATION, config)["Arende"]["ankomstDatum"].isoformat() == "2026-03-01"
    assert case(APPLICATION, config)["Handelse"]["startDatum"].isoformat() == "2026-03-01T23:59:59", "Swedish time"
    assert not event(DECISION, "BYGG 1", config)["AnkomststamplaHandlingar"]


def test_an_authority_that_is_not_configured_is_refused_in_new_cases_and_in_old_ones() -> None:
    stand = Stand(authorities={})
    for document in (DECISION, DECISION.model_copy(update={"case": None})):
        with pytest.raises(RejectedError, match="Fritidsnämnden is not in `authorities`"):
            stand.register(document)
    assert stand.simulator.records() == []


def test_a_fault_is_a_refusal_and_repeats_nothing_of_the_document() -> None:
    stand = Stand()
    stand.simulator.misbehave(Misbehaviour.REFUSES)
    with pytest.raises(RejectedError) as rejected:
        stand.register(DECISION)
    assert DECISION.title not in str(rejected.value)


ENVELOPE = (
    '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
    '<{0}Response xmlns="www.tekis.se/ServiceContract">{1}</{0}Response></S:Body></S:Envelope>'
)


@pytest.mark.parametrize(
    "answer",
    [
        ENVELOPE.format("SaveNewArende", ""),
        ENVELOPE.format("SaveNewArende", "<SaveNewArendeResult/>"),
        ENVELOPE.format("SaveNewArende", "<SaveNewArendeResult><Dnr/></SaveNewArendeResult>"),
        ENVELOPE.format("SaveNewHandelse", "<SaveNewArendeResult><Dnr>BYGG 1</Dnr></SaveNewArendeResult>"),
    ],
    ids=["no result", "an empty one", "no number", "another answer"],
)
def test_an_answer_without_a_number_is_no_answer_and_no_case_is_remembered(answer: str) -> None:
    headers = {"Content-Type": "text/xml"}
    stand = Stand(httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, text=answer)))
    with pytest.raises(UnknownOutcomeError):
        stand.register()
    assert stand.state.kept == {}


def test_a_document_that_the_authority_made_itself_has_no_direction_there() -> None:
    told = event(FOLLOWING, "BYGG 1", Stand().config)["Handelse"]
    assert FOLLOWING.direction is Direction.DRAWN_UP
    assert told["riktning"] == "Okänd"
