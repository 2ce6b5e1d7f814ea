"""What is written to whom about bookings: judged by what they know, with no more about persons than is needed."""

from typing import NamedTuple

from hub.clock import SECOND
from hub.configuration.template_values import DoorCode, Item
from hub.configuration.templates import Texts
from hub.model import Notice
from hub.model.booking import Booking
from hub.model.notice_record import DigestBody, NoticeBody, RungBody, Slot
from hub.model.notifying import BOOKER, Booker, News
from hub.planner.hours import quiet_until
from hub.service.asking.preparing import stored_booking
from hub.service.doors.allocating import place_of
from hub.service.doors.sparing import opened
from hub.service.rulebook import Rulebook
from hub.service.telling.judging import Slice
from hub.service.telling.knowing import DigestKnown, Known, RungKnown
from hub.service.telling.reading import Reader, role_of
from hub.service.telling.story import Story
from hub.service.telling.viewing import holder_of, named
from hub.service.words import sentences
from hub.store.bookings import Stored
from hub.store.seals.sealing import Seal
from hub.store.told import Learnt

_LONGEST_KEY = 80


class Draft(NamedTuple):
    """A message, or why there is none. `wait`: until when, microseconds; `learnt`: what is known when it is sent."""

    notice: Notice | None = None
    learnt: tuple[Learnt, ...] = ()
    wait: int | None = None
    why: str = ""


NOBODY = Draft(why=sentences.NOBODY_TO_TELL.say())
NOTHING = Draft(why=sentences.NOTHING_TO_TELL.say())


def _in_turn(until: int, now: int) -> Draft:
    """After another message, which may be in hand."""
    return Draft(wait=max(until, now) + SECOND, why=sentences.WAITS_FOR_TURN.say())


class Notices:
    """Writes messages."""

    def __init__(self, rulebook: Rulebook, seal: Seal) -> None:
        self._rulebook, self._seal = rulebook, seal
        self._texts: dict[str, tuple[int, Texts]] = {}

    def quiet_until(self, municipality: str, slot: Slot, now: int) -> int | None:
        """When the quiet hours of a slot end; None when it has none now."""
        role = role_of(self._rulebook.town(municipality).configuration.municipality, slot)
        return quiet_until(now, role.quiet_hours) if role else None

    def draft(self, municipality: str, body: NoticeBody, key: str, known: Known, now: int) -> Draft:
        """A message about one booking.

        Raises:
            TextError: a template gives no text.
        """
        reader = self._reader(municipality, body.slot)
        if reader is None or known.booking is None:
            return NOBODY
        if body.code and known.held_until is not None:
            return _in_turn(known.held_until, now)
        story = Story(reader, self._booking(municipality, known.booking), known, now)
        if (until := story.waits_until(body.code)) is not None:
            return Draft(wait=until, why=sentences.WAITS_FOR_CODE.say())
        kind = story.news_of_code(body.code) if body.code else story.news(perhaps=known.perhaps)
        if kind is None:
            return NOTHING
        learnt = (Learnt(body.number, str(body.slot), story.state().to_json()),)
        if not reader.hears(kind):
            return Draft(learnt=learnt, why=sentences.NOT_TO_BE_TOLD.say(kind=kind))
        to = reader.address(story.booking)
        return NOBODY if to is None else Draft(self._notice(story, kind, self._key(municipality, key), to), learnt)

    def _notice(self, story: Story, kind: News, key: str, to: str) -> Notice:
        reader = story.reader
        notice = reader.notice(reader.base, story.values(kind, self._codes(story)), key, to)
        if not reader.has_calendar or kind is News.CODE:
            return notice
        return notice.model_copy(update={"calendar": story.calendar(kind)})

    def _codes(self, story: Story) -> list[DoorCode]:
        town, grants = story.reader.town.configuration.municipality.key, story.grants()
        return story.codes(
            (
                grant,
                self._seal.open(code.sealed, place_of(town, code.lane)).decode(),
                holder_of(story.booking, grant, grants),
            )
            for grant, code in story.told_codes()
        )

    def digest(self, municipality: str, body: DigestBody, key: str, known: DigestKnown, now: int) -> Draft:
        """All news of a slot since its last digest.

        Raises:
            TextError: a template gives no text.
        """
        reader = self._reader(municipality, Slot.parse(body.slot))
        to = reader.address() if reader else None
        if reader is None or to is None:
            return NOBODY
        if known.held_until is not None:
            return _in_turn(known.held_until, now)
        items, learnt = list[Item](), list[Learnt]()
        for one in known.bookings:
            story = Story(reader, self._booking(municipality, one.stored), one, now)
            kind = story.news(perhaps=one.perhaps and not story.standing)
            if kind is not None:
                learnt.append(Learnt(story.booking.number, body.slot, story.state().to_json()))
                items += [story.item(kind)] if reader.hears(kind) else []
        if not items:
            return NOTHING._replace(learnt=tuple(learnt))
        counts = {str(kind): sum(item.kind == kind for item in items) for kind in News}
        values = {"date": body.period.partition("T")[0], "items": items, "counts": counts}
        return Draft(reader.notice("digest", values, self._key(municipality, key), to), tuple(learnt))

    def rung(self, municipality: str, body: RungBody, key: str, known: RungKnown, now: int) -> Draft:
        """What is done instead of a door, or that it is done no more. It waits for no quiet hours.

        Raises:
            TextError: a template gives no text.
        """
        reader, rung = self._reader(municipality, Slot.parse(body.slot)), known.rung
        if reader is None or rung is None or known.booking is None:
            return NOBODY
        if known.held_until is not None:
            return _in_turn(known.held_until, now)
        if not known.told if body.gone else rung.ended_at is not None:
            return NOTHING
        booking, role = self._booking(municipality, known.booking), reader.role
        to = reader.address(booking)
        if to is None:
            return NOBODY
        values = {
            "kind": "withdrawn" if body.gone else "given",
            "why": rung.why,
            "number": body.number,
            "one": reader.words.occasion(Slice(rung.occasion, rung.resource, rung.starts, rung.ends)),
            "customer": named(booking),
            "told": rung.role,
            "contact": role.contact if isinstance(role, Booker) else None,
            "spare": rung.is_spare,
            "code": self._spare(municipality, known) if isinstance(role, Booker) and role.tell_code else None,
        }
        base = "booker-rung" if reader.slot.role == BOOKER else "rung"
        return Draft(reader.notice(base, values, self._key(municipality, key), to))

    def _spare(self, municipality: str, known: RungKnown) -> str | None:
        """The code of a rung that gave one."""
        return opened(known.spare, municipality, self._seal) if known.spare else None

    def _booking(self, municipality: str, stored: Stored) -> Booking:
        return stored_booking(stored.body, stored.persons, municipality, stored.number, self._seal)

    def _key(self, municipality: str, key: str) -> str:
        """As the record's, or a mark of it when that is too long."""
        return key if len(key) <= _LONGEST_KEY else f"notice-{self._rulebook.rules(municipality).mark(key)}"

    def _reader(self, municipality: str, slot: Slot) -> Reader | None:
        town = self._rulebook.town(municipality)
        role, rule = role_of(town.configuration.municipality, slot), town.rules.notifying.roles.get(slot.role)
        if role is None or rule is None:
            return None
        version, texts = self._texts.get(municipality, (0, None))
        if texts is None or version != town.version:
            texts = Texts(town.configuration.templates)
            self._texts[municipality] = town.version, texts
        return Reader(town, slot, role, rule, texts)
