"""Sundsvall's document service in memory: a form with JSON and files, a Location, and a filter by metadata."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import httpx

from hub.model import Direction, Document, DocumentFile, Secrecy
from hub.sdk import DiariumSimulator

_TOKEN = "token-not-a-secret"
_TYPES = {"INCOMING": Direction.INCOMING, "OUTGOING": Direction.OUTGOING, "DRAWN_UP": Direction.DRAWN_UP}
_ROOT = "/document/3.0/2281"
_NAME = re.compile(r'name="([^"]*)"(?:; filename="([^"]*)")?')
Tree = dict[str, Any]


class DocumentServiceSimulator(DiariumSimulator):
    """Numbers `2026-2281-1`; whatever is sent is registered, also twice."""

    known_cases = ()

    def config(self) -> Mapping[str, object]:
        return {"base_url": f"https://api.test{_ROOT}/", "token": _TOKEN, "user": None, "password": None}

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("Authorization") != f"Bearer {_TOKEN}":
            return httpx.Response(401, json={"title": "Unauthorized", "status": 401})
        call = f"{request.method} {request.url.path.removeprefix(_ROOT)}"
        match call:
            case "GET /admin/documenttypes":
                return httpx.Response(200, json=[{"type": name, "displayName": name.title()} for name in _TYPES])
            case "POST /documents":
                return self._create(request)
            case "POST /documents/filter":
                return httpx.Response(200, json=self._filtered(json.loads(request.content)))
        return httpx.Response(404, json={"title": "Not Found", "status": 404})

    def _create(self, request: httpx.Request) -> httpx.Response:
        parts = _parts(request)
        told = json.loads(next(content for name, _, _, content in parts if name == "document"))
        files = [_file(given, kind, content) for name, given, kind, content in parts if name == "documentFiles"]
        wanting = [name for name in ("createdBy", "type", "description") if not told.get(name)]
        if self.refuses or wanting or not files or told["type"] not in _TYPES or not told["metadataList"]:
            detail = f"create.document.{wanting}: {told['description']}"
            return httpx.Response(400, json={"title": "Constraint Violation", "status": 400, "detail": detail})
        document = _document(told, files)
        case = self.diarium.open_case("", document.authority, "")
        entry = self.diarium.register(document, case)
        return httpx.Response(201, headers={"Location": f"{_ROOT}/documents/{entry.number}"})

    @staticmethod
    def written(authority: str, series: str, year: int, place: int) -> str:  # noqa: ARG004 - one series for all
        return f"{year}-2281-{place}"

    def _filtered(self, told: Tree) -> Tree:
        """Of what is confidential nothing is given, unless it is asked for."""
        (wanted,) = told["metaData"]
        found = []
        for entry in self.diarium.entries:
            document = entry.document
            secret = _secret(document)
            if secret and not told.get("includeConfidential", False):
                continue
            if any(document.key.startswith(value) for value in wanted["matchesAny"]):  # as loosely as a search may be
                metadata = [{"key": "externalKey", "value": document.key}]
                confidentiality = {"confidential": secret}
                found.append(
                    {
                        "registrationNumber": entry.number,
                        "metadataList": metadata,
                        "confidentiality": confidentiality,
                        "revision": 1,
                    }
                )
        return {"documents": found, "_meta": {"page": 1, "totalRecords": len(found)}}


def _secret(document: Document) -> bool:
    return bool(document.secrecy or document.protected_title or document.counterpart_protected)


def _document(told: Tree, files: list[DocumentFile]) -> Document:
    """What stands in it, in canonical words."""
    has = {one["key"]: one["value"] for one in told["metadataList"]}
    confidentiality = told.get("confidentiality", {})
    ground = confidentiality.get("legalCitation")
    real = [one for one in files if one.name != "ingen-fil.txt"]
    document = Document(
        key=has["externalKey"],
        title=told["description"],
        protected_title=has.get("protectedTitle"),
        direction=_TYPES[told["type"]],
        dated=date.fromisoformat(has["dated"]),
        received_at=datetime.fromisoformat(has["receivedAt"]) if "receivedAt" in has else None,
        authority=has.get("authority", ""),
        series=has.get("series", ""),
        counterpart=has.get("counterpart", ""),
        counterpart_protected=has.get("counterpartProtected") == "true",
        case=has.get("case"),
        case_key=has.get("caseKey"),
        classification=has.get("classification"),
        secrecy=_secrecy(ground, has) if ground else None,
        files=tuple(real),
    )
    if confidentiality.get("confidential", False) != _secret(document):
        msg = "what is protected is confidential, and nothing else"
        raise ValueError(msg)
    if has.get("sha256", "") != ",".join(file.sha256 for file in real):
        msg = "a file is damaged"
        raise ValueError(msg)
    return document


def _secrecy(ground: str, has: Mapping[str, str]) -> Secrecy:
    days = {name: date.fromisoformat(has[key]) for name, key in _DAYS.items() if key in has}
    return Secrecy(ground=ground, marked=days.get("marked"), by=has.get("secrecyBy", ""), until=days.get("until"))


_DAYS = {"marked": "secrecyMarked", "until": "secrecyUntil"}


def _file(name: str, media_type: str, content: bytes) -> DocumentFile:
    return DocumentFile(name=name, media_type=media_type, content=content)


def _parts(request: httpx.Request) -> list[tuple[str, str, str, bytes]]:
    """Name, file name, media type and content of each part of a form."""
    boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
    found = []
    for part in request.content.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        told = head.decode()
        named = _NAME.search(told)
        assert named  # noqa: S101 - of a simulator
        kind = told.partition("Content-Type: ")[2].partition("\r\n")[0]
        found.append((named[1], named[2] or "", kind, content.removesuffix(b"\r\n")))
    return found
