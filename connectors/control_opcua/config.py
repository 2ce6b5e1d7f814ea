"""The settings of one connection to a server, and which nodes its zones are."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum, auto
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from hub.sdk import ConnectorConfig, ZoneKind

STANDARD_PORT = 4840
NAMESPACES = range(65_536)


class Security(StrEnum):
    """What is done to each message. Signed and encrypted ones are so by Basic256Sha256."""

    NONE = auto()
    SIGN = auto()
    SIGN_AND_ENCRYPT = auto()


def _endpoint(told: str) -> str:
    parts = urlsplit(told)
    if parts.scheme != "opc.tcp" or not parts.hostname:
        msg = "no endpoint; write it as opc.tcp://10.20.30.40:4840/path"
        raise ValueError(msg)
    if parts.username or parts.password:
        msg = "a user in the endpoint is shown in logs; write `username` and `password`"
        raise ValueError(msg)
    if parts.port == 0:
        msg = "port 0 is none"
        raise ValueError(msg)
    return told


Endpoint = Annotated[str, AfterValidator(_endpoint)]
Node = Annotated[
    str,
    StringConstraints(
        pattern=r"^(ns=\d{1,5};|nsu=[^;]+;)?(i=\d{1,10}|s=.+|g=[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$"
    ),
]
"""Source: OPC 10000-6 v1.05, 5.3.1.10 and 5.3.1.11, by way of asyncua 2.1.0, read 2026-11-27."""


class Mode(ConnectorConfig):
    """A node that decides between the device's own automation and us."""

    node: Node = Field(description="Its node.")
    ours: int = Field(default=1, description="What it holds while the hub decides; a Boolean is true when this is 1.")
    released: int = Field(default=0, description="What it holds while the device decides.")


class ZoneNodes(ConnectorConfig):
    """Which nodes one zone is, and how its numbers are spelt."""

    node: Node = Field(description="Where its level is written: `ns=2;s=Hall.Light`, `nsu=urn:maker:plc;i=1001`.")
    status: Node | None = Field(
        default=None, description="Where its level is told, if elsewhere: what the lamp does, not what was asked of it."
    )
    kind: ZoneKind = Field(default=ZoneKind.SWITCH, description="`switch`, `dim` or `setpoint`.")
    scale: Decimal = Field(
        default=Decimal(1), gt=0, description="What the node counts for one degree or per cent; 0.01 where full is 1."
    )
    on: int = Field(default=1, description="What a number that switches holds when it is on.")
    off: int = Field(default=0, description="What it holds when it is off.")
    release: bool | Decimal | None = Field(
        default=None, description="What a released zone goes back to: `true`, per cent or degrees; off if left out."
    )
    mode: Mode | None = Field(default=None, description="Where the device's own automation is set aside, and let back.")
    off_after: timedelta | None = Field(
        default=None,
        ge=timedelta(minutes=1),
        description="Seconds after the last write when the device ends by itself; it is then written again in time, and"
        " ends when the hub is gone.",
    )
    timer: Node | None = Field(
        default=None, description="Where those seconds are written before each level; left out: they are set there."
    )

    @property
    def told_at(self) -> str:
        """Where its level is told."""
        return self.status or self.node

    @property
    def written(self) -> Iterator[str]:
        """All that is written of it."""
        yield from filter(None, (self.timer, self.node, self.mode.node if self.mode else None))


class OpcuaConfig(ConnectorConfig):
    """One server, and its zones."""

    url: Endpoint = Field(description="The server's endpoint: `opc.tcp://10.20.30.40:4840/path`.")
    security: Security = Field(
        default=Security.NONE, description="`none`, `sign` or `sign_and_encrypt`, the last two by Basic256Sha256."
    )
    server_certificate_file: Path | None = Field(
        default=None, description="The server's certificate, DER or PEM: who shows another is not spoken to."
    )
    certificate_file: Path | None = Field(
        default=None, description="Ours, DER or PEM, with our application URI; the server has to trust it."
    )
    private_key_file: Path | None = Field(default=None, description="Its key, in PEM.")
    private_key_password: SecretStr | None = Field(default=None, description="What opens the key, where that is so.")
    username: str | None = Field(default=None, min_length=1, description="Who we are; left out: anonymous.")
    password: SecretStr | None = Field(default=None, description="Our password.")
    password_in_clear: bool = Field(
        default=False, description="Send the password unencrypted to a server that takes it no other way."
    )
    zones: dict[str, ZoneNodes] = Field(min_length=1, description="Each zone and its nodes.")

    @property
    def host(self) -> str:
        """The server's host."""
        return str(urlsplit(self.url).hostname)

    @property
    def port(self) -> int:
        """Its TCP port."""
        return urlsplit(self.url).port or STANDARD_PORT

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        faults = [*self._security_faults(), *self._shared()]
        faults += [f"zone {key}: {fault}" for key, zone in self.zones.items() for fault in _faults(zone)]
        if faults:
            msg = "; ".join(faults)
            raise ValueError(msg)
        return self

    def _security_faults(self) -> Iterator[str]:
        ours = (self.certificate_file, self.private_key_file, self.server_certificate_file)
        if self.security is Security.NONE and any((*ours, self.private_key_password)):
            yield "certificates are for security: sign or sign_and_encrypt, and this is none"
        if self.security is not Security.NONE and not all(ours):
            yield f"security: {self.security} needs certificate_file, private_key_file and server_certificate_file"
        if (self.username is None) != (self.password is None):
            yield "username and password go together"

    def _shared(self) -> Iterator[str]:
        first: dict[str, str] = {}
        for key, zone in self.zones.items():
            for node in zone.written:
                if node in first:
                    yield (
                        f"zones {first[node]} and {key} both write {node}"
                        if first[node] != key
                        else (f"zone {key}: {node} is written for two things")
                    )
                first.setdefault(node, key)


def _faults(zone: ZoneNodes) -> Iterator[str]:
    for node in (*zone.written, zone.told_at):
        if node.startswith("ns=") and int(node[3:].partition(";")[0]) not in NAMESPACES:
            yield f"{node}: a namespace is a number to 65535"
    if zone.kind is ZoneKind.SWITCH and zone.on == zone.off:
        yield "on and off are the same"
    if zone.mode and zone.mode.ours == zone.mode.released:
        yield "its mode is the same, ours and released"
    if zone.mode and (zone.status is None or zone.release is not None):
        yield "with a mode it needs a status of its own, and no release: the device decides then"
    if zone.kind is ZoneKind.SETPOINT and zone.mode is None and zone.release is None:
        yield "a setpoint needs a mode, or a release in degrees to go back to"
    if zone.release is not None and isinstance(zone.release, bool) != (zone.kind is ZoneKind.SWITCH):
        yield "the release of a switch is true or false, of others a number"
    if zone.timer and zone.off_after is None:
        yield "its timer needs off_after: the seconds that are written there"
