"""Navet in memory: one record a person, by an order and a certificate that are taken for granted.

It withholds nothing of whoever is protected, keeps old addresses in its history, and lists relations that mean no
custody: what may be told is for whoever asks to know.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from lxml import etree
from lxml.builder import E, ElementMaker

from hub.model import AddressKind, Guardian, Person, PersonAddress, PersonNumber, Protected
from hub.sdk import STOCKHOLM, Clock, HasPersons, HttpSimulator, Misbehaviour, SoapRefusalError, SoapService

ORGANISATION, ORDER = "2021004748", "00000236-FO01-0001"
_V1 = "http://xmls.skatteverket.se/se/skatteverket/folkbokforing/na/epersondata/V1"
_NA = ElementMaker(namespace=_V1, nsmap={"na": _V1})
_MOTHER = "197505152384"
"""Of every child here; she has no custody."""
_BEFORE_THAT = timedelta(days=400)


class NavetSimulator(HttpSimulator, HasPersons):
    """One order, which delivers all terms. A flag that is not set is left out, as Skatteverket's service does."""

    can = frozenset({Misbehaviour.DOWN, Misbehaviour.REFUSES})
    version = "V3"
    newer = True
    """Its records have what V3 and V4 add."""

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.service = SoapService(Path(__file__).parent / "wsdl" / "personpost.wsdl")
        self.posts: dict[str, etree._Element] = {}
        """Folkbokforingspost by number."""
        self.down = self.refusing = False

    def config(self) -> Mapping[str, object]:
        return {
            "base_url": "https://navet.test/na/na_epersondata/",
            "version": self.version,
            "organisation": ORGANISATION,
            "order": ORDER,
            "order_has_protection": self.newer,
        }

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - all of it, or none
        self.down, self.refusing = how is Misbehaviour.DOWN, how is Misbehaviour.REFUSES

    def recover(self) -> None:
        self.down = self.refusing = False

    def register(self, person: Person, *, knows: Mapping[str, str]) -> None:
        """Have a record of the person; one whose protection is not known has a marking that nobody has explained."""
        number, child = person.identity_number, bool(person.guardians)
        personpost = E.Personpost(
            _person_id(number),
            *(E.HanvisningsPersonNr(other.digits) for other in [person.replaced_by] if other),
            *_deregistration(person),
            *([E.Fodelsedatum(number.digits[:8])] if self.newer else []),
            _name(person.name or knows["name"]),
            *_registration(person.municipality or "2480"),
            E.Adresser(*self._addresses(person, knows["street"])),
            *([E.Relationer(*self._relations(person.guardians))] if child else []),
        )
        flags = {Protected.NO: (), Protected.YES: (E.Sekretessmarkering("J"),)}
        unsaid = (E.Sekretessmarkering("?"),)
        self.posts[number.digits] = E.Folkbokforingspost(
            *flags.get(person.protected, unsaid),
            E.Arendeuppgift(andringstidpunkt=f"{self.clock.now():%Y%m%d%H%M%S}"),
            personpost,
            E.Historik(E.Folkbokforingsadress(E.Utdelningsadress2(knows["street"]), E.Postort("UMEÅ"))),
        )

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("Navet is closed today", request=request)
        if request.url.path != f"/na/na_epersondata/{self.version}/personpostXML":
            return httpx.Response(404, html="<html><body>404</body></html>")
        return self.service.handle(request, {"getData": self._get_data})

    def _get_data(self, asked: Any) -> etree._Element:  # noqa: ANN401 - what zeep makes of the message
        number = str(asked.PersonId)
        order = (str(asked.Bestallning.OrgNr), asked.Bestallning.BestallningsId)
        if self.refusing or order != (f"16{ORGANISATION}", ORDER):
            told = _NA.WebServiceFault(_NA.Felkod("4"), _NA.Beskrivning(f"Beställningen får inte fråga om {number}"))
            raise SoapRefusalError("Server", f"Fel vid sökning av {number}", told)
        post = self.posts.get(number)
        found = [] if post is None else [etree.fromstring(etree.tostring(post))]
        return _NA.PersonpostXMLResponse(_NA.Folkbokforingsposter(*found))

    def _addresses(self, person: Person, street: str) -> Iterator[etree._Element]:
        """Of whoever is protected too."""
        hidden = person.protected is not Protected.NO
        home = person.registered_address
        if home or hidden:
            yield E.Folkbokforingsadress(*_swedish(home, street))
        if self.newer:
            yield E.UUID(E.Fastighet("0b3f"), E.Adress("0b40"), E.Lagenhet("0b41"))
        if person.address and person.address.kind is AddressKind.FORWARDING:
            yield E.SarskildPostadress(*_swedish(person.address, street))
        if person.address and person.address.kind is AddressKind.ABROAD:
            lines = (E(f"Utdelningsadress{n}", line) for n, line in enumerate(person.address.lines, 1))
            yield E.Utlandsadress(*lines, E.Land(person.address.country))

    def _relations(self, guardians: Sequence[Guardian]) -> Iterator[etree._Element]:
        """Those who have custody among those who have not, or have it no more, or not yet."""
        today = self.clock.now().astimezone(STOCKHOLM)
        before, after = f"{today - _BEFORE_THAT:%Y%m%d}", f"{today + _BEFORE_THAT:%Y%m%d}"
        mother = E.RelationId(E.PersonNr(_MOTHER))
        kinds: tuple[tuple[str, tuple[etree._Element, ...]], ...] = (
            ("MO", ()),
            ("V", (E.RelationTomdatum(before),)),
            ("V", (E.RelationFromdatum(after),)),
            ("V", (E.Avregistrering(E.AvregistreringsorsakKod("AV"), E.Avregistreringsdatum(before)),)),
            ("VF", ()),
        )
        for kind, more in kinds:
            yield E.Relation(_copy(mother), E.Relationstyp(kind), *more)
        for one in guardians:
            known = E.PersonNr(one.identity_number.digits) if one.identity_number else E.FodelsetidNr("197502020000")
            times = (E.RelationFromdatum(before), E.RelationTomdatum(after))
            yield E.Relation(E.RelationId(known), E.Relationstyp("V"), *times, *([_name(one.name)] if one.name else []))


