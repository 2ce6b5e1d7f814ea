"""Open ePlatform: completions, files, what means nothing, and numbers that go back once."""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from connectors.eservice_oep import OpenEplatform
from connectors.eservice_oep.client import WSDL
from connectors.eservice_oep.config import OepConfig
from connectors.eservice_oep.simulator import _F, CLUB, FORM, GRANTS, LENA, Case, OepSimulator, _question
from connectors.eservice_oep.translate import MOST_BYTES, shortened
from hub.conformance.driver import Memory, SetClock
from hub.delivery.reach.simulating import InProcess
from hub.model import Acknowledgement, Application, Protected
from hub.sdk import Lent, Page, RawItem, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.soap import body_of, loaded
from hub.sdk.xml import parse_xml

LATER = timedelta(hours=2)
DONE, OTHER = ("10362", "Diarieförd", "IN_PROGRESS"), ("10400", "Beslutad", "ARCHIVED")


class Stand:
    """A connector before a simulator."""

    def __init__(self, **settings: Any) -> None:
        self.clock = SetClock()
        self.simulator = OepSimulator(self.clock)
        self.config = OepConfig.model_validate({**self.simulator.config(), **settings})
        self.sent: list[bytes] = []
        lent = Lent(transport=Heard(self), clock=self.clock, state=Memory(), log=logging.getLogger("oep"))
        self.connector = OpenEplatform(self.config, lent)

    def poll(self, cursor: str | None = None) -> Page:
        page: Page = run(self.connector.poll(cursor))
        return page

    def all(self, cursor: str | None = None) -> tuple[list[RawItem], str | None]:
        """Everything after a cursor."""
        items: list[RawItem] = []
        while True:
            page = self.poll(cursor)
            items, cursor = [*items, *page.items], page.cursor
            if not page.more:
                return items, cursor

    def meant(self, item: RawItem) -> Application:
        (told,) = self.connector.translate(item)
        assert isinstance(told, Application)
        return told

    def only(self) -> Application:
        (item,) = self.all()[0]
        assert item.fault == ""
        return self.meant(item)

    def acknowledge(self, case: Case, number: str = "FRI 2026/17", **more: Any) -> str:
        told = acknowledgement(case, number, **more)
        reference: str = run(self.connector.acknowledge(told)).reference
        return reference

    def found(self, case: Case, number: str = "FRI 2026/17", **more: Any) -> bool:
        return run(self.connector.find_acknowledgement(acknowledgement(case, number, **more))) is not None


class Heard(httpx.AsyncBaseTransport):
    """The way to the simulator; what is said to the callback is kept."""

    def __init__(self, stand: Stand) -> None:
        self._stand, self._way = stand, InProcess(stand.simulator)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self._stand.sent.append(request.content)
        return await self._way.handle_async_request(request)


def acknowledgement(case: Case, number: str, **more: Any) -> Acknowledgement:
    return Acknowledgement(key=f"oep:{case.id}", source_id=case.id, number=number, **more)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


# ---------------------------------------------------------------- in


def test_a_completion_is_another_submission_of_the_same_application() -> None:
    stand = Stand()
    case = stand.simulator.apply(_question("amount", Value="5000"))
    (first,), cursor = stand.all()
    stand.simulator.complete(case, case.first + LATER)
    (second,), cursor = stand.all(cursor)
    assert first.source_id == second.source_id
    assert first.version != second.version
    assert (stand.meant(first).submission, stand.meant(second).submission) == ("", "20260301T150000")
    assert stand.meant(second).received_at == case.last.replace(microsecond=0)
    assert stand.all(cursor)[0] == []


def test_what_a_handler_has_taken_on_is_no_longer_asked_for_and_comes_back_when_it_is_sent_in_again() -> None:
    stand = Stand()
    case = stand.simulator.apply()
    _, cursor = stand.all()
    stand.simulator.move(case, DONE)
    items, cursor = stand.all(cursor)
    assert (items, cursor) == ([], "{}"), "the cursor holds what is listed and no more"
    stand.simulator.complete(case, case.first + LATER)
    assert len(stand.all(cursor)[0]) == 1


def test_what_happened_to_an_application_without_a_new_submission_is_the_same_version() -> None:
    stand = Stand()
    case = stand.simulator.apply()
    (first,), cursor = stand.all()
    case.changed += 1
    (second,), _ = stand.all(cursor)
    assert (first.source_id, first.version) == (second.source_id, second.version), "the hub knows it for a double"


