"""A mail server with a mailbox for everybody, in memory; aiosmtpd speaks for it."""

import asyncio
import email
import email.policy
import logging
from collections.abc import Mapping, Sequence
from email.message import EmailMessage, MIMEPart
from urllib.parse import unquote

from aiosmtpd.smtp import SMTP, Envelope, Session

from hub.model import Channel, Notice
from hub.sdk import Clock, HasRecords, ListeningSimulator, Misbehaviour


class MailSimulator(ListeningSimulator, HasRecords):
    """Takes what it gets, as often as it gets it."""

    can = frozenset({Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.mailboxes: dict[str, list[EmailMessage]] = {}
        """Messages by recipient, in the order in which they came."""
        self.came: list[tuple[str, EmailMessage]] = []
        self.refused: set[str] = set()
        """Mailboxes that are not there; "" stands for all."""
        self._server: asyncio.Server | None = None
        self._transports: set[asyncio.BaseTransport] = set()

    def config(self) -> Mapping[str, object]:
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "security": "none",
            "sender": "bokning@kommun.test",
            "user": None,
            "password": None,
        }

    def records(self) -> Sequence[object]:
        return [_notice(recipient, message) for recipient, message in self.came]

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        if how is Misbehaviour.REFUSES:
            self.refused.add(key)

    def recover(self) -> None:
        self.refused.clear()

    async def start(self) -> None:
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells every command, and so every address
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Session(self, loop), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for transport in tuple(self._transports):
                transport.close()
            await self._server.wait_closed()
            self._server = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or have no such mailbox."""
        if self.refused & {"", address}:
            return f"550 5.1.1 <{address}> has no mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Lay the message in the mailbox."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message: EmailMessage = email.message_from_bytes(content, policy=email.policy.SMTP)
        for recipient in envelope.rcpt_tos:
            self.came.append((recipient, message))
            self.mailboxes.setdefault(recipient, []).append(message)
        return "250 2.0.0 queued"


class _Session(SMTP):
    """One client; known to the simulator, so that it can be hung up on."""

    def __init__(self, simulator: MailSimulator, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(simulator, enable_SMTPUTF8=True, hostname="mail.test", loop=loop)
        self._all = simulator._transports  # noqa: SLF001 - a part of it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._all.add(transport)
        self._mine = transport
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._all.discard(self._mine)
        super().connection_lost(error)


def _notice(recipient: str, message: EmailMessage) -> Notice:
    """What a person who reads it would say that it says."""
    key = unquote(str(message["Message-ID"]).strip("<>").rpartition("@")[0])
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    calendars = [part for part in message.iter_attachments() if part.get_content_type() == "text/calendar"]
    return Notice(
        key=key,
        channel=Channel.EMAIL,
        recipient=recipient,
        subject=str(message["Subject"]),
        text=_content(text) if text is not None else "",
        html=_content(html) if html is not None else None,
        language=str(message["Content-Language"]),
        calendar=_content(calendars[0]) if calendars else None,
    )


def _content(part: MIMEPart) -> str:
    return str(part.get_content()).replace("\r\n", "\n").removesuffix("\n")
