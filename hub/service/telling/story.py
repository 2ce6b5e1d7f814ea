"""One booking, for somebody who is told of it: what is news in it, what it waits for, and what is said of it. Pure."""

from collections.abc import Iterable, Iterator

from hub.clock import MINUTE, NEVER, SECOND
from hub.configuration.template_values import DoorCode, Item
from hub.model.booking import Booking, Status
from hub.model.credential import Method
from hub.model.notice_record import credential_mark
from hub.model.notifying import Booker, News
from hub.model.plan import NOTHING, Claim, Closure, Grant, TargetKey
from hub.model.states import Delivery, Effect
from hub.planner.notifying import closed_now
from hub.planner.plan import plan
from hub.service.telling.calendaring import About, Entry, calendar
from hub.service.telling.judging import Slice, State, news
from hub.service.telling.knowing import Known
from hub.service.telling.reading import Reader
from hub.service.telling.viewing import named, view
from hub.store.codes import Code
from hub.store.shown import Seen

PATIENCE = 15 * MINUTE
"""How long the message of a booking waits for a door code that is on its way; the code then comes by itself."""
LOOK_AGAIN = 10 * MINUTE
_IN_A_MAIL, _IN_A_TEXT_MESSAGE, _IN_A_DIGEST = 200, 3, 5
"""Occasions that are told of a booking; of the others it says how many."""
_ON_ITS_WAY = frozenset({Delivery.DUE, Delivery.SENDING, Delivery.RETRYING, Delivery.AWAITING_USER})


