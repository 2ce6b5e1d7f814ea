"""By what a person is found without being read: keyed hashes of identity numbers, each municipality's own."""

from hub.model.booking import Customer
from hub.model.identity import PersonNumber
from hub.model.registering import Counterpart
from hub.store.protected import Flagged
from hub.store.seals.sealed import PROTECTED_NUMBER
from hub.store.seals.sealing import Seal


def person(seal: Seal, municipality: str, number: PersonNumber) -> bytes:
    """A person's; the same on lists of attendance."""
    return seal.lookup_hash(f"{municipality}/person/{number.digits}")


def trader(seal: Seal, municipality: str, ten: str) -> bytes:
    """A sole trader's, whose organisation number is their own without its century."""
    return seal.lookup_hash(f"{municipality}/trader/{ten}")


def both(seal: Seal, municipality: str, number: PersonNumber) -> tuple[str, str]:
    """A person's two, in hexadecimal: as themselves, and as a sole trader."""
    return person(seal, municipality, number).hex(), trader(seal, municipality, number.digits[2:]).hex()


def of_customer(seal: Seal, municipality: str, customer: Customer | Counterpart) -> str:
    """By which who pays, or writes, is found, in hexadecimal; empty for one without a person's number."""
    if customer.identity_number is not None:
        return person(seal, municipality, customer.identity_number).hex()
    number = customer.organisation_number
    return trader(seal, municipality, number.digits).hex() if number and number.is_a_person else ""


def mark(seal: Seal, municipality: str, number: PersonNumber) -> str:
    """A short one that stands in the audit and in events."""
    return shortened(person(seal, municipality, number).hex())


def shortened(person: str) -> str:
    """The same, of a hash in hexadecimal."""
    return person[:16]


def flagged(seal: Seal, municipality: str, number: PersonNumber, *, since: int) -> Flagged:
    """Somebody who is protected, or may be, as it is kept."""
    person, trader = both(seal, municipality, number)
    sealed = seal.close(number.digits.encode(), PROTECTED_NUMBER.place(municipality, person))
    return Flagged(municipality, person, trader, sealed, since)
