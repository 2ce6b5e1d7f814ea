"""Mail to a real SMTP server: aiosmtpd, with TLS, log-in, greylisting and all that goes wrong with mail."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from connectors.notify_smtp import SmtpNotifier
from connectors.notify_smtp.config import SmtpConfig
from connectors.notify_smtp.translate import message_id, written
from hub.conformance.driver import Memory, SetClock
from hub.model import Channel, Notice
from hub.sdk import (
    ConnectorError,
    CredentialsError,
    Lent,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from hub.sdk.http import transport

NOTICE = Notice(
    key="B-1.r1.vaktmastare", channel=Channel.EMAIL, recipient="vakt@kommun.example",
    subject="Ny bokning: Bana 3, å ä ö\nBcc: alla@example.se", text="Hej!\nBana 3 kl. 18 till 19. ŝ\n.\n\nHälsningar",
    html="<p>Bana 3 &amp; mer</p>", calendar="BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
)  # fmt: skip
LOG = logging.getLogger("mail")
PASSWORD = "not-a-secret"


@dataclass
class Post:
    """What the server does, and what came."""

    rcpt: list[str] = field(default_factory=list)
    """Its next answers to RCPT; afterwards yes."""
    data: list[str] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)
    hangs_up: bool = False
    """Takes the text, and is gone before it has said so."""
    came: list[tuple[str, EmailMessage]] = field(default_factory=list)
    connections: int = 0

    async def handle_MAIL(self, _server: SMTP, *told: Any) -> str:  # noqa: N802
        envelope: Envelope = told[1]
        if self.mail:
            return self.mail.pop(0)
        envelope.mail_from, envelope.mail_options = told[2], told[3]
        return "250 OK"

    async def handle_RCPT(self, _server: SMTP, *told: Any) -> str:  # noqa: N802
        envelope: Envelope = told[1]
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(told[2])
        return "250 OK"

    async def handle_DATA(self, server: SMTP, *told: Any) -> str:  # noqa: N802
        envelope: Envelope = told[1]
        if self.data:
            return self.data.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        message: Any = message_from_bytes(content, policy=policy.SMTP)
        self.came += [(to, message) for to in envelope.rcpt_tos]
        if self.hangs_up:
            server.transport.abort()  # type: ignore[union-attr]
        return "250 2.0.0 queued as 1"


def authenticated(_server: object, _session: object, _envelope: object, _mechanism: object, told: Any) -> AuthResult:
    right = isinstance(told, LoginPassword) and told.login == b"knutpunkt" and told.password == PASSWORD.encode()
    return AuthResult(success=right, handled=False)


@asynccontextmanager
async def served(post: Post, *, tls: ssl.SSLContext | None = None, **more: Any) -> AsyncIterator[int]:
    """A server for as long as the test takes, with TLS from the first byte or as its settings say; gives its port."""
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        post.connections += 1
        return SMTP(post, loop=loop, hostname="mail.kommun.example", **more)

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def notifier(port: int, *, tls: ssl.SSLContext | None = None, **settings: Any) -> SmtpNotifier:
    config = {"host": "localhost", "port": port, "security": "none", "sender": "bokning@kommun.example"} | settings
    lent = Lent(transport=transport(), clock=SetClock(), state=Memory(), log=LOG, tls=tls, route=_here)
    return SmtpNotifier(SmtpConfig.model_validate(config), lent)


def _here(_host: str, port: int) -> tuple[str, int]:
    return "127.0.0.1", port


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(30):
            await story()

    asyncio.run(within())


def with_certificate(name: str = "localhost") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's TLS, and a client's that trusts its authority."""
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert(name).configure_cert(server)
    authority.configure_trust(client)
    return server, client


def sent(post: Post, notice: Notice = NOTICE, **settings: Any) -> str:
    """Send one; its reference."""
    told: list[str] = []

    async def story() -> None:
        async with served(post) as port:
            told.append((await notifier(port, **settings).send_notice(notice)).reference)
            await asyncio.sleep(0.01)

    run(story)
    return told[0]


def failing(post: Post, error: type[ConnectorError], match: str, notice: Notice = NOTICE, **settings: Any) -> None:
    """Send one, in vain; nothing of the recipient is told."""
    with pytest.raises(error, match=match) as caught:
        sent(post, notice, **settings)
    assert "vakt@" not in str(caught.value)


# ---------------------------------------------------------------- what arrives


