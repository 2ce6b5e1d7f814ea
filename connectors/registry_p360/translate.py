"""A document as SIF wants it; pure. Public titles and counterparts stay apart from what only some may read."""

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import PurePath

from connectors.registry_p360.client import Tree
from connectors.registry_p360.config import P360Config
from hub.model import Direction, Document, DocumentFile, Secrecy
from hub.sdk import RejectedError

_LONGEST_TOLD = 200


def external(key: str, config: P360Config) -> Tree:
    """Our key."""
    return {"Id": key, "Type": config.external_type}


def case(document: Document, config: P360Config) -> Tree:
    """The case that a document opens."""
    return {
        "ExternalId": external(document.opens, config),
        **_titles(document),
        **_kept_by(document, config),
        **_screened(document.secrecy, config),
        **_classified(document, config),
    }


def registered(document: Document, case_number: str, config: P360Config) -> Tree:
    """The document, in a case."""
    return {
        "CaseNumber": case_number,
        "ExternalId": external(document.key, config),
        **_titles(document),
        "Category": _category(document.direction, config),
        "Status": config.status,
        **_dates(document),
        "UnregisteredContacts": _contacts(document, config),
        **_kept_by(document, config),
        **_screened(document.secrecy, config),
        **_classified(document, config),
        "Files": [_file(one) for one in document.files],
    }


def _titles(document: Document) -> Tree:
    """`Title` is what everybody reads, `UnofficialTitle` what is screened."""
    told: Tree = {"Title": document.title}
    if document.protected_title is not None:
        told["UnofficialTitle"] = document.protected_title
    return told


def _category(direction: Direction, config: P360Config) -> str:
    match direction:
        case Direction.INCOMING:
            return config.incoming
        case Direction.OUTGOING:
            return config.outgoing
        case Direction.DRAWN_UP:
            return config.drawn_up


def _dates(document: Document) -> Tree:
    """With a zone, always: a document that came in the hour that comes twice came in one of them."""
    told: Tree = {"DocumentDate": document.dated.isoformat()}
    if document.received_at is not None:
        told["JournalDate"] = _moment(document.received_at)
    return told


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _contacts(document: Document, config: P360Config) -> list[Tree]:
    """What comes in has a sender and what goes out a recipient, or SIF refuses it."""
    if document.direction is Direction.DRAWN_UP and not document.counterpart:
        return []
    role = config.sender_role if document.direction is Direction.INCOMING else config.recipient_role
    name = document.counterpart or config.nobody
    return [{"Role": role, "ContactName": name, "IsUnofficial": document.counterpart_protected}]


def _kept_by(document: Document, config: P360Config) -> Tree:
    """Whose register it is. One authority's document never goes to another's."""
    number = config.authorities.get(document.authority) if document.authority else config.enterprise
    if document.authority and number is None:
        raise RejectedError(
            f"{document.authority} is not in `authorities` of the connection; write its unit's number there"
        )
    told: Tree = {} if number is None else {"ResponsibleEnterpriseNumber": number}
    return told | ({"SubArchive": document.series} if document.series else {})


def _screened(secrecy: Secrecy | None, config: P360Config) -> Tree:
    """The mark: provision, day and authority (OSL 5:5)."""
    if secrecy is None:
        return {}
    if config.access_code is None:
        raise RejectedError("a document is marked as secret; write `access_code` of the connection")
    told: Tree = {"AccessCode": config.access_code, "Paragraph": secrecy.ground}
    if config.access_group is not None:
        told["AccessGroup"] = config.access_group
    return told | ({"Notes": note} if (note := _mark(secrecy)) else {})


def _mark(secrecy: Secrecy) -> str:
    """`Sekretessmarkering 2026-02-27 av Fritidsnämnden till 2096-02-28`, as far as it is known."""
    told = [secrecy.marked.isoformat()] if secrecy.marked else []
    told += [f"av {secrecy.by}"] if secrecy.by else []
    told += [f"till {secrecy.until.isoformat()}"] if secrecy.until else []
    return " ".join(["Sekretessmarkering", *told]) if told else ""


def _classified(document: Document, config: P360Config) -> Tree:
    if document.classification is None:
        return {}
    if config.archive_type is None:
        raise RejectedError("a document has a classification; write `archive_type` of the connection")
    code = {"Sort": 1, "ArchiveType": config.archive_type, "ArchiveCode": document.classification}
    return {"ArchiveCodes": [code | {"IsManualText": False}]}


def _file(file: DocumentFile) -> Tree:
    """With its SHA-256, so that what is kept can be held against what was sent."""
    return {
        "Title": file.name,
        "Format": PurePath(file.name).suffix.removeprefix(".").upper() or "BIN",
        "Base64Data": b64encode(file.content).decode(),
        "Note": f"{file.media_type} sha256:{file.sha256}",
    }


def said(error: str | None, document: Document | None = None) -> str:
    """What SIF says no with, cut, and without a word of the document's own: its message may repeat them."""
    told = " ".join((error or "nothing").split())[:_LONGEST_TOLD]
    own = _own(document) if document else ()
    return "something that names the document" if any(word in told for word in own) else told


def _own(document: Document) -> list[str]:
    words = [document.title, document.protected_title or "", document.counterpart]
    words += [part for one in document.files for part in (one.name, PurePath(one.name).stem)]
    words += [word for text in (document.protected_title or "", document.counterpart) for word in text.split()]
    return [word for word in words if len(word) > 2]  # noqa: PLR2004 - "i" and "av" name nobody
