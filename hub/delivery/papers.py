"""The papers of a connection: whom it trusts, what it shows, by which proxy it goes; read again when a file changes."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hub.configuration.secrets import is_reference, resolve
from hub.errors import ConfigurationError
from hub.model.configuration import ClientCertificate
from hub.model.configuration import Connection as Settings
from hub.sdk.tls import Identity, TlsContext, certificates_in, identity, tls_context

_MOST_SEEN = 50
"""Names of servers that are remembered."""


class _Read(NamedTuple):
    """What the files said last."""

    trusted: str | None
    """Certificates of the private CA, PEM."""
    ours: Identity | None


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
        self.tls = TlsContext(self._made(self._read))

    def renew(self) -> str:
        """Read the files again, and use what is new for connections from now on; why not, where that cannot be."""
        try:
            read = self._files()
            if read != self._read:
                self.tls.behind = self._made(read)
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

    def _saw(self, name: str, certificate: bytes) -> None:
        if name in self.seen or len(self.seen) < _MOST_SEEN:
            self.seen[name] = certificate

    def _made(self, read: _Read) -> ssl.SSLContext:
        try:
            return tls_context(trusted=read.trusted, ours=read.ours, saw=self._saw)
        except ssl.SSLError as error:
            raise ConfigurationError(f"ca_file or client_certificate: cannot be used ({error.reason})") from None

    def _files(self) -> _Read:
        told = self._settings.client_certificate
        return _Read(_authorities(self._settings.ca_file), self._identity(told) if told else None)

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
