"""Everything about a booking that needs no database: read, checked, planned, hashed and sealed, outside the writer."""

import json
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Annotated, NamedTuple, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from hub.clock import micros
from hub.errors import FieldFault, InvalidError
from hub.masking import pointed, quoted
from hub.model.booking import Booking, Charge, Customer, Extra, Holder, Number, Occasion, Status
from hub.model.plan import Plan, Unserved
from hub.model.spelt import texts_with_nul
from hub.planner.faults import Fault, booking_faults, unusable
from hub.planner.plan import plan
from hub.planner.rules import Rules
from hub.service.asking.asked import Use
from hub.service.asking.filing import Filed, of_booking
from hub.service.audit.acting import HUB, Actor
from hub.service.persons.shielding import is_guarded, shielded
from hub.service.persons.whose import of_customer
from hub.store.seals.sealed import BOOKING_PERSONS
from hub.store.seals.sealing import Seal

_BOOKING = Booking.__pydantic_validator__
_WRITE = Booking.__pydantic_serializer__
_NUMBER: TypeAdapter[str] = TypeAdapter(Number)
_CODES = {
    "extra_forbidden": "unknown-field",
    "missing": "missing-field",
    "timezone_aware": "naive-time",
    "json_invalid": "invalid-json",
}


Part = TypeVar("Part", Occasion, Extra, Charge)


class _PlainOccasion(Occasion):
    holders: Annotated[tuple[Holder, ...], Field(exclude=True)]


class _PlainCharge(Charge):
    text: Annotated[str, Field(exclude=True)]


class _Plain(Booking):
    """What of a booking is kept in clear; no booking is ever made as one, only written as if it were.

    To be told what to leave out takes a writer half as long again.
    """

    customer: Annotated[Customer, Field(exclude=True)]
    occasions: tuple[_PlainOccasion, ...]
    charges: tuple[_PlainCharge, ...]


_WRITE_PLAIN = _Plain.__pydantic_serializer__


class _Persons(NamedTuple):
    """What of a booking is sealed."""

    customer: Customer
    holders: tuple[tuple[Holder, ...], ...]
    texts: tuple[str, ...] = ()
    """Of its charges: free, and on an invoice, so a name may stand there. Before version 0.3 they stood in the body."""


_PERSONS = TypeAdapter(_Persons, config=ConfigDict(hide_input_in_errors=True))
_WRITE_PERSONS = _PERSONS.serializer


class Accept(NamedTuple):
    """One booking, ready for the writer."""

    municipality: str
    number: str
    revision: int
    status: Status
    content: bytes
    body: str
    persons: bytes
    plan: Plan
    uses: frozenset[Use]
    unserved: str
    rules: Rules
    now: int
    sent_by: str
    accepted_at: int
    expected: int | None = None
    """The revision that must stand before; 0 for none, None for any."""
    actor: Actor = HUB
    documents: tuple[Filed, ...] = ()
    """What of this revision is to be registered."""
    effects_only: bool = False
    """It stands, and is planned anew for another configuration: what happens once, and what is over, stays as it is."""
    as_before: Callable[[], bytes] = bytes
    """By what versions before 0.5 knew it again."""
    person: str = ""
    """By which its customer is found; empty for one without a person's number."""
    guarded: bool = True
    """Whether it may be kept as it is, should its customer be known to be protected."""


def read_booking(raw: bytes, rules: Rules) -> Booking:
    """Read one booking from JSON.

    Raises:
        InvalidError: with every fault at once, each with its place.
    """
    nul = faults_of_nul(raw)
    try:
        booking: Booking = _BOOKING.validate_json(raw)
    except ValidationError as error:
        raise InvalidError([*faults_of(error), *nul, *_of_what_is_readable(raw, rules)]) from None
    faults = list(
        booking_faults(
            list(enumerate(booking.occasions)),
            list(enumerate(booking.extras)),
            list(enumerate(booking.charges)),
            booking.notify,
            rules,
        )
    )
    faults += unusable(booking)
    if faults or nul:
        raise InvalidError([*nul, *(FieldFault(*fault) for fault in faults)])
    return booking


def number_in(raw: bytes) -> str | None:
    """The number of a booking that was refused, where it can be read."""
    try:
        return _NUMBER.validate_python(_told(raw).get("number"))
    except ValidationError:
        return None


def prepared(  # noqa: PLR0913 - a booking, and who sends it when
    booking: Booking,
    rules: Rules,
    seal: Seal,
    *,
    now: int,
    sent_by: str = "",
    accepted_at: int | None = None,
    expected: int | None = None,
    actor: Actor = HUB,
) -> Accept:
    """Plan, hash and seal: none of it is the writer's work."""
    asked, at = plan(booking, rules.closures, rules), now if accepted_at is None else accepted_at
    documents: tuple[Filed, ...] = ()
    if booking.registration.required:
        town = rules.municipality
        documents = of_booking(booking, asked.records, rules.registering, municipality=town, seal=seal, at=at)
    person = of_customer(seal, rules.municipality, booking.customer)
    body, persons = _written_apart(booking)
    return Accept(
        municipality=rules.municipality,
        number=booking.number,
        revision=booking.revision,
        status=booking.status,
        content=_content(booking, body, persons, seal),
        body=body.decode(),
        persons=seal.close(persons, BOOKING_PERSONS.place(rules.municipality, booking.number)),
        plan=asked,
        uses=uses_of(booking),
        unserved=_written(asked.unserved) if asked.unserved else "[]",
        rules=rules,
        now=now,
        sent_by=sent_by,
        accepted_at=at,
        expected=expected,
        actor=actor,
        person=person,
        guarded=not person or is_guarded(booking.customer),
        documents=documents,
        as_before=partial(_content_before, booking, seal),
    )


