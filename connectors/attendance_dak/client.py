"""A DAK file in bounded memory: read once to its end, then told gathering by gathering, each with its own persons.

The file must be well-formed to its end, for its persons stand last: of a file that is cut short nobody can be known.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.sax.saxutils import quoteattr

from lxml import etree

from connectors.attendance_dak.config import Dangling
from connectors.attendance_dak.explaining import faults, unproven
from connectors.attendance_dak.store import Kept, Store
from connectors.attendance_dak.versions import Version, quick
from hub.sdk import RawItem, RejectedError, Remark

SEPARATOR = b"\0"
"""Between a gathering and each of its persons: it stands in no XML."""
EXPLAINED = 1000
"""Records that are explained in a file; of the rest it is said that they are not as the standard says."""
_OTHERS = {b"PK": "zip", b"\x1f\x8b": "gzip", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_REGISTERS = {"DeltagarRegister": "Deltagare", "LedarRegister": "Ledare"}
_OF = {role: register for register, role in _REGISTERS.items()}


def read(file: BinaryIO, dangling: Dangling) -> Iterator[RawItem]:
    """Give the gatherings of a file.

    Raises:
        RejectedError: it is no DAK file, is not well-formed to its end, or holds what none needs to.
    """
    _refuse_others(file)
    with Store() as store:
        remarks = _taken_in(file, store)
        doubled, persons = store.doubled(), _Persons(store)
        for kept in store.gatherings():
            yield _item(kept, persons, dangling, remarks, doubled=kept.names in doubled)
            remarks = ()


def _refuse_others(file: BinaryIO) -> None:
    begin = file.read(2)
    file.seek(0)
    if not begin:
        raise RejectedError("the file is empty; export it again")
    if begin in _OTHERS:
        kind = _OTHERS[begin]
        told = "save it as UTF-8" if kind == "UTF-16" else "unpack it, and send the XML in it"
        raise RejectedError(f"the file is {kind}; {told}")


@dataclass
class _Reader:
    """Where the reading is."""

    store: Store
    version: Version = Version.V22
    municipality: str = ""
    association: etree._Element | None = None
    card: etree._Element | None = None
    register: etree._Element | None = None
    names: tuple[str, str] = ("", "")
    head: bytes = b""
    path: str = ""
    associations: int = 0
    cards: int = 0
    """Of the association."""
    on_card: int = 0
    """Gatherings of the card."""
    count: int = 0
    explained: int = 0
    remarks: list[Remark] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Whom a gathering's lists name: participants and leaders."""
        within = {"d": self.version.value}
        self.gathering_tag = self.version.tag("Sammankomst")
        self.participants, self.leaders = (
            etree.XPath(f"d:{group}/d:{name}/@id", namespaces=within, smart_strings=False)
            for group, name in (("DeltagarLista", "Deltagare"), ("LedarLista", "Ledare"))
        )

    def begin(self, element: etree._Element, name: str) -> None:
        """An element's attributes are there, and nothing more."""
        if name == "Kommun":
            self.municipality = element.get("kommunID", "")
        elif name == "Foerening":
            self.association, self.card, self.head = element, None, b""
            self.associations, self.cards = self.associations + 1, 0
        elif name == "Naervarokort":
            self.card, self.head = element, b""
            self.cards, self.on_card = self.cards + 1, 0
        elif name in _REGISTERS:
            self.register = element

    def end(self, element: etree._Element, name: str) -> None:
        """An element is whole; what has been read of it is let go."""
        if element.tag == self.gathering_tag:
            self.gathering(element)
            _let_go(element)
        elif name in _REGISTERS:
            self.persons(whole=True)
            self.register = None
        elif name in {"Foerening", "Naervarokort"}:
            _let_go(element)

    def persons(self, *, whole: bool = False) -> None:
        """Keep those of a register who are there as a whole; the last may be half read."""
        if self.register is None:
            return
        role = _REGISTERS[_name(self.register)]
        while len(self.register) > (not whole):
            one = self.register[0]
            if _name(one) == role:
                self.person(one, role)
            del self.register[0]

    def gathering(self, element: etree._Element) -> None:
        """Keep a gathering, with what is odd about it."""
        self.count += 1
        self.on_card += 1
        if not self.head:
            self.head = self.around().encode()
        names = (*self.names, element.get("kod", "").strip())
        self.store.keep(
            (
                self.count,
                f"line {element.sourceline}, {self.path}[{self.on_card}]",
                self.head,
                names,
                self.odd(element),
                self.participants(element),
                self.leaders(element),
                etree.tostring(element, with_tail=False, encoding="unicode"),
            )
        )

    def around(self) -> str:
        """The association and the card, as they stand in the file, without what is in them."""
        told = ((self.association, "Foerening"), (self.card, "Naervarokort"))
        card = f"Foerening[{self.associations}]/Naervarokort[{self.cards}]"
        self.path = f"/Aktivitetskort/Kommun/{card}/Sammankomst"
        self.names = (_attribute(self.association, "foereningsID"), _attribute(self.card, "NaervarokortNummer"))
        opened = "".join(f"<{name}{_attributes(element)}>" for element, name in told)
        return f"<Post xmlns={quoteattr(self.version.value)} kommunID={quoteattr(self.municipality)}>{opened}"

    def person(self, element: etree._Element, role: str) -> None:
        """Keep somebody of a register; the first of an id stands."""
        id_, place = (
            element.get("id", "").strip(),
            f"line {element.sourceline}, /Aktivitetskort/{_name(self.register)}" if self.register is not None else "",
        )
        odd = self.odd(element) or unproven(element.findtext(self.version.tag("Personnummer")) or "")
        self.remarks += [Remark(place, told) for told in odd][: EXPLAINED - len(self.remarks)]
        content = etree.tostring(element, with_tail=False)
        known = self.store.add_person(role, id_, content)
        if known is not None and known != content and len(self.remarks) < EXPLAINED:
            self.remarks.append(Remark(place, f"{role}: an id stands twice with other data; the first counts"))

    def odd(self, record: etree._Element) -> list[str]:
        """What the schema says against a record; nothing, as a rule."""
        if quick(self.version).validate(record):
            return []
        self.explained += 1
        if self.explained > EXPLAINED:
            return ["not as the standard says; a thousand before it are explained"]
        return list(dict.fromkeys(faults(record, self.version)))


