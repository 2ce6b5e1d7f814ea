"""Somebody who is told of bookings: where they are reached, what they hear of, and in which words. Pure."""

from collections.abc import Mapping

from hub.configuration.templates import Texts
from hub.model import Channel, Notice
from hub.model.booking import Booking
from hub.model.configuration import Municipality
from hub.model.notice_record import Slot
from hub.model.notifying import BOOKER, Booker, News, Role
from hub.planner.notifying import RoleRule
from hub.service.rulebook import Town
from hub.service.telling.viewing import Words

_LONGEST_SUBJECT = 200


def role_of(municipality: Municipality, slot: Slot) -> Role | Booker | None:
    """The role of a slot, as it is configured."""
    return municipality.booker if slot.role == BOOKER else municipality.notify.get(slot.role)


class Reader:
    """One slot, of one municipality."""

    def __init__(self, town: Town, slot: Slot, role: Role | Booker, rule: RoleRule, texts: Texts) -> None:
        self.town, self.slot, self.role, self.rule, self._texts = town, slot, role, rule, texts
        self.words = Words(town.configuration, role.language)
        self.by_sms = slot.channel is Channel.SMS

    @property
    def base(self) -> str:
        """What its templates are called."""
        return BOOKER if self.slot.role == BOOKER else "role"

    @property
    def has_calendar(self) -> bool:
        """Whether its messages carry the booking as a calendar."""
        return self.slot.role == BOOKER and not self.by_sms

    def hears(self, kind: News) -> bool:
        """Whether it is told of such news."""
        return kind is News.CODE or kind in self.role.when

    def address(self, booking: Booking | None = None) -> str | None:
        """Where it is reached; the booker where the booking says."""
        if isinstance(self.role, Booker):
            customer = booking.customer if booking else None
            return (customer.phone if self.by_sms else customer.email) if customer else None
        way = self.role.sms if self.by_sms else self.role.email
        return (way.by_facility.get(self.slot.facility) if self.slot.facility else way.to) if way else None

    def text(self, name: str, values: Mapping[str, object]) -> str:
        """What one of the templates makes. Raises TextError."""
        given = {"municipality": self.town.configuration.municipality.name, "role": self.slot.role, **values}
        return self._texts.write(self.role.language, name, given)

    def notice(self, base: str, values: Mapping[str, object], key: str, to: str) -> Notice:
        """The message that its templates make; the first line of a mail is its subject. Raises TextError."""
        language = self.role.language
        if self.by_sms:
            text = self.text(f"{base}-sms.txt", values).strip()
            return Notice(key=key, channel=Channel.SMS, recipient=to, text=text, language=language)
        subject, _, text = self.text(f"{base}.txt", values).strip().partition("\n")
        has_html = self._texts.has(language, f"{base}.html")
        return Notice(
            key=key,
            channel=Channel.EMAIL,
            recipient=to,
            subject=subject.strip()[:_LONGEST_SUBJECT],
            text=(text.strip() or subject.strip()) + "\n",
            html=self.text(f"{base}.html", values) if has_html else None,
            language=language,
        )
