"""A booking as the script holds it; what should be true in each system is worked out from these alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from hub.clock import STOCKHOLM

DAY = datetime(2026, 11, 23, tzinfo=STOCKHOLM).date()
ROLES = ("husmor", "vaktmastare", "vaktbolag", "driftstekniker", "fastighetskontor")
"""The five outside parties that must know of what is out of the ordinary (S4)."""
DIGESTED = "fastighetskontor"
"""Is told once a working day, of all that has happened."""
COURT_PRICE = Decimal("120.00")
MACHINE_PRICE = Decimal("80.00")
_MACHINE_VAT = Decimal(25)


def at(clock: str, days: int = 0) -> datetime:
    """A wall time of the day, `18:30`, or of one so many days later, as an instant."""
    return datetime.combine(DAY + timedelta(days=days), time.fromisoformat(clock), STOCKHOLM).astimezone(UTC)


class Use(NamedTuple):
    """One court, from when until when."""

    court: int
    starts: datetime
    ends: datetime


def use(court: int, starts: str, ends: str, days: int = 0) -> Use:
    """In wall time."""
    return Use(court, at(starts, days), at(ends, days))


class Elsewhere(NamedTuple):
    """A booking of another place than tennishallen, of which only the light or the heat is followed."""

    number: str
    resource: str
    starts: datetime
    ends: datetime
    revision: int = 1
    cancelled: bool = False

    def body(self) -> dict[str, Any]:
        """The booking as the booking core sends it."""
        times = {"starts_at": self.starts.isoformat(), "ends_at": self.ends.isoformat()}
        occasion = {"id": "1", "resource": self.resource, "activity": "training", "holders": [], **times}
        return {
            "number": self.number,
            "revision": self.revision,
            "status": "cancelled" if self.cancelled else "confirmed",
            "customer": {"kind": "association", "organisation_number": "802407-0008", "name": "Tegs Schackklubb"},
            "occasions": [occasion],
            "payment": {"kind": "free"},
        }


@dataclass(frozen=True)
class Booked:
    """A booking of courts."""

    number: str
    uses: tuple[Use, ...]
    activity: str = "training"
    holder: str = "Lena Norberg"
    revision: int = 1
    cancelled: bool = False
    costs: bool = False
    machine: bool = False
    """Whether the ball machine comes along (bollmaskin)."""
    receipt: str | None = None
    """Of what is paid beforehand; what costs and has none is invoiced."""
    told: bool = False
    """Whether the five roles are told."""

    @property
    def owed(self) -> Decimal:
        """What it costs now, VAT included."""
        if self.cancelled or not self.costs:
            return Decimal("0.00")
        machine = (MACHINE_PRICE * (100 + _MACHINE_VAT) / 100).quantize(Decimal("0.01")) if self.machine else Decimal(0)
        return COURT_PRICE * len(self.uses) + machine

    @property
    def invoiced(self) -> Decimal:
        """What the finance system should say that it costs."""
        return Decimal("0.00") if self.receipt else self.owed

    def body(self) -> dict[str, Any]:
        """The booking as the booking core sends it."""
        payment = {"kind": "prepaid", "receipt": self.receipt} if self.receipt else {"kind": "invoice"}
        occasions = list(self._occasions())
        first = occasions[0]["id"]
        return {
            "number": self.number,
            "revision": self.revision,
            "status": "cancelled" if self.cancelled else "confirmed",
            "customer": {
                "kind": "association",
                "organisation_number": "802400-0005",
                "name": "Umeå Badmintonklubb",
                "invoice": {"reference": "Anna Ek"},
            },
            "occasions": occasions,
            "extras": [{"resource": "tennishallen.bollmaskin", "occasions": [first]}] if self.machine else [],
            "charges": list(self._charges()) if self.costs else [],
            "payment": payment if self.costs else {"kind": "free"},
            "notify": list(ROLES) if self.told else [],
        }

    def _occasions(self) -> Iterator[dict[str, Any]]:
        for n, one in enumerate(self.uses, 1):
            yield {
                "id": str(n),
                "resource": f"tennishallen.bana-{one.court}",
                "starts_at": one.starts.isoformat(),
                "ends_at": one.ends.isoformat(),
                "activity": self.activity,
                "holders": [{"name": self.holder, "phone": "+46701740606", "credential": {"kind": "pin"}}],
            }

    def _charges(self) -> Iterable[dict[str, Any]]:
        for n, one in enumerate(self.uses, 1):
            yield _line(str(n), "BADM-60", f"Badmintonbana {one.court}", COURT_PRICE, "exempt")
        if self.machine:
            yield _line("1", "BOLL", "Bollmaskin", MACHINE_PRICE, str(_MACHINE_VAT))


def _line(occasion: str, article: str, text: str, price: Decimal, vat: str) -> dict[str, Any]:
    return {
        "occasion": occasion, "article": article, "text": text, "quantity": "1", "unit_price": str(price), "vat": vat
    }  # fmt: skip
