"""What is left of a booking whose customer is protected, or may be: pure.

No address, no phone, no email. Holders have no number of their own; one with the customer's name, phone or email is the
customer, and is shielded too, as far as what opens the doors stays what it is: a code, or a phone's key, is known by
whom it was given to.
"""

from hub.model.booking import Booking, Customer, Holder, Occasion, Protected
from hub.model.plan import Plan
from hub.planner.plan import plan
from hub.planner.rules import Rules


def is_guarded(customer: Customer) -> bool:
    """Whether a booking was told by somebody who knew of the protection: then its contact data is meant so."""
    return customer.protection is Protected.YES and customer.address is None


def shielded(booking: Booking, rules: Rules) -> Booking:
    """The booking without what leads to its customer; its number, name and what it asks of doors stay."""
    bare = _without(booking, contacts=True)
    same = _doors(plan(bare, rules.closures, rules)) == _doors(plan(booking, rules.closures, rules))
    return bare if same else _without(booking, contacts=False)


def _doors(asked: Plan) -> tuple[object, ...]:
    return tuple(grant._replace(holders=()) for grant in asked.grants)


def _without(booking: Booking, *, contacts: bool) -> Booking:
    """`contacts`: of holders too."""
    customer = booking.customer
    knew = customer.protection is Protected.YES
    bare = {"address": None, "protected": Protected.YES} | ({} if knew else {"phone": None, "email": None})
    occasions = tuple(_occasion(one, customer, contacts=contacts and not knew) for one in booking.occasions)
    return booking.model_copy(update={"customer": customer.model_copy(update=bare), "occasions": occasions})


def _occasion(occasion: Occasion, customer: Customer, *, contacts: bool) -> Occasion:
    holders = tuple(_holder(one, contacts=contacts) if _is(one, customer) else one for one in occasion.holders)
    return occasion.model_copy(update={"holders": holders})


def _is(holder: Holder, customer: Customer) -> bool:
    same = holder.name.casefold() == customer.name.casefold()
    ways = ((holder.phone, customer.phone), (holder.email, customer.email))
    return same or any(mine is not None and mine == theirs for mine, theirs in ways)


def _holder(holder: Holder, *, contacts: bool) -> Holder:
    bare: dict[str, object] = {"phone": None, "email": None} if contacts else {}
    return holder.model_copy(update=bare | {"protected": Protected.YES})