def test_a_message_arrives_whole_and_says_that_a_machine_wrote_it() -> None:
    post = Post()
    reference = sent(post, sender_name="Umeå kommun", reply_to="fritid@kommun.example")
    ((to, message),) = post.came
    assert to == "vakt@kommun.example"
    assert message["Message-ID"] == reference == "<B-1.r1.vaktmastare@kommun.example>"
    assert message["From"] == "Umeå kommun <bokning@kommun.example>"
    assert message["Reply-To"] == "fritid@kommun.example"
    assert message["Subject"] == "Ny bokning: Bana 3, å ä ö Bcc: alla@example.se", "no header is smuggled in"
    assert message["Bcc"] is None
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "sv")
    assert message["Date"] == "Sun, 01 Mar 2026 13:00:00 +0100"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == NOTICE.text + "\n", "the lone dot is in it"
    assert html.get_content().strip() == NOTICE.html
    (calendar,) = message.iter_attachments()
    assert calendar.get_content_type() == "text/calendar"
    assert calendar.get_param("method") == "PUBLISH"
    assert calendar.get_filename() == "bokning.ics"


def test_a_calendar_that_takes_a_booking_away_says_so_to_the_mail_program_too() -> None:
    post = Post()
    cancelled = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n"
    sent(post, NOTICE.model_copy(update={"calendar": cancelled}))
    (calendar,) = post.came[0][1].iter_attachments()
    assert calendar.get_param("method") == "CANCEL"


def test_the_same_message_sent_again_has_the_same_id() -> None:
    post = Post()
    assert sent(post) == sent(post)
    assert len({message["Message-ID"] for _, message in post.came}) == 1


@pytest.mark.parametrize(
    "key, local", [("B-1.r1", "B-1.r1"), ("a:b", "a%3Ab"), ("a..b", "a%2E.b"), ("a.", "a%2E"), ("B_1~2", "B_1~2")]
)
def test_every_key_is_a_message_id_of_its_own(key: str, local: str) -> None:
    assert message_id(key, "bokning@kommun.example") == f"<{local}@kommun.example>"


def test_a_domain_with_letters_is_sent_as_the_wire_has_it() -> None:
    post = Post()
    sent(post, NOTICE.model_copy(update={"recipient": "anna@bandyförening.example"}))
    assert post.came[0][0] == "anna@xn--bandyfrening-9ib.example"


def test_an_address_with_letters_needs_a_server_that_takes_them() -> None:
    post, notice = Post(), NOTICE.model_copy(update={"recipient": "åsa@kommun.example"})
    failing(post, RejectedError, "letters like å", notice)

    async def story() -> None:
        async with served(post, enable_SMTPUTF8=True) as port:
            await notifier(port).send_notice(notice)

    run(story)
    assert post.came[0][0] == "åsa@kommun.example"


@pytest.mark.parametrize(
    "recipient", ["vakt", "@kommun.example", "a b@c.se", "a@b@c.se", "a@", "x\r\nDATA@y.se", "a@.."]
)
def test_what_is_no_address_is_for_a_person_and_is_sent_nowhere(recipient: str) -> None:
    post = Post()
    failing(post, RejectedError, "address is none", NOTICE.model_copy(update={"recipient": recipient}))
    assert post.connections == 0


def test_a_message_of_another_channel_is_refused() -> None:
    failing(Post(), RejectedError, "by sms", NOTICE.model_copy(update={"channel": Channel.SMS}))


def test_a_long_line_and_a_line_of_a_dot_are_what_they_were() -> None:
    post, text = Post(), "\n".join(["x" * 5000, ".", "..", "From here"])
    sent(post, NOTICE.model_copy(update={"text": text, "html": None, "calendar": None}))
    assert post.came[0][1].get_content().replace("\r\n", "\n") == text + "\n"


# ---------------------------------------------------------------- what the server says


@pytest.mark.parametrize(
    "answer, error, match",
    [
        ("450 4.2.0 greylisted, vakt@kommun.example", TransientError, "450 4.2.0"),
        ("451 try later", TransientError, "says 451"),
        ("452 4.2.2 vakt@kommun.example is over quota", TransientError, "4.2.2: the mailbox is full"),
        ("550 5.1.1 vakt@kommun.example unknown", RejectedError, "no such mailbox; correct"),
        ("552 5.2.2 full", RejectedError, "the mailbox is full"),
        ("554 5.7.1 no", RejectedError, "does not let us write"),
    ],
)
def test_a_recipient_that_is_refused_is_for_later_or_for_a_person(
    answer: str, error: type[ConnectorError], match: str
) -> None:
    post = Post(rcpt=[answer])
    failing(post, error, match)
    assert post.came == []
    sent(post)
    assert len(post.came) == 1, "greylisting lets the second attempt through"


