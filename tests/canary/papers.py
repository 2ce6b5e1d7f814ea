"""What is told to the hub: bookings, persons of the register, documents and lists, with secrets in every field."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

from hub.model import AddressKind, Person, PersonAddress, PersonNumber, Protected
from tests.canary.planted import Planted
from tests.canary.world import START

Told = dict[str, Any]


def person(p: Planted, whose: str, **more: Any) -> Told:
    """A person who pays."""
    return {
        "kind": "person", "name": p.person_name(whose), "identity_number": p.number(whose), "email": p.email(whose),
        "phone": p.phone(whose), "protected": "no",
        "address": {"street": p.street(whose), "postal_code": "90326", "city": p.words(f"city of {whose}")},
        "invoice": {"reference": p.words(f"reference of {whose}")},
    } | more  # fmt: skip


def trader(p: Planted, whose: str) -> Told:
    """A company that is one person: its number is that person's."""
    return {
        "kind": "company", "name": p.person_name(whose), "organisation_number": p.number(whose)[2:],
        "protected": "no", "email": p.email(whose),
    }  # fmt: skip


def club(p: Planted, whose: str) -> Told:
    """An association that gets invoices."""
    invoice = {"peppol_id": "0007:8024000005", "reference": p.words(f"reference of {whose}")}
    return {
        "kind": "association", "name": "Provköpings Badmintonklubb", "organisation_number": "802400-0005",
        "email": p.email(whose), "invoice": invoice,
    }  # fmt: skip


def holder(p: Planted, whose: str, **more: Any) -> Told:
    """Who enters, with a PIN."""
    return {
        "name": p.person_name(whose), "phone": p.phone(whose), "email": p.email(whose), "protected": "no",
        "credential": {"kind": "pin"},
    } | more  # fmt: skip


def holders(p: Planted, whose: str, first: str = "a holder") -> list[Told]:
    """One with a PIN, and one with a card."""
    card = {"kind": "card", "number": p.card(f"a friend of {whose}")}
    return [holder(p, f"{first} of {whose}"), holder(p, f"a friend of {whose}", credential=card)]


def booking(p: Planted, whose: str, hour: float, customer: Told, **more: Any) -> Told:
    """An hour today, with a note on the line that it costs."""
    starts = START + timedelta(hours=hour)
    return {
        "status": "confirmed",
        "customer": customer,
        "occasions": [{
            "id": "1", "resource": "hallen.bana-1", "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=1)).isoformat(), "activity": "training", "holders": holders(p, whose),
        }],
        "charges": [{
            "occasion": "1", "article": "BADM-60", "text": p.words(f"note of {whose}"), "quantity": "1",
            "unit_price": "120.00", "vat": "exempt",
        }],
        "payment": {"kind": "invoice"},
        "registration": {"required": True},
        "notify": ["vaktmastare"],
    } | more  # fmt: skip


def known(p: Planted, whose: str, **more: Any) -> Person:
    """Somebody in the register."""
    home = PersonAddress(kind=AddressKind.REGISTERED, lines=(p.street(whose),), postcode="90326", city="Umeå")
    told: Told = {
        "protected": Protected.NO,
        "name": p.person_name(whose),
        "address": home,
        "registered_address": home,
    } | more
    return Person(identity_number=PersonNumber.parse(p.number(whose)), **told)


def document(p: Planted, whose: str) -> Told:
    """An application with a file, by a person who may not be named in public: so its title is not public either."""
    content = content_of(p, whose)
    title = f"Ansökan {p.words(f'title of {whose}')}"
    return {
        **({"title": "Ansökan", "protected_title": title} if whose == "a writer" else {"title": title}),
        "direction": "incoming", "authority": "Fritidsnämnden", "received_at": START.isoformat(),
        "counterpart": {
            "kind": "person", "name": p.person_name(whose), "identity_number": p.number(whose), "protected": "yes",
        },
        "files": [{
            "name": f"{p.words(f'file name of {whose}')}.pdf", "media_type": "application/pdf",
            "content": base64.b64encode(content).decode(), "sha256": hashlib.sha256(content).hexdigest(),
        }],
    }  # fmt: skip


def content_of(p: Planted, whose: str) -> bytes:
    """Of the file."""
    return f"%PDF {p.person_name(whose)} {p.words(f'content of {whose}')}".encode() * 3


_MARK = '<{0} id="{1}"><Handikapp>false</Handikapp><Naervarande>true</Naervarande></{0}>'
_LIST = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<Aktivitetskort xmlns="http://sverigesforeningssystem.se/importSchema.xsd"><Kommun kommunID="2480" version="2.2">'
    '<Foerening foereningsID="F1" foereningsNamn="Klubben" organisationsnummer="802400-0005">'
    '<Naervarokort NaervarokortNummer="7"><Aktivitet>Badminton</Aktivitet><Lokal>Hallen</Lokal>'
    "<NamnPaaKort>Ungdom</NamnPaaKort><Sammankomster>{gatherings}</Sammankomster></Naervarokort></Foerening></Kommun>"
    "<DeltagarRegister>{who}</DeltagarRegister><LedarRegister>{leader}</LedarRegister></Aktivitetskort>"
)
_GATHERING = (
    '<Sammankomst Datum="2026-11-20" kod="K{n}"><StartTid>{begin}</StartTid><StoppTid>19:30:00</StoppTid>'
    "<Aktivitet>Träning</Aktivitet><Lokal>Bana</Lokal><Typ>Traening</Typ><Metod>Add</Metod>"
    "<Lagidrott>true</Lagidrott>{who}</Sammankomst>"
)


def a_list(p: Planted) -> bytes:
    """A gathering with a participant, one whose number proves nothing, and a leader; and another, which is bad."""
    who = "".join(_MARK.format("Deltagare", one) for one in ("M-1", "M-2"))
    who = f"<DeltagarLista>{who}</DeltagarLista><LedarLista>{_MARK.format('Ledare', 'M-3')}</LedarLista>"
    begins = ("18:00:00", f"kl {p.words('a bad row')}")
    return _LIST.format(
        gatherings="".join(_GATHERING.format(n=n, begin=begin, who=who) for n, begin in enumerate(begins)),
        who=_member(p, "Deltagare", "M-1", "a participant", p.number("a participant"))
        + _member(p, "Deltagare", "M-2", "a guest", "20000101TF01"),
        leader=_member(p, "Ledare", "M-3", "a leader", p.number("a leader")),
    ).encode()


def _member(p: Planted, role: str, key: str, whose: str, number: str) -> str:
    given, family = p.person_name(whose).split()
    return (
        f'<{role} id="{key}"><Foernamn>{given}</Foernamn><Efternamn>{family}</Efternamn>'
        f"<Personnummer>{number}</Personnummer></{role}>"
    )
