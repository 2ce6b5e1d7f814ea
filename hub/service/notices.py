"""What is written to the roles that a booking has told: from templates, with no more about persons than is needed."""

from datetime import datetime
from functools import cache
from typing import NamedTuple

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hub.clock import STOCKHOLM
from hub.mapping.samples import shipped
from hub.model import Channel, Notice, Protected
from hub.model.booking import Booking, Status
from hub.model.configuration import Configuration, Role
from hub.model.plan import NoticeBody
from hub.service.preparing import stored_booking
from hub.service.rulebook import Rulebook
from hub.store.bookings import Stored
from hub.store.sealing import Seal

_WEEKDAYS = {
    "sv": ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_LONGEST_KEY = 80


class Known(NamedTuple):
    """What the database knows when a message is about to be written."""

    booking: Stored | None
    before: bool
    """Whether the role has, or may have, been told of the booking already."""


class Occasion(NamedTuple):
    """One occasion, for a template. Swedish time."""

    place: str
    weekday: str
    date: str
    starts: str
    ends: str
    extras: list[str]


class Notices:
    """Writes messages."""

    def __init__(self, rulebook: Rulebook, seal: Seal) -> None:
        self._rulebook, self._seal = rulebook, seal

    def written(self, municipality: str, body: NoticeBody, known: Known) -> Notice | None:
        """The message; None when there is nothing to tell, or nobody to tell it to any more."""
        town = self._rulebook.town(municipality)
        role = town.configuration.municipality.notify.get(body.role)
        if known.booking is None or role is None or role.to is None:
            return None
        booking = stored_booking(known.booking.body, known.booking.persons, municipality, body.number, self._seal)
        cancelled = booking.status is Status.CANCELLED
        if cancelled and not known.before:
            return None
        kind = "cancelled" if cancelled else "changed" if known.before else "new"
        subject, text = _text(town.configuration, role, booking, kind)
        return Notice(
            key=body.key if len(body.key) <= _LONGEST_KEY else f"notice-{town.rules.mark(body.key)}",
            channel=Channel.EMAIL,
            recipient=role.to,
            subject=subject,
            text=text,
            language=role.language,
        )


def _text(configuration: Configuration, role: Role, booking: Booking, kind: str) -> tuple[str, str]:
    """Subject and text: the first line of the template, and the rest."""
    names = {
        key: resource.name
        for facility in configuration.facilities.values()
        for key, resource in facility.resources.items()
    }
    occasions = [
        Occasion(
            names.get(one.resource, one.resource),
            *_when(one.starts_at, one.ends_at, role.language),
            [names.get(extra.resource, extra.resource) for extra in booking.extras if one.id in extra.occasions],
        )
        for one in booking.occasions
    ]
    told = (
        _environment()
        .get_template(f"{role.language}/role.txt")
        .render(
            kind=kind,
            number=booking.number,
            occasions=occasions,
            places=list(dict.fromkeys(one.place for one in occasions)),
            customer=booking.customer.name if booking.customer.protection is Protected.NO else None,
            municipality=configuration.municipality.name,
        )
    )
    subject, _, text = told.partition("\n")
    return subject.strip()[:200], text.strip() + "\n"


def _when(starts: datetime, ends: datetime, language: str) -> tuple[str, str, str, str]:
    """Weekday, date, and the times; an end on another day says which."""
    begin, over = starts.astimezone(STOCKHOLM), ends.astimezone(STOCKHOLM)
    until = f"{over:%H:%M}" if over.date() == begin.date() else f"{over:%Y-%m-%d %H:%M}"
    return _WEEKDAYS[language][begin.weekday()], f"{begin:%Y-%m-%d}", f"{begin:%H:%M}", until


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(shipped() / "templates"),
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
    )