def test_a_list_that_has_everything_twice_tells_it_once() -> None:
    stand = Stand()
    stand.simulator.happen(3)
    stand.simulator.twice = True
    assert len(stand.all()[0]) == 3


def test_an_application_from_before_the_look_back_is_not_asked_for() -> None:
    stand = Stand(look_back_days=10)
    stand.simulator.apply(at=stand.clock.now() - timedelta(days=12))
    assert stand.all()[0] == []


@pytest.mark.parametrize(
    "local, utc",
    [
        ("2026-10-25T02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-11-20T23:59:59", datetime(2026, 11, 20, 22, 59, 59, tzinfo=UTC)),
        ("2026-07-01T00:00:00", datetime(2026, 6, 30, 22, 0, tzinfo=UTC)),
        ("2026-07-01T00:00:00+03:00", datetime(2026, 6, 30, 21, 0, tzinfo=UTC)),
    ],
    ids=["the hour that comes twice", "winter", "summer", "with a zone"],
)
def test_when_it_came_in_is_when_it_was_sent_in_in_sweden(local: str, utc: datetime) -> None:
    stand = Stand()
    stand.simulator.apply()
    stand.simulator.more = lambda told: _set(told, "LastSubmitted", local)
    assert stand.only().received_at == utc


def test_an_older_installation_says_only_when_it_was_posted() -> None:
    stand = Stand()
    case = stand.simulator.apply()

    def bare(told: etree._Element) -> None:
        for name in ("FirstSubmitted", "LastSubmitted"):
            (one,) = told.iter(f"{{*}}{name}")
            one.getparent().remove(one)  # type: ignore[union-attr]

    stand.simulator.more = bare
    told = stand.only()
    assert (told.received_at, told.submission) == (case.first.replace(microsecond=0), "")


def test_only_what_the_form_says_is_told_and_all_of_it_is_registered() -> None:
    stand = Stand()
    secret = _question("applicant", citizenIdentifier=LENA, phone="070-174 06 05")
    stand.simulator.apply(_question("amount", Value="5000"), secret)
    told = stand.only()
    assert told.answers == {"amount": ("5000",)}
    assert [file.name.partition(".")[2] for file in told.files] == ["xml", "pdf"]
    assert LENA.encode() in told.files[0].content


def test_an_element_that_nobody_knows_is_registered_and_told_to_nobody() -> None:
    stand = Stand()
    stand.simulator.apply(_question("amount", Value="5000"))
    stand.simulator.more = lambda told: told[0].append(_F.SkyddadFolkbokforing("J"))
    told = stand.only()
    assert b"SkyddadFolkbokforing" in told.files[0].content
    assert told.counterpart is not None
    assert told.counterpart.protection is Protected.UNKNOWN


@pytest.mark.parametrize(
    "values, name, protection",
    [
        ([_question("club", organizationNumber=CLUB, name="Umeå BK")], "Umeå BK", Protected.NO),
        ([_question("club", organizationNumber=CLUB)], "Namn saknas", Protected.NO),
        ([_question("club", organizationNumber="802400-0006", name="Umeå BK")], "Lena Ö'Norberg", Protected.UNKNOWN),
        ([_question("club", organizationNumber="900101-9802", name="Lenas firma")], "Lenas firma", Protected.UNKNOWN),
        ([_question("applicant", citizenIdentifier=LENA)], "Lena Ö'Norberg", Protected.UNKNOWN),
        ([_question("applicant", citizenIdentifier="hemligt")], "Lena Ö'Norberg", Protected.UNKNOWN),
        ([], "Lena Ö'Norberg", Protected.UNKNOWN),
    ],
    ids=["club", "club without a name", "a number that does not hold", "sole trader", "person", "no number", "nothing"],
)
def test_whoever_may_be_a_person_may_be_protected(values: list[Any], name: str, protection: Protected) -> None:
    stand = Stand()
    stand.simulator.apply(*values)
    counterpart = stand.only().counterpart
    assert counterpart is not None
    assert (counterpart.name, counterpart.protection) == (name, protection)


def test_the_number_of_who_applied_stands_in_the_raw_item_as_it_is_looked_for() -> None:
    stand = Stand()
    stand.simulator.apply(_question("applicant", citizenIdentifier=LENA))
    (item,), _ = stand.all()
    assert LENA[2:].encode() in item.content, "else it would not be erased when they turn out to be protected"


