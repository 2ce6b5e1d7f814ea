"""A notice as a message; pure.

Source: RFC 5322 (messages), RFC 3834 (automatic messages), RFC 6068 and 5546 (calendars by mail), read 2026-11-24.
"""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import quote

from connectors.notify_smtp.config import SmtpConfig
from hub.model import Channel, Notice
from hub.sdk import STOCKHOLM, RejectedError

_EDGES = re.compile(r"^\.|\.$|\.(?=\.)")


class Written(NamedTuple):
    """A message, ready to be handed over."""

    content: bytes
    recipient: str
    reference: str
    """Its Message-ID."""
    utf8: bool
    """The recipient's address has letters that only SMTPUTF8 carries."""


def message_id(key: str, sender: str) -> str:
    """The same for the same key, always."""
    local = _EDGES.sub("%2E", quote(key, safe="-_.~"))
    return f"<{local}@{sender.rpartition('@')[2]}>"


def written(notice: Notice, config: SmtpConfig, now: datetime) -> Written:
    """Write a notice.

    Raises:
        RejectedError: it is no e-mail, or its address is none.
    """
    if notice.channel is not Channel.EMAIL:
        raise RejectedError(f"a message by {notice.channel} was given to a mail server; correct the role's channel")
    recipient = _address(notice.recipient)
    utf8 = not recipient.username.isascii()
    message, reference = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP), message_id(notice.key, config.sender)
    message["From"] = Address(config.sender_name, addr_spec=config.sender)
    message["To"] = recipient
    if config.reply_to:
        message["Reply-To"] = Address(addr_spec=config.reply_to)
    message["Subject"] = " ".join(notice.subject.split())
    message["Date"] = format_datetime(now.astimezone(STOCKHOLM))
    message["Message-ID"] = reference
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(notice.text)
    if notice.html is not None:
        message.add_alternative(notice.html, subtype="html")
    if notice.calendar is not None:
        message.add_attachment(
            notice.calendar, subtype="calendar", filename="bokning.ics", params={"method": _method(notice.calendar)}
        )
    message["Content-Language"] = notice.language  # last: what is set later takes such headers with it
    return Written(message.as_bytes(), f"{recipient.username}@{recipient.domain}", reference, utf8)


def _method(calendar: str) -> str:
    """What the calendar is for, as its own METHOD says: the two must not differ. Source: RFC 6047 2.4."""
    found = re.search(r"^METHOD:([A-Z]+)\s*$", calendar, re.MULTILINE)
    return found[1] if found else "PUBLISH"


def _address(told: str) -> Address:
    """The address, its domain as the wire wants it."""
    local, _, domain = told.strip().rpartition("@")
    try:
        wire = domain.encode("idna").decode()
    except UnicodeError:
        wire = ""
    if not (_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(wire)):
        raise RejectedError("the recipient's address is none; correct it in the configuration or in the booking")
    return Address(username=local, domain=wire)


_ATOM = r"[^\x00-\x20\x7f<>,;:\"()\[\]\\@.]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
