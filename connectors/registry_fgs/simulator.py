"""A registry that takes FGS from a folder of its SFTP server, registers it, and leaves receipts.

Written apart from the connector, from the specification: the two agree only where both are right.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from lxml import etree

from hub.model import Direction, Document, DocumentFile, Secrecy
from hub.sdk import Clock, Diarium, HasRecords, Misbehaviour, SftpSimulator

_NAMESPACES = {"e": "http://xml.ra.se/e-arkiv/FGS-ERMS"}
_KEY = "e:ExtraID[@ExtraIDTyp='knutpunkt']"
_DIRECTIONS = {
    "Inkommen": Direction.INCOMING, "Expedierad": Direction.OUTGOING, "Upprättad": Direction.DRAWN_UP
}  # fmt: skip


class DropSimulator(SftpSimulator, HasRecords):
    """Takes a document as soon as its XML is there, unless it is told to leave them for now."""

    can = frozenset({Misbehaviour.FULL, Misbehaviour.REFUSES})
    folders = ("in", "receipts")

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.diarium = Diarium(clock, cases=("FN-2026-00017",))
        self.refuses = False
        self.at_once = True
        """Takes what comes as it comes; else when `fetch` is called."""
        self._late: dict[str, bytes] = {}
        """Receipts that are written when somebody has looked so often as `diarium.silent` says."""

    def config(self) -> Mapping[str, object]:
        return {"folder": "/in", "receipts": "/receipts", "sftp": self.server}

    def records(self) -> Sequence[object]:
        return [entry.document for entry in self.diarium.entries]

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - for all of them
        self.full, self.refuses = how is Misbehaviour.FULL, how is Misbehaviour.REFUSES

    def recover(self) -> None:
        self.full = self.refuses = False

    def fetch(self) -> None:
        """Take every document that is there, with what it encloses."""
        for path in sorted((self.root / "in").glob("[!.]*.xml")):
            told = self._taken(path)
            key = told["key"]
            self._late[f"{path.stem}.ack.json"] = json.dumps(told).encode()
            path.unlink()
            for one in (self.root / "in").glob(f"{path.stem}.*-*"):
                one.unlink()
            if not self.diarium.silent:
                self._answer()
            assert key  # noqa: S101 - of a simulator

    def looked(self) -> None:
        """Somebody has looked for a receipt."""
        self.diarium.silent = max(0, self.diarium.silent - 1)
        if not self.diarium.silent:
            self._answer()

    def _answer(self) -> None:
        for name, content in self._late.items():
            (self.root / "receipts" / name).write_bytes(content)
        self._late.clear()

    def _taken(self, path: Path) -> dict[str, str]:
        root = etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
        case = root.find("e:ArkivobjektListaArenden/e:ArkivobjektArende", _NAMESPACES)
        assert case is not None  # noqa: S101 - of a simulator
        document = _document(case, path.parent)
        if self.refuses:
            return {"key": document.key, "error": "case-closed"}
        known = self.diarium.numbered(document.case or "")
        mine = self.diarium.opened(document.opens)
        found = known or (mine[0] if mine else None)
        entry = self.diarium.register(
            document, found or self.diarium.open_case(document.opens, document.authority, document.series)
        )
        return {"key": document.key, "number": entry.number}

    def opened(self, path: str) -> None:
        if path.startswith("/receipts/"):
            self.looked()

    def placed(self, path: str) -> None:
        if self.at_once and path.rpartition("/")[0] == "/in" and path.endswith(".xml"):
            self.fetch()


# ---------------------------------------------------------------- what a document says


def _document(case: etree._Element, folder: Path) -> Document:
    """In canonical words; what its files hold is held against what it says of them."""
    one = case.find("e:ArkivobjektListaHandlingar/e:ArkivobjektHandling", _NAMESPACES)
    assert one is not None  # noqa: S101 - of a simulator
    own = {element.get("Namn"): _at(element, "e:Varde") for element in one.iterfind("e:EgnaElement/*", _NAMESPACES)}
    opened, direction = _at(case, _KEY), _DIRECTIONS[_at(one, "e:StatusHandling")]
    received, wall = own.get("InkommenMedZon"), _at(one, "e:Inkommen")
    party = case.find("e:Motpart", _NAMESPACES)
    if _at(case, "e:Arendemening") != _at(one, "e:Rubrik") or bool(wall) != bool(received):
        msg = "case and document say two things"
        raise ValueError(msg)
    return Document(
        key=_at(one, _KEY),
        title=_at(one, "e:Rubrik"),
        protected_title=own.get("SkyddadRubrik"),
        direction=direction,
        dated=date.fromisoformat(own["Datum"]),
        received_at=datetime.fromisoformat(received) if received else None,
        authority=own.get("Namnd", ""),
        series=own.get("Diarieserie", ""),
        counterpart="" if party is None else _at(party, "e:Namn"),
        counterpart_protected=party is not None and _at(party, "e:SkyddadIdentitet") == "true",
        case=None if opened else _at(case, "e:ArkivobjektID"),
        case_key=own.get("Arendenyckel"),
        classification=_at(case, "e:Klass") or None,
        secrecy=_secrecy(one.find("e:Restriktion", _NAMESPACES)),
        files=tuple(_file(element, folder) for element in one.iterfind("e:Bilaga", _NAMESPACES)),
    )


def _secrecy(told: etree._Element | None) -> Secrecy | None:
    if told is None:
        return None
    words = _at(told, "e:ForklarandeText").removeprefix("Sekretessmarkering").strip()
    marked, _, by = words.partition("av ")
    until = _at(told, "e:RestriktionsDatum")
    return Secrecy(
        ground=_at(told, "e:Lagrum"),
        marked=date.fromisoformat(marked.strip()) if marked.strip() else None,
        by=by,
        until=date.fromisoformat(until) if until else None,
    )


def _file(told: etree._Element, folder: Path) -> DocumentFile:
    content = (folder / str(told.get("Lank"))).read_bytes()
    if sha256(content).hexdigest() != told.get("Checksumma") or len(content) != int(told.get("Storlek") or -1):
        msg = "a file is damaged"
        raise ValueError(msg)
    return DocumentFile(name=str(told.get("Namn")), media_type=str(told.get("Mimetyp")), content=content)


def _at(element: etree._Element, path: str) -> str:
    return element.findtext(path, "", _NAMESPACES)