def prepared_shielded(  # noqa: PLR0913 - as of any other
    booking: Booking, rules: Rules, seal: Seal, *, now: int, sent_by: str = "", expected: int | None, actor: Actor
) -> Accept:
    """The same of a booking whose customer is protected: less of it is kept, and it is known again as it was told."""
    bare = shielded(booking, rules)
    request = prepared(bare, rules, seal, now=now, sent_by=sent_by, expected=expected, actor=actor)
    whole = _content(booking, *_written_apart(booking), seal)
    return request._replace(content=whole, guarded=True, as_before=partial(_content_before, booking, seal))


def _written_apart(booking: Booking) -> tuple[bytes, bytes]:
    """All that it says, as JSON: what is kept in clear, and what is sealed."""
    return _WRITE_PLAIN.to_json(booking), _persons(booking)


def _persons(booking: Booking) -> bytes:
    holders = tuple([occasion.holders for occasion in booking.occasions])
    persons = _Persons(booking.customer, holders, tuple([charge.text for charge in booking.charges]))
    return _WRITE_PERSONS.to_json(persons)


def _content(booking: Booking, body: bytes, persons: bytes, seal: Seal) -> bytes:
    """By what the same is known again, at whatever revision."""
    return seal.content_hash(body.replace(b'"revision":%d,' % booking.revision, b"", 1) + persons)


def _content_before(booking: Booking, seal: Seal) -> bytes:
    return seal.content_hash(_WRITE.to_json(booking, exclude={"revision"}))


def sealed_persons(booking: Booking, municipality: str, seal: Seal) -> bytes:
    """What of a booking is sealed."""
    return seal.close(_persons(booking), BOOKING_PERSONS.place(municipality, booking.number))


@lru_cache(1000)
def _written(unserved: tuple[Unserved, ...]) -> str:
    """As JSON; few sets of connections lack."""
    return json.dumps(unserved, separators=(",", ":"), ensure_ascii=False)


def uses_of(booking: Booking) -> frozenset[Use]:
    """The resources that a booking holds; none when it is cancelled."""
    if booking.status is Status.CANCELLED:
        return frozenset()
    uses = [Use(o.resource, micros(o.starts_at), micros(o.ends_at), o.id) for o in booking.occasions]
    if booking.extras:
        times = {use.occasion: use for use in uses}
        uses += [times[name]._replace(resource=extra.resource) for extra in booking.extras for name in extra.occasions]
    return frozenset(uses)


def stored_booking(body: str, persons: bytes, municipality: str, number: str, seal: Seal) -> Booking:
    """Put a stored booking together again."""
    sealed = _PERSONS.validate_json(seal.open(persons, BOOKING_PERSONS.place(municipality, number)))
    raw = json.loads(body)
    raw["customer"] = sealed.customer
    occasions = zip(raw["occasions"], sealed.holders, strict=True)
    raw["occasions"] = [occasion | {"holders": its} for occasion, its in occasions]
    if sealed.texts:
        raw["charges"] = [c | {"text": text} for c, text in zip(raw["charges"], sealed.texts, strict=True)]
    return Booking.model_validate(raw)


def faults_of(error: ValidationError) -> list[FieldFault]:
    """What was wrong with a request's shape, without what it said."""
    return [
        FieldFault(
            pointed(fault["loc"]),
            _CODES.get(fault["type"], "invalid-value"),
            fault["msg"].removeprefix("Value error, "),
        )
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def faults_of_nul(raw: bytes) -> list[FieldFault]:
    """The texts of a JSON body that have U+0000 in them."""
    return [
        FieldFault(pointed(place), "invalid-value", "has U+0000 in it, which no system keeps; leave it out")
        for place in texts_with_nul(raw)
    ]


def _of_what_is_readable(raw: bytes, rules: Rules) -> list[FieldFault]:
    """The faults that only the configuration knows, in the parts that are of the right shape."""
    told = _told(raw)
    notify = [role for role in _listed(told, "notify") if isinstance(role, str)]
    faults = list(
        booking_faults(
            _readable(told, "occasions", Occasion),
            _readable(told, "extras", Extra),
            _readable(told, "charges", Charge),
            notify,
            rules,
        )
    )
    return [FieldFault(*fault) for fault in [*faults, *_unknown_in_broken(told, rules)] if not _uncertain(fault)]


def _told(raw: bytes) -> dict[str, object]:
    """The JSON object that was sent; empty when there is none."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _uncertain(fault: Fault) -> bool:
    """A reference may lead to an occasion that could not be read: then nothing is said of it."""
    return fault.code == "unknown-occasion"


def _unknown_in_broken(told: dict[str, object], rules: Rules) -> Iterable[Fault]:
    whole = {place for place, _ in _readable(told, "occasions", Occasion)}
    for place, occasion in enumerate(_listed(told, "occasions")):
        resource = occasion.get("resource") if isinstance(occasion, dict) else None
        if place not in whole and isinstance(resource, str) and resource not in rules.resources:
            detail = f"no resource {quoted(resource)} is configured for {rules.municipality}"
            yield Fault(f"/occasions/{place}/resource", "unknown-resource", detail)


def _listed(told: dict[str, object], name: str) -> list[object]:
    items = told.get(name)
    return items if isinstance(items, list) else []


def _readable(told: dict[str, object], name: str, kind: type[Part]) -> list[tuple[int, Part]]:
    found = []
    for place, item in enumerate(_listed(told, name)):
        try:
            found.append((place, kind.model_validate(item)))
        except ValidationError:
            continue
    return found
