"""Proxy, private CA and client certificate of a connection's settings: they hold for every kind of connector."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import trustme
from aiosmtpd.smtp import SMTP
from pydantic import Field, SecretStr

from hub.clock import DomainClock
from hub.delivery.reach.connections import Connections, NoStandIns
from hub.delivery.reach.running import Running
from hub.errors import ConfigurationError
from hub.intake.sftp import shelf
from hub.model.configuration import Configuration
from hub.model.connection import SftpFolder
from hub.sdk import About, Connector, ConnectorConfig, ConnectorError, CredentialsError, TransientError
from hub.sdk.tunnel import through
from hub.settings import Pulse
from hub.store.seals.sealing import Seal
from tests.builders import a_town
from tests.connectors.control_mqtt.stand import ACCESS, PASSWORDS, hall, settings
from tests.counterparts.mosquitto import Mosquitto
from tests.counterparts.openssl import OpenSsl
from tests.counterparts.ports import free_port
from tests.counterparts.tinyproxy import Tinyproxy
from tests.delivery import fakes
from tests.intake.test_sftp import PASSWORD as SFTP_PASSWORD
from tests.intake.test_sftp import server as sftp_server
from tests.sdk.test_tls import HUB, PASSWORD, as_pkcs12, locked, parts

TOWN = "2480"


class PageConfig(ConnectorConfig):
    """Where it is."""

    url: str = Field(description="address")


class Page(Connector[PageConfig]):
    """Any system over HTTP: tells what it gets."""

    async def check(self) -> About:
        answer = await self.lent.http(self.config.url).get("")
        return About(detail=answer.read(bytes.decode))


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fakes.installed(monkeypatch, tmp_path, Page)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def proxy() -> Iterator[Tinyproxy]:
    with Tinyproxy() as running:
        yield running


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    """A private CA, in a file."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


def town(connector: str, told: Mapping[str, Any], **papers: Any) -> Configuration:
    """A town with one connection."""
    raw = a_town().model_dump(mode="json")
    connection = {"connector": connector, "mode": "live", "settings": dict(told), **papers}
    return Configuration.model_validate({"municipality": raw["municipality"], "connections": {"one": connection}})


def with_one(
    connector: str,
    told: Mapping[str, Any],
    story: Callable[[Running], Awaitable[None]],
    environment: Mapping[str, str] | None = None,
    **papers: Any,
) -> None:
    """Open the connection as the hub does, and tell the story."""

    async def within() -> None:
        nothing: Any = None
        connections = Connections(nothing, nothing, Seal(bytes(32)), DomainClock(), Pulse().lease)
        async with asyncio.timeout(60):
            try:
                await connections.open_all(town(connector, told, **papers), environment or {}, NoStandIns())
                (running,) = connections
                await story(running)
            finally:
                await connections.close()

    asyncio.run(within())


def seen_by(server: OpenSsl, environment: Mapping[str, str] | None = None, **papers: Any) -> str:
    """What the server says of the hub."""
    pages: list[str] = []

    async def story(running: Running) -> None:
        pages.append((await running.connector.check()).detail)

    with_one("Page", {"url": f"https://localhost:{server.port}"}, story, environment, **papers)
    return pages[0]


# ---------------------------------------------------------------- HTTP


def test_a_system_behind_a_proxy_with_a_private_ca_that_asks_who_we_are(
    proxy: Tinyproxy, authority: trustme.CA, tmp_path: Path
) -> None:
    certificate, key = parts(authority)
    (tmp_path / "hub.pem").write_bytes(certificate)
    (tmp_path / "hub.key").write_bytes(locked(key))
    secrets = {"PROXY": proxy.url, "KEY_PASSWORD": PASSWORD.decode()}
    shown = {
        "certificate": str(tmp_path / "hub.pem"),
        "key": str(tmp_path / "hub.key"),
        "password": "${env:KEY_PASSWORD}",
    }
    with OpenSsl(authority) as server:
        more = {"ca_file": str(tmp_path / "ca.pem"), "client_certificate": shown}
        told = seen_by(server, secrets, proxy="${env:PROXY}", **more)
        assert HUB in told
        assert proxy.asked_for(f"CONNECT localhost:{server.port}")


