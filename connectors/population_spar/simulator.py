"""SPAR in memory: histories of each person, for one assignment.

Unlike SPAR it withholds nothing of whoever is protected; like SPAR it keeps what was, beside what is.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from lxml import etree
from lxml.builder import ElementMaker

from hub.model import AddressKind, Guardian, Person, PersonAddress, Protected
from hub.sdk import Clock, HasPersons, HttpSimulator, Misbehaviour, SoapRefusalError, SoapService

CUSTOMER, ASSIGNMENT = 500243, 637
UUID = "ddaef9b4-fde3-402f-9391-2cbc07a84895"
_ROOT = "http://statenspersonadressregister.se/schema/"
_THEN, _LATELY, _EVER = "2010-02-02", "2019-12-02", "9999-12-31"


def _maker(space: str) -> ElementMaker:
    return ElementMaker(namespace=f"{_ROOT}{space}")


_SVAR = _maker("personsok/2021.1/personsokningsvar")
_UNDANTAG = _maker("komponent/sok/undantag-1.0")
_PERSON, _SKYDD = _maker("komponent/person/person-1.2"), _maker("komponent/person/skyddadepersonuppgifter-1.1")
_DETALJER, _AVREG = _maker("komponent/person/persondetaljer-1.2"), _maker("komponent/person/avregistrering-1.0")
_HANVISNING, _FB = _maker("komponent/person/hanvisning-1.0"), _maker("komponent/person/folkbokforing-1.0")
_NAMN, _DELNAMN = _maker("komponent/person/namn/namn-1.0"), _maker("komponent/person/namn/deladenamnelement-1.0")
_RELATION, _ADRESS = _maker("komponent/person/relation-1.2"), _maker("komponent/person/adress/deladeadresselement-1.1")
_TID = _maker("komponent/generellt/datumtid-1.1")
_OF_ADDRESSES = {
    AddressKind.REGISTERED: ("folkbokforingsadress-1.1", "Folkbokforingsadress"),
    AddressKind.FORWARDING: ("sarskildpostadress-1.1", "SarskildPostadress"),
    AddressKind.ABROAD: ("utlandsadress-1.1", "Utlandsadress"),
    AddressKind.CONTACT: ("kontaktadress-1.0", "Kontaktadress"),
}


class SparSimulator(HttpSimulator, HasPersons):
    """One assignment, which grants relations."""

    can = frozenset({Misbehaviour.DOWN, Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.service = SoapService(Path(__file__).parent / "wsdl" / "2021.1" / "personsok.wsdl")
        self.posts: dict[str, etree._Element] = {}
        """PersonsokningSvarspost by number, with its relations."""
        self.users: list[str] = []
        """SlutAnvandarId of every question, as SPAR logs it."""
        self.exception = ""
        """Kod of the exception that every question is answered with."""
        self.down = False

    def config(self) -> Mapping[str, object]:
        return {
            "base_url": "https://spar.test/",
            "version": "2021.1",
            "customer": CUSTOMER,
            "end_customer": CUSTOMER,
            "assignment": ASSIGNMENT,
            "relations": True,
        }

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Be down, or refuse with the exception named by `key`."""
        if how is Misbehaviour.DOWN:
            self.down = True
        else:
            self.exception = key or "OGILTIG_INPARAMETER"

    def recover(self) -> None:
        self.down, self.exception = False, ""

    def register(self, person: Person, *, knows: Mapping[str, str]) -> None:
        """Have a record; one whose protection is not known is marked as unmarked by SPAR, which means nothing."""
        number, marked = person.identity_number.digits, "JA" if person.protected is Protected.YES else "NEJ"
        unsaid = {"sattAvSPAR": "JA"} if person.protected is Protected.UNKNOWN else {}
        hidden = person.protected is not Protected.NO
        self.posts[number] = _SVAR.PersonsokningSvarspost(
            _PERSON.PersonId(_PERSON.IdNummer(number), _PERSON.Typ("PERSONNUMMER")),
            _SKYDD.Sekretessmarkering(marked, **unsaid),
            _SKYDD.SkyddadFolkbokforing("NEJ"),
            _PERSON.SenasteAndringSPAR(_LATELY),
            _NAMN.Namn(*_until(_LATELY), _DELNAMN.Fornamn("Före"), _DELNAMN.Efternamn("Detta")),
            _NAMN.Namn(*_since(_LATELY), *_name(person.name or knows["name"])),
            *_details(person),
            _FB.Folkbokforing(*_until(_LATELY), _FB.FolkbokfordLanKod("01"), _FB.FolkbokfordKommunKod("80")),
            *([_registration(person.municipality or "2480")] if person.municipality or hidden else []),
            _was_at(knows["street"]),
            *_addresses(person, knows["street"]),
            *_relations(person.guardians),
        )

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("SPAR is closed today", request=request)
        if request.url.path != "/2021.1/":
            return httpx.Response(404, html="<html><body>404</body></html>")
        return self.service.handle(request, {"PersonSok": self._person_sok})

    def _person_sok(self, asked: Any) -> etree._Element:  # noqa: ANN401 - what zeep makes of the message
        who, number = asked.Identifieringsinformation, asked.PersonsokningFraga.IdNummer
        if (who.KundNrLeveransMottagare, who.KundNrSlutkund, who.UppdragId) != (CUSTOMER, CUSTOMER, ASSIGNMENT):
            raise SoapRefusalError("Server", f"Behörighet saknas för {who.SlutAnvandarId}, {number}")
        self.users.append(who.SlutAnvandarId)
        if self.exception:
            told = _UNDANTAG.Undantag(_UNDANTAG.Kod(self.exception), _UNDANTAG.Beskrivning(f"Fel i {number}"))
            return _SVAR.SPARPersonsokningSvar(told, _SVAR.UUID(UUID))
        found = [_copy(self.posts[number])] if number in self.posts else []
        for post in found:
            if "Relationer" not in who.SlutAnvandarUtokadBehorighet:
                for relation in post.findall(f"{{{_ROOT}komponent/person/relation-1.2}}Relation"):
                    post.remove(relation)
        return _SVAR.SPARPersonsokningSvar(*found, _SVAR.UUID(UUID))


