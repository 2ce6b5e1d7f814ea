"""Open ePlatform's API for applications (XML over HTTP) and its callback (SOAP 1.1), in its words.

Source: Sundsvalls kommun, api-service-oep-integrator (2026-04-20): paths, answers, callback.xsd; read 2026-11-21.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from pathlib import Path

import httpx
from lxml import etree

from connectors.eservice_oep.config import OepConfig
from hub.sdk import (
    ConnectorError,
    Lent,
    RejectedError,
    Soap,
    SoapFault,
    TransientError,
    children_of,
    local_name,
    parse_xml,
    text_of,
)

WSDL = Path(__file__).parent / "wsdl" / "callback.wsdl"
NAMESPACE = "http://www.oeplatform.org/version/2.0/schemas/flowinstance"
_NOBODY_THERE = "FlowInstanceNotFoundFault"


class UnknownInstanceError(RejectedError):
    """It has no such application."""


@dataclass(frozen=True)
class Listed:
    """An application in the list of its e-service; `changed` is another after anything has happened to it."""

    id: str
    changed: str


@dataclass(frozen=True)
class Upload:
    """A file that somebody sent in with an application. `size`: bytes, as the form says; None: it does not."""

    query: str
    id: str
    name: str
    size: int | None


@dataclass(frozen=True)
class Fetched:
    """What came under an address."""

    content: bytes
    media_type: str


class Platform:
    """One installation."""

    def __init__(self, config: OepConfig, lent: Lent) -> None:
        login = httpx.BasicAuth(config.user, config.password.get_secret_value())
        self._http = lent.http(config.base_url, auth=login)
        self._soap = Soap(self._http, WSDL, "api/callback", refusal=_refusal)
        self._config = config

    async def listed(self, family: str, since: date) -> list[Listed]:
        """What stands in the status that is fetched, the oldest first."""
        path = f"api/instanceapi/getinstances/family/{family}/{self._config.status}"
        also = {HTTPStatus.NOT_FOUND} if self._config.none_is_404 else set[int]()
        answer = await self._http.get(path, also_ok=also, params={"fromDate": since.isoformat()})
        if answer.status == HTTPStatus.NOT_FOUND:
            return []
        return answer.read(_listed)

    async def instance(self, id_: str) -> bytes:
        """One application, as it was filled in; it is that one, and whole."""
        answer = await self._http.get(f"api/instanceapi/getinstance/{id_}/xml")

        def whole(body: bytes) -> bytes:
            if text_of(instance_of(body), "Header", "FlowInstanceID") != id_:
                raise ValueError("another application")
            return body

        return answer.read(whole)

    async def pdf(self, id_: str) -> bytes | None:
        """The same as a person reads it; None: this e-service makes none."""
        answer = await self._http.get(f"api/instanceapi/getinstance/{id_}/pdf", also_ok={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None

        def whole(body: bytes) -> bytes:
            if not body.startswith(b"%PDF-"):
                raise ValueError("no PDF")
            return body

        return answer.read(whole)

    async def file(self, id_: str, upload: Upload) -> Fetched:
        """What was sent in with it."""
        path = f"api/fileuploadqueryapi/getfile/{id_}/{upload.query}/{upload.id}"
        answer = await self._http.get(path)
        content = answer.content
        if upload.size is not None and len(content) != upload.size:
            raise TransientError(f"GET {path}: {len(content)} bytes came of {upload.size}")
        return Fetched(content, answer.response.headers.get("Content-Type", ""))

    async def statuses(self, id_: str) -> set[str]:
        """What the status that it has is called: its number, its name, and its kind."""
        path = f"api/instanceapi/getstatus/{id_}"
        answer = await self._http.get(path, also_ok={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            raise UnknownInstanceError(f"{path}: no such application; was it removed? Dismiss what is to be told of it")

        def read(body: bytes) -> set[str]:
            root = parse_xml(body)
            told = {text_of(root, name) for name in ("statusID", "name", "contentType")} - {""}
            if local_name(root) != "Status" or not told:
                raise ValueError("no status")
            return told

        return answer.read(read)

    # ---- the callback

    async def knows(self, number: str) -> bool:
        """Whether an application has that registry number of ours."""
        try:
            return await self._soap.ask(
                "getManagers", _is("getManagersResponse", {"managers", "managerGroups"}), safe=True,
                externalID=self._external(number),
            )  # fmt: skip
        except UnknownInstanceError:
            return False

    async def confirm(self, id_: str, number: str, message: str) -> None:
        """Give an application its registry number, and write a line in its log."""
        await self._soap.ask(
            "confirmDelivery", _is("confirmDeliveryResponse", set()), flowInstanceID=int(id_),
            externalID=self._external(number), delivered=True, logMessage=message,
        )  # fmt: skip

    async def set_status(self, id_: str, status: str) -> None:
        """Give it another status."""
        named = {"statusID": int(status)} if status.isdigit() else {"statusAlias": status}
        await self._soap.ask("setStatus", _is("setStatusResponse", {"eventID"}), flowInstanceID=int(id_), **named)

    def _external(self, number: str) -> dict[str, str]:
        return {"ID": number, "System": self._config.system}


def instance_of(body: bytes) -> etree._Element:
    """The root of an application.

    Raises:
        ValueError: it is none.
        SyntaxError: it is no XML.
    """
    root = parse_xml(body)
    if root.tag != f"{{{NAMESPACE}}}FlowInstance":
        raise ValueError("no application")
    return root


def uploads_of(root: etree._Element) -> list[Upload]:
    """The files that its questions say were sent in: `File` with `ID`, `Name` and `Size` in a question's answer."""
    (values,) = children_of(root, "Values")
    return [_upload(question, file) for question in values for file in children_of(question, "File")]


def _upload(question: etree._Element, file: etree._Element) -> Upload:
    query, id_, size = text_of(question, "QueryID"), text_of(file, "ID"), text_of(file, "Size")
    if not (query.isdigit() and id_.isdigit()):
        raise ValueError("a file without a number")
    return Upload(query, id_, text_of(file, "Name"), int(size) if size.isdigit() else None)


def _listed(body: bytes) -> list[Listed]:
    root = parse_xml(body)
    if local_name(root) != "FlowInstances":
        raise ValueError("no list")
    found = {one.id: one for one in map(_one, children_of(root, "FlowInstance"))}
    return sorted(found.values(), key=lambda one: int(one.id))


def _one(told: etree._Element) -> Listed:
    id_ = text_of(told, "flowInstanceID")
    if not id_.isdigit():
        raise ValueError("an application without a number")
    changed = (text_of(told, name) for name in ("lastStatusChangeInMilliseconds", "lastEventAdded"))
    return Listed(id_, " ".join(changed).strip())


def _is(name: str, knows: set[str]) -> Callable[[etree._Element], bool]:
    """Whether an answer is that one, with nothing in it that nobody knows; anything else is none."""

    def read(told: etree._Element) -> bool:
        if local_name(told) != name or not {local_name(one) for one in told} <= knows:
            raise ValueError("another answer")
        return True

    return read


def _refusal(fault: SoapFault) -> ConnectorError | None:
    """The three faults that the callback has, by their details."""
    named = {local_name(one) for one in fault.detail} if fault.detail is not None else set[str]()
    if _NOBODY_THERE in named:
        return UnknownInstanceError("no such application; was it removed? Dismiss what is to be told of it")
    if "StatusNotFoundFault" in named:
        return RejectedError("no such status; correct `registered_status` of the connection")
    if "AccessDeniedFault" in named:
        return RejectedError("our account may not do this; give it the right in Open ePlatform")
    return None
