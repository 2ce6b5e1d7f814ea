"""The wire of ARX, in its own words: persons, cards and access categories as XML in ISO-8859-1.

Source: what a public booking system sends in production (GetShop, HotelBookingManager, read 2026-11-21); ARX's own
integration.xsd is not public. See README.md for what is assumed beyond that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from lxml import etree

from hub.sdk import STOCKHOLM, Answer, Http

ENCODING = "ISO-8859-1"
TIMESTAMP = "%Y-%m-%d+%H:%M:%S"
"""Of the attribute `timestamp`; the plus sign is literal, and no zone follows."""


@dataclass(frozen=True)
class AccessCategory:
    """An entitlement that an administrator has defined in ARX, known by its name, and when it holds."""

    name: str
    start_date: str = ""
    """`yyyy-MM-dd HH:mm:ss`, the server's local time; empty: from always."""
    end_date: str = ""


@dataclass(frozen=True)
class Person:
    """Somebody with entitlements; `id` is the external id that an import is keyed by."""

    id: str
    first_name: str = ""
    last_name: str = ""
    description: str = ""
    pin_code: str = field(default="", repr=False)
    """Typed after the card at readers that ask for both."""
    access_categories: tuple[AccessCategory, ...] = ()
    """All of them: an import replaces the list."""
    deleted: bool = False


@dataclass(frozen=True)
class Card:
    """A number that a reader or a keypad gives; a code is the number of a card of a keypad's format."""

    number: str = field(repr=False)
    format_name: str
    person_id: str
    deleted: bool = False


@dataclass(frozen=True)
class ArxData:
    """What is imported, and what an export shows."""

    persons: tuple[Person, ...] = ()
    cards: tuple[Card, ...] = ()

    def of(self, person_id: str) -> "ArxData":
        """Give one person and the cards of that person."""
        persons = tuple(person for person in self.persons if person.id == person_id)
        return ArxData(persons, tuple(card for card in self.cards if card.person_id == person_id))


@dataclass(frozen=True)
class Event:
    """Something that a door's controller told, and when it says that it was."""

    timestamp: str
    """Milliseconds since 1970 UTC, in digits."""
    name: str
    """A path of words, `controller.access.card.valid.standard`, that a mask picks."""
    person: str
    door: str
    door_id: str
    """Its external id."""
    card: str = field(repr=False)
    """A number: at a keypad, the code itself."""


class DoorAction(StrEnum):
    """What a door can be told."""

    FORCE_OPEN = "forceOpen"
    """Hold it open: `on`; or no more: `off`."""


class ArxClient:
    """The calls of the web API that are used here."""

    def __init__(self, http: Http, export_verb: str) -> None:
        """Ask by GET or POST, as the installation wants it."""
        self._http, self._export_verb = http, export_verb

    async def import_data(self, data: ArxData, now: datetime, comment: str) -> None:
        """Upsert persons and cards by their ids and numbers; the answer tells nothing of each, so look afterwards."""
        parts = {
            "upfile": ("upfile", rendered(data, now), "text/xml"),
            "comment": (None, comment, "text/plain"),
        }
        answer = await self._http.post("import", files=parts)
        answer.read(_root)

    async def export(self, external_id: str | None = None) -> ArxData:
        """Give one person with cards, or everybody; the deleted are left out."""
        everybody = {"include_accesscategory_id": "true", "exclude_deleted": "true"}
        one = {"external_id": external_id or "", "exclude_deleted": "1"}
        answer = await self._ask("export", everybody if external_id is None else one)
        return answer.read(parsed)

    async def export_accesscategory(self) -> tuple[frozenset[str], datetime | None]:
        """Give the names of the access categories, and the server's time if it told."""
        answer = await self._ask("export_accesscategory")
        return answer.read(_category_names), _time_of(answer)

    async def export_accessarea(self) -> frozenset[str]:
        """Give the external ids of the doors in all areas."""
        answer = await self._ask("export_accessarea")
        return answer.read(lambda body: frozenset(_text(one, "external_id") for one in _doors(body)))

    async def door_action(self, external_id: str, action: DoorAction, *, on: bool) -> None:
        """Tell a door; the answer tells nothing of how the door is."""
        told = {"externalid": external_id, "type": action.value, "value": "on" if on else "off"}
        answer = await self._http.request(self._export_verb, "door_actions", safe=False, params=told)
        answer.read(_root)

    async def eventexport(
        self, start: int, end: int, masks: Iterable[str]
    ) -> tuple[tuple[Event, ...], datetime | None]:
        """Give the events of [start, end), milliseconds since 1970, as they come; and the server's time if it told."""
        asked = {"start_date": str(start), "end_date": str(end), "filter": _filter(masks)}
        answer = await self._ask("eventexport", asked)
        return answer.read(events_in), _time_of(answer)

    async def _ask(self, what: str, params: Mapping[str, str] | None = None) -> Answer:
        return await self._http.request(self._export_verb, what, safe=True, params=params or {})