@pytest.mark.parametrize("answer, error", [("452 4.3.1 full disk", TransientError), ("554 5.7.1 spam", RejectedError)])
def test_a_text_that_is_refused_was_not_taken(answer: str, error: type[ConnectorError]) -> None:
    post = Post(data=[answer])
    failing(post, error, answer[:3])
    assert post.came == []


def test_a_sender_that_is_refused_pauses_the_connection() -> None:
    failing(Post(mail=["550 5.7.1 who is that"]), CredentialsError, "refuses the sender .550 5.7.1.")
    failing(Post(mail=["530 5.7.0 log in first"]), CredentialsError, "correct the connection's settings")
    failing(Post(mail=["451 4.3.0 later"]), TransientError, "451")


def test_a_server_that_takes_the_text_and_is_gone_may_have_it() -> None:
    post = Post(hangs_up=True)
    failing(post, UnknownOutcomeError, "Disconnected")
    assert len(post.came) == 1
    post.hangs_up = False
    sent(post)
    first, second = (message["Message-ID"] for _, message in post.came)
    assert first == second, "at least once, and to be told by its id"


def test_nobody_there_is_for_later() -> None:
    async def story() -> None:
        async with served(Post()) as port:
            pass
        with pytest.raises(TransientError, match="ConnectionRefused"):
            await notifier(port).send_notice(NOTICE)

    run(story)


@pytest.mark.parametrize(
    "greeting, error",
    [
        (b"554 5.7.1 you are on a list\r\n", CredentialsError),
        (b"421 busy\r\n", TransientError),
        (b"HTTP/1.1 400 Bad\r\n\r\n", TransientError),
        (b"\xff" * 5000, TransientError),
        (b"", TransientError),
    ],
)
def test_who_greets_otherwise_is_no_mail_server_for_us(greeting: bytes, error: type[ConnectorError]) -> None:
    async def told(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(told, "127.0.0.1", 0)
        async with server:
            with pytest.raises(error):
                await notifier(server.sockets[0].getsockname()[1]).send_notice(NOTICE)

    run(story)


# ---------------------------------------------------------------- TLS and log-in


def story_with(post: Post, server: dict[str, Any], **settings: Any) -> None:
    async def story() -> None:
        async with served(post, **server) as port:
            about = await notifier(port, **settings).check()
            assert "size" in about.detail
            assert post.came == []
            await notifier(port, **settings).send_notice(NOTICE)

    run(story)


def test_starttls_and_log_in() -> None:
    post, (server, client) = Post(), with_certificate()
    account = {"user": "knutpunkt", "password": PASSWORD}
    more = {"tls_context": server, "require_starttls": True, "authenticator": authenticated, "auth_required": True}
    story_with(post, more, tls=client, security="starttls", **account)
    assert len(post.came) == 1
    with pytest.raises(CredentialsError, match="refuses user and password"):
        story_with(post, more, tls=client, security="starttls", user="knutpunkt", password="wrong")
    with pytest.raises(CredentialsError, match="refuses the sender"):
        run_without_account(post, more, client)
    assert len(post.came) == 1


def run_without_account(post: Post, server: dict[str, Any], client: ssl.SSLContext) -> None:
    async def story() -> None:
        async with served(post, **server) as port:
            await notifier(port, tls=client, security="starttls").send_notice(NOTICE)

    run(story)


def test_tls_from_the_first_byte() -> None:
    post, (server, client) = Post(), with_certificate()
    story_with(post, {"tls": server}, tls=client, security="tls")
    assert len(post.came) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("fault", ["another name", "another authority"])
def test_a_certificate_that_does_not_hold_pauses_and_nothing_is_sent(security: str, fault: str) -> None:
    post = Post()
    server, client = with_certificate("mail.example" if fault == "another name" else "localhost")
    _, stranger = with_certificate()
    told = {"tls": server} if security == "tls" else {"tls_context": server}
    with pytest.raises(CredentialsError, match="CA file"):
        story_with(post, told, tls=client if fault == "another name" else stranger, security=security)
    assert post.came == []


def test_a_server_without_starttls_gets_nothing_in_clear() -> None:
    post = Post()
    failing(post, CredentialsError, "offers no STARTTLS", security="starttls")
    assert post.came == []


@pytest.mark.parametrize("given", [{"user": "a"}, {"password": "b"}, {"sender": "nobody"}, {"port": 0}, {"host": ""}])
def test_settings_that_cannot_be_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        SmtpConfig.model_validate({"host": "h", "sender": "a@b.se"} | given)


def test_what_is_written_is_pure() -> None:
    config = SmtpConfig.model_validate({"host": "h", "sender": "a@b.se"})
    now = SetClock().now()
    first, second = written(NOTICE, config, now), written(NOTICE, config, now)
    assert (first.recipient, first.reference) == (second.recipient, second.reference)
