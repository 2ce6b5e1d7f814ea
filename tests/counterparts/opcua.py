"""An OPC UA server that is not ours, on npm's `node-opcua-server`, and somebody else who writes to it.

    with OpcuaServer() as server: server.write("Light", "Boolean", "true")

Tried with 2.182.2 on node 20. It has Light (Boolean), Dim (Byte, told by Lit), Heat (Float), Fixed (Double, read only),
Denied (our user may not write it) and Unsure, in the namespace urn:building, and one user.
"""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.counterparts.ports import free_port
from tests.counterparts.program import Program, found, node_package

SCRIPT = Path(__file__).parent / "node" / "opcua.mjs"
USER, PASSWORD = "driften", "vinter"


class OpcuaServer(Program):
    """The server; `trusted` is a certificate that it lets in over a channel that is signed."""

    def __init__(self, trusted: Path | None = None, *, sessions: int = 20) -> None:
        """Choose a port."""
        node_package("node-opcua-server")
        self.port = free_port()
        words = [str(self.port), "pki", str(sessions), *([str(trusted)] if trusted else [])]
        super().__init__(
            "opcua", [found("node"), str(SCRIPT), "serve", *words], until=lambda: "listening" in self._since()
        )
        self._seen = 0

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"opc.tcp://127.0.0.1:{self.port}/building"

    @property
    def certificate(self) -> Path:
        """The one that it shows."""
        return self.folder / "pki" / "own" / "certs" / "certificate.pem"

    def restart(self) -> None:
        """Take the power from it, and give it back: it knows nobody any more, and holds what it began with."""
        self.kill()
        self._seen = len(self.log())
        self.start()

    def write(self, name: str, kind: str, value: str) -> str:
        """Write as somebody at a panel would; gives what the server said."""
        command = [found("node"), str(SCRIPT), "write", str(self.port), f"ns=1;s={name}", kind, value]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=self.folder).stdout

    def told(self, name: str) -> list[str]:
        """Give the value after each change and its type, as the server told it."""
        return re.findall(rf"^now {name} (\S+ as \S+)$", self.log(), re.MULTILINE)

    def _since(self) -> str:
        return self.log()[self._seen :]


def application(folder: Path, uri: str) -> tuple[Path, Path]:
    """Make a certificate of an application (DER) and its key (PEM), as a municipality would for its hub."""
    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Knutpunkt")])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=True, data_encipherment=True,
        key_agreement=False, key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False)
        .add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    shown, kept = folder / "hub.der", folder / "hub.pem"
    shown.write_bytes(certificate.public_bytes(Encoding.DER))
    kept.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return shown, kept
