"""TLS of one connection: whom it trusts, what it shows of itself, and what it saw of the other side.

The context that is lent stays the same while certificates are exchanged behind it, so a renewed file needs no restart.
"""

import os
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

Behind = ssl.SSLContext | Callable[[], ssl.SSLContext]
"""A context, or what makes it when it is needed."""
Saw = Callable[[str, bytes], None]
"""Called with the name and the certificate (DER) of whoever was shaken hands with; by any thread."""

_PEM = b"-----BEGIN"
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
_REFUSALS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it asks for a client certificate; set client_certificate",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "no handshake; does it ask for a client certificate?",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it does not take our client certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "it does not take our kind of client certificate",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "our client certificate is revoked",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "our client certificate has expired",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it does not take our client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not know the issuer of our client certificate",
    "TLSV1_ALERT_ACCESS_DENIED": "our client certificate opens nothing there",
    "TLSV1_ALERT_DECRYPT_ERROR": "it does not take our client certificate",
}
"""Alerts by which a server turns away who we are, as OpenSSL names them. Source: RFC 8446, 6.2, read 2026-11-26."""


@dataclass(frozen=True)
class Identity:
    """Our own certificate for one system (klientcertifikat), with its chain, and its key."""

    chain: tuple[x509.Certificate, ...]
    """Our own first."""
    pem: bytes = field(repr=False)
    """All of it, the key in clear: never written anywhere."""


def identity(certificate: bytes, key: bytes | None = None, password: bytes | None = None) -> Identity:
    """Read a certificate and its key: PEM, in one file or two, or PKCS#12.

    Raises:
        ValueError: it is neither, the password does not open it, or the two do not belong together.
    """
    if _PEM in certificate:
        chain = x509.load_pem_x509_certificates(certificate)
        secret: Any = _key(key or certificate, password)
    else:
        secret, chain = _from_pkcs12(certificate, password)
    own = [one for one in chain if one.public_key() == secret.public_key()]
    if not own:
        raise ValueError("the key belongs to another certificate")
    ordered = (own[0], *(one for one in chain if one is not own[0]))
    plain = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Identity(ordered, b"".join(one.public_bytes(serialization.Encoding.PEM) for one in ordered) + plain)


def _key(pem: bytes, password: bytes | None) -> Any:  # noqa: ANN401 - any kind of key
    try:
        return serialization.load_pem_private_key(pem, password)
    except TypeError:
        told = "has no password" if password else "needs its password"
        raise ValueError(f"the key {told}") from None
    except ValueError:
        raise ValueError("no key in PEM that the password opens" if password else "no key in PEM") from None


def _from_pkcs12(content: bytes, password: bytes | None) -> tuple[Any, list[x509.Certificate]]:
    try:
        key, own, more = pkcs12.load_key_and_certificates(content, password)
    except ValueError:
        raise ValueError("neither PEM nor PKCS#12 that the password opens") from None
    if key is None or own is None:
        raise ValueError("PKCS#12 without a key or a certificate")
    return key, [own, *more]


def certificates_in(pem: bytes) -> str:
    """The certificates of a file in PEM, without what else stands there; empty when there are none."""
    return b"\n".join(_CERTIFICATE.findall(pem)).decode()


def tls_context(
    ca_file: Path | None = None, *, trusted: str | None = None, ours: Identity | None = None, saw: Saw | None = None
) -> ssl.SSLContext:
    """Make a context that trusts the certificates in the file, or these in PEM, and no others; else the machine's.

    Raises:
        OSError: the file cannot be read, or holds no certificate.
    """
    context = ssl.create_default_context(cafile=ca_file, cadata=trusted)
    if ours:
        _show(context, ours)
    if saw:
        _watch(context, saw)
    return context


def _show(context: ssl.SSLContext, ours: Identity) -> None:
    """OpenSSL takes keys from a file only: this one has no name, and is never on a disk."""
    handle = os.memfd_create("client-certificate")
    try:
        os.write(handle, ours.pem)
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def _watch(context: ssl.SSLContext, saw: Saw) -> None:
    def tell(name: str | None, certificate: bytes | None) -> None:
        if name and certificate:
            saw(name, certificate)

    class Seen(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            tell(self.server_hostname, self.getpeercert(binary_form=True))

    class SeenSocket(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - ssl's own signature
            super().do_handshake(block)
            tell(self.server_hostname, self.getpeercert(binary_form=True))

    context.sslobject_class, context.sslsocket_class = Seen, SeenSocket


class TlsContext(ssl.SSLContext):
    """A context to lend: who holds it shakes hands by the one that was put behind it last.

    To read the machine's authorities takes twenty milliseconds: it may be put off until the first handshake.
    """

    def __new__(cls, behind: Behind) -> "TlsContext":  # noqa: PYI034 - ssl's own way of being made
        made = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        made._behind = behind
        return made

    _behind: Behind

    def __init__(self, behind: Behind) -> None:
        """Nothing more."""

    @property
    def behind(self) -> ssl.SSLContext:
        """The one that shakes hands."""
        if not isinstance(self._behind, ssl.SSLContext):
            self._behind = self._behind()
        return self._behind

    @behind.setter
    def behind(self, behind: Behind) -> None:
        self._behind = behind

    def wrap_bio(self, *values: Any, **more: Any) -> ssl.SSLObject:
        """For event loops."""
        return self.behind.wrap_bio(*values, **more)

    def wrap_socket(self, *values: Any, **more: Any) -> ssl.SSLSocket:
        """For libraries with threads of their own."""
        return self.behind.wrap_socket(*values, **more)


def turned_away(error: BaseException | None) -> str | None:
    """Why the other side will not speak to us, when its alert stands somewhere behind the error."""
    while error is not None:
        if isinstance(error, ssl.SSLError) and (told := _REFUSALS.get(getattr(error, "reason", None) or "")):
            return told
        error = error.__cause__ or error.__context__ or getattr(error, "os_error", None)
    return None
