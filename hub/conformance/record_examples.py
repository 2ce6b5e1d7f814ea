"""Records and persons: awkward but legal, every one of them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hub.model import (
    Acknowledgement,
    AddressKind,
    Channel,
    Direction,
    Document,
    DocumentFile,
    Guardian,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    Notice,
    OrganisationNumber,
    Party,
    Person,
    PersonAddress,
    PersonNumber,
    PostalAddress,
    Protected,
    Secrecy,
    VatCategory,
)
from hub.model.identity import luhn_holds

DOCUMENTS = (
    Document(
        key="doc-1",
        title="Ansökan om bidrag",
        direction=Direction.INCOMING,
        dated=date(2026, 3, 1),
        received_at=datetime(2026, 3, 1, 22, 59, 59, tzinfo=UTC),
    ),
    Document(
        key="doc-10",
        title='Beslut "Å & Ö" <brådskande> ŝ',
        protected_title="Beslut om bidrag till Lena Norberg",
        direction=Direction.OUTGOING,
        dated=date(2026, 2, 28),
        authority="Fritidsnämnden",
        series="FRI",
        counterpart="O'Brien & Åsa <ö>",
        counterpart_protected=True,
        case="FN-2026-00017",
        classification="3.7.1",
        secrecy=Secrecy(ground="OSL 21:1", marked=date(2026, 2, 27), by="Fritidsnämnden", until=date(2096, 2, 28)),
        files=(DocumentFile(name="beslut åäö.pdf", media_type="application/pdf", content=b"%PDF-\x00\xff<&"),),
    ),
    Document(key="doc-2", title="x" * 250, direction=Direction.DRAWN_UP, dated=date(2026, 12, 31), case_key="doc-1"),
    Document(
        key="doc-3",
        title="x",
        direction=Direction.INCOMING,
        dated=date(2026, 3, 1),
        received_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        counterpart="ö" * 200,
        files=(
            DocumentFile(name="tom.txt", media_type="text/plain", content=b""),
            DocumentFile(name="å" * 196 + ".txt", media_type="text/plain", content=b"\r\n"),
        ),
    ),
)
ACKNOWLEDGEMENTS = (
    Acknowledgement(key="app-1", source_id="4711", number="FRI 2026/17"),
    Acknowledgement(key="app-10", source_id="47110", number='BYGG 2026-000001 händelse "5002" & <ö>'),
    Acknowledgement(key="app-2", source_id="4712", number="FRI 2026/171-1"),
)
"""Of applications that the simulator has, and that nobody else has been told of."""
_CUSTOMER = Party(
    name='Umeå "Badminton" & O\'Brien <klubb> ŝ',
    organisation_number=OrganisationNumber.parse("802400-0005"),
    reference="Anna Ek",
    address=PostalAddress(street="Storgatan 1", postcode="903 26", city="Umeå"),
)
_LONG = Party(name="Å" * 200, organisation_number=OrganisationNumber.parse("556036-0793"), reference="r" * 100)


def _line(n: int, price: str, vat: VatCategory, rate: str, *, quantity: str = "1") -> InvoiceLine:
    net = (Decimal(price) * Decimal(quantity)).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    return InvoiceLine(
        id=str(n), text=f"Bana {n} å & <ö>", article="BADM-60", quantity=Decimal(quantity), unit_price=Decimal(price),
        net=net, vat=vat, rate=Decimal(rate), accounting={"konto": "3411", "ansvar": "4711"},
    )  # fmt: skip


INVOICES = (
    Invoice(
        key="B-1.i1", booking="B-1", customer=_CUSTOMER, issued=date(2026, 3, 1), due=date(2026, 3, 31),
        lines=(_line(1, "120.00", VatCategory.EXEMPT, "0"),),
    ),
    Invoice(
        key="B-1.i10", booking="B-1", customer=_CUSTOMER, issued=date(2026, 3, 1), due=date(2026, 3, 31),
        lines=(
            _line(1, "0.05", VatCategory.STANDARD, "25", quantity="0.5"),
            _line(2, "99.99", VatCategory.STANDARD, "6", quantity="3"),
            _line(3, "33.33", VatCategory.EXEMPT, "0", quantity="1.5"),
        ),
    ),
    Invoice(
        key="B-1.c1", kind=InvoiceKind.CREDIT, credits="B-1.i1", booking="B-1", customer=_CUSTOMER,
        issued=date(2026, 3, 2), due=date(2026, 3, 31), lines=(_line(1, "120.00", VatCategory.EXEMPT, "0"),),
    ),
    Invoice(
        key="B-2.i1", booking="2026-03", customer=_LONG, issued=date(2026, 3, 1), due=date(2026, 3, 31),
        period=(date(2026, 2, 1), date(2026, 2, 28)), whole_kronor=True, rounding=Decimal("0.25"), lines=(
            _line(1, "100.00", VatCategory.EXEMPT, "0").model_copy(
                update={"text": "ö" * 200, "booking": "B-2", "on": date(2026, 2, 28), "accounting": {}}
            ),
            _line(2, "1.00", VatCategory.STANDARD, "25", quantity="0.6"),
        ),
    ),
    Invoice(
        key="B-3.i1", booking="B-3", customer=_LONG, issued=date(2026, 3, 1), due=date(2026, 3, 31), whole_kronor=True,
        lines=(_line(1, "100.00", VatCategory.OUTSIDE, "0"),),
    ),
)  # fmt: skip
NOTICES = (
    Notice(
        key="n-1", channel=Channel.EMAIL, recipient="kansli@example.se", subject="Bokning B-1 ändrad å & <ö>",
        text="Hej!\nBana 3 är bokad i stället. ŝ",
    ),
    Notice(
        key="n-10", channel=Channel.EMAIL, recipient="o'brien@example.se", subject="S", text="x" * 5000, language="en"
    ),
    Notice(key="n-2", channel=Channel.EMAIL, recipient="a@b.se", text="."),
    Notice(
        key="n-3", channel=Channel.EMAIL, recipient="kansli@example.se", subject="å" * 200,
        text="Rad å\n\n.\n" * 2000 + "Slut",
    ),
    Notice(key="s-1", channel=Channel.SMS, recipient="+46701740605", text="Bokning B-1 ändrad å & <ö> kl. 18+1"),
    Notice(key="s-10", channel=Channel.SMS, recipient="+46701740690", text='Kod 1234 ŝ {€} "x"\n' * 5, language="en"),
)  # fmt: skip


def _number(eleven: str) -> PersonNumber:
    """A number whose check digit is made."""
    return next(PersonNumber.parse(f"{eleven}{n}") for n in range(10) if luhn_holds(f"{eleven[2:]}{n}"))


KNOWN: Mapping[str, str] = {"name": "Lena Norberg", "street": "Hemliga vägen 7"}
"""What a register knows of everybody: told of the first of these persons, and of nobody else."""
_HOME = PersonAddress(kind=AddressKind.REGISTERED, lines=(KNOWN["street"],), postcode="90326", city="Umeå")
_SENT_ON = PersonAddress(
    kind=AddressKind.FORWARDING, care_of="Förmedling", lines=("Box 2820",), postcode="40320", city="Göteborg"
)
_AWAY = PersonAddress(kind=AddressKind.ABROAD, lines=("Calle Øst 7, 3º", "28013 Madrid"), country="SPANIEN")
_TOLD: dict[str, Any] = {"protected": Protected.NO, "name": KNOWN["name"]}
_HERE: dict[str, Any] = _TOLD | {"registered_address": _HOME, "municipality": "2480"}
_CUSTODIANS = (
    Guardian(identity_number=PersonNumber.parse("198112189876"), name="O'Brien & Åsa"),
    Guardian(identity_number=None, name="Ŝimon Û"),
)
PERSONS = (
    Person(identity_number=PersonNumber.parse("199001019802"), address=_HOME, **_HERE),
    Person(identity_number=PersonNumber.parse("200607151230"), protected=Protected.YES),
    Person(identity_number=PersonNumber.parse("201203042385"), protected=Protected.UNKNOWN),
    Person(identity_number=_number("19480315123"), address=_SENT_ON, **_HERE),
    Person(identity_number=_number("19350412123"), deceased="2019", deregistered="AV", **_TOLD),
    Person(identity_number=_number("19711103234"), deceased="", deregistered="AV", **_TOLD),
    Person(identity_number=_number("19650909345"), emigrated="2020-05", deregistered="UV", address=_AWAY, **_TOLD),
    Person(
        identity_number=_number("19880060123"),
        replaced_by=PersonNumber.parse("199001019802"),
        deregistered="GN",
        **_TOLD,
    ),
    Person(identity_number=_number("20150611346"), guardians=_CUSTODIANS, address=_HOME, **_HERE),
)
"""Guardians are told where they are asked for."""
PERSON_NAMES = (
    "ordinary", "protected", "perhaps protected", "forwarding", "dead since a year", "found dead", "abroad",
    "renumbered", "a child",
)  # fmt: skip
CHILD = PERSONS[-1]


def secrets() -> tuple[str, ...]:
    """What may stand in no log, error or address."""
    numbers = tuple(person.identity_number.digits for person in PERSONS)
    recipients = (notice.recipient for notice in NOTICES)
    return (*numbers, *(n[2:] for n in numbers), *KNOWN.values(), _CUSTOMER.name, "O'Brien & Åsa", *recipients)
