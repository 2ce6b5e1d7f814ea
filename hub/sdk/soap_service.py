"""The other side of SOAP, for simulators: strict in what it takes, and what it tells fits the schema.

A simulator makes `SoapService(WSDL)`, and its `handle` gives each request to that, with what each operation does.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from lxml import etree
from lxml.builder import E, ElementMaker

from hub.sdk.soap import ENVELOPE, body_of, loaded
from hub.sdk.xml import parse_xml

_SOAP = ElementMaker(namespace=ENVELOPE, nsmap={"S": ENVELOPE})


class SoapRefusalError(Exception):
    """A fault, instead of an answer."""

    def __init__(self, code: str, text: str, detail: etree._Element | None = None) -> None:
        """`Client` or `Server`, a sentence, and what the system adds in words of its own."""
        super().__init__(text)
        self.code, self.text, self.detail = code, text, detail


Act = Callable[[Any], etree._Element]  # noqa: SLF001 - lxml's type
"""Takes the message as zeep reads it, and gives the answer; or raises SoapRefusalError."""


class SoapService:
    """One service of one WSDL."""

    def __init__(self, wsdl: Path) -> None:
        self._wsdl = loaded(wsdl)

    def handle(self, request: httpx.Request, acts: Mapping[str, Act]) -> httpx.Response:
        """Answer one request, as far as there is an operation for what stands in its body."""
        if request.method != "POST":
            return httpx.Response(HTTPStatus.METHOD_NOT_ALLOWED)
        if not request.headers.get("Content-Type", "").startswith("text/xml"):
            return httpx.Response(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            return self._answer(request, acts)
        except SoapRefusalError as refusal:
            return fault(refusal)

    def _answer(self, request: httpx.Request, acts: Mapping[str, Act]) -> httpx.Response:
        try:
            envelope = parse_xml(request.content)
            inside = body_of(envelope)
        except (ValueError, SyntaxError) as error:
            raise SoapRefusalError("Client", "no envelope") from error
        name, operation = self._operation(inside)
        if request.headers.get("SOAPAction") != f'"{operation.soapaction}"':
            raise SoapRefusalError("Client", "another SOAPAction")
        if misfit := self._wsdl.misfit(inside):
            raise SoapRefusalError("Client", misfit)
        told = acts[name](operation.input.deserialize(envelope))
        if misfit := self._wsdl.misfit(told):
            raise AssertionError(f"the simulator's own answer: {misfit}")
        return answer(told)

    def _operation(self, inside: etree._Element) -> tuple[str, Any]:
        known = self._wsdl.client.service._binding._operations  # noqa: SLF001 - zeep has no other way to them
        for name, operation in known.items():
            if inside.tag == operation.input.body.qname.text:
                return name, operation
        raise SoapRefusalError("Client", "no such operation")


def answer(told: etree._Element, status: int = HTTPStatus.OK) -> httpx.Response:
    """An element in an envelope."""
    body = etree.tostring(_SOAP.Envelope(_SOAP.Body(told)), xml_declaration=True, encoding="utf-8")
    return httpx.Response(status, headers={"Content-Type": "text/xml;charset=utf-8"}, content=body)


def fault(refusal: SoapRefusalError) -> httpx.Response:
    """A fault in an envelope, with the status that SOAP 1.1 gives it."""
    told = [E.faultcode(f"S:{refusal.code}"), E.faultstring(refusal.text)]
    detail = [] if refusal.detail is None else [E.detail(refusal.detail)]
    return answer(_SOAP.Fault(*told, *detail), HTTPStatus.INTERNAL_SERVER_ERROR)
