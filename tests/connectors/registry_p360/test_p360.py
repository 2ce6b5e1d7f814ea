"""Public 360°: what it says no with, older versions that look at no key, cases, and who may read what."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from connectors.registry_p360 import P360Registry
from connectors.registry_p360.config import P360Config
from connectors.registry_p360.simulator import P360Simulator
from hub.conformance.driver import Memory, SetClock
from hub.conformance.record_examples import DOCUMENTS
from hub.delivery.reach.simulating import InProcess
from hub.model import Document
from hub.sdk import STOCKHOLM, CredentialsError, Lent, Misbehaviour, Receipt, RejectedError, UnknownOutcomeError

APPLICATION, DECISION, FOLLOWING, _ = DOCUMENTS


class Stand:
    """A connector before a simulator."""

    def __init__(self, **settings: Any) -> None:
        self.simulator = P360Simulator(SetClock())
        self.asked: list[httpx.Request] = []
        config = P360Config.model_validate({**self.simulator.config(), **settings})
        lent = Lent(transport=self, clock=SetClock(), state=Memory(), log=logging.getLogger("p360"))  # type: ignore[arg-type]
        self.registry = P360Registry(config, lent)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return await InProcess(self.simulator).handle_async_request(request)

    async def aclose(self) -> None:
        """Nothing is open."""

    def register(self, document: Document = APPLICATION) -> str:
        receipt: Receipt = run(self.registry.register_document(document))
        return receipt.reference

    @property
    def asked_for(self) -> list[str]:
        return [request.url.path.rpartition("/")[2] for request in self.asked]


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


def test_a_document_without_a_case_opens_one_and_what_follows_goes_into_it() -> None:
    stand = Stand()
    assert stand.register(APPLICATION) == "26/00001-1"
    assert stand.register(FOLLOWING) == "26/00001-2"
    assert stand.register(DECISION) == "FN-2026-00017-1"
    assert [case.number for case in stand.simulator.diarium.cases] == ["FN-2026-00017", "26/00001"]


def test_the_case_is_one_whichever_of_its_documents_comes_first() -> None:
    stand = Stand()
    assert stand.register(FOLLOWING) == "26/00001-1"
    assert stand.register(APPLICATION) == "26/00001-2"


def test_a_moment_is_the_same_moment_there_whatever_its_zone() -> None:
    stand = Stand()
    came = datetime(2026, 10, 25, 2, 30, tzinfo=STOCKHOLM, fold=1)
    stand.register(APPLICATION.model_copy(update={"received_at": came}))
    assert json.loads(stand.asked[-1].content)["parameter"]["JournalDate"] == "2026-10-25T01:30:00Z"


def test_a_case_that_was_opened_by_a_call_without_an_answer_is_found_and_not_opened_again() -> None:
    stand = Stand()
    stand.simulator.diarium.silent = 1
    with pytest.raises(UnknownOutcomeError):
        stand.register()
    assert run(stand.registry.find_document("doc-1")) is None
    assert stand.register() == "26/00001-1"
    assert len(stand.simulator.diarium.opened("doc-1")) == 1


def test_two_cases_or_two_documents_under_one_key_are_a_persons() -> None:
    stand = Stand()
    for _ in range(2):
        stand.simulator.diarium.open_case("doc-1", "", "")
    with pytest.raises(RejectedError, match="2 cases have our key doc-1"):
        stand.register()
    case = stand.simulator.diarium.cases[-1]
    for _ in range(2):
        stand.simulator.diarium.register(APPLICATION, case)
    with pytest.raises(RejectedError, match="2 documents have our key doc-1"):
        run(stand.registry.find_document("doc-1"))


def test_a_version_that_looks_at_no_key_registers_nothing_twice_and_check_says_so() -> None:
    stand = Stand()
    stand.simulator.knows_keys = False
    stand.register(FOLLOWING)
    for look in (stand.registry.find_document("doc-1"), stand.registry.check()):
        with pytest.raises(RejectedError, match="does not find documents by ExternalId"):
            run(look)


def test_a_no_with_status_200_is_a_no_and_repeats_nothing_of_the_document() -> None:
    stand = Stand()
    stand.simulator.misbehave(Misbehaviour.REFUSES)
    with pytest.raises(RejectedError) as rejected:
        stand.register(DECISION)
    assert "Public 360 says: something that names the document" in str(rejected.value)
    with pytest.raises(RejectedError) as rejected:
        stand.register(DECISION.model_copy(update={"case": "FN-2026-99999", "title": "x"}))
    assert "FN-2026-99999" in str(rejected.value), "a number names nobody"
    assert "at SI.Data.RPC" not in str(rejected.value), "what ErrorDetails holds is told nowhere"


def test_the_public_register_shows_neither_what_is_protected_nor_whom() -> None:
    stand = Stand()
    stand.register(DECISION)
    (told,) = stand.simulator.diarium.public()
    assert (told.title, told.counterpart, told.marked) == (DECISION.title, "", True)
    assert "Norberg" not in repr(told)


@pytest.mark.parametrize(
    "document, settings, match",
    [
        (DECISION, {"authorities": {}}, "Fritidsnämnden is not in `authorities`"),
        (DECISION, {"access_code": None}, "write `access_code`"),
        (DECISION, {"archive_type": None}, "write `archive_type`"),
    ],
    ids=["authority", "secrecy", "classification"],
)
def test_what_cannot_be_said_there_is_refused_before_anything_is_asked(
    document: Document, settings: dict[str, Any], match: str
) -> None:
    stand = Stand(**settings)
    with pytest.raises(RejectedError, match=match):
        stand.register(document)
    assert stand.asked == []


def test_the_key_stands_in_the_header_that_the_site_wants_and_in_no_address() -> None:
    stand = Stand(auth_header="AuthKey", auth_scheme="")
    with pytest.raises(CredentialsError):
        stand.register()
    (request,) = stand.asked
    assert request.headers["AuthKey"] == "4792df9e-not-a-secret"
    assert "not-a-secret" not in str(request.url)


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "https://umea.p360.test/?authkey=4792df9e"},
        {"outgoing": "recno:110"},
        {"status": "J\n"},
        {"incoming": "recno:x"},
    ],
)
def test_settings_that_would_leak_or_mean_two_things_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        P360Config.model_validate({**P360Simulator(SetClock()).config(), **settings})


@pytest.mark.parametrize(
    "answer",
    [
        {"Successful": True, "DocumentNumber": None},
        {"Successful": True, "DocumentNumber": ""},
        {"Successful": True},
        {"DocumentNumber": "26/1-1"},
    ],
    ids=["null", "empty", "left out", "neither yes nor no"],
)
def test_an_answer_that_does_not_say_what_happened_is_no_answer(
    answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand()
    monkeypatch.setattr(P360Simulator, "answer", lambda *_: httpx.Response(200, json=answer))
    with pytest.raises(UnknownOutcomeError):
        stand.register(DECISION)
