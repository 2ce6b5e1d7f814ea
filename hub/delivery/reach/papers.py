"""The papers of a connection: whom it trusts, what it shows, by which proxy it goes; read again when a file changes."""

import ssl
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from hub.clock import STOCKHOLM, micros
from hub.configuration.secrets import is_reference, resolve
from hub.errors import ConfigurationError
from hub.model.connection import ClientCertificate
from hub.model.connection import Connection as Settings
from hub.model.expiry import Expiry, Thing
from hub.sdk.tls import Behind, Identity, TlsContext, certificates_in, identity, tls_context

_MOST_SEEN = 50
"""Names of servers that are remembered."""


class _Read(NamedTuple):
    """What the files said last."""

    trusted: str | None
    """Certificates of the private CA, PEM."""
    ours: Identity | None
    last_day: date | None
    """Of the account or its password."""


class Papers:
    """Of one connection. What is lent of it stays the same object, whatever the files say later.

    Raises:
        ConfigurationError: a file or a secret is not to be had, or cannot be used.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self._settings, self._environment = settings, environment
        self.proxy: str | None = self._resolved(settings.proxy)
        self.seen: dict[str, bytes] = {}
        """Certificates of servers (DER), by their name, as they were when a connection was made last."""
        self._read = self._files()
        self.tls = TlsContext(self._behind(self._read))

    def renew(self) -> str:
        """Read the files again, and use what is new for connections from now on; why not, where that cannot be."""
        try:
            read = self._files()
            if read[:2] != self._read[:2]:
                self.tls.behind = self._behind(read)
            self._read = read
        except ConfigurationError as error:
            return str(error)
        return ""

    @property
    def trusted(self) -> str | None:
        """The private CA's certificates, PEM; None: the machine's authorities are trusted."""
        return self._read.trusted

    @property
    def ours(self) -> Identity | None:
        """What it shows."""
        return self._read.ours

    def ends(self, told: datetime | None) -> list[Expiry]:
        """What of it ends, and when; `told`: what its system says of our account."""
        seen = ((name, _end_of_der(certificate)) for name, certificate in self.seen.copy().items())
        found = [Expiry(Thing.SERVER_CERTIFICATE, name, end) for name, end in seen if end is not None]
        if self.ours and self._settings.client_certificate:
            ours = min(micros(one.not_valid_after_utc) for one in self.ours.chain)
            found.append(Expiry(Thing.CLIENT_CERTIFICATE, self._settings.client_certificate.certificate, ours))
        if self._settings.ca_file and (end := _end_of_trust(self.trusted or "")) is not None:
            found.append(Expiry(Thing.PRIVATE_CA, self._settings.ca_file, end))
        last = self._read.last_day
        if told is not None:
            found.append(Expiry(Thing.CREDENTIALS, "", micros(told)))
        elif last is not None:
            found.append(Expiry(Thing.CREDENTIALS, "", _end_of(last)))
        return found

    def _saw(self, name: str, certificate: bytes) -> None:
        if name in self.seen or len(self.seen) < _MOST_SEEN:
            self.seen[name] = certificate

    def _behind(self, read: _Read) -> Behind:
        """What was told is tried at once; with the machine's authorities alone nothing can be wrong."""
        return self._made(read) if read.trusted or read.ours else lambda: self._made(read)

    def _made(self, read: _Read) -> ssl.SSLContext:
        try:
            return tls_context(trusted=read.trusted, ours=read.ours, saw=self._saw)
        except ssl.SSLError as error:
            raise ConfigurationError(f"ca_file or client_certificate: cannot be used ({error.reason})") from None

    def _files(self) -> _Read:
        told = self._settings.client_certificate
        ours = self._identity(told) if told else None
        return _Read(_authorities(self._settings.ca_file), ours, self._last_day())

    def _last_day(self) -> date | None:
        told = self._resolved(self._settings.credentials_expire)
        try:
            return date.fromisoformat(told.strip()) if told else None
        except ValueError:
            raise ConfigurationError("credentials_expire leads to no day; write 2027-03-01 there") from None

    def _identity(self, told: ClientCertificate) -> Identity:
        certificate, key = self._bytes(told.certificate), self._bytes(told.key) if told.key else None
        password = self._resolved(told.password)
        try:
            return identity(certificate, key, password.encode() if password else None)
        except ValueError as error:
            raise ConfigurationError(f"client_certificate: {error}") from None

    def _bytes(self, told: str) -> bytes:
        """What a path or a reference leads to."""
        if is_reference(told):
            return str(self._resolved(told)).encode()
        return _content("client_certificate", told)

    def _resolved(self, told: str | None) -> str | None:
        found = resolve({"value": told}, self._environment)["value"]
        return None if found is None else str(found)


def _authorities(ca_file: str | None) -> str | None:
    if ca_file is None:
        return None
    found = certificates_in(_content("ca_file", ca_file))
    if not found:
        raise ConfigurationError(f"ca_file: {ca_file}: no certificate in PEM")
    return found


def _content(what: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{what}: {path}: {error.strerror}") from None


def _end_of(last: date) -> int:
    """The end of a day in Sweden."""
    return micros(datetime.combine(last + timedelta(days=1), time(), tzinfo=STOCKHOLM))


def _end_of_der(certificate: bytes) -> int | None:
    """When a certificate ends; None for one that TLS took, and that cannot be read here."""
    try:
        return micros(x509.load_der_x509_certificate(certificate).not_valid_after_utc)
    except ValueError:
        return None


def _end_of_trust(pem: str) -> int | None:
    """When the first of the file's authorities ends that has no successor of its name in it."""
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return None
    ends: dict[x509.Name, int] = {}
    for one in found:
        ends[one.subject] = max(ends.get(one.subject, 0), micros(one.not_valid_after_utc))
    return min(ends.values(), default=None)
