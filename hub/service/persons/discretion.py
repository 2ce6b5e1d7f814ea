"""What may be told of a person, and to whom: pure. Whatever is not a clear no to protection says nothing at all.

Of relations too: a child and who has custody live together, so one of them who is protected, or may be, takes the
addresses of all away. Whether somebody is there, protected or not to be asked about looks the same to whoever has not
the right to know causes.
"""

from datetime import date
from typing import Literal, NamedTuple

from hub.model.booking import Protected
from hub.model.identity import PersonNumber
from hub.model.person import NotTold, Person, PersonAnswer, PersonLookup
from hub.service.words import sentences

MOST_GUARDIANS = 2
"""Custody is one person's or two's (föräldrabalken 6 kap.): of more, some record is not what it says."""
ADULT_YEARS = 18
_UNKNOWN_MONTH, _UNKNOWN_DAY = 12, 31
"""Of a samordningsnummer whose day nobody knows: as late in its year as can be."""
_COORDINATION_DAY = 60

TEST_NUMBERS = frozenset(
    {
        "193801248471", "198602212394", "193101189227",  # Navet
        "198111309285", "195704133106", "198610279880",  # SPAR
        "200001252386", "189602029812",  # HL7 Sweden, after Skatteverket
    }
)  # fmt: skip
"""Published by Skatteverket and seen in public examples; nothing in a test number's form tells that it is one.

Source: Skatteverket's open data (testpersonnummer) as cited by public client code, read 2026-11-21.
"""


def is_test_number(number: PersonNumber, further: frozenset[str] = frozenset()) -> bool:
    """Whether it is a published test number, or one of those that the municipality lists: nobody has it."""
    return number.digits in TEST_NUMBERS or number.digits in further


def is_minor(number: PersonNumber, today: date) -> bool:
    """Whether somebody is under eighteen, or may be, by the number."""
    year, month, day = int(number.digits[:4]), int(number.digits[4:6]), int(number.digits[6:8])
    day -= _COORDINATION_DAY if number.is_coordination_number else 0
    born = (year + ADULT_YEARS, month or _UNKNOWN_MONTH, day or _UNKNOWN_DAY)
    return born > (today.year, today.month, today.day)


def looks_at_guardians(lookup: PersonLookup, today: date) -> bool:
    """Whether it must be known who has custody: it is asked, or a child's home may be a protected guardian's."""
    return lookup.guardians or is_minor(lookup.identity_number, today)


def price(*, guardians: bool) -> int:
    """How many lookups a question is reckoned as: the same whatever the answer, which would be told by it else."""
    return 1 + MOST_GUARDIANS if guardians else 1


class Reason(NamedTuple):
    """Why nothing is told."""

    cause: NotTold
    detail: str = ""
    whose: Literal["person", "guardian"] = "person"
    marked: bool = False
    """Whether the register told of them, and protection was not a clear no."""


def why_not(asked: PersonNumber, found: Person) -> Reason | None:
    """Why nothing may be told of whom the register told of; None: protection is a clear no."""
    if found.identity_number != asked:
        return Reason(NotTold.FAILED, sentences.ANOTHER_PERSON.say())
    if found.protected is Protected.NO:
        return None
    return Reason(NotTold.PROTECTED if found.protected is Protected.YES else NotTold.UNKNOWN, marked=True)


def custodians(found: Person) -> tuple[PersonNumber, ...] | Reason:
    """Who must be looked up besides; or why that cannot be."""
    numbers = [one.identity_number for one in found.guardians]
    known = tuple(number for number in numbers if number is not None)
    if len(known) < len(numbers) or len(numbers) > MOST_GUARDIANS:
        return Reason(NotTold.UNKNOWN, sentences.GUARDIANS_UNCLEAR.say(), "guardian")
    return known


def why_not_of_guardian(asked: PersonNumber, found: Person | None) -> Reason | None:
    """The same of a guardian; of a number that was replaced nobody knows what holds now."""
    reason = Reason(NotTold.MISSING) if found is None else why_not(asked, found)
    if reason is None and found is not None and found.replaced_by is not None:
        reason = Reason(NotTold.UNKNOWN)
    return reason._replace(whose="guardian") if reason else None


def told(lookup: PersonLookup, found: Person) -> PersonAnswer:
    """The answer about somebody of whom, and of whose guardians, protection is a clear no.

    A replaced number's record is an old answer: where the person is now stands under the new one, which is told, and
    never looked up by itself.
    """
    keep = set(Person.model_fields)
    if not lookup.guardians:
        keep -= {"guardians"}
    if found.replaced_by is not None:
        keep -= {"guardians", "address", "registered_address", "municipality"}
    kept = {name: getattr(found, name) for name in keep}
    return PersonAnswer(outcome="found", person=Person(**kept))


def untold(reason: Reason, *, may_know: bool) -> PersonAnswer:
    """The one answer for all of whom nothing is told; with the cause for whoever may know."""
    if not may_know:
        return PersonAnswer(outcome="manual_handling_required")
    return PersonAnswer(
        outcome="manual_handling_required", cause=reason.cause, whose=reason.whose, detail=reason.detail or None
    )


def listed(text: str) -> frozenset[str]:
    """The numbers in a file, one a line, in any of their forms; other lines are not numbers."""
    return frozenset(digits for line in text.splitlines() if (digits := "".join(filter(str.isdigit, line))))
