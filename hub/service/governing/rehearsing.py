"""A season run through mapping, capability, rate and capacity, without sending: what will not fit, when, and why.

The bookings are read one by one and planned as they would be; what they ask for is laid on disk, and each connection is
then held against what its system can take. Nothing is drawn, sealed or stored beyond the run.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from hub.clock import instant
from hub.errors import InvalidError
from hub.model.booking import Booking
from hub.model.configuration import Configuration
from hub.model.credential import Method
from hub.model.facility import Capability
from hub.model.plan import Plan
from hub.model.rehearsed import Rehearsal, RehearsalFinding
from hub.planner.plan import plan
from hub.planner.rules import Rules, compiled
from hub.service.accept.bookings import too_large
from hub.service.asking.preparing import number_in, read_booking
from hub.service.governing.bounds import bounds
from hub.service.governing.fitting import Fitting
from hub.service.rulebook import methods, own_pins
from hub.store.season import Held, Part, Season

_KINDS = 20
"""Sorts of faults that are told; of the others the count of lines tells."""


class Rehearsing:
    """One rehearsal: take the lines, then tell."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration, self._season = configuration, Season()
        self._rules = rules_of(configuration)
        self._lines, self._numbers, self._refused = 0, 0, Counter[str]()
        self._unserved: Counter[tuple[Capability, str]] = Counter()
        self._first: dict[str, str] = {}

    def take(self, raw: bytes) -> None:
        """One more line."""
        self._lines += 1
        try:
            too_large(raw)
            booking = read_booking(raw, self._rules)
        except InvalidError as error:
            self._refuse(error, number_in(raw))
            return
        known = self._season.revision(booking.number)
        self._numbers += not known
        if booking.revision > known:
            asked = plan(booking, (), self._rules)
            self._season.keep(booking.number, booking.revision, _parts(booking, asked), self._held(booking, asked))
            self._count(booking, asked)

    def _refuse(self, error: InvalidError, number: str | None) -> None:
        fault = error.faults[0]
        self._refused[fault.code] += 1
        self._first.setdefault(fault.code, f"{self._lines} {number or ''} {fault.pointer}: {fault.detail}")

    def _count(self, booking: Booking, asked: Plan) -> None:
        for one in asked.unserved:
            self._unserved[one] += 1
            self._first.setdefault(f"{one.capability}: {one.what}", booking.number)

    def _held(self, booking: Booking, asked: Plan) -> Iterator[Held]:
        """The codes that the hub would draw, and how long nobody else gets them."""
        for grant in asked.grants:
            name = grant.target.connection
            if grant.method is not Method.PIN or name in self._rules.own_pins:
                continue
            spans = [(c.starts, c.ends) for c in asked.claims if c.target == grant.target]
            spans += [grant.season] if grant.season else []
            starts, ends = min(starts for starts, _ in spans), max(ends for _, ends in spans)
            first = len(grant.alphabet) - ("0" in grant.alphabet and not grant.leading_zero)
            forms = first * len(grant.alphabet) ** (grant.pin_length - 1)
            starts -= self._rules.horizons.get(name, 0)
            yield Held(booking.number, name, grant.target.key, forms, starts, ends + grant.quarantine)

    def told(self) -> Rehearsal:
        """What was found; nothing more can be taken then."""
        findings, claims, first, last = list(self._of_lines()), 0, list[int](), list[int]()
        for bound in bounds(self._configuration):
            fitting = Fitting(bound, self._season)
            findings += fitting.findings()
            claims += fitting.claims
            first += [fitting.first] if fitting.claims else []
            last += [fitting.last] if fitting.claims else []
        self._season.close()
        return Rehearsal(
            municipality=self._configuration.municipality.key,
            lines=self._lines,
            bookings=self._numbers,
            claims=claims,
            starts_at=instant(min(first)) if first else None,
            ends_at=instant(max(last)) if last else None,
            findings=tuple(sorted(findings, key=lambda one: one.fits)),
        )

    def _of_lines(self) -> Iterator[RehearsalFinding]:
        for code, count in self._refused.most_common(_KINDS):
            yield RehearsalFinding(kind="refused", fits=False, count=count, what=code, example=self._first[code])
        for (capability, what), count in sorted(self._unserved.items()):
            name, _, method = what.partition(": ")
            told = f"{capability}: {what}"
            if capability is Capability.ACCESS and method:
                yield RehearsalFinding(
                    kind="method", fits=False, connection=name, count=count, what=method, example=self._first[told]
                )
            else:
                yield RehearsalFinding(kind="unserved", fits=True, count=count, what=told, example=self._first[told])


def rules_of(configuration: Configuration) -> Rules:
    """The rules, with marks that mean nothing outside this run."""
    key = secrets.token_bytes(32)

    def mark(words: str) -> str:
        return blake2b(words.encode(), key=key, digest_size=8).hexdigest()

    return compiled(configuration, mark=mark, methods=methods(configuration), own_pins=own_pins(configuration))


def _parts(booking: Booking, asked: Plan) -> Iterable[Part]:
    return (
        Part(booking.number, one.target.connection, one.kind, one.target.key, one.door, one.starts, one.ends, one.level)
        for one in asked.claims
    )
