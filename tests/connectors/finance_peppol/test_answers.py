"""What buyers answer: read from a buyer that is not ours, and from whoever means harm."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.finance_peppol import PeppolFinance
from connectors.finance_peppol.translate import parcel
from hub.model import Answer, InvoiceAnswered, InvoiceKind
from hub.sdk import RawItem, RejectedError
from tests.connectors.finance_peppol.stand import (
    a_credit,
    an_invoice,
    in_folder,
    names,
    run,
    settings,
    with_access_point,
)
from tests.counterparts.einvoice import EinvoiceBuyer

FOLDER = Path("/srv/out")


@pytest.fixture(scope="module")
def buyer() -> Iterator[EinvoiceBuyer]:
    with EinvoiceBuyer() as one:
        yield one


@pytest.fixture(scope="module")
def connector() -> PeppolFinance:
    return in_folder(FOLDER)


def read(connector: PeppolFinance, content: bytes) -> list[RawItem]:
    return list(connector.read_file(io.BytesIO(content)))


def only(connector: PeppolFinance, content: bytes) -> InvoiceAnswered:
    """What a file with one answer means."""
    (item,) = read(connector, content)
    (message,) = connector.translate(item)
    assert isinstance(message, InvoiceAnswered)
    return message


def an_answer(**more: str) -> bytes:
    """A sound one, with other things in its places."""
    told = {
        "customization": "urn:fdc:peppol.eu:poacc:trns:invoice_response:3", "date": "2026-11-27", "time": "14:03:00Z",
        "receiver": '<c:EndpointID schemeID="0007">2120002627</c:EndpointID>', "code": "AP", "key": "B-1.i1",
        "type": "380", "status": "", "before": "", "note": "",
    } | more  # fmt: skip
    ubl = "urn:oasis:names:specification:ubl:schema:xsd:"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{told["before"]}<ApplicationResponse'
        f' xmlns="{ubl}ApplicationResponse-2" xmlns:g="{ubl}CommonAggregateComponents-2"'
        f' xmlns:c="{ubl}CommonBasicComponents-2"><c:CustomizationID>{told["customization"]}</c:CustomizationID>'
        f"<c:ID>R-1</c:ID><c:IssueDate>{told['date']}</c:IssueDate><c:IssueTime>{told['time']}</c:IssueTime>"
        f'{told["note"]}<g:SenderParty><c:EndpointID schemeID="0007">8024000005</c:EndpointID></g:SenderParty>'
        f"<g:ReceiverParty>{told['receiver']}</g:ReceiverParty><g:DocumentResponse><g:Response>"
        f"<c:ResponseCode>{told['code']}</c:ResponseCode>{told['status']}</g:Response><g:DocumentReference>"
        f"<c:ID>{told['key']}</c:ID><c:DocumentTypeCode>{told['type']}</c:DocumentTypeCode></g:DocumentReference>"
        "</g:DocumentResponse></ApplicationResponse>"
    ).encode()


def a_status(code: str, text: str = "", *conditions: tuple[str, str]) -> str:
    about = "".join(
        f"<g:Condition><c:AttributeID>{name}</c:AttributeID><c:Description>{value}</c:Description></g:Condition>"
        for name, value in conditions
    )
    return (
        f'<g:Status><c:StatusReasonCode listID="OPStatusReason">{code}</c:StatusReasonCode>'
        f"<c:StatusReason>{text}</c:StatusReason>{about}</g:Status>"
    )


# ---------------------------------------------------------------- what is said


def test_all_that_a_buyer_says_of_its_invoices_is_understood(buyer: EinvoiceBuyer, connector: PeppolFinance) -> None:
    why = [{"code": "REF", "text": "Fel referens å", "conditions": [["BT-10", "4711"]]}]
    for answer in Answer:
        made = an_invoice(key=f"B-1.{answer}")
        number = buyer.taken(parcel(made, settings()).document)
        given = why if answer in {Answer.UNDER_QUERY, Answer.CONDITIONALLY_ACCEPTED, Answer.REJECTED} else []
        told = only(connector, buyer.says(number, answer, given, note="Hej"))
        assert (told.key, told.answer) == (made.key, answer)
        assert told.detail == ("Hej; REF: Fel referens å: BT-10 4711" if given else "Hej")
        assert told.at == datetime(2026, 11, 30, 8, tzinfo=UTC), "Swedish time, for it says no zone"


def test_what_a_buyer_says_of_a_credit_note_is_understood(buyer: EinvoiceBuyer, connector: PeppolFinance) -> None:
    number = buyer.taken(parcel(a_credit(), settings()).document)
    assert only(connector, buyer.says(number, "RE", [{"code": "UNR", "text": "?"}])).key == "B-1.c1"


def test_paid_in_part_is_accepted_and_not_paid(buyer: EinvoiceBuyer, connector: PeppolFinance) -> None:
    number = buyer.taken(parcel(an_invoice(), settings()).document)
    told = only(connector, buyer.says(number, "PD", [{"code": "PPD", "text": "100 kr"}]))
    assert (told.answer, told.detail) == (Answer.ACCEPTED, "PPD: 100 kr")
    assert only(connector, an_answer(code="RE", status=a_status("PPD"))).answer is Answer.REJECTED


def test_our_access_point_answers_as_the_rules_have_it(buyer: EinvoiceBuyer) -> None:
    async def story() -> None:
        async with with_access_point() as (connector, point):
            for kind in InvoiceKind:
                for answer in Answer:
                    content = point.answer("B-1.i1", answer, kind=kind)
                    assert buyer.judged(content) == ("valid", [])
                    assert only(connector, content).answer is answer
            assert len(names(point.root / "responses")) == len(InvoiceKind) * len(Answer)

    run(story)


@pytest.mark.parametrize(
    "date, time, at",
    [
        ("2026-11-27", "14:03:00Z", datetime(2026, 11, 27, 14, 3, tzinfo=UTC)),
        ("2026-11-27", "14:03:00.5+02:00", datetime(2026, 11, 27, 12, 3, 0, 500000, tzinfo=UTC)),
        ("2026-11-27+01:00", "14:03:00", datetime(2026, 11, 27, 13, 3, tzinfo=UTC)),
        ("2026-07-01", "14:03:00", datetime(2026, 7, 1, 12, 3, tzinfo=UTC)),
        ("2026-11-27", "", datetime(2026, 11, 26, 23, tzinfo=UTC)),
    ],
)
def test_when_it_was_said(connector: PeppolFinance, date: str, time: str, at: datetime) -> None:
    assert only(connector, an_answer(date=date, time=time)).at == at


def test_many_reasons_are_told_as_far_as_there_is_room(connector: PeppolFinance) -> None:
    status = a_status("QTY", "Tre timmar,\ninte fyra") + a_status("PRI", "", ("BT-146", "120"), ("BT-126", "2"))
    told = only(connector, an_answer(code="UQ", status=status, note="<c:Note>Ring</c:Note>"))
    assert told.detail == "Ring; QTY: Tre timmar, inte fyra; PRI: BT-146 120: BT-126 2"
    long = only(connector, an_answer(code="UQ", status=a_status("OTH", "å" * 900))).detail
    assert len(long) == 500
    assert long.startswith("OTH: å")
    assert long.endswith("å…")


def test_an_answer_that_comes_again_is_known_and_another_is_not(connector: PeppolFinance) -> None:
    (one,), (again,), (other,) = (read(connector, an_answer(code=code)) for code in ("AP", "AP", "RE"))
    assert (one.source_id, one.version) == (again.source_id, again.version)
    assert one.source_id == other.source_id == "8024000005/R-1/B-1.i1"
    assert one.version != other.version


# ---------------------------------------------------------------- what means nothing

MEANINGLESS = {
    "another code": ({"code": "ACCEPTED"}, "ResponseCode is none of"),
    "a small code": ({"code": "ap"}, "ResponseCode is none of"),
    "no code": ({"code": ""}, "ResponseCode is none of"),
    "two codes in one": ({"code": "RE AP"}, "ResponseCode is none of"),
    "a message level response": ({"customization": "urn:fdc:peppol.eu:poacc:trns:mlr:3"}, "no Invoice Response"),
    "no customization": ({"customization": ""}, "no Invoice Response"),
    "another receiver": (
        {"receiver": '<c:EndpointID schemeID="0007">2120001355</c:EndpointID>'}, "for another receiver"
    ),
    "another scheme": ({"receiver": '<c:EndpointID schemeID="0088">2120002627</c:EndpointID>'}, "for another receiver"),
    "no receiver": ({"receiver": ""}, "for another receiver"),
    "an order": ({"type": "220"}, "not about an invoice"),
    "no invoice": ({"key": ""}, "names no invoice of ours"),
    "a name": ({"key": "Lena Norberg"}, "names no invoice of ours"),
    "a key too long": ({"key": "x" * 81}, "names no invoice of ours"),
    "no day": ({"date": ""}, "IssueDate or IssueTime is none"),
    "a day that is none": ({"date": "2026-02-30"}, "IssueDate or IssueTime is none"),
    "an hour that is none": ({"time": "25:00:00"}, "IssueDate or IssueTime is none"),
}  # fmt: skip


@pytest.mark.parametrize("case", MEANINGLESS)
def test_what_means_nothing_is_told_with_its_place_and_shows_nothing(connector: PeppolFinance, case: str) -> None:
    changed, why = MEANINGLESS[case]
    (item,) = read(connector, an_answer(**changed, status=a_status("OTH", "Lena Norberg")))
    with pytest.raises(RejectedError, match=why) as caught:
        connector.translate(item)
    assert re.match(r"line 1, /ApplicationResponse/DocumentResponse\[1\]: ", str(caught.value))
    for secret in ("Lena", "8024000005", "2120001355"):
        assert secret not in str(caught.value)


BOMB = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
FILE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "content, why",
    [
        (b"", "the file is empty"),
        (b"P", "no whole XML"),
        (b"PK\x03\x04", "the file is zip"),
        (an_answer().decode().encode("utf-16"), "the file is UTF-16"),
        (an_answer()[:-1], "no whole XML"),
        (an_answer() + b"<a/>", "no whole XML"),
        (b"<Invoice/>", "does not begin with"),
        (b"<ApplicationResponse/>", "does not begin with"),
        (an_answer(before=BOMB, key="&b;"), "DOCTYPE"),
        (an_answer(before=FILE, key="&a;"), "DOCTYPE"),
        (an_answer(before="<!DOCTYPE a>"), "DOCTYPE"),
        (an_answer(key="&b;"), "no whole XML"),
        (b"<a>" * 300 + b"</a>" * 300, "no whole XML"),
        (an_answer(note="<c:Note>" + "<g:a>" * 300 + "</g:a>" * 300 + "</c:Note>"), "no whole XML"),
    ],
    ids=range(14),
)
def test_a_file_of_another_kind_is_refused_whole(connector: PeppolFinance, content: bytes, why: str) -> None:
    with pytest.raises(RejectedError, match=why) as caught:
        read(connector, content)
    assert "root" not in str(caught.value)


def test_a_file_without_answers_gives_none(connector: PeppolFinance) -> None:
    whole = an_answer()
    begin, end = whole.index(b"<g:DocumentResponse>"), whole.index(b"</ApplicationResponse>")
    with pytest.raises(RejectedError, match="answers nothing"):
        read(connector, whole[:begin] + whole[end:])


class Endless(io.RawIOBase):
    """A file that says that it is larger than any."""

    def read(self, size: int = -1) -> bytes:
        return b"<" * max(size, 0)

    def seek(self, _offset: int, whence: int = 0) -> int:
        return 10_000_001 if whence else 0


def test_a_file_too_large_is_refused_before_it_is_read(connector: PeppolFinance) -> None:
    file: Any = Endless()
    with pytest.raises(RejectedError, match="larger than 10,000,000"):
        list(connector.read_file(file))
