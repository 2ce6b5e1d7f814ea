"""SOAP 1.1 and 1.2 over the lent HTTP client: zeep writes the envelope by a WSDL of ours, the answer is read as it is.

    soap = Soap(lent.http(base_url), WSDL, "V3/personpostXML")
    post = await soap.ask("getData", read, safe=True, PersonId=...)

zeep sends nothing, reads no answer and logs nothing: proxy, certificates, deadline and errors are those of
`hub.sdk.http`, and an answer with more in it than our schema knows must be seen, not dropped.

Which of the two is spoken stands in the WSDL, by the namespace of its binding.

Source: SOAP 1.1 (W3C Note 2000-05-08) 4.4 and 6.2; SOAP 1.2 (W3C 2007-04-27) part 1, 5.4, and part 2, 7.5;
read 2026-11-26.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lxml import etree

from hub.sdk.errors import ConnectorError, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.http import Http
from hub.sdk.xml import child_of, local_name, parse_xml, text_of

if TYPE_CHECKING:
    import zeep

T = TypeVar("T")
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE_12 = "http://www.w3.org/2003/05/soap-envelope"
_PERHAPS_FAULTS = frozenset({HTTPStatus.INTERNAL_SERVER_ERROR})
_PERHAPS_FAULTS_12 = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR})
_FAULT_CODE = re.compile(
    r"(?:[\w.-]+:)?(Client|Server|Sender|Receiver|VersionMismatch|MustUnderstand|DataEncodingUnknown)(?:\..*)?"
)
_IN_1_1 = {"Sender": "Client", "Receiver": "Server"}
_SUBCODE = re.compile(r"(?:[\w.-]+:)?([A-Za-z]{1,64})")
_ZEEP = logging.getLogger("zeep")


@dataclass(frozen=True)
class SoapFault:
    """What a system says instead of an answer. Its texts may hold anything, so none is kept."""

    code: str
    """`Client`: it will never answer this; `Server`: it may another time."""
    detail: etree._Element | None
    subcodes: tuple[str, ...] = ()
    """Of SOAP 1.2, from the widest to the narrowest, without their namespaces; letters only."""


Headers = Mapping[str, object] | Sequence[etree._Element]  # noqa: SLF001 - lxml's type
"""By name, where the WSDL has them; else as they are."""
Refusal = Callable[[SoapFault], ConnectorError | None]
"""The error that a fault of a system means; None: what its code says."""


class Soap:
    """One service, at one path of a system."""

    def __init__(self, http: Http, wsdl: Path, path: str, *, refusal: Refusal = lambda _: None) -> None:
        """Read nothing yet; the WSDL is one with its schemas in files beside it."""
        self._http, self._wsdl, self._path, self._refusal = http, wsdl, path, refusal

    async def ask(
        self,
        operation: str,
        read: Callable[[etree._Element], T],
        *,
        safe: bool = False,
        headers: Headers | None = None,
        **values: object,
    ) -> T:
        """Send one message, and read what stands in the body of the answer; what cannot be read is no answer.

        Args:
            operation: as the WSDL names it.
            read: of the body's one element; raises what `Answer.read` knows, or one of the four errors.
            safe: it changes nothing.
            headers: of the envelope.
            values: of the message, as the schema names them.

        Raises:
            RejectedError: the values do not fit the schema, and nothing was sent; or the system will not answer this.
            TransientError: as `Http.request`; or it failed, and changed nothing.
            UnknownOutcomeError: as `Http.request`; or it failed, and something may have been changed.
            CredentialsError: as `Http.request`.
        """
        wsdl = loaded(self._wsdl)
        told, content = wsdl.message(operation, headers, values)
        answer = await self._http.post(
            self._path, safe=safe, also_ok=wsdl.perhaps_faults, headers=told, content=content
        )

        def parse(body: bytes) -> T:
            inside = body_of(parse_xml(body))
            if inside.tag in (f"{{{ENVELOPE}}}Fault", f"{{{ENVELOPE_12}}}Fault"):
                raise self._error(operation, _fault(inside), safe=safe)
            if answer.status in wsdl.perhaps_faults:
                raise ValueError("an error, and no fault")
            return read(inside)

        return answer.read(parse)

    async def look(self) -> None:
        """Whether the service is there and lets us in, as far as that can be seen without asking it anything."""
        refusing = {HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.INTERNAL_SERVER_ERROR}
        await self._http.get(self._path, also_ok=refusing)

    def _error(self, operation: str, fault: SoapFault, *, safe: bool) -> ConnectorError:
        if error := self._refusal(fault):
            return error
        told = f"{operation}: SOAP fault {'/'.join([fault.code, *fault.subcodes])}"
        if fault.code != "Server":
            return RejectedError(f"{told}; the system does not take the question: check the connection's settings")
        return TransientError(told) if safe else UnknownOutcomeError(told)


@dataclass(frozen=True)
class Wsdl:
    """A WSDL of ours, read once."""

    client: "zeep.Client"
    schema: etree.XMLSchema
    envelope: str
    """The namespace of envelopes: which version of SOAP is spoken."""

    @property
    def perhaps_faults(self) -> frozenset[HTTPStatus]:
        """Statuses that a fault comes with."""
        return _PERHAPS_FAULTS_12 if self.envelope == ENVELOPE_12 else _PERHAPS_FAULTS

    def message(
        self, operation: str, headers: Headers | None, values: Mapping[str, object]
    ) -> tuple[Mapping[str, str], bytes]:
        """Write an envelope that fits the schema; gives the headers of HTTP too.

        Raises:
            RejectedError: it would not; which place is said, and what stood there is not.
        """
        binding = self.client.service._binding  # noqa: SLF001 - what zeep.Client.create_message does, with the action
        told = headers if isinstance(headers, Mapping) else list(headers or ())
        given: dict[str, Any] = dict(values) | ({"_soapheaders": told} if told else {})
        try:
            envelope, http_headers = binding._create(operation, (), given, client=self.client)  # noqa: SLF001
        except Exception as error:  # noqa: BLE001 - of many kinds, and any may show what stood there
            raise RejectedError(f"{operation}: {type(error).__name__}; the WSDL has no such message") from None
        if misfit := self.misfit(body_of(envelope)):
            raise RejectedError(f"{operation}: {misfit}; check the connection's settings")
        return http_headers, etree.tostring(envelope, xml_declaration=True, encoding="utf-8")

    def misfit(self, element: etree._Element) -> str:
        """Where an element does not fit the schema; empty when it does. What stands there is not told."""
        if self.schema.validate(element):
            return ""
        first = self.schema.error_log[0]
        return f"{re.sub(r'.*[:/]', '', first.path or '')} does not fit the schema ({first.type_name})"


@cache
def loaded(wsdl: Path) -> Wsdl:
    """Read a WSDL and its schemas, from files only."""
    import zeep  # noqa: PLC0415 - late: it takes 0.17 s, and most processes speak no SOAP

    _ZEEP.addHandler(logging.NullHandler())
    _ZEEP.propagate = False
    _ZEEP.setLevel(logging.CRITICAL)  # its records may hold what it writes
    settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    client = zeep.Client(str(wsdl), transport=_Files(wsdl.parent), settings=settings)  # type: ignore[no-untyped-call]
    types = parse_xml(wsdl.read_bytes(), base_url=str(wsdl)).find(".//{http://www.w3.org/2001/XMLSchema}schema")
    if types is None:
        raise ValueError(f"{wsdl.name}: no schema in its types")
    envelope = client.service._binding.nsmap["soap-env"]  # noqa: SLF001 - zeep tells the version nowhere else
    return Wsdl(client, etree.XMLSchema(types), envelope)


class _Files:
    """All that zeep may load: files of one folder. It has no way to send."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def load(self, url: str) -> bytes:
        path = Path(url).resolve()
        if path.parent != self._folder:
            raise ValueError(f"{path.name}: a WSDL loads what lies beside it, and nothing else")
        return path.read_bytes()


def body_of(envelope: etree._Element) -> etree._Element:
    """The one element in the body of an envelope.

    Raises:
        ValueError: it is no envelope, or holds none or several.
    """
    space = etree.QName(envelope).namespace
    if space not in (ENVELOPE, ENVELOPE_12) or local_name(envelope) != "Envelope":
        raise ValueError("no SOAP envelope")
    (body,) = envelope.findall(f"{{{space}}}Body")
    (inside,) = body
    return inside


def _fault(element: etree._Element) -> SoapFault:
    code = child_of(element, "Code")
    told = _FAULT_CODE.fullmatch(text_of(element, "faultcode") if code is None else text_of(code, "Value"))
    detail = child_of(element, "detail" if code is None else "Detail")
    named = told[1] if told else "Server"
    return SoapFault(_IN_1_1.get(named, named), detail, tuple(_subcodes(code)))


def _subcodes(code: etree._Element | None) -> Iterator[str]:
    while (code := child_of(code, "Subcode")) is not None:
        if told := _SUBCODE.fullmatch(text_of(code, "Value")):
            yield told[1]