def test_a_form_that_nobody_has_configured_means_nothing_yet() -> None:
    stand = Stand()
    stand.simulator.apply()
    (item,), _ = stand.all()
    other = Stand(forms={"1": FORM})
    with pytest.raises(RejectedError, match=f"e-service {GRANTS} is not in `forms`"):
        other.meant(item)


def test_files_come_whole_by_their_names_and_too_large_ones_are_for_a_person() -> None:
    stand = Stand()
    case = stand.simulator.apply()
    stand.simulator.attach(case, "../å/ä\x7f.pdf", b"%PDF-")
    stand.simulator.attach(case, "x" * 300 + ".docx", b"PK")
    own = stand.only().files[2:]
    assert [file.name for file in own] == [".._å_ä\x7f.pdf", "x" * 195 + ".docx"]
    assert [file.content for file in own] == [b"%PDF-", b"PK"]
    stand.simulator.attach(case, "stor.mov", b"", size=MOST_BYTES + 1)
    (item,), _ = stand.all()
    assert "register it by hand" in item.fault
    assert len(item.content) < MOST_BYTES


def test_an_e_service_that_makes_no_pdf_is_registered_without_one() -> None:
    stand = Stand()
    case = stand.simulator.apply()
    stand.simulator.attach(case, "bilaga.pdf", b"%PDF-1.7")
    handle = stand.simulator.handle
    gone = httpx.Response(404)
    stand.simulator.handle = lambda request: gone if request.url.path.endswith("/pdf") else handle(request)  # type: ignore[method-assign]
    assert [file.name for file in stand.only().files] == [f"ansökan-{case.id}.xml", "bilaga.pdf"]


def test_a_file_cut_short_is_asked_for_again_and_lets_the_others_go_first() -> None:
    stand = Stand()
    case, other = stand.simulator.apply(), stand.simulator.apply()
    stand.simulator.attach(case, "bilaga.pdf", b"%PDF-1.7")
    stand.simulator.short = {case.id}
    for _ in range(2):
        with pytest.raises(TransientError, match="7 bytes came of 8"):
            stand.poll()
    page = stand.poll()
    assert [item.source_id for item in page.items] == [other.id]
    assert page.more
    with pytest.raises(TransientError):
        stand.poll(page.cursor)
    stand.simulator.short.clear()
    assert [item.source_id for item in stand.all(page.cursor)[0]] == [case.id]


def test_files_that_cannot_be_told_apart_are_for_a_person() -> None:
    stand = Stand()
    stand.simulator.apply(_F.attachment(_F.QueryID("1"), _F.File(_F.Name("utan nummer.pdf"))))
    (item,), _ = stand.all()
    assert "cannot be told apart" in item.fault


def test_xml_that_would_harm_its_reader_is_no_answer() -> None:
    stand = Stand()
    stand.simulator.apply()
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]><FlowInstances>&a;</FlowInstances>'
    stand.simulator.handle = lambda request: httpx.Response(200, content=bomb)  # type: ignore[method-assign]  # noqa: ARG005
    with pytest.raises(TransientError):
        stand.poll()


def test_another_application_than_was_asked_for_is_no_answer() -> None:
    stand = Stand()
    stand.simulator.apply()
    stand.simulator.more = lambda told: _set(told, "FlowInstanceID", "1")
    with pytest.raises(TransientError):
        stand.poll()


def test_an_e_service_without_applications_may_be_a_404_where_that_is_said() -> None:
    bare = httpx.Response(404)
    for settings, refused in (({}, True), ({"none_is_404": True}, False)):
        stand = Stand(**settings)
        stand.simulator.handle = lambda request: bare  # type: ignore[method-assign]  # noqa: ARG005
        if refused:
            with pytest.raises(RejectedError):
                stand.poll()
        else:
            assert stand.poll().items == []


def test_a_name_keeps_the_end_that_says_what_it_is() -> None:
    assert shortened("x" * 200) == "x" * 200
    assert len(shortened("x" * 300 + "." + "y" * 50)) == 200


# ---------------------------------------------------------------- back


def test_the_number_is_told_as_it_is_and_the_status_set() -> None:
    stand = Stand()
    case = stand.simulator.apply()
    assert stand.acknowledge(case, "FRI 2026/17 <å>") == "FRI 2026/17 <å>"
    assert (case.number, case.status) == (("FRI 2026/17 <å>", "Knutpunkt"), DONE)
    assert stand.found(case, "FRI 2026/17 <å>")


