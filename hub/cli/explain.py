"""`knutpunkt explain`: what happened and will happen for a booking, in which system, when, why, and who else asks.

Of a door: why somebody does not get in.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import click

from hub.cli import door as doors
from hub.cli import options, showing
from hub.cli.showing import local, span
from hub.cli.words import Words
from hub.client import At
from hub.model.answers import BookingView, ClaimAnswer, CredentialAnswer, TimelineEntry
from hub.model.doors import DoorAnswer
from hub.model.ledger import Money
from hub.model.standing import ZoneLine
from hub.service.words.saying import Language

Row = Iterable[object]
_NEAREST = 6
"""Other claimants of a target that are shown."""


@click.command()
@click.argument("number", required=False)
@options.option("--door", help="Why does somebody not get in there? `facility/door`, or what its lock system calls it.")
@options.option("--at", type=options.Moment(), help="With --door: when, in ISO 8601 with offset; left out: now.")
@options.option("--zone", help="Of a zone instead: its key, its name, or facility/zone.")
@options.option("--from", "since", type=options.Moment(), show_default="now", help="With --zone: from when.")
@options.option("--to", "until", type=options.Moment(), show_default="a day later", help="With --zone: until when.")
@options.remote
@options.language
@options.as_json
def explain(  # noqa: PLR0913 - click calls it by name
    here: At,
    *,
    number: str | None,
    door: str | None,
    at: datetime | None,
    zone: str | None,
    since: datetime | None,
    until: datetime | None,
    language: Language,
    as_json: bool,
) -> None:
    """Tell what has happened and will happen for the booking NUMBER, in each system, and why.

    With --door, all about a door; with --zone, what a zone should be from hour to hour, and which bookings and rules
    make each edge.
    """
    _one_of(number, door, zone)
    _only_with(door, at)
    _only_with(zone, since, until)
    told: BookingView | DoorAnswer | ZoneLine
    if door is not None:
        told = here.explain_door(door, at=at, language=language)
    elif zone is not None:
        told = here.explain_zone(zone, since=since, until=until)
    else:
        told = here.get_booking(str(number), language=language)
    if as_json:
        showing.as_json(told)
    elif isinstance(told, ZoneLine):
        _show_line(told, Words(language))
    elif isinstance(told, BookingView):
        _show(told, Words(language))
    else:
        doors.show(told, Words(language))


def _one_of(*named: str | None) -> None:
    if sum(one is not None for one in named) != 1:
        raise click.UsageError("give the NUMBER of a booking, or --door, or --zone")


def _only_with(named: str | None, *times: datetime | None) -> None:
    if named is None and any(times):
        raise click.UsageError("--at belongs to --door; --from and --to belong to --zone")


def _show_line(line: ZoneLine, words: Words) -> None:
    screen, lit = showing.screen(), {"on": words("level_on"), "off": words("level_off"), None: words("level_released")}
    screen.print(words("zone_is", zone=line.zone, when=span(line.from_, line.to)), words("times"), sep="\n")
    rows = (
        (local(edge.at), lit.get(edge.level, edge.level), words(f"why_{edge.why}"), ", ".join(edge.bookings))
        for edge in line.edges
    )
    screen.print("", showing.table([words(column) for column in ("when", "state", "why", "bookings")], rows), sep="\n")


def _show(view: BookingView, words: Words) -> None:
    screen, booking = showing.screen(), view.booking
    screen.print(
        words("booking_is", number=booking.number, revision=booking.revision, status=words.state(booking.status))
    )
    told = {"at": local(view.accepted_at), "sent_by": view.sent_by, "configuration": view.configuration}
    screen.print(words("accepted_at", **told), words("times"), sep="\n")
    for title, columns, rows in (*_sections(view, words), *_money(view.money, words)):
        if found := [list(row) for row in rows]:
            screen.print("", title, showing.table([words(column) for column in columns], found), sep="\n")


def _sections(view: BookingView, words: Words) -> Iterator[tuple[str, tuple[str, ...], Iterable[Row]]]:
    """Title, columns and rows of each; one without rows is not shown."""
    occasions = ((o.id, o.resource, span(o.starts_at, o.ends_at), o.activity) for o in view.booking.occasions)
    yield words("occasions"), ("occasion", "resource", "when", "activity"), occasions
    yield words("effects"), ("target", "state", "delivery", "proof", "expected", "detail"), _effects(view, words)
    yield (
        words("credentials"),
        ("holder", "occasion", "kind", "value", "doors", "when"),
        _credentials(view.credentials, words),
    )
    rungs = (
        (
            one.occasion,
            one.role,
            local(one.given_at),
            local(one.ended_at),
            words(f"ended_{one.why}") if one.why else None,
        )
        for one in view.fallback
    )
    yield words("fallback"), ("occasion", "role", "given", "ended", "why"), rungs
    yield words("past"), ("when", "what", "target", "detail"), _happenings(view.timeline, words, past=True)
    yield words("coming"), ("when", "what", "target", "detail"), _happenings(view.timeline, words, past=False)
    yield words("others"), ("target", "number", "occasion", "asks", "when"), _others(view, words)
    conflicts = ((c.occasion, c.resource, c.number, span(c.starts_at, c.ends_at)) for c in view.conflicts)
    yield words("conflicts"), ("occasion", "resource", "number", "when"), conflicts
    yield words("unserved"), ("what",), ((words.unserved(each),) for each in view.unserved)


def _money(money: Money | None, words: Words) -> Iterator[tuple[str, tuple[str, ...], Iterable[Row]]]:
    if money is None:
        return
    lines = (
        (words.state(one.kind), words.state(one.state), one.article, one.amount, one.vat, one.invoice or one.receipt)
        for one in money.lines
    )
    yield words("money", owed=money.owed), ("what", "state", "article", "amount", "vat", "invoice"), lines
    bills = (
        (one.key, words.state(one.kind), one.payable, words.state(one.state), words.state(one.delivery), one.answer)
        for one in money.invoices
    )
    yield words("invoices"), ("invoice", "what", "payable", "state", "delivery", "answer"), bills


def _effects(view: BookingView, words: Words) -> Iterator[Row]:
    for one in view.effects:
        states = map(words.state, (one.state, one.delivery, one.proof))
        yield one.target, *states, local(one.expected_at), one.detail


def _credentials(credentials: Iterable[CredentialAnswer], words: Words) -> Iterator[Row]:
    for one in credentials:
        holder, value = one.holder, one.value or words("hidden")
        for door in one.doors:
            yield holder, one.occasion, one.kind, value, door.door, span(door.starts_at, door.ends_at)


def _happenings(timeline: Iterable[TimelineEntry], words: Words, *, past: bool) -> Iterator[Row]:
    for entry in timeline:
        if entry.past is past:
            yield local(entry.at), words.happening(entry.what), entry.target, entry.detail


def _others(view: BookingView, words: Words) -> Iterator[Row]:
    """Those nearest in time: a hall's common light has a season of claimants, and `--json` gives more."""
    here = (
        min(occasion.starts_at for occasion in view.booking.occasions) if view.booking.occasions else view.accepted_at
    )
    for target, claims in view.others.items():
        near = sorted(claims, key=lambda claim: abs(claim.starts_at - here))[:_NEAREST]
        for one in sorted(near, key=lambda claim: claim.starts_at):
            yield target, one.number, one.occasion, _asked(one, words), span(one.starts_at, one.ends_at)
        if len(claims) > _NEAREST:
            yield target, words("more", count=len(claims) - _NEAREST)


def _asked(claim: ClaimAnswer, words: Words) -> str:
    asks = claim.door or words("level", level=claim.level)
    return f"{asks} ({words.state('suspended')})" if claim.suspended else asks
