"""What a booking costs, and when each line may be invoiced. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

from hub.clock import STOCKHOLM, micros
from hub.model.booking import Booking, Charge, Customer, Occasion
from hub.model.finance import Billing
from hub.model.money import ore
from hub.model.plan import ChargeWish
from hub.planner.rules import BillRule, Rules

AT_ONCE = 0
_MONTHS = {Billing.MONTHLY: 1, Billing.QUARTERLY: 3}


def charges(booking: Booking, rules: Rules) -> Iterator[ChargeWish]:
    """Each line; none when the booking is free, or when nobody takes its invoice yet."""
    bill = rules.billing[booking.customer.kind]
    prepaid = booking.payment.kind == "prepaid"
    if booking.payment.kind == "free" or not (prepaid or bill.connection):
        return
    payer = rules.mark(_payer(booking.customer))
    occasions = {occasion.id: occasion for occasion in booking.occasions}
    over = max([micros(occasion.ends_at) for occasion in booking.occasions], default=0)
    for charge in booking.charges:
        day = _day(occasions[charge.occasion])
        if prepaid:
            account, bills_at = booking.number, AT_ONCE
        else:
            account, bills_at = _account(booking.number, payer, bill, day, over)
        yield _wish(charge, account, bill.connection or "", payer, booking.payment.receipt or "", day, bills_at)


def _wish(  # noqa: PLR0913, PLR0917 - a charge and its surroundings
    charge: Charge, account: str, connection: str, payer: str, receipt: str, day: date, bills_at: int
) -> ChargeWish:
    quantity, unit_price, net = _priced(charge.quantity, charge.unit_price)
    return ChargeWish(
        key=charge.key,
        account=account,
        connection="" if receipt else connection,
        payer=payer,
        receipt=receipt,
        article=charge.article,
        quantity=quantity,
        unit_price=unit_price,
        net=net,
        vat=charge.vat,
        day=day.isoformat(),
        bills_at=bills_at,
    )


@lru_cache(4096)
def _priced(quantity: Decimal, unit_price: Decimal) -> tuple[str, int, int]:
    """The quantity as it is kept, the price of one and of all in öre; few prices are told again and again."""
    return f"{quantity.normalize():f}", ore(unit_price), ore(quantity * unit_price)


def _account(number: str, payer: str, bill: BillRule, day: date, over: int) -> tuple[str, int]:
    """What is invoiced together, and from when."""
    match bill.when:
        case Billing.AT_CONFIRMATION:
            return number, AT_ONCE
        case Billing.AFTER_LAST_OCCASION:
            return number, over + bill.after
    length = _MONTHS[bill.when]
    part = (day.month - 1) // length
    label = f"{day.year}-{day.month:02}" if length == 1 else f"{day.year}-q{part + 1}"
    return f"{payer}.{label}", _end(day.year, part * length + length) + bill.after


def _end(year: int, month: int) -> int:
    """When a month is over."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return micros(datetime.combine(following, time(), STOCKHOLM))


def _day(occasion: Occasion) -> date:
    return occasion.starts_at.astimezone(STOCKHOLM).date()


def _payer(customer: Customer) -> str:
    """Who pays, by number where there is one."""
    number = customer.organisation_number or customer.identity_number
    told = number.digits if number else f"{customer.name}:{customer.email}:{customer.phone}"
    return f"payer:{customer.kind}:{told}"
