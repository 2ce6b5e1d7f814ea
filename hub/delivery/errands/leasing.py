"""The leasing transaction: lanes that are due, with all that is needed to fold them, read after their generation."""

from functools import partial
from typing import NamedTuple

from hub.model.notice_record import DigestBody, NoticeBody, RungBody
from hub.model.plan import DocumentBody, InvoiceBody, TargetKind
from hub.model.states import Delivery, Record
from hub.planner.room import Turn
from hub.service.doors import laddering
from hub.service.telling import news
from hub.service.telling.knowing import DigestKnown, Known, RungKnown, of_digest, of_notice, of_rung
from hub.store import claims, codes, documents, invoices, lanes, shown
from hub.store.claims import Live
from hub.store.codes import Code
from hub.store.dues import dues, dues_later
from hub.store.engine.database import Connection, Later
from hub.store.lanes import Lane, Take

_NOBODY = Live([], suspended=False)


class Bill(NamedTuple):
    """An invoice, or a credit note."""

    stored: invoices.Stored
    may_go: bool
    """Whether what it credits has gone out, or been dealt with by hand."""


class Loaded(NamedTuple):
    """A lane that is ours for a while, what is claimed of it, and its secret."""

    lane: Lane
    claims: Live
    code: Code | None
    known: Known | DigestKnown | RungKnown | None = None
    """Of a message: what it is about."""
    bill: Bill | None = None
    """Of an invoice: itself."""
    waits: bool = False
    """Of a document: whether another goes before it."""
    turn: Turn | None = None
    """Of a credential in a lock that has room for so many: whether it has a place there."""


class Leased(NamedTuple):
    """What was taken, and when there is more: by then, or sooner when somebody makes lanes due."""

    lanes: list[Loaded]
    next_due: int


def lease(connection: Connection, asked: list[Take]) -> Later[list[Leased]]:
    """Take lanes, then read their claims: what is sent may be newer than what is settled, never older.

    Digests whose time has come, and what is done instead of doors, are made first, and are lanes then.
    """
    leased = [_lease(connection, take) for take in asked]
    return lambda: [told() for told in leased]


def _lease(connection: Connection, asked: Take) -> Later[Leased]:
    if asked.lanes_only:
        return lease_lanes(connection, asked)
    due = dues(connection)
    if min(due) > asked.now:
        return partial(Leased, [], min(due))
    if due.told <= asked.now:
        news.form(connection, now=asked.now)
    if due.watches <= asked.now:
        laddering.form(connection, now=asked.now)
    return lease_lanes(connection, asked)


def lease_lanes(connection: Connection, asked: Take) -> Later[Leased]:
    """The same of lanes alone; nothing in it waits for others, so it may be the last of any transaction.

    What it gives is known with the answer to COMMIT: but for records nothing more is asked of the database. Who takes
    as many as he asked for looks again at once, whenever the next is due.
    """
    (taken,) = lanes.take(connection, [asked])
    its = loaded(connection, taken, asked.now)
    if len(taken) == asked.at_most:
        return lambda: Leased(its(), asked.now)
    next_due = dues_later(connection)
    return lambda: Leased(its(), min(next_due()))


def loaded(connection: Connection, taken: list[Lane], now: int) -> Later[list[Loaded]]:
    """Those lanes, with all that is needed to fold them."""
    their_codes = []
    for town in {lane.municipality for lane in taken}:
        wanted = [lane.id for lane in taken if lane.kind is TargetKind.CREDENTIAL and lane.municipality == town]
        if wanted:
            their_codes.append(codes.of_lanes_later(connection, town, wanted))
    standing = [(lane.municipality, lane.id) for lane in taken if lane.kind is not TargetKind.RECORD]
    live = claims.live_later(connection, standing, now=now)
    begun = frozenset(lane.id for lane in taken if not lane.taken_over)
    about = [(_known(connection, lane, begun), _bill(connection, lane), _waits(connection, lane)) for lane in taken]

    def told() -> list[Loaded]:
        asks, secrets = live(), dict[int, Code]()
        for its in their_codes:
            secrets |= its()
        return [
            Loaded(lane, asks.get(lane.id, _NOBODY), secrets.get(lane.id), *its)
            for lane, its in zip(taken, about, strict=True)
        ]

    return told


def _known(connection: Connection, lane: Lane, begun: frozenset[int]) -> Known | DigestKnown | RungKnown | None:
    """What a message is about, as it is now, and what has been told of it."""
    if lane.kind is not TargetKind.RECORD or not lane.wanted:
        return None
    if (body := NoticeBody.read(lane.body)) is not None:
        return of_notice(connection, lane, body, begun)
    if (rung := RungBody.read(lane.body)) is not None:
        return of_rung(connection, lane, rung, begun)
    digest = DigestBody.read(lane.body)
    return of_digest(connection, lane, digest) if digest is not None else None


def _waits(connection: Connection, lane: Lane) -> bool:
    """Whether an earlier document of the same case has yet to open it."""
    body = DocumentBody.read(lane.body) if lane.kind is TargetKind.RECORD else None
    return body is not None and documents.waits(connection, lane.municipality, body.key)


def next_due(connection: Connection) -> int:
    """When the next lane is due, a digest is to be made or a rung may be taken; NEVER when none is."""
    return min(dues(connection))


def _bill(connection: Connection, lane: Lane) -> Bill | None:
    """The invoice that a record is of, and whether its time has come."""
    body = InvoiceBody.read(lane.body) if lane.kind is TargetKind.RECORD else None
    if body is None:
        return None
    stored = invoices.with_ids(connection, lane.municipality, [body.id]).get(body.id)
    if stored is None or stored.credits is None:
        return Bill(stored, may_go=True) if stored else None
    original = invoices.with_ids(connection, lane.municipality, [stored.credits])[stored.credits]
    seen = shown.seen(connection, lane.municipality, [original.lane])[original.lane]
    return Bill(stored, may_go=seen.effect == Record.DONE or seen.delivery == Delivery.DISMISSED)