def _since(day: str) -> tuple[etree._Element, etree._Element]:
    return _TID.DatumFrom(day), _TID.DatumTill(_EVER)


def _until(day: str) -> tuple[etree._Element, etree._Element]:
    return _TID.DatumFrom(_THEN), _TID.DatumTill(day)


def _details(person: Person) -> Iterator[etree._Element]:
    """What was, when the person was marked, and what is."""
    yield _DETALJER.Persondetaljer(*_until(_LATELY), _SKYDD.Sekretessmarkering("JA"))
    gone: list[etree._Element] = []
    if person.deregistered:
        gone.append(_AVREG.AvregistreringsorsakKod(person.deregistered))
    if person.emigrated is not None:
        gone.append(_AVREG.Avregistreringsdatum(_written(person.emigrated)))
    if person.deceased is not None:
        gone.append(_AVREG.Avlidendatum(_written(person.deceased)))
    other = person.replaced_by
    led = [_HANVISNING.Hanvisning(_PERSON.IdNummer(other.digits), _HANVISNING.Typ("Till"))] if other else []
    yield _DETALJER.Persondetaljer(*_since(_LATELY), *gone, *led)


def _written(day: str) -> str:
    """As SPAR does: zeros for what is not known."""
    known = day.replace("-", "").ljust(8, "0")
    return f"{known[:4]}-{known[4:6]}-{known[6:]}"


def _registration(municipality: str) -> etree._Element:
    county, code = _FB.FolkbokfordLanKod(municipality[:2]), _FB.FolkbokfordKommunKod(municipality[2:])
    return _FB.Folkbokforing(*_since(_LATELY), county, code)


def _was_at(street: str) -> etree._Element:
    shape = _ADRESS.SvenskAdress(*_until(_LATELY), _ADRESS.Utdelningsadress2(f"{street} B"), _ADRESS.Postort("Umeå"))
    return _of(AddressKind.REGISTERED, shape)


def _addresses(person: Person, street: str) -> Iterator[etree._Element]:
    """Of whoever is protected too."""
    home = person.registered_address
    if person.protected is not Protected.NO:
        home = PersonAddress(kind=AddressKind.REGISTERED, lines=(street,), postcode="90326", city="Umeå")
    other = person.address if person.address and person.address.kind is not AddressKind.REGISTERED else None
    for one in filter(None, (home, other)):
        yield _of(one.kind, _shape(one))


def _of(kind: AddressKind, shape: etree._Element) -> etree._Element:
    space, name = _OF_ADDRESSES[kind]
    return _maker(f"komponent/person/adress/{space}")(name, shape)


def _shape(address: PersonAddress) -> etree._Element:
    lines = [_ADRESS(f"Utdelningsadress{n}", line) for n, line in enumerate(address.lines, 1)]
    if address.country:
        return _ADRESS.InternationellAdress(*_since(_LATELY), *lines, _ADRESS.Land(address.country))
    co = [_ADRESS.CareOf(address.care_of)] if address.care_of else []
    place = (_ADRESS.PostNr(address.postcode), _ADRESS.Postort(address.city))
    return _ADRESS.SvenskAdress(*_since(_LATELY), *co, *lines, *place)


def _relations(guardians: Sequence[Guardian]) -> Iterator[etree._Element]:
    """Those who have custody, among those who have it no more, are dead, or are something else."""
    if not guardians:
        return
    other, custody = _PERSON.IdNummer("197505152384"), _RELATION.Relationstyp("VÅRDNADSHAVARE")
    yield _RELATION.Relation(*_until(_LATELY), _copy(custody), _copy(other))
    yield _RELATION.Relation(*_since(_LATELY), _copy(custody), _copy(other), _AVREG.Avlidendatum("2020-01-00"))
    yield _RELATION.Relation(*_since(_LATELY), _RELATION.Relationstyp("MAKE/MAKA/REGISTRERAD PARTNER"), other)
    for one in guardians:
        known = [_PERSON.IdNummer(one.identity_number.digits)] if one.identity_number else []
        yield _RELATION.Relation(*_since(_LATELY), _copy(custody), *known, *(_name(one.name) if one.name else []))


def _name(name: str) -> Iterator[etree._Element]:
    *given, family = name.split()
    yield _DELNAMN.Fornamn(" ".join(given))
    yield _DELNAMN.Efternamn(family)


def _copy(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element))
