"""Public 360° in memory, written from SIF's templates: wants a sender of what comes in, and says no with status 200."""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import httpx

from hub.model import Direction, Document, DocumentFile, Secrecy
from hub.sdk import DiariumSimulator

_KEY = "4792df9e-not-a-secret"
_CODES = {"recno:110": Direction.INCOMING, "recno:111": Direction.OUTGOING, "recno:60005": Direction.DRAWN_UP}
_UNITS = {"506": "Fritidsnämnden"}
_ROOT = "/Biz/v2/api/call/SI.Data.RPC/SI.Data.RPC/"
_MARK = re.compile(r"Sekretessmarkering(?: (\d{4}-\d\d-\d\d))?(?: av (.+?))?(?: till (\d{4}-\d\d-\d\d))?")
Tree = dict[str, Any]


class NoError(Exception):
    """What SIF answers `Successful: false` with."""


class P360Simulator(DiariumSimulator):
    """Cases `26/00001`, documents `26/00001-1`; a case that is asked for twice is opened twice."""

    knows_keys = True
    """Whether GetDocuments looks at ExternalId; older versions do not, and give whatever there is."""

    def config(self) -> Mapping[str, object]:
        return {
            "base_url": "https://umea.p360.test/", "authkey": _KEY, "auth_header": "Authorization",
            "auth_scheme": "authkey", "client_id": "knutpunkt", "user": "svc-knutpunkt", "incoming": "recno:110",
            "outgoing": "recno:111", "drawn_up": "recno:60005", "status": "J", "sender_role": "recno:5",
            "recipient_role": "recno:6", "enterprise": None, "authorities": {name: n for n, name in _UNITS.items()},
            "access_code": "S", "access_group": None, "archive_type": "recno:60001",
        }  # fmt: skip

    @staticmethod
    def written(authority: str, series: str, year: int, place: int) -> str:  # noqa: ARG004 - one series for all
        return f"{year % 100:02}/{place:05}"

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("Authorization") != f"authkey {_KEY}" or request.headers.get("clientid") != "knutpunkt":
            return httpx.Response(401, text="Unauthorized")
        act = _ACTS.get(request.url.path.removeprefix(_ROOT)) if request.method == "POST" else None
        if act is None:
            return httpx.Response(404, text="No such service")
        told = json.loads(request.content)["parameter"]
        try:
            answer = act(self, told)
        except NoError as error:
            details = f"at SI.Data.RPC\n{error}\n{json.dumps(told)}"
            return httpx.Response(200, json={"Successful": False, "ErrorMessage": str(error), "ErrorDetails": details})
        return httpx.Response(200, json={"Successful": True, "ErrorMessage": None, "ErrorDetails": None, **answer})

    def get_cases(self, told: Tree) -> Tree:
        found = self.diarium.opened(told["ExternalId"]["Id"])
        return {"Cases": [{"CaseNumber": one.number, "ExternalId": told["ExternalId"]} for one in found]}

    def create_case(self, told: Tree) -> Tree:
        if self.refuses or not told["Title"]:
            raise NoError(f"The case {told['Title']} is not allowed")
        case = self.diarium.open_case(told["ExternalId"]["Id"], _unit(told), told.get("SubArchive", ""))
        return {"Recno": 200000 + self.diarium.size, "CaseNumber": case.number}

    def get_documents(self, told: Tree) -> Tree:
        wanted = told["ExternalId"]
        entries = self.diarium.found(wanted["Id"]) if self.knows_keys else self.diarium.entries
        external = {"ExternalId": wanted} if self.knows_keys else {}
        found = [{"DocumentNumber": one.number, "CaseNumber": one.case, **external} for one in entries]
        return {"Documents": found, "TotalCount": len(found)}

    def create_document(self, told: Tree) -> Tree:
        case = self.diarium.numbered(told["CaseNumber"])
        if case is None or self.refuses:
            raise NoError(f"The case {told['CaseNumber']} of {told['Title']} is closed")
        direction = _CODES[told["Category"]]
        contacts = {one["Role"]: one for one in told["UnregisteredContacts"]}
        wanted = {Direction.INCOMING: "recno:5", Direction.OUTGOING: "recno:6"}.get(direction)
        if wanted is not None and wanted not in contacts:
            raise NoError("A document of this category has a contact")
        if "JournalDate" in told and told["JournalDate"] < told["DocumentDate"]:
            raise NoError("JournalDate lies before DocumentDate")
        opened = not case.key or case.key == told["ExternalId"]["Id"]
        document = _document(told, direction, contacts, None if case.key else case.number)
        document = document if opened else document.model_copy(update={"case_key": case.key})
        entry = self.diarium.register(document, case)
        return {"Recno": 300000 + self.diarium.size, "DocumentNumber": entry.number}


_ACTS: Mapping[str, Callable[[P360Simulator, Tree], Tree]] = {
    "CaseService/GetCases": P360Simulator.get_cases,
    "CaseService/CreateCase": P360Simulator.create_case,
    "DocumentService/GetDocuments": P360Simulator.get_documents,
    "DocumentService/CreateDocument": P360Simulator.create_document,
}


def _unit(told: Tree) -> str:
    return _UNITS[told["ResponsibleEnterpriseNumber"]] if "ResponsibleEnterpriseNumber" in told else ""


def _document(told: Tree, direction: Direction, contacts: Mapping[str, Tree], case: str | None) -> Document:
    """What stands in it, in canonical words."""
    contact: Tree = next(iter(contacts.values()), {"ContactName": "", "IsUnofficial": False})
    codes = told.get("ArchiveCodes")
    return Document(
        key=told["ExternalId"]["Id"],
        title=told["Title"],
        protected_title=told.get("UnofficialTitle"),
        direction=direction,
        dated=date.fromisoformat(told["DocumentDate"]),
        received_at=datetime.fromisoformat(told["JournalDate"]) if "JournalDate" in told else None,
        authority=_unit(told),
        series=told.get("SubArchive", ""),
        counterpart=contact["ContactName"] if contact["ContactName"] != "Ej angiven" else "",
        counterpart_protected=contact["IsUnofficial"],
        case=case,
        classification=codes[0]["ArchiveCode"] if codes else None,
        secrecy=_secrecy(told),
        files=tuple(_file(one) for one in told["Files"]),
    )


def _secrecy(told: Tree) -> Secrecy | None:
    if told.get("AccessCode") != "S":
        return None
    found = _MARK.fullmatch(told.get("Notes", "Sekretessmarkering"))
    marked, by, until = found.groups() if found else (None, None, None)
    day = date.fromisoformat
    return Secrecy(
        ground=told["Paragraph"],
        marked=day(marked) if marked else None,
        by=by or "",
        until=day(until) if until else None,
    )


def _file(told: Tree) -> DocumentFile:
    media_type, _, digest = told["Note"].partition(" sha256:")
    file = DocumentFile(name=told["Title"], media_type=media_type, content=b64decode(told["Base64Data"], validate=True))
    if file.sha256 != digest:
        raise NoError("The file is damaged")
    return file
