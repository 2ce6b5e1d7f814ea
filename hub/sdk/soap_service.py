"""The other side of SOAP, for simulators: strict in what it takes, and what it tells fits the schema.

A simulator makes `SoapService(WSDL)`, and its `handle` gives each request to that, with what each operation does.
"""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from lxml import etree
from lxml.builder import E, ElementMaker

from hub.sdk.soap import ENVELOPE_12, body_of, loaded
from hub.sdk.xml import parse_xml

_IN_1_2 = {"Client": "Sender", "Server": "Receiver"}


class SoapRefusalError(Exception):
    """A fault, instead of an answer."""

    def __init__(
        self, code: str, text: str, detail: etree._Element | None = None, subcodes: Sequence[str] = ()
    ) -> None:
        """`Client` or `Server`, a sentence, and what the system adds in words of its own.

        `subcodes`: of SOAP 1.2, from the widest, each as `{namespace}name`.
        """
        super().__init__(text)
        self.code, self.text, self.detail, self.subcodes = code, text, detail, subcodes


Act = Callable[[Any], etree._Element]  # noqa: SLF001 - lxml's type
"""Takes the message as zeep reads it, or as it came, and gives the answer; or raises SoapRefusalError."""


class SoapService:
    """One service of one WSDL."""

    def __init__(self, wsdl: Path, *, elements: bool = False) -> None:
        """`elements`: acts take the message as it came, for a service that is asked thousands of times in a test."""
        self._wsdl, self._elements = loaded(wsdl), elements

    def handle(self, request: httpx.Request, acts: Mapping[str, Act]) -> httpx.Response:
        """Answer one request, as far as there is an operation for what stands in its body."""
        if request.method != "POST":
            return httpx.Response(HTTPStatus.METHOD_NOT_ALLOWED)
        kind = "application/soap+xml" if self._is_1_2 else "text/xml"
        if not request.headers.get("Content-Type", "").startswith(kind):
            return httpx.Response(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            return self._enveloped(self._answer(request, acts))
        except SoapRefusalError as refusal:
            return self.refuse(refusal)

    @property
    def _is_1_2(self) -> bool:
        return self._wsdl.envelope == ENVELOPE_12

    def _answer(self, request: httpx.Request, acts: Mapping[str, Act]) -> etree._Element:
        try:
            envelope = parse_xml(request.content)
            inside = body_of(envelope)
        except (ValueError, SyntaxError) as error:
            raise SoapRefusalError("Client", "no envelope") from error
        name, operation = self._operation(inside)
        if _action(request) != f'"{operation.soapaction}"':
            raise SoapRefusalError("Client", "another SOAPAction")
        if misfit := self._wsdl.misfit(inside):
            raise SoapRefusalError("Client", misfit)
        told = acts[name](inside if self._elements else operation.input.deserialize(envelope))
        if misfit := self._wsdl.misfit(told):
            raise AssertionError(f"the simulator's own answer: {misfit}")
        return told

    def _operation(self, inside: etree._Element) -> tuple[str, Any]:
        known = self._wsdl.client.service._binding._operations  # noqa: SLF001 - zeep has no other way to them
        for name, operation in known.items():
            if inside.tag == operation.input.body.qname.text:
                return name, operation
        raise SoapRefusalError("Client", "no such operation")

    def refuse(self, refusal: SoapRefusalError) -> httpx.Response:
        """A fault in an envelope, with the status that its version of SOAP gives it."""
        if not self._is_1_2:
            told = [E.faultcode(f"S:{refusal.code}"), E.faultstring(refusal.text)]
            detail = [] if refusal.detail is None else [E.detail(refusal.detail)]
            return self._enveloped(self._maker.Fault(*told, *detail), HTTPStatus.INTERNAL_SERVER_ERROR)
        status = HTTPStatus.BAD_REQUEST if refusal.code == "Client" else HTTPStatus.INTERNAL_SERVER_ERROR
        return self._enveloped(_fault_1_2(refusal), status)

    @property
    def _maker(self) -> ElementMaker:
        return ElementMaker(namespace=self._wsdl.envelope, nsmap={"S": self._wsdl.envelope})

    def _enveloped(self, told: etree._Element, status: int = HTTPStatus.OK) -> httpx.Response:
        kind = "application/soap+xml; charset=utf-8" if self._is_1_2 else "text/xml;charset=utf-8"
        body = etree.tostring(self._maker.Envelope(self._maker.Body(told)), xml_declaration=True, encoding="utf-8")
        return httpx.Response(status, headers={"Content-Type": kind}, content=body)


def _action(request: httpx.Request) -> str:
    """Where SOAP 1.1 has it, or, as an argument of the type, SOAP 1.2; quoted."""
    kind = request.headers.get("Content-Type", "")
    return str(request.headers.get("SOAPAction") or kind.partition("action=")[2].partition(";")[0])


def _fault_1_2(refusal: SoapRefusalError) -> etree._Element:
    maker = ElementMaker(namespace=ENVELOPE_12, nsmap={"S": ENVELOPE_12})
    code = maker.Code(maker.Value(f"S:{_IN_1_2[refusal.code]}"))
    above = code
    for subcode in refusal.subcodes:
        name = etree.QName(subcode)
        value = etree.Element(f"{{{ENVELOPE_12}}}Value", nsmap={"e": name.namespace or ""})
        value.text = f"e:{name.localname}"
        below = maker.Subcode(value)
        above.append(below)
        above = below
    text = maker.Text(refusal.text, {"{http://www.w3.org/XML/1998/namespace}lang": "en"})
    detail = [] if refusal.detail is None else [maker.Detail(refusal.detail)]
    return maker.Fault(code, maker.Reason(text), *detail)