def rendered(data: ArxData, now: datetime) -> bytes:
    """Give the XML of an import; what ISO-8859-1 lacks becomes a character reference."""
    root = etree.Element("arxdata", timestamp=now.astimezone(STOCKHOLM).strftime(TIMESTAMP))
    persons, cards = etree.SubElement(root, "persons"), etree.SubElement(root, "cards")
    for person in data.persons:
        _render_person(etree.SubElement(persons, "person"), person)
    for card in data.cards:
        _render_card(etree.SubElement(cards, "card"), card)
    return etree.tostring(root, encoding=ENCODING, xml_declaration=True)


def _render_person(element: etree._Element, person: Person) -> None:
    for name in ("id", "first_name", "last_name", "description", "pin_code"):
        _add(element, name, getattr(person, name))
    if person.deleted:
        _add(element, "deleted", "true")
    etree.SubElement(element, "extra_fields")
    categories = etree.SubElement(element, "access_categories")
    for category in person.access_categories:
        one = etree.SubElement(categories, "access_category")
        for name in ("name", "start_date", "end_date"):
            _add(one, name, getattr(category, name))


def _render_card(element: etree._Element, card: Card) -> None:
    _add(element, "number", card.number)
    _add(element, "format_name", card.format_name)
    _add(element, "description", "")
    _add(element, "person_id", card.person_id)
    if card.deleted:
        _add(element, "deleted", "1")


def _add(element: etree._Element, name: str, text: str) -> None:
    """Add a child; what XML cannot carry, control characters, is left out."""
    etree.SubElement(element, name).text = "".join(char for char in text if char.isprintable())


def parsed(body: bytes) -> ArxData:
    """Read an export."""
    root = _root(body, "arxdata")
    persons = tuple(_person(element) for element in root.iter("person"))
    return ArxData(persons, tuple(_card(element) for element in root.iter("card")))


def _person(element: etree._Element) -> Person:
    categories = (
        AccessCategory(_text(one, "name"), _text(one, "start_date"), _text(one, "end_date"))
        for one in element.iter("access_category")
    )
    return Person(
        id=_text(element, "id"),
        first_name=_text(element, "first_name"),
        last_name=_text(element, "last_name"),
        description=_text(element, "description"),
        pin_code=_text(element, "pin_code"),
        access_categories=tuple(categories),
    )


def _card(element: etree._Element) -> Card:
    return Card(_text(element, "number"), _text(element, "format_name"), _text(element, "person_id"))


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def events_in(body: bytes) -> tuple[Event, ...]:
    """Read an export of events."""
    return tuple(_event(element) for element in _root(body).iter("event"))


def _event(element: etree._Element) -> Event:
    told = {one.get("type", ""): one for one in element.iter("argument")}
    value = {kind: one.get("value", "").strip() for kind, one in told.items()}
    return Event(
        timestamp=element.get("timestamp", "").strip(),
        name=element.get("name", ""),
        person=value.get("person", ""),
        door=value.get("door", ""),
        door_id=told["door"].get("externalId", "").strip() if "door" in told else "",
        card=value.get("card", ""),
    )


def _filter(masks: Iterable[str]) -> str:
    root = etree.Element("filter")
    name = etree.SubElement(root, "name")
    for mask in masks:
        etree.SubElement(name, "mask").text = mask
    return etree.tostring(root, encoding="unicode")


def _time_of(answer: Answer) -> datetime | None:
    told = answer.response.headers.get("Date")
    return parsedate_to_datetime(told) if told else None


def _doors(body: bytes) -> Iterable[etree._Element]:
    return _root(body, "accessareas").iter("door")


def _category_names(body: bytes) -> frozenset[str]:
    return frozenset(_text(one, "name") for one in _root(body, "accesscategories").iter("accesscategory"))


def _root(body: bytes, tag: str | None = None) -> etree._Element:
    """Parse an answer; without entities, definitions of types, or a way to the network."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(body, parser)
    if root.getroottree().docinfo.doctype:
        raise ValueError("an answer with a DOCTYPE")
    if root.tag == "html" or tag not in (None, root.tag):
        raise ValueError(root.tag)
    return root
