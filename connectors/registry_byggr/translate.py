"""A document as an event (händelse) of ByggR; pure. What it has no field for stands in its note, line by line."""

import re
from datetime import datetime, time
from pathlib import PurePath

from connectors.registry_byggr.client import Tree
from connectors.registry_byggr.config import ByggrConfig
from hub.model import Direction, Document, DocumentFile, Secrecy
from hub.sdk import STOCKHOLM, RejectedError

_DIRECTIONS = {Direction.INCOMING: "In", Direction.OUTGOING: "Ut", Direction.DRAWN_UP: "Okänd"}
_PROVISION = re.compile(r"OSL (\d{1,2}):(\d{1,2}[a-z]?)")


def case(document: Document, config: ByggrConfig) -> Tree:
    """The case that a document opens, with its first event."""
    return {
        "HandlaggarSign": config.signature,
        "Arende": _case(document, config),
        "Handelse": _event(document, config),
        "Handlingar": _records(document, config),
        "AnkomststamplaHandlingar": document.direction is Direction.INCOMING,
    }


def event(document: Document, number: str, config: ByggrConfig) -> Tree:
    """The event, in a case."""
    _namndkod(document, config)
    return {
        "Dnr": number,
        "HandlaggarSign": config.signature,
        "Handelse": _event(document, config),
        "Handlingar": _records(document, config),
        "BesvaradHandelseId": None,
        "AnkomststamplaHandlingar": document.direction is Direction.INCOMING,
        "AutoGenereraBeslutNr": False,
    }


def _case(document: Document, config: ByggrConfig) -> Tree:
    came = document.received_at.astimezone(STOCKHOLM).date() if document.received_at else document.dated
    return {
        "beskrivning": document.title,
        "ankomstDatum": came,
        "externRef": document.opens,
        "diarieprefix": document.series or None,
        "arendegrupp": config.case_group,
        "arendetyp": config.case_type,
        "namndkod": _namndkod(document, config),
        "kalla": "Knutpunkt",
    }


def _namndkod(document: Document, config: ByggrConfig) -> str | None:
    """One authority's document never goes to another's register."""
    if not document.authority:
        return None
    code = config.authorities.get(document.authority)
    if code is None:
        raise RejectedError(f"{document.authority} is not in `authorities` of the connection; write its namndkod there")
    return code


def _event(document: Document, config: ByggrConfig) -> Tree:
    """Whatever may not be read by everybody makes it secret."""
    secret = document.secrecy is not None or document.counterpart_protected or document.protected_title is not None
    found = _PROVISION.search(document.secrecy.ground) if document.secrecy else None
    return {
        "riktning": _DIRECTIONS[document.direction],
        "rubrik": document.title,
        "startDatum": _started(document),
        "anteckning": _note(document),
        "handelseslag": config.event_kind,
        "handelsetyp": config.event_type,
        "sekretess": secret,
        "sekretessKapitel": found[1] if found else None,
        "sekretessParagraf": found[2] if found else None,
        "makulerad": False,
        "arbetsmaterial": False,
        "handelseId": 0,
    }


def _started(document: Document) -> datetime:
    """Swedish time without zone, as the service has it."""
    if document.received_at is not None:
        return document.received_at.astimezone(STOCKHOLM).replace(tzinfo=None)
    return datetime.combine(document.dated, time())


def _note(document: Document) -> str:
    secrecy = document.secrecy
    told = {
        "Nyckel": document.key,
        "Ärendenyckel": document.case_key,
        "Skyddad rubrik": document.protected_title,
        "Motpart": document.counterpart,
        "Skyddad motpart": "ja" if document.counterpart_protected else "",
        "Datum": document.dated.isoformat(),
        "Inkom": document.received_at.isoformat() if document.received_at else None,
        "Nämnd": document.authority,
        "Serie": document.series,
        "Klass": document.classification,
        **(_mark(secrecy) if secrecy else {}),
    }
    return "\n".join(f"{name}: {' '.join(value.splitlines())}" for name, value in told.items() if value)


def _mark(secrecy: Secrecy) -> dict[str, str]:
    """Provision, day and authority (OSL 5:5)."""
    return {
        "Lagrum": secrecy.ground,
        "Markerad": secrecy.marked.isoformat() if secrecy.marked else "",
        "Markerad av": secrecy.by,
        "Markerad till": secrecy.until.isoformat() if secrecy.until else "",
    }


def _records(document: Document, config: ByggrConfig) -> Tree | None:
    if not document.files:
        return None
    return {"handling": [_record(document, file, config) for file in document.files]}


def _record(document: Document, file: DocumentFile, config: ByggrConfig) -> Tree:
    """With its SHA-256, so that what is kept can be held against what was sent."""
    return {
        "typ": config.record_type,
        "handlingDatum": document.dated,
        "anteckning": f"{file.media_type} sha256:{file.sha256}",
        "makulerad": False,
        "dokument": {
            "namn": file.name,
            "fil": {"filBuffer": file.content, "filAndelse": PurePath(file.name).suffix.removeprefix(".") or None},
        },
        "handlingId": 0,
    }
