"""SOAP: what is sent fits the schema, what comes is read safely, and nothing of either is said."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from lxml.builder import E

from hub.conformance.driver import Memory, SetClock
from hub.sdk import (
    Lent,
    RejectedError,
    Soap,
    SoapFault,
    SoapRefusalError,
    SoapService,
    TransientError,
    UnknownOutcomeError,
)
from hub.sdk.soap import ENVELOPE, ENVELOPE_12, loaded
from hub.sdk.xml import NIL, child_of, children_of, local_name, parse_xml, text_of

SECRET = "hemlig-4711"
WSDL = """<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">
  <w:types><xs:schema><xs:import namespace="urn:t" schemaLocation="{place}"/></xs:schema></w:types>
  <w:message name="In"><w:part name="p" element="t:Ask"/></w:message>
  <w:message name="Head"><w:part name="To" element="t:To"/></w:message>
  <w:message name="Out"><w:part name="p" element="t:Told"/></w:message>
  <w:portType name="P">
    <w:operation name="Ask"><w:input message="t:In"/><w:output message="t:Out"/></w:operation>
  </w:portType>
  <w:binding name="B" type="t:P"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <w:operation name="Ask"><soap:operation soapAction="urn:t:Ask"/>
      <w:input><soap:header use="literal" message="t:Head" part="To"/><soap:body use="literal"/></w:input>
      <w:output><soap:body use="literal"/></w:output></w:operation></w:binding>
  <w:service name="S"><w:port name="P" binding="t:B"><soap:address location="http://nowhere.test/"/></w:port></w:service>
</w:definitions>"""
XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t" elementFormDefault="qualified">
  <xs:element name="To" type="xs:string"/>
  <xs:element name="Ask"><xs:complexType><xs:sequence>
    <xs:element name="Code"><xs:simpleType><xs:restriction base="xs:string"><xs:maxLength value="12"/></xs:restriction>
    </xs:simpleType></xs:element></xs:sequence></xs:complexType></xs:element>
  <xs:element name="Told" type="xs:string"/>
</xs:schema>"""


@pytest.fixture
def wsdl(tmp_path: Path) -> Path:
    (tmp_path / "t.xsd").write_text(XSD)
    (tmp_path / "t.wsdl").write_text(WSDL.format(place="t.xsd"))
    return tmp_path / "t.wsdl"


def told(asked: Any) -> etree._Element:
    if asked.body.Code == "no":
        raise SoapRefusalError("Client", f"we do not tell {SECRET}", E.why(SECRET))
    answer = etree.Element("{urn:t}Told")
    answer.text = f"you asked {asked.body.Code}"
    return answer


def ask(
    wsdl: Path, answer: httpx.Response | None = None, *, sent: list[httpx.Request] | None = None, **more: Any
) -> str:
    """Ask a service of that WSDL, or what answers so; the text that was told."""
    service = SoapService(wsdl)

    def handle(request: httpx.Request) -> httpx.Response:
        if sent is not None:
            sent.append(request)
        return answer or service.handle(request, {"Ask": told})

    async def story() -> str:
        transport, log = httpx.MockTransport(handle), logging.getLogger(__name__)
        lent = Lent(transport=transport, clock=SetClock(), state=Memory(), log=log, timeout=timedelta(seconds=5))
        soap = Soap(lent.http("http://soap.test/"), wsdl, "ask", refusal=more.pop("refusal", lambda _: None))
        try:
            return await soap.ask("Ask", lambda inside: inside.text or "", **{"safe": True, "Code": "yes", **more})
        finally:
            await lent.aclose()

    return asyncio.run(story())


def test_a_question_and_its_answer_go_by_the_wsdl(wsdl: Path) -> None:
    sent: list[httpx.Request] = []
    assert ask(wsdl, sent=sent, headers={"To": "SE1"}) == "you asked yes"
    (request,) = sent
    assert (str(request.url), request.headers["SOAPAction"]) == ("http://soap.test/ask", '"urn:t:Ask"')
    envelope = parse_xml(request.content)
    assert text_of(envelope, "Header", "To") == "SE1"
    assert text_of(envelope, "Body", "Ask", "Code") == "yes"