class Story:
    """A booking as it is at a moment (microseconds)."""

    def __init__(self, reader: Reader, booking: Booking, known: Known, at: int) -> None:
        self.reader, self.booking, self._known, self._at = reader, booking, known, at
        self._closures = [Closure(one.resource, one.starts, one.ends) for one in known.closures]
        rules = reader.town.rules
        self._view = view(booking, reader.slot, reader.rule, rules, self._closures)
        self._plan = plan(booking, self._closures, rules) if reader.rule.tells_code else NOTHING
        self._pins = self._with_a_code() if self._view.state.standing else {}
        self._ready = {key: one for key, one in self._pins.items() if _stands(*one)}

    def _with_a_code(self) -> dict[TargetKey, tuple[Seen, Code]]:
        """The credentials whose code still opens something."""
        live = {claim.target for claim in self._left()}
        pins = {grant.target for grant in self._plan.grants if grant.method is Method.PIN}
        return {key: one for key, one in self._known.credentials.items() if key in pins & live}

    def _left(self) -> Iterator[Claim]:
        return (c for c in self._plan.claims if c.door and not c.suspended and c.ends > self._at)

    @property
    def standing(self) -> bool:
        """Whether the booking concerns the reader, as it is now."""
        return self._view.state.standing

    def state(self) -> State:
        """What the reader knows when it has been told all that can be."""
        before = self._known.state.codes if self._known.state else frozenset()
        current = _versions(self._pins)
        return self._view.state._replace(codes=_versions(self._ready) | (before & current))

    def news(self, *, perhaps: bool) -> News | None:
        """What has happened, for the reader; a code is told even with what it does not hear of."""
        now = self.state()
        kind = news(self._known.state, now, perhaps=perhaps, at=self._at)
        untold = now.codes - (self._known.state.codes if self._known.state else frozenset())
        return News.CODE if kind and untold and not self.reader.hears(kind) else kind

    def news_of_code(self, mark: str) -> News | None:
        """Whether the code of that credential stands and has not been told."""
        told = self._known.state.codes if self._known.state else frozenset()
        mine = {key: one for key, one in self._ready.items() if credential_mark(*key) == mark}
        return News.CODE if _versions(mine) - told else None

    def waits_until(self, mark: str) -> int | None:
        """When to look again at a code that does not stand yet; None when there is nothing to wait for.

        Args:
            mark: of the credential that the message is about; empty when it is about the booking, which waits for a
                code that is on its way, and not for ever.
        """
        if mark:
            told = self._known.state.codes if self._known.state else frozenset()
            mine = {key: one for key, one in self._pins.items() if credential_mark(*key) == mark}
            waiting = [seen for key, (seen, _) in mine.items() if key not in self._ready]
            return min(map(self._look_again, waiting), default=None) if _versions(mine) - told else None
        until = (self._known.booking.accepted_at if self._known.booking else 0) + PATIENCE
        coming = [seen for key, (seen, _) in self._pins.items() if key not in self._ready]
        if self._at < until and any(Delivery(seen.delivery) in _ON_ITS_WAY for seen in coming):
            return min(self._at + LOOK_AGAIN, until)
        return None

    def _look_again(self, seen: Seen) -> int:
        """When its lock is to be told of it, for one that waits for that; settling wakes us before."""
        later = seen.delivery == Delivery.WAITING and self._at < seen.due < NEVER
        return seen.due + SECOND if later else self._at + LOOK_AGAIN

    def codes(self, opened: Iterable[tuple[Grant, str, str | None]]) -> list[DoorCode]:
        """(grant, code, holder) in words."""
        told = [self.reader.words.code(value, grant, self._left(), holder) for grant, value, holder in opened]
        return [one._replace(openings=one.openings[:_IN_A_MAIL]) for one in told]

    def told_codes(self) -> Iterator[tuple[Grant, Code]]:
        """The codes that stand, in the order of the plan."""
        return ((grant, self._ready[grant.target][1]) for grant in self._plan.grants if grant.target in self._ready)

    def grants(self) -> tuple[Grant, ...]:
        """All that the booking opens doors with."""
        return self._plan.grants

    def _shown(self) -> tuple[Slice, ...]:
        """The occasions; those that were told last when it has none any more."""
        before = self._known.state.occasions if self._known.state else ()
        return self._view.state.occasions or before

    def item(self, kind: News, most: int = _IN_A_DIGEST) -> Item:
        """The booking as a part of a digest, with so many of its occasions: those that are not over go first."""
        closed = self._view.closed if self.standing else frozenset[tuple[str, str]]()
        every = self._shown()
        ahead = [one for one in every if one.ends > self._at] or every
        kept = every if len(every) <= most else ahead[:most]
        occasions = [self.reader.words.occasion(one, closed) for one in kept]
        places = list(dict.fromkeys(self.reader.words.place(one.resource) for one in every))
        return Item(str(kind), self.booking.number, occasions, len(every) - len(kept), places, named(self.booking))

    def values(self, kind: News, codes: list[DoorCode]) -> dict[str, object]:
        """What the templates are given; a text message the next few occasions."""
        role = self.reader.role
        return {
            **self.item(kind, _IN_A_TEXT_MESSAGE if self.reader.by_sms else _IN_A_MAIL)._asdict(),
            "moved": not self.standing and self.booking.status is Status.CONFIRMED,
            "reason": self._reason(),
            "contact": role.contact if isinstance(role, Booker) else None,
            "codes": codes,
            "code_later": kind is not News.CODE and bool(_versions(self._pins) - self.state().codes),
        }

    def _reason(self) -> str | None:
        """Why it is closed, in the words of whoever closed it."""
        related, closed = self.reader.town.rules.related, self._view.closed
        for said, closure in zip(self._known.closures, self._closures, strict=True):
            if said.reason and not closed.isdisjoint(closed_now(self.booking, [closure], related)):
                return said.reason
        return None

    def calendar(self, kind: News) -> str:
        """All occasions, and those that were told and are no more. Raises TextError."""
        role, town = self.reader.role, self.reader.town.configuration.municipality
        contact = role.contact if isinstance(role, Booker) and role.contact else ""
        about = About(town.key, town.name, contact, self.booking.number, self.booking.revision, self._at)
        return calendar(about, self._entries(kind, contact), cancelled=kind is News.CANCELLED)

    def _entries(self, kind: News, contact: str) -> Iterator[Entry]:
        now = {one.id: one for one in self._view.state.occasions} if self.standing else {}
        before = self._known.state.occasions if self._known.state else ()
        shut = {o for o, resource in self._view.closed if o in now and now[o].resource == resource}
        gone = [one for one in (*before, *self._shown()) if one.id not in now]
        for one in (*now.values(), *dict.fromkeys(gone)):
            word = self.reader.words.occasion(one)
            given = {"kind": str(kind), "number": self.booking.number, "one": word, "contact": contact}
            summary, _, rest = self.reader.text("calendar.txt", given).strip().partition("\n")
            yield Entry(one, summary.strip(), rest.strip(), gone=one.id not in now or one.id in shut)


def _stands(seen: Seen, code: Code) -> bool:
    """Whether the lock has it, with the secret that we would tell."""
    mine = (seen.confirmed or "").startswith(f"{code.version}[")
    return mine and seen.effect == Effect.STANDING and seen.delivery == Delivery.CONFIRMED


def _versions(pins: dict[TargetKey, tuple[Seen, Code]]) -> frozenset[tuple[str, int]]:
    return frozenset((f"{key.connection}/{key.key}", code.version) for key, (_, code) in pins.items())