class OldNavetSimulator(NavetSimulator):
    """Its records are of 2015: they cannot tell of skyddad folkbokföring, so nobody is known to be unprotected."""

    version = "V2"
    newer = False

    def keeps(self, person: Person) -> Person:
        protected = Protected.YES if person.protected is Protected.YES else Protected.UNKNOWN
        return Person(identity_number=person.identity_number, protected=protected)


def _person_id(number: PersonNumber) -> etree._Element:
    kind = "TilldelatPersonNrSamordningsNr" if number.is_coordination_number else "PersonNr"
    return E.PersonId(E(kind, number.digits))


def _deregistration(person: Person) -> Iterator[etree._Element]:
    if person.deregistered:
        day = person.deceased or person.emigrated or ""
        yield E.Avregistrering(
            E.AvregistreringsorsakKod(person.deregistered), E.Avregistreringsdatum(day.replace("-", "").ljust(8, "0"))
        )


def _registration(municipality: str) -> Iterator[etree._Element]:
    yield E.Folkbokforing(E.LanKod(municipality[:2]), E.KommunKod(municipality[2:]))


def _name(name: str) -> etree._Element:
    *given, family = name.split()
    return E.Namn(E.Tilltalsnamnsmarkering("10"), E.Fornamn(" ".join(given)), E.Efternamn(family))


def _swedish(address: PersonAddress | None, street: str) -> Iterator[etree._Element]:
    """As it is registered, or the street that is known of everybody."""
    if address and address.care_of:
        yield E.CareOf(address.care_of)
    yield E.Utdelningsadress2(address.lines[0] if address else street)
    yield E.PostNr(str(int(address.postcode)) if address else "90326")
    yield E.Postort(address.city if address else "Umeå")


def _copy(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element))