@pytest.mark.parametrize(
    "values", [{"Code": SECRET + "-too-long"}, {"Code": None}, {"Cod": SECRET}, {"Code": {SECRET: 1}}]
)
def test_what_does_not_fit_the_schema_is_not_sent_and_not_said(wsdl: Path, values: dict[str, Any]) -> None:
    sent: list[httpx.Request] = []
    with pytest.raises(RejectedError) as caught:
        ask(wsdl, sent=sent, **values)
    assert sent == []
    assert SECRET not in repr(caught.value) + repr(caught.value.__cause__)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_nothing_of_a_conversation_is_logged(wsdl: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("zeep.transports").setLevel(logging.DEBUG)
    loaded.cache_clear()
    ask(wsdl, Code=SECRET)
    assert SECRET not in caplog.text
    assert [record for record in caplog.records if record.name.startswith("zeep")] == []


def fault(code: str, detail: str = "") -> httpx.Response:
    text = (
        f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><e:Fault><faultcode>{code}</faultcode>'
        f"<faultstring>{SECRET}</faultstring><detail>{detail}</detail></e:Fault></e:Body></e:Envelope>"
    )
    return httpx.Response(500, text=text)


@pytest.mark.parametrize(
    "code, safe, kind",
    [
        ("e:Client", True, RejectedError),
        ("e:Client.Authentication", True, RejectedError),
        ("e:MustUnderstand", True, RejectedError),
        ("e:Server", True, TransientError),
        ("e:Server", False, UnknownOutcomeError),
        (SECRET, True, TransientError),
    ],
)
def test_a_fault_says_what_happens_next_and_none_of_its_words_are_told(
    wsdl: Path, code: str, kind: type[Exception], *, safe: bool
) -> None:
    with pytest.raises(kind) as caught:
        ask(wsdl, fault(code), safe=safe)
    assert type(caught.value) is kind
    assert SECRET not in str(caught.value)


def test_a_system_says_no_in_its_own_words(wsdl: Path) -> None:
    def refusal(told: SoapFault) -> RejectedError:
        return RejectedError(f"{told.code} {text_of(told.detail, 'why')[:6]}")

    with pytest.raises(RejectedError, match="Client hemlig"):
        ask(wsdl, Code="no", refusal=refusal)


@pytest.fixture
def wsdl_12(wsdl: Path) -> Path:
    """The same service, spoken in SOAP 1.2."""
    path = wsdl.with_name("t12.wsdl")
    path.write_text(wsdl.read_text().replace("schemas.xmlsoap.org/wsdl/soap/", "schemas.xmlsoap.org/wsdl/soap12/"))
    return path


def test_soap_1_2_is_spoken_where_the_wsdl_says_so(wsdl_12: Path) -> None:
    sent: list[httpx.Request] = []
    header = E.Security("x")
    assert ask(wsdl_12, sent=sent, headers=[header]) == "you asked yes"
    (request,) = sent
    assert request.headers["Content-Type"] == 'application/soap+xml; charset=utf-8; action="urn:t:Ask"'
    envelope = parse_xml(request.content)
    assert (etree.QName(envelope).namespace, text_of(envelope, "Header", "Security")) == (ENVELOPE_12, "x")


def test_a_service_of_soap_1_2_refuses_in_its_words(wsdl_12: Path) -> None:
    def refusal(told: SoapFault) -> RejectedError:
        return RejectedError(f"{told.code} {text_of(told.detail, 'why')[:6]}")

    with pytest.raises(RejectedError, match="Client hemlig"):
        ask(wsdl_12, Code="no", refusal=refusal)
    headers, content = loaded(wsdl_12).message("Ask", None, {"Code": "no"})
    request = httpx.Request("POST", "http://soap.test/", headers=headers, content=content)
    assert SoapService(wsdl_12).handle(request, {"Ask": told}).status_code == 400


def fault_12(code: str, *subcodes: str) -> httpx.Response:
    """With its subcodes inside one another."""
    inside = "".join(f"<e:Subcode><e:Value>{one}</e:Value>" for one in subcodes) + "</e:Subcode>" * len(subcodes)
    told = f"<e:Code><e:Value>{code}</e:Value>{inside}</e:Code><e:Reason><e:Text>{SECRET}</e:Text></e:Reason>"
    body = f'<e:Envelope xmlns:e="{ENVELOPE_12}"><e:Body><e:Fault>{told}</e:Fault></e:Body></e:Envelope>'
    return httpx.Response(400 if "Sender" in code else 500, text=body)


@pytest.mark.parametrize(
    "code, safe, kind",
    [
        ("e:Sender", True, RejectedError),
        ("e:DataEncodingUnknown", True, RejectedError),
        ("e:Receiver", True, TransientError),
        ("e:Receiver", False, UnknownOutcomeError),
        (SECRET, True, TransientError),
    ],
)
def test_a_fault_of_soap_1_2_says_what_happens_next_with_its_subcodes_and_none_of_its_words(
    wsdl_12: Path, code: str, kind: type[Exception], *, safe: bool
) -> None:
    with pytest.raises(kind) as caught:
        ask(wsdl_12, fault_12(code, "ter:InvalidArgVal", SECRET, "ter:NotFound"), safe=safe)
    assert type(caught.value) is kind
    assert "InvalidArgVal/NotFound" in str(caught.value)
    assert SECRET not in str(caught.value)


ANSWER = f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><Told>x</Told></e:Body></e:Envelope>'


@pytest.mark.parametrize(
    "status, body",
    [
        (200, ""),
        (200, "<html/>"),
        (200, "{}"),
        (200, ANSWER.replace("<Told>x</Told>", "")),
        (200, ANSWER.replace("<Told>x</Told>", "<Told/><Told/>")),
        (200, ANSWER.replace("<e:Body>", "<e:Body/><e:Body>")),
        (200, f'<!DOCTYPE a [<!ENTITY b "c">]>{ANSWER}'),
        (200, f'<!DOCTYPE a SYSTEM "file:///etc/hostname">{ANSWER}'),
        (200, ANSWER.replace(">x<", ">&b;<")),
        (200, ANSWER.replace(">x<", f">{'<a>' * 10_000}<")),
        (500, ANSWER),
        (500, "<html/>"),
    ],
)
def test_what_is_no_answer_is_none(wsdl: Path, status: int, body: str) -> None:
    with pytest.raises(TransientError):
        ask(wsdl, httpx.Response(status, text=body))
    with pytest.raises(UnknownOutcomeError):
        ask(wsdl, httpx.Response(status, text=body), safe=False)


def test_a_comment_does_not_hide_half_of_what_is_said(wsdl: Path) -> None:
    assert ask(wsdl, httpx.Response(200, text=ANSWER.replace(">x<", ">a<!-- b -->c<"))) == "ac"


@pytest.mark.parametrize("place", ["http://schemas.test/t.xsd", "../t.xsd", "/etc/hostname"])
def test_a_wsdl_loads_what_lies_beside_it_and_nothing_else(wsdl: Path, place: str) -> None:
    wsdl.write_text(WSDL.format(place=place))
    with pytest.raises(Exception, match=r"beside it|External"):
        loaded(wsdl)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"headers": {"Content-Type": "application/json"}},
        {"headers": {"Content-Type": "text/xml", "SOAPAction": '"another"'}},
        {"content": b"<x/>"},
        {"content": f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><Ask/></e:Body></e:Envelope>'.encode()},
        {"content": f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><Ask xmlns="urn:t"/></e:Body></e:Envelope>'.encode()},
    ],
)
def test_a_simulator_takes_what_its_wsdl_says_and_nothing_else(wsdl: Path, change: dict[str, Any]) -> None:
    headers, content = loaded(wsdl).message("Ask", None, {"Code": "yes"})
    whole = {"method": "POST", "headers": headers, "content": content}
    service = SoapService(wsdl)
    assert service.handle(httpx.Request(url="http://soap.test/", **whole), {"Ask": told}).status_code == 200  # type: ignore[arg-type]
    assert service.handle(httpx.Request(url="http://soap.test/", **(whole | change)), {"Ask": told}).is_error


def test_a_simulator_whose_own_answer_does_not_fit_says_so(wsdl: Path) -> None:
    with pytest.raises(AssertionError, match="simulator's own answer"):
        ask_with(wsdl, lambda _: etree.Element("Told"))


def ask_with(wsdl: Path, act: Any) -> None:
    headers, content = loaded(wsdl).message("Ask", None, {"Code": "yes"})
    SoapService(wsdl).handle(httpx.Request("POST", "http://soap.test/", headers=headers, content=content), {"Ask": act})


def test_elements_are_read_by_local_names_and_several_are_never_guessed_at() -> None:
    root = E.a(E.b(E.c(" text ")), E.b(E.c("other")), E.d("x", **{NIL: "true"}), E.e(E.f()))
    assert [text_of(one, "c") for one in children_of(root, "b")] == ["text", "other"]
    assert (text_of(root, "d"), text_of(root, "e"), text_of(root, "none", "c"), text_of(None, "b")) == ("",) * 4
    assert child_of(root, "d") is None
    assert local_name(etree.Element("{urn:x}y")) == "y"
    with pytest.raises(ValueError, match="several b"):
        text_of(root, "b", "c")
