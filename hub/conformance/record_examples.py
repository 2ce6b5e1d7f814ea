"""Records and persons: awkward but legal, every one of them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from hub.model import (
    Channel,
    Direction,
    Document,
    DocumentFile,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    Notice,
    OrganisationNumber,
    Party,
    Person,
    PersonNumber,
    PostalAddress,
    Protected,
    Secrecy,
    VatCategory,
)

DOCUMENTS = (
    Document(key="doc-1", title="Ansökan om bidrag", direction=Direction.INCOMING, dated=date(2026, 3, 1)),
    Document(
        key="doc-10",
        title='Beslut "Å & Ö" <brådskande> ŝ',
        direction=Direction.OUTGOING,
        dated=date(2026, 2, 28),
        counterpart="O'Brien & Åsa <ö>",
        case="FN-2026-00017",
        secrecy=Secrecy(ground="OSL 21:1", until=date(2096, 2, 28)),
        files=(DocumentFile(name="beslut åäö.pdf", media_type="application/pdf", content=b"%PDF-\x00\xff<&"),),
    ),
    Document(key="doc-2", title="x" * 250, direction=Direction.INTERNAL, dated=date(2026, 12, 31)),
    Document(
        key="doc-3",
        title="x",
        direction=Direction.INCOMING,
        dated=date(2026, 3, 1),
        counterpart="ö" * 200,
        files=(
            DocumentFile(name="tom.txt", media_type="text/plain", content=b""),
            DocumentFile(name="å" * 196 + ".txt", media_type="text/plain", content=b"\r\n"),
        ),
    ),
)
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
KNOWN: Mapping[str, str] = {"name": "Lena Norberg", "street": "Hemliga vägen 7"}
"""What a register knows of everybody: told of the first of these persons, and of nobody else."""
PERSONS = (
    Person(
        identity_number=PersonNumber.parse("199001019802"),
        protected=Protected.NO,
        name=KNOWN["name"],
        address=PostalAddress(street=KNOWN["street"], postcode="903 26", city="Umeå"),
    ),
    Person(identity_number=PersonNumber.parse("200607151230"), protected=Protected.YES),
    Person(identity_number=PersonNumber.parse("201203042385"), protected=Protected.UNKNOWN),
)


def secrets() -> tuple[str, ...]:
    """What may stand in no log, error or address."""
    numbers = tuple(person.identity_number.digits for person in PERSONS)
    recipients = (notice.recipient for notice in NOTICES)
    return (*numbers, *(n[2:] for n in numbers), *KNOWN.values(), _CUSTOMER.name, "O'Brien & Åsa", *recipients)
