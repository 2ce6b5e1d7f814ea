"""A mail server, in its own words: connected to, logged in to, and left, for each message.

Until the message's text has been sent nothing has happened, so whatever breaks is tried again; after that nobody knows.
The server's texts may name the recipient, so only its codes are told.

Source: RFC 5321 (SMTP), RFC 3463 (enhanced codes), RFC 3207 (STARTTLS), RFC 4954 (AUTH), read 2026-11-24.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from connectors.notify_smtp.config import Security, SmtpConfig
from hub.sdk import (
    ConnectorError,
    CredentialsError,
    Lent,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
    turned_away,
)

_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_MEANING = {
    "1.1": "there is no such mailbox; correct the address",
    "1.2": "there is no such domain; correct the address",
    "1.10": "the domain takes no mail; correct the address",
    "2.1": "the mailbox is shut",
    "2.2": "the mailbox is full",
    "2.3": "the message is too large for the mailbox",
    "3.4": "the message is too large for the server",
    "7.1": "the server does not let us write there",
    "7.26": "the sender's domain is not set up for this server (SPF, DKIM)",
}
"""Subject and detail of an enhanced code."""
_NEEDS_LOGIN = frozenset({530, 534, 535, 538, 550, 553, 554})


class MailServer:
    """One server, reached anew for each message: they are few, and a connection that waits is one that dies."""

    def __init__(self, config: SmtpConfig, lent: Lent) -> None:
        self._config, self._lent = config, lent
        self._seconds = lent.timeout.total_seconds()
        self._where = f"{config.host}:{config.port}"

    async def features(self) -> str:
        """Log in, look round and leave; gives what the server says that it can."""
        async with self._session() as (server, _):
            return ", ".join(sorted(server.esmtp_extensions))

    async def send(self, message: bytes, sender: str, recipient: str, *, utf8: bool) -> None:
        """Hand over one message to one recipient."""
        async with self._session() as (server, stage):
            if utf8 and not server.supports_extension("smtputf8"):
                raise RejectedError("the server takes no addresses with letters like å; write one without")
            options = ["SMTPUTF8", "BODY=8BITMIME"] if utf8 else []
            encoding = "utf-8" if utf8 else "ascii"
            try:
                await server.mail(sender, options=options, encoding=encoding)
            except SMTPResponseException as error:
                raise self._ours(error, "the sender") from error
            await server.rcpt(recipient, encoding=encoding)
            stage.sent = True
            await server.data(message)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[tuple[SMTP, "_Stage"]]:
        stage = _Stage()
        try:
            async with asyncio.timeout(self._seconds):
                server = await self._connected()
                try:
                    await self._logged_in(server)
                    yield server, stage
                    stage.done = True
                finally:
                    await _left(server, whole=stage.done)
        except SMTPResponseException as error:
            raise self._judged(error, stage) from error
        except (SMTPException, OSError, EOFError, TimeoutError, ValueError) as error:
            if why := turned_away(error):
                raise CredentialsError(f"{self._where}: {why}") from error
            if isinstance(told := error.__cause__ or error, ssl.SSLCertVerificationError):
                why = f"{self._where}: {told.verify_message}; check the connection's CA file"
                raise CredentialsError(why) from error
            if not stage.done:
                raise self._broken(stage, type(error).__name__) from error

    async def _connected(self) -> SMTP:
        config = self._config
        server = SMTP(
            hostname=config.host,
            sock=await self._lent.connected(config.host, config.port),
            use_tls=config.security is Security.TLS,
            start_tls=False,
            tls_context=self._tls() if config.security is not Security.NONE else None,
            local_hostname="knutpunkt.invalid",
            timeout=self._seconds,
        )
        try:
            await server.connect()
        except BaseException:
            server.close()
            raise
        return server

    def _tls(self) -> ssl.SSLContext:
        return self._lent.tls or ssl.create_default_context()

    async def _logged_in(self, server: SMTP) -> None:
        config = self._config
        if config.security is Security.STARTTLS:
            await server.ehlo()
            if not server.supports_extension("starttls"):
                raise CredentialsError(f"{self._where} offers no STARTTLS; nothing is sent in clear, set security")
            await server.starttls(server_hostname=config.host, tls_context=self._tls())
        await server.ehlo()
        if config.user is not None and config.password is not None:
            try:
                await server.login(config.user, config.password.get_secret_value())
            except SMTPResponseException as error:
                raise self._ours(error, "user and password") from error
            except SMTPException as error:
                raise CredentialsError(f"{self._where} knows no way to log in that we know") from error

    def _ours(self, error: SMTPResponseException, what: str) -> ConnectorError:
        """Said of us, whoever the recipient is."""
        if error.code in _NEEDS_LOGIN:
            return CredentialsError(f"{self._where} refuses {what} ({_code(error)}); correct the connection's settings")
        return self._judged(error, _Stage())

    def _judged(self, error: SMTPResponseException, stage: "_Stage") -> ConnectorError:
        """4xx is for later, also a greylisted or full mailbox; 5xx is for a person; anything else is no answer."""
        told = f"{self._where} says {_code(error)}{_meaning(error)}"
        if HTTPStatus.BAD_REQUEST <= error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return TransientError(told)
        if HTTPStatus.INTERNAL_SERVER_ERROR <= error.code < _NO_CODE:
            if isinstance(error, aiosmtplib.SMTPConnectResponseError):
                return CredentialsError(f"{told}; it does not let us in")
            return RejectedError(told)
        return self._broken(stage, "no answer of SMTP")

    def _broken(self, stage: "_Stage", what: str) -> ConnectorError:
        kind = UnknownOutcomeError if stage.sent else TransientError
        return kind(f"{self._where}: {what}")


class _Stage:
    """How far an exchange has come."""

    sent = False
    """The text is on its way."""
    done = False


_NO_CODE = 600


async def _left(server: SMTP, *, whole: bool) -> None:
    """Say goodbye where there is somebody to say it to; what was accepted stays accepted."""
    if whole:
        with suppress(SMTPException, OSError, EOFError, ValueError, TimeoutError):
            await server.quit()
    server.close()


def _code(error: SMTPResponseException) -> str:
    enhanced = _ENHANCED.search(error.message)
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)


def _meaning(error: SMTPResponseException) -> str:
    enhanced = _ENHANCED.search(error.message)
    told = _MEANING.get(enhanced[0].partition(".")[2]) if enhanced else None
    return f": {told}" if told else ""