@pytest.mark.parametrize("silent", [1, 2], ids=["the number", "both"])
def test_an_answer_that_is_lost_is_asked_for_and_nothing_is_told_twice(silent: int) -> None:
    stand = Stand()
    case = stand.simulator.apply()
    stand.simulator.silent = silent
    for _ in range(silent):
        with pytest.raises(UnknownOutcomeError):
            stand.acknowledge(case)
        assert stand.found(case) is (case.status == DONE)
    stand.acknowledge(case)
    assert len(stand.simulator.log) == 1
    assert case.changed == 3, "one number, one status"


def test_a_status_that_a_handler_has_set_since_is_left_alone() -> None:
    stand = Stand()
    case = stand.simulator.apply()
    stand.simulator.move(case, OTHER)
    stand.acknowledge(case)
    assert (case.number, case.status) == (("FRI 2026/17", "Knutpunkt"), OTHER)
    assert stand.found(case)


def test_without_a_status_of_ours_it_keeps_the_one_that_it_has() -> None:
    stand = Stand(registered_status=None)
    case = stand.simulator.apply()
    stand.acknowledge(case)
    assert case.status[2] == "SUBMITTED"
    assert stand.found(case)


def test_a_status_by_its_number_is_one_too() -> None:
    stand = Stand(registered_status="10362")
    case = stand.simulator.apply()
    stand.acknowledge(case)
    assert case.status == DONE


def test_a_completion_keeps_the_number_of_the_application_and_its_status_is_set() -> None:
    stand = Stand()
    case = stand.simulator.apply()
    stand.acknowledge(case)
    stand.simulator.complete(case, case.first + LATER)
    assert not stand.found(case, "FRI 2026/17-2", completes=True)
    assert stand.acknowledge(case, "FRI 2026/17-2", completes=True) == "FRI 2026/17-2"
    assert (case.number, case.status) == (("FRI 2026/17", "Knutpunkt"), DONE)
    assert len(stand.simulator.log) == 1


def test_where_it_cannot_be_asked_a_person_decides() -> None:
    stand = Stand(can_be_asked=False)
    case = stand.simulator.apply()
    stand.simulator.silent = 1
    with pytest.raises(UnknownOutcomeError):
        stand.acknowledge(case)
    with pytest.raises(RejectedError, match="see in Open ePlatform whether it has the number FRI 2026/17"):
        stand.found(case)


@pytest.mark.parametrize(
    "settings, gone, why",
    [({"registered_status": "okänd"}, False, "no such status"), ({}, True, "no such application")],
    ids=["status", "application"],
)
def test_what_the_platform_does_not_know_is_for_a_person(settings: dict[str, Any], gone: bool, why: str) -> None:  # noqa: FBT001
    stand = Stand(**settings)
    case = stand.simulator.apply()
    if gone:
        del stand.simulator.cases[case.id]
    with pytest.raises(RejectedError, match=why):
        stand.acknowledge(case)


def test_an_answer_with_more_in_it_than_anybody_knows_is_none() -> None:
    stand = Stand()
    case = stand.simulator.apply()
    handle = stand.simulator.handle

    def more(request: httpx.Request) -> httpx.Response:
        answer = handle(request)
        told = answer.content.replace(b"<eventID>17</eventID>", b"<eventID>17</eventID><queued>true</queued>")
        return httpx.Response(answer.status_code, headers={"Content-Type": "text/xml"}, content=told)

    stand.simulator.handle = more  # type: ignore[method-assign]
    with pytest.raises(UnknownOutcomeError):
        stand.acknowledge(case)


def test_no_text_of_a_fault_is_told() -> None:
    stand = Stand()
    case = stand.simulator.apply()
    stand.simulator.refuses = True
    with pytest.raises(RejectedError) as refused:
        stand.acknowledge(case)
    assert "Lena" not in str(refused.value)


def test_what_is_said_fits_the_schema_and_holds_no_ws_addressing() -> None:
    stand = Stand()
    case = stand.simulator.apply()
    stand.acknowledge(case)
    wsdl = loaded(Path(WSDL))
    bodies = [body_of(parse_xml(one)) for one in stand.sent]
    assert [etree.QName(one).localname for one in bodies] == ["getManagersRequest", "confirmDelivery", "setStatus"]
    assert [wsdl.misfit(one) for one in bodies] == ["", "", ""]
    assert all(b"Addressing" not in one and b"addressing" not in one for one in stand.sent), "no WS-Addressing"


def _set(told: etree._Element, name: str, text: str) -> None:
    (one,) = told.iter(f"{{*}}{name}")
    one.text = text
