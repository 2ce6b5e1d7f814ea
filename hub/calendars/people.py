"""Who pays and who enters, from ORGANIZER and CONTACT. Attendees are nobody's business: they are not read."""

import re
from typing import Any, NamedTuple

from hub.calendars.options import CalendarOptions
from hub.calendars.properties import Properties, Property

_MAIL = re.compile(r"[^@\s<>,;()\"']{1,64}@[^@\s<>,;()\"']{1,185}")
_PHONE = re.compile(r"(?:\+|00?)[1-9][0-9 ()\-]{5,18}[0-9]", re.ASCII)
_LONGEST_NAME = 200


class Person(NamedTuple):
    """Somebody, as far as a line of text tells."""

    name: str
    email: str | None
    phone: str | None

    def fields(self) -> dict[str, str]:
        """What is known, as a booking writes it."""
        told = {"name": self.name, "email": self.email, "phone": self.phone}
        return {name: value for name, value in told.items() if value}


def international(text: str) -> str | None:
    """A phone number as E.164; a Swedish one may begin with 0. None when it is no phone number."""
    kept = re.sub(r"[ ()\-./]", "", text.strip())
    if kept.startswith("00"):
        kept = "+" + kept[2:]
    elif kept.startswith("0"):
        kept = "+46" + kept[1:]
    return kept if re.fullmatch(r"\+[1-9][0-9]{6,14}", kept, re.ASCII) else None


def organiser(properties: Properties) -> Person | None:
    """Who organises it. Raises UnreadableError."""
    found = properties.first("ORGANIZER")
    if found is None:
        return None
    address = _MAIL.fullmatch(found.value.strip().removeprefix("mailto:").removeprefix("MAILTO:"))
    email = address[0] if address else None
    name = cleaned(found.params.get("CN", "")) or email or ""
    return Person(name, email, None) if name else None


def contact(properties: Properties) -> Person | None:
    """Whom to ask about it: a name, and a phone or mail address where the text has one. Raises UnreadableError."""
    found = properties.first("CONTACT")
    return None if found is None else _described(found)


def _described(found: Property) -> Person | None:
    text = found.value[:1000]
    mail, phone = _MAIL.search(text), _PHONE.search(text)
    number = international(phone[0]) if phone else None
    for part in (mail[0] if mail else "", phone[0] if phone and number else ""):
        text = text.replace(part, " ") if part else text
    name = cleaned(re.sub(r"\b(?:tel|tfn|mobil|e-?post|mail)\b[.:]?", " ", text, flags=re.IGNORECASE))
    name = name.strip(" ,;:()<>-/") or (mail[0] if mail else "")
    return Person(name, mail[0] if mail else None, number) if name else None


def cleaned(text: str) -> str:
    """A text without control characters, with single spaces, and no longer than a name may be."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_NAME].rstrip()


def customer(properties: Properties, options: CalendarOptions) -> dict[str, Any] | None:
    """Who pays, as a booking writes it; None when nobody is told of. Raises UnreadableError."""
    if options.customer_name:
        return {"kind": options.customer_kind, "name": options.customer_name}
    who = organiser(properties) or contact(properties)
    return {"kind": options.customer_kind, **who.fields()} if who else None


def holders(properties: Properties, options: CalendarOptions) -> list[dict[str, Any]]:
    """Who enters, as a booking writes it. Raises UnreadableError."""
    who = contact(properties) or organiser(properties)
    if who is None or options.credential == "none":
        return []
    return [who.fields() | {"credential": {"kind": options.credential}}]