def _taken_in(file: BinaryIO, store: Store) -> tuple[Remark, ...]:
    """Read the file to its end; gives what is odd about its registers."""
    reader: _Reader | None = None
    try:
        for event, element in _events(file):
            reader = reader or _Reader(store, _version(element))
            if event == "start":
                if element.tag != reader.gathering_tag:
                    reader.begin(element, _name(element))
            elif event == "end":
                reader.end(element, _name(element))
            else:
                reader.persons()
    except etree.XMLSyntaxError as error:
        line = f"line {error.lineno}, column {error.offset}" if error.lineno else "the file"
        raise RejectedError(f"{line}: no whole XML ({_kind(error)}); export it again, in UTF-8") from None
    return tuple(reader.remarks) if reader else ()


def _kind(error: etree.XMLSyntaxError) -> str:
    """What is wrong, as `tag name mismatch`; the error's own words quote the file, where names of persons stand."""
    kinds = (name for name, code in vars(etree.ErrorTypes).items() if name.startswith("ERR_") and code == error.code)
    return next(kinds, "ERR_OTHER").removeprefix("ERR_").replace("_", " ").lower()


def _events(file: BinaryIO) -> Iterator[tuple[str, etree._Element]]:
    """Where what we look for begins and ends, and "more" after each piece. Nothing is fetched, no entity replaced."""
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in _WANTED],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    last = None
    while piece := file.read(_PIECE_BYTES):
        parser.feed(piece)
        for event, element in parser.read_events():
            last = element
            yield event, element
        if last is not None:
            yield "more", last
    root = parser.close()
    yield from parser.read_events()
    yield "more", root


