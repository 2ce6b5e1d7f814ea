"""A connection as it is configured (anslutning): how a system is reached, what comes in, and how hard it is pressed."""

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator

from hub.model.frozen import Frozen
from hub.model.maintenance import Maintenance
from hub.model.naming import Name

LONGEST_HORIZON_DAYS = 400
_REFERENCE = r"\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:/[^}]+)\}"
"""Where a secret is found."""


class WatchedFolder(Frozen):
    """A folder where another system leaves files; each is taken whole, and then archived or put aside."""

    path: Annotated[str, Field(min_length=1, description="the folder, an absolute path")]
    pattern: Annotated[str, Field(description="names that are taken, e.g. *.xml")] = "*"
    archive: Annotated[str | None, Field(description="where read files go; left out: `archive` in the folder")] = None
    errors: Annotated[
        str | None, Field(description="where files that cannot be read go; left out: `errors` in the folder")
    ] = None
    settle_seconds: Annotated[
        int, Field(ge=0, le=3600, description="a file is taken when it has not changed for so long")
    ] = 5


class SftpFolder(Frozen):
    """A folder on an SFTP server where another system leaves files."""

    host: Annotated[str, Field(min_length=1, description="name or address of the server")]
    port: Annotated[int, Field(ge=1, le=65535, description="TCP port")] = 22
    username: Annotated[str, Field(min_length=1, description="of the account")]
    password: Annotated[
        str | None,
        Field(
            pattern=f"^{_REFERENCE}$",
            description="as ${env:NAME} or ${file:/path}; left out: there is a private key",
        ),
    ] = None
    private_key_file: Annotated[str | None, Field(description="path of the account's private key")] = None
    host_key: Annotated[
        str, Field(min_length=1, description="the server's public key as ssh-keyscan prints it: ssh-ed25519 AAAA...")
    ]
    path: Annotated[str, Field(min_length=1, description="the folder on the server")]
    pattern: Annotated[str, Field(description="names that are taken, e.g. *.xml")] = "*"
    archive: Annotated[
        str | None, Field(description="folder on the server for read files; left out: `archive` in the folder")
    ] = None
    errors: Annotated[
        str | None, Field(description="folder on the server for files that cannot be read; left out: `errors` in it")
    ] = None
    settle_seconds: Annotated[
        int, Field(ge=0, le=3600, description="a file is taken when it has not changed for so long")
    ] = 60


class Arrival(Frozen):
    """How data comes in over a connection, besides uploads and callbacks."""

    every_minutes: Annotated[
        int, Field(ge=1, le=1440, description="how often the system is asked, or the folder looked into")
    ] = 5
    folder: Annotated[WatchedFolder | None, Field(description="a folder on this machine")] = None
    sftp: Annotated[SftpFolder | None, Field(description="a folder on an SFTP server")] = None


class ClientCertificate(Frozen):
    """What the hub shows a system that asks who it is (klientcertifikat), e.g. an organisation certificate of SITHS."""

    certificate: Annotated[
        str,
        Field(min_length=1, description="path of the certificate with its chain, PEM or PKCS#12; or ${env:NAME}, PEM"),
    ]
    key: Annotated[
        str | None, Field(description="path of its key, PEM, or ${env:NAME}; left out: it is in the same file")
    ] = None
    password: Annotated[
        str | None,
        Field(
            pattern=f"^{_REFERENCE}$",
            description="of the key or the PKCS#12 file, as ${env:NAME} or ${file:/path}; left out: it has none",
        ),
    ] = None


class Slower(Frozen):
    """How much less hard a system is pressed than its connector declares; never harder."""

    calls_at_once: Annotated[
        int | None, Field(ge=1, description="commands and looks under way together; left out: as it declares")
    ] = None
    calls_per_minute: Annotated[
        int | None, Field(ge=1, description="commands and looks a minute; left out: as it declares")
    ] = None
    clients_at_once: Annotated[
        int | None, Field(ge=1, description="processes that are connected together; left out: as it declares")
    ] = None


class Connection(Frozen):
    """A configured, running instance of a connector (anslutning)."""

    connector: Annotated[str, Field(description="name of the connector, e.g. access_arx")]
    mode: Annotated[Literal["live", "observe"], Field(description="observe plans and reads back, and sends nothing")]
    push_horizon_days: Annotated[
        int | None,
        Field(
            ge=1,
            le=LONGEST_HORIZON_DAYS,
            description="a grant is sent at most this many days before its window; only for locks",
        ),
    ] = None
    settings: Annotated[
        dict[str, object], Field(description="the connector's own settings; secrets as ${env:NAME} or ${file:/path}")
    ]
    pace: Annotated[Slower | None, Field(description="less than the connector declares; left out: as it declares")] = (
        None
    )
    maintenance: Annotated[
        tuple[Maintenance, ...], Field(description="when nothing is asked of it, and nobody is alarmed; `[]` for never")
    ] = ()
    reconcile_hours: Annotated[
        int, Field(ge=1, le=720, description="how often what stands there is compared with what the hub thinks")
    ] = 24
    proxy: Annotated[
        str | None,
        Field(
            pattern=rf"^(https?://[^@\s]+|{_REFERENCE})$",
            description="HTTP proxy, e.g. http://proxy.example.se:3128; or, where it holds a password, ${env:NAME}",
        ),
    ] = None
    ca_file: Annotated[str | None, Field(description="path of the private CA's certificate, PEM")] = None
    client_certificate: Annotated[
        ClientCertificate | None, Field(description="what the hub shows the system; left out: nothing")
    ] = None
    credentials_expire: Annotated[
        str | None,
        Field(
            pattern=rf"^([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|{_REFERENCE})$",
            description="last day of the account or its password, 2027-03-01, or ${file:/path} where that stands; told"
            " of 60 days ahead",
        ),
    ] = None
    arrives: Annotated[Arrival | None, Field(description="how data comes in; left out: uploads and callbacks only")] = (
        None
    )
    mapping: Annotated[
        Name | None, Field(description="the mapping document that says what its items mean; left out: the connector")
    ] = None

    @field_validator("credentials_expire")
    @classmethod
    def _a_day(cls, told: str | None) -> str | None:
        if told and told[0].isdigit():
            date.fromisoformat(told)
        return told

    @property
    def push_horizon(self) -> timedelta:
        """How long before its window a grant is sent; the longest where nothing says."""
        return timedelta(days=self.push_horizon_days or LONGEST_HORIZON_DAYS)