@pytest.mark.parametrize("how", ["pkcs12", "environment", "one file"])
def test_a_client_certificate_comes_from_wherever_it_is_kept(authority: trustme.CA, tmp_path: Path, how: str) -> None:
    certificate, key = parts(authority)
    (tmp_path / "hub.p12").write_bytes(as_pkcs12(certificate, key, PASSWORD))
    (tmp_path / "hub.pem").write_bytes(certificate + key)
    shown = {
        "pkcs12": {"certificate": str(tmp_path / "hub.p12"), "password": "${env:WORD}"},
        "environment": {"certificate": "${env:CERTIFICATE}", "key": "${env:KEY}"},
        "one file": {"certificate": str(tmp_path / "hub.pem")},
    }[how]
    secrets = {"WORD": PASSWORD.decode(), "CERTIFICATE": certificate.decode(), "KEY": key.decode()}
    with OpenSsl(authority) as server:
        assert HUB in seen_by(server, secrets, ca_file=str(tmp_path / "ca.pem"), client_certificate=shown)


def test_without_its_certificate_the_connection_is_refused(authority: trustme.CA, tmp_path: Path) -> None:
    with OpenSsl(authority) as server, pytest.raises(CredentialsError, match="set client_certificate"):
        seen_by(server, ca_file=str(tmp_path / "ca.pem"))


def test_a_renewed_file_is_used_without_a_restart_and_a_broken_one_is_not(
    authority: trustme.CA, tmp_path: Path
) -> None:
    file = tmp_path / "hub.pem"
    file.write_bytes(b"".join(parts(authority, "old@kommun.example")))

    async def story(running: Running) -> None:
        assert "old@kommun.example" in (await running.connector.check()).detail
        file.write_bytes(b"".join(parts(authority, "new@kommun.example")))
        assert running.papers.renew() == ""
        assert "new@kommun.example" in (await running.connector.check()).detail
        file.write_bytes(file.read_bytes()[:700])
        assert "client_certificate" in running.papers.renew()
        assert "new@kommun.example" in (await running.connector.check()).detail
        strange = trustme.CA()
        strange.cert_pem.write_to_path(tmp_path / "ca.pem")
        file.write_bytes(b"".join(parts(authority, "new@kommun.example")))
        assert running.papers.renew() == ""
        with pytest.raises(CredentialsError, match="CA file"):
            await running.connector.check()

    with OpenSsl(authority) as server:
        papers: dict[str, Any] = {"ca_file": str(tmp_path / "ca.pem"), "client_certificate": {"certificate": str(file)}}
        with_one("Page", {"url": f"https://localhost:{server.port}"}, story, **papers)


@pytest.mark.parametrize(
    "papers, match",
    [
        ({"ca_file": "{}/none.pem"}, "ca_file: .*none.pem: No such file"),
        ({"ca_file": "{}/empty.pem"}, "ca_file: .*empty.pem: no certificate in PEM"),
        ({"client_certificate": {"certificate": "{}/none.pem"}}, "client_certificate: .*none.pem: No such file"),
        ({"client_certificate": {"certificate": "{}/empty.pem"}}, "client_certificate: neither PEM nor"),
        ({"client_certificate": {"certificate": "${{env:GONE}}"}}, r"not there: \$\{env:GONE\}"),
        ({"client_certificate": {"certificate": "{}/ca.pem"}}, "client_certificate: no key in PEM"),
        ({"client_certificate": {"certificate": "{}/ca.pem", "password": "${{env:GONE}}"}}, r"\$\{env:GONE\}"),
    ],
)
@pytest.mark.usefixtures("authority")
def test_papers_that_cannot_be_used_stop_the_start_and_are_named(
    papers: dict[str, Any], match: str, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").touch()

    def here(told: Any) -> Any:
        return told.format(tmp_path) if isinstance(told, str) else {key: here(each) for key, each in told.items()}

    async def story(_running: Running) -> None:
        raise AssertionError

    with pytest.raises(ConfigurationError, match=f"connections/one.yaml: .*{match}"):
        with_one("Page", {"url": "https://localhost"}, story, **here(papers))


# ---------------------------------------------------------------- sockets of other protocols


def mail(port: int) -> dict[str, Any]:
    return {"host": "localhost", "port": port, "security": "starttls", "sender": "bokning@kommun.example"}


def test_mail_goes_through_the_proxy_with_private_ca_and_client_certificate(
    proxy: Tinyproxy, authority: trustme.CA, tmp_path: Path
) -> None:
    side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(side)
    authority.configure_trust(side)
    side.verify_mode = ssl.CERT_REQUIRED
    (tmp_path / "hub.pem").write_bytes(b"".join(parts(authority)))

    async def story(running: Running) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(object(), tls_context=side, require_starttls=True, loop=loop), "127.0.0.1", port
        )
        async with server:
            assert "size" in (await running.connector.check()).detail
        assert proxy.asked_for(f"CONNECT localhost:{port}")

    port = free_port()
    papers: dict[str, Any] = {"ca_file": str(tmp_path / "ca.pem")}
    papers["client_certificate"] = {"certificate": str(tmp_path / "hub.pem")}
    with_one("notify_smtp", mail(port), story, {"PROXY": proxy.url}, proxy="${env:PROXY}", **papers)


