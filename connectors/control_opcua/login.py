"""Who we are to a server, and who it has to be: certificates and keys as asyncua takes them.

Source: OPC 10000-4 v1.05, 6.1.3 and OPC 10000-6 v1.05, 6.2.2 (a certificate carries its application's URI), by way of
asyncua 2.1.0, its source, read 2026-11-27.
"""

from pathlib import Path

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.crypto.uacrypto import CertProperties
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from connectors.control_opcua.config import OpcuaConfig, Security

MODES = {
    Security.SIGN: ua.MessageSecurityMode.Sign,
    Security.SIGN_AND_ENCRYPT: ua.MessageSecurityMode.SignAndEncrypt,
}


async def secured(client: Client, config: OpcuaConfig) -> None:
    """Have a client sign, and encrypt, as the settings say.

    Raises:
        OSError: a file that cannot be read.
        ValueError: it holds no certificate or no key, or the two do not belong together.
        TypeError: a password where there is none to give, or none where there is one.
    """
    files = (config.certificate_file, config.private_key_file, config.server_certificate_file)
    if config.security is Security.NONE or not all(files):
        return
    own, key, theirs = (_content(file) for file in files)
    certificate, password = _certificate(own), config.private_key_password
    secret = load_pem_private_key(key, password.get_secret_value().encode() if password else None)
    if secret.public_key() != certificate.public_key():
        raise ValueError("the key belongs to another certificate")
    client.application_uri = _uri(certificate)
    await client.set_security(
        SecurityPolicyBasic256Sha256,
        CertProperties(certificate.public_bytes(Encoding.DER), "der"),
        CertProperties(key, "pem", password.get_secret_value() if password else None),
        server_certificate=CertProperties(_certificate(theirs).public_bytes(Encoding.DER), "der"),
        mode=MODES[config.security],
    )


def user_of(config: OpcuaConfig) -> tuple[str | None, str | None]:
    """User name and password; none for anonymous."""
    return config.username, config.password.get_secret_value() if config.password else None


def _content(file: Path | None) -> bytes:
    return Path(str(file)).read_bytes()


def _certificate(content: bytes) -> x509.Certificate:
    if content.startswith(b"-----BEGIN"):
        return x509.load_pem_x509_certificate(content)
    return x509.load_der_x509_certificate(content)


def _uri(certificate: x509.Certificate) -> str:
    """The application's URI, which a server compares with what we say of ourselves."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.UniformResourceIdentifier)[0]
    except (x509.ExtensionNotFound, IndexError):
        raise ValueError("our certificate has no application URI among its names; make another") from None