_PIECE_BYTES = 262_144
_WANTED = ("Aktivitetskort", "Kommun", "Foerening", "Naervarokort", "Sammankomst", *_REGISTERS)


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _version(root: etree._Element) -> Version:
    """The version of a file, by its root."""
    if root.getroottree().docinfo.doctype:
        raise RejectedError("a document type (DOCTYPE) stands in the file, which DAK does not have; take it out")
    found = etree.QName(root)
    known = {version.value: version for version in Version}
    if found.localname != "Aktivitetskort" or found.namespace not in known:
        raise RejectedError(
            f"the file begins with <{found.localname}>, and a DAK file with <Aktivitetskort> of 2.1 or 2.2"
        )
    return known[found.namespace or ""]


def _let_go(element: etree._Element) -> None:
    """Free what has been read; earlier siblings too, or the tree would grow with the file."""
    element.clear(keep_tail=True)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _attribute(element: etree._Element | None, name: str) -> str:
    return element.get(name, "").strip() if element is not None else ""


def _attributes(element: etree._Element | None) -> str:
    told = element.attrib.items() if element is not None else ()
    return "".join(f" {name}={quoteattr(str(value))}" for name, value in told)


def _item(
    kept: Kept, persons: "_Persons", dangling: Dangling, remarks: tuple[Remark, ...], *, doubled: bool
) -> RawItem:
    """A gathering with its persons, whole by itself."""
    mine = persons.of(kept)
    missing = mine.count(None)
    told = kept.remarks
    if missing:
        told = [*told, f"{missing} on the lists stand in no register, and are left out; export both"]
    if len(mine) < len(kept.participants) + len(kept.leaders):
        told = [*told, "somebody stands twice on a list, and counts once"]
    gathering = b"".join((kept.head, kept.content.encode(), b"</Naervarokort></Foerening></Post>"))
    content = SEPARATOR.join((gathering, *(filter(None, mine) if missing else mine)))
    return RawItem(
        "/".join(kept.names) if not doubled else f"{'/'.join(kept.names)}#{kept.n}",
        content,
        kept.place,
        hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        _fault(kept.names, missing if dangling is Dangling.GATHERING else 0, doubled=doubled),
        (*remarks, *(Remark(kept.place, text) for text in told)) if told or remarks else (),
    )


class _Persons:
    """The registers; those that were asked for last are at hand."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, dict[str, bytes | None]] = {"Deltagare": {}, "Ledare": {}}

    def of(self, kept: Kept) -> list[bytes | None]:
        """The entries of those on a gathering's lists, each once, as they stand in the file; None for nobody."""
        return [*self._entries("Deltagare", kept.participants), *self._entries("Ledare", kept.leaders)]

    def _entries(self, role: str, ids: list[str]) -> list[bytes | None]:
        known = self._known[role]
        try:
            return [known[id_] for id_ in dict.fromkeys(ids)]
        except KeyError:
            if len(known) > _AT_HAND:
                known.clear()
            known |= {id_: self._store.person(role, id_.strip()) for id_ in ids if id_ not in known}
            return [known[id_] for id_ in dict.fromkeys(ids)]


_AT_HAND = 10_000


def _fault(names: tuple[str, ...], missing: int, *, doubled: bool) -> str:
    if not all(names):
        lacking = [label for label, name in zip(_NAMES, names, strict=True) if not name]
        return f"no {', '.join(lacking)}: a gathering cannot be known without; write it"
    if doubled:
        return f"kod {names[-1]} stands twice on the card: neither counts; give each gathering a kod of its own"
    return f"{missing} on the lists stand in no register; export both" if missing else ""


_NAMES = ("foereningsID", "NaervarokortNummer", "kod")
