"""ByggR in memory: takes a case or an event each time that it is told, and answers no question about either."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
from lxml import etree
from lxml.builder import ElementMaker

from hub.model import Direction, Document, DocumentFile, Secrecy
from hub.sdk import Clock, DiariumSimulator, SoapRefusalError, SoapService

_WSDL = Path(__file__).parent / "wsdl" / "arendeexport.wsdl"
_CONTRACT = "www.tekis.se/ServiceContract"
_E = ElementMaker(namespace=_CONTRACT, nsmap={None: _CONTRACT})
_DIRECTIONS = {"In": Direction.INCOMING, "Ut": Direction.OUTGOING, "Okänd": Direction.DRAWN_UP}
_BOARDS = {"BN": "Fritidsnämnden"}
_LINE = re.compile(r"([^:]+): (.*)")


class ByggrSimulator(DiariumSimulator):
    """Cases `BYGG 2026-000001`, events with numbers of their own."""

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self._service = SoapService(_WSDL)

    def config(self) -> dict[str, object]:
        boards = {name: code for code, name in _BOARDS.items()}
        return {"base_url": "https://byggr.test/", "signature": "KNUT", "authorities": boards, "record_type": "ANS"}

    @staticmethod
    def written(authority: str, series: str, year: int, place: int) -> str:  # noqa: ARG004 - one series for all
        return f"{series or 'BYGG'} {year}-{place:06}"

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/TekisArende/ArendeExportWS.svc":
            return httpx.Response(404)
        return self._service.handle(request, {"SaveNewArende": self._case, "SaveNewHandelse": self._event})

    def _case(self, told: Any) -> etree._Element:  # noqa: ANN401 - as zeep reads it
        if self.refuses:
            raise SoapRefusalError("Client", f"{told.Arende.beskrivning}: the case type is closed")
        opened = told.Arende.externRef
        document = _document(told.Handelse, told.Handlingar, None)
        if opened != document.opens or told.Arende.beskrivning != document.title:
            msg = "case and event say two things"
            raise ValueError(msg)
        case = self.diarium.open_case(opened, document.authority, told.Arende.diarieprefix or "")
        self.diarium.register(document, case)
        return _E.SaveNewArendeResponse(_E.SaveNewArendeResult(_E.Dnr(case.number)))

    def _event(self, told: Any) -> etree._Element:  # noqa: ANN401 - as zeep reads it
        case = self.diarium.numbered(told.Dnr)
        if case is None or self.refuses:
            raise SoapRefusalError("Client", f"{told.Handelse.rubrik}: no case {told.Dnr}")
        document = _document(told.Handelse, told.Handlingar, None if case.key else case.number)
        self.diarium.register(document, case)
        id_ = _E.HandelseId(str(5000 + len(self.diarium.entries)))
        return _E.SaveNewHandelseResponse(_E.SaveNewHandelseResult(id_))


def _document(event: Any, records: Any, case: str | None) -> Document:  # noqa: ANN401 - as zeep reads them
    """What stands in it, in canonical words."""
    lines = (_LINE.fullmatch(line) for line in event.anteckning.splitlines())
    has = {found[1]: found[2] for found in lines if found}
    received = has.get("Inkom")
    document = Document(
        key=has["Nyckel"],
        title=event.rubrik,
        protected_title=has.get("Skyddad rubrik"),
        direction=_DIRECTIONS[event.riktning],
        dated=date.fromisoformat(has["Datum"]),
        received_at=datetime.fromisoformat(received) if received else None,
        authority=has.get("Nämnd", ""),
        series=has.get("Serie", ""),
        counterpart=has.get("Motpart", ""),
        counterpart_protected="Skyddad motpart" in has,
        case=case,
        case_key=has.get("Ärendenyckel"),
        classification=has.get("Klass"),
        secrecy=_secrecy(has) if "Lagrum" in has else None,
        files=tuple(_file(one) for one in records.handling) if records else (),
    )
    open_to_all = not (document.secrecy or document.protected_title or document.counterpart_protected)
    if event.sekretess == open_to_all:
        msg = "what is protected is marked as secret, and nothing else"
        raise ValueError(msg)
    return document


def _secrecy(has: dict[str, str]) -> Secrecy:
    marked, until = has.get("Markerad"), has.get("Markerad till")
    return Secrecy(
        ground=has["Lagrum"],
        marked=date.fromisoformat(marked) if marked else None,
        by=has.get("Markerad av", ""),
        until=date.fromisoformat(until) if until else None,
    )


def _file(told: Any) -> DocumentFile:  # noqa: ANN401 - as zeep reads it
    media_type, _, digest = told.anteckning.partition(" sha256:")
    content = told.dokument.fil.filBuffer or b""
    file = DocumentFile(name=told.dokument.namn, media_type=media_type, content=content)
    if file.sha256 != digest:
        msg = "a file is damaged"
        raise ValueError(msg)
    return file