def test_a_broker_that_asks_who_we_are_is_reached_through_the_proxy(proxy: Tinyproxy, tmp_path: Path) -> None:
    with Mosquitto(PASSWORDS, ACCESS, asks=True) as broker:
        broker.authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        (tmp_path / "hub.pem").write_bytes(b"".join(parts(broker.authority)))
        told = settings(broker)

        async def lets_in(running: Running) -> None:
            async with hall(broker):
                await running.connector.check()

        async def turns_away(running: Running) -> None:
            """By TLS 1.3 it says so after the handshake, and a reset may come before its word: asked again then."""

            async def asked() -> None:
                for _ in range(10):
                    with suppress(TransientError):
                        await running.connector.check()

            with pytest.raises(CredentialsError, match="client certificate"):
                await asked()

        ca: dict[str, Any] = {"ca_file": str(tmp_path / "ca.pem")}
        shown: dict[str, Any] = {"client_certificate": {"certificate": str(tmp_path / "hub.pem")}}
        with_one("control_mqtt", told, lets_in, {"PROXY": proxy.url}, proxy="${env:PROXY}", **ca, **shown)
        assert proxy.asked_for(f"CONNECT localhost:{broker.tls_port}")
        with_one("control_mqtt", told, turns_away, **ca)


@pytest.mark.parametrize("connector", ["Page", "notify_smtp", "control_mqtt"])
def test_when_the_proxy_is_down_no_connector_goes_round_it(connector: str) -> None:
    reached: list[object] = []

    async def story(running: Running) -> None:
        async with await asyncio.start_server(lambda *came: reached.append(came), "127.0.0.1", port):
            with pytest.raises(ConnectorError) as caught:
                await running.connector.check()
            assert isinstance(caught.value, TransientError)
            assert "hunter2" not in str(caught.value)
        assert reached == []

    port, nobody = free_port(), free_port()
    mqtt = {"host": "localhost", "port": port, "tls": False, "client_id": "hub", "zones": {"bana-1": {}}}
    told = {"Page": {"url": f"http://localhost:{port}"}, "notify_smtp": mail(port), "control_mqtt": mqtt}[connector]
    with_one(connector, told, story, {"PROXY": f"http://hub:hunter2@127.0.0.1:{nobody}"}, proxy="${env:PROXY}")


def test_a_folder_on_an_sftp_server_is_reached_through_the_proxy(proxy: Tinyproxy, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "in").mkdir()

    async def story() -> None:
        async with sftp_server(tmp_path, key) as port:
            public = key.export_public_key().decode().strip()
            folder = SftpFolder(host="localhost", port=port, username="hub", host_key=public, path="/in")
            async with shelf(folder, SecretStr(SFTP_PASSWORD), through(proxy.url)) as there:
                assert await there.left() == {}
            assert proxy.asked_for(f"CONNECT localhost:{port}")
            with pytest.raises(ConnectionError, match="proxy"):
                async with shelf(folder, SecretStr(SFTP_PASSWORD), through(f"http://127.0.0.1:{free_port()}")):
                    raise AssertionError

    asyncio.run(story())


def test_a_stand_in_is_reached_without_proxy_and_papers() -> None:
    class StandIn(NoStandIns):
        def settings(self, *_: object) -> Mapping[str, Any]:  # type: ignore[override]
            return {"url": "http://localhost"}

    async def story() -> None:
        nothing: Any = None
        connections = Connections(nothing, nothing, Seal(bytes(32)), DomainClock(), Pulse().lease)
        papers = {"ca_file": "/none.pem", "client_certificate": {"certificate": "/none.p12"}, "proxy": "${env:NONE}"}
        await connections.open_all(town("Page", {"url": "https://real"}, **papers), {}, StandIn())
        (running,) = connections
        assert running.connector.lent.tunnel is None
        await connections.close()

    asyncio.run(story())
