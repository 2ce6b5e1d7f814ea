"""The service in memory. Unlike the real one it withholds nothing of whoever is protected."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from lxml import etree
from lxml.builder import ElementMaker

from hub.model import AddressKind, Guardian, Person, PersonAddress, PersonNumber, Protected
from hub.sdk import STOCKHOLM, Clock, HasPersons, HttpSimulator, Misbehaviour, SoapRefusalError, SoapService

PATH = "/vp/strategicresourcemanagement/persons/person/GetPersonsForProfile/5/rivtabp21"
ADDRESS = "SE165565594230-1000"
_R = ElementMaker(namespace="urn:riv:strategicresourcemanagement:persons:person:GetPersonsForProfileResponder:5")
_SPACE = "urn:riv:strategicresourcemanagement:persons:person:5"
_P = ElementMaker(namespace=_SPACE, nsmap={"p": _SPACE})
_BEFORE_THAT = timedelta(days=400)


class RivSimulator(HttpSimulator, HasPersons):
    """The national instance behind one platform."""

    can = frozenset({Misbehaviour.DOWN, Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.service = SoapService(Path(__file__).parent / "wsdl" / "interaction.wsdl")
        self.persons: dict[str, etree._Element] = {}
        """personRecord by number."""
        self.tests: set[str] = set()
        """Numbers whose records are marked as tests."""
        self.down = self.refusing = False

    def config(self) -> Mapping[str, object]:
        return {"base_url": "https://esb.test/", "path": PATH, "logical_address": ADDRESS}

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - all of it, or none
        self.down, self.refusing = how is Misbehaviour.DOWN, how is Misbehaviour.REFUSES

    def recover(self) -> None:
        self.down = self.refusing = False

    def register(self, person: Person, *, knows: Mapping[str, str]) -> None:
        """Have a record; one whose protection is not known has one indicator, and not the other."""
        number, hidden = person.identity_number, person.protected is not Protected.NO
        marked = "true" if person.protected is Protected.YES else "false"
        other = person.replaced_by
        self.persons[number.digits] = _P.personRecord(
            _P.personalIdentity(*_identity(number)),
            _P.protectedPersonIndicator(marked),
            _P.testIndicator("true" if number.digits in self.tests else "false"),
            _P.primaryIdentity("true"),
            _name(person.name or knows["name"]),
            *(_P.referredPersonalIdentities(_P.referredPersonalIdentity(*_identity(one))) for one in [other] if one),
            *([_locality(person.municipality or "2480")] if person.municipality or hidden else []),
            _history(knows["street"]),
            _P.addressInformation(*_addresses(person, knows["street"])),
            *_deregistration(person),
            *self._relations(person.guardians),
            *([] if person.protected is Protected.UNKNOWN else [_P.protectedPopulationRecord("false")]),
        )

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("the platform is down", request=request)
        if request.url.path != PATH:
            return httpx.Response(404, html="<html><body>404</body></html>")
        return self.service.handle(request, {"GetPersonsForProfile": self._get})

    def _get(self, asked: Any) -> etree._Element:  # noqa: ANN401 - what zeep makes of the message
        if self.refusing or asked.header.LogicalAddress != ADDRESS:
            raise SoapRefusalError("Client", "Obehörigt anrop för system SE165565594230-KOMMUN")
        told = [self._requested(one.root, one.extension, asked.body.profile) for one in asked.body.personId]
        return _R.GetPersonsForProfileResponse(*told)

    def _requested(self, root: str, extension: str, profile: str) -> etree._Element:
        kind = "1.2.752.129.2.1.3.3" if int(extension[6:8]) > 60 - 1 else "1.2.752.129.2.1.3.1"
        found = [_copy(self.persons[extension])] if extension in self.persons and root == kind else []
        for record in found:
            for relation in record.findall(f"{{{_SPACE}}}relationship") if profile < "P4" else ():
                record.remove(relation)
        asked = _P.requestedPersonalIdentity(_P.root(root), _P.extension(extension))
        return _R.requestedPersonRecord(asked, *found)

    def _relations(self, guardians: Sequence[Guardian]) -> Iterator[etree._Element]:
        """Those who have custody, among those who have it no more, not yet, are dead, or are something else."""
        if not guardians:
            return
        today = self.clock.now().astimezone(STOCKHOLM).date()
        before, after = f"{today - _BEFORE_THAT}", f"{today + _BEFORE_THAT}"
        mother = _P.relationshipId(_P.personalIdentity(*_identity(PersonNumber.parse("197505152384"))))
        gone = _P.deregistration(_P.deregistrationReasonCode("AV"), _P.deregistrationDate(*_partial(before)))
        past, coming = _P.relationshipToDate(*_partial(before)), _P.relationshipFromDate(*_partial(after))
        for kind, more in (("MO", []), ("V", [past]), ("V", [coming]), ("V", [gone]), ("VF", [])):
            yield _P.relationship(_copy(mother), _P.relationshipType(kind), *more)
        for one in guardians:
            birth = _P.dateOfBirth(*_partial("1975-02"))
            known = _P.personalIdentity(*_identity(one.identity_number)) if one.identity_number else birth
            name = [_name(one.name)] if one.name else []
            times = (_P.relationshipFromDate(*_partial(before)), _P.relationshipToDate(*_partial(after)))
            yield _P.relationship(_P.relationshipId(known), _P.relationshipType("V"), *times, *name)


def _identity(number: PersonNumber) -> tuple[etree._Element, etree._Element]:
    kind = "3" if number.is_coordination_number else "1"
    return _P.root(f"1.2.752.129.2.1.3.{kind}"), _P.extension(number.digits)


def _partial(day: str) -> tuple[etree._Element, etree._Element]:
    return _P.format("YYYY-MM-DD"[: len(day)]), _P.value(day)


def _deregistration(person: Person) -> Iterator[etree._Element]:
    if person.deregistered:
        day = person.deceased or person.emigrated
        when = [_P.deregistrationDate(*_partial(day))] if day else []
        yield _P.deregistration(_P.deregistrationReasonCode(person.deregistered), *when)


def _locality(municipality: str) -> etree._Element:
    county, code = _P.countyCode(municipality[:2]), _P.municipalityCode(municipality[2:])
    return _P.populationRegistrationLocality(county, code)


def _history(street: str) -> etree._Element:
    """Where somebody was before."""
    before = _P.historicalAddress(_P.postalAddress2(f"{street} B"), _P.city("Umeå"))
    return _P.populationRegistrationRecord(_P.historicalRecords(_locality("0180"), before))


def _addresses(person: Person, street: str) -> Iterator[etree._Element]:
    """Of whoever is protected too."""
    home, other = person.registered_address, person.address
    if person.protected is not Protected.NO:
        home = PersonAddress(kind=AddressKind.REGISTERED, lines=(street,), postcode="90326", city="Umeå")
    if home:
        yield _P.residentialAddress(*_swedish(home))
    if other and other.kind is AddressKind.FORWARDING:
        yield _P.specialPostalAddress(*_swedish(other))
    if other and other.kind is AddressKind.ABROAD:
        lines = (_P(f"postalAddress{n}", line) for n, line in enumerate(other.lines, 1))
        yield _P.addressAbroad(*lines, _P.countryCode(other.country))


def _swedish(address: PersonAddress) -> Iterator[etree._Element]:
    if address.care_of:
        yield _P.careOf(address.care_of)
    yield _P.postalAddress2(address.lines[0])
    yield _P.postalCode(str(int(address.postcode)))
    yield _P.city(address.city)


def _name(name: str) -> etree._Element:
    *given, family = name.split()
    return _P.name(_P.givenName(" ".join(given)), _P.surname(family))


def _copy(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element))
