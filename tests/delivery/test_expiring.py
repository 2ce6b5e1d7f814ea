"""Certificates and accounts that end: one problem each, told 60, 30 and 7 days ahead, that pauses nothing."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from hub.model.configuration import Configuration
from hub.model.connection import Connection
from hub.model.standing import ProblemAnswer
from hub.sdk import About, Connector
from tests.builders import a_town
from tests.delivery.fakes import FakeConfig
from tests.delivery.harness import TOWN, Stage

Staging = Callable[..., Stage]
LAST = datetime(2036, 6, 1, 12, tzinfo=UTC)
"""When things end, far beyond the machine's clock: TLS itself looks at that one."""
URLS: dict[str, str] = {}
TELLS: dict[str, datetime] = {}


class Watched(Connector[FakeConfig]):
    """A system over HTTPS; it may know when our account ends."""

    async def check(self) -> About:
        if url := URLS.get(self.config.system):
            await self.lent.http(url).get("")
        return About(credentials_expire=TELLS.get(self.config.system))


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    URLS.clear()
    TELLS.clear()
    package = tmp_path / "more" / "watched-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: watched\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[hub.connectors]\nWatched = {__name__}:Watched\n")
    monkeypatch.syspath_prepend(str(package.parent))


def town(**papers: Any) -> Configuration:
    """The usual one, with one connection more."""
    watched = Connection.model_validate({"connector": "Watched", "mode": "live", "settings": {}, **papers})
    known = a_town()
    return known.model_copy(update={"connections": known.connections | {"watched": watched}})


def days_before(hall: Stage, days: float, last: datetime = LAST) -> None:
    """Go to so many days before the end, and check."""
    hall.clock.moment = last - timedelta(days=days)
    hall.run(hall.node.health.check_all())


def ending(hall: Stage, language: Any = "en") -> list[ProblemAnswer]:
    found = hall.run(hall.operating.problems(TOWN, language=language))
    return [one for one in found if one.connection == "watched"]


def told(hall: Stage) -> list[str]:
    return [event.type for event in hall.events("problem") if event.subject == "watched"]


def pem(authority: trustme.CA, last: datetime = LAST) -> bytes:
    """A client certificate, its chain and key."""
    return authority.issue_cert("hub@kommun.example", not_after=last).private_key_and_cert_chain_pem.bytes()


def is_told_at_each_threshold(hall: Stage, code: str, detail: str) -> None:
    """The story of anything that ends."""
    days_before(hall, 61)
    assert ending(hall) == []
    days_before(hall, 60)
    (first,) = ending(hall)
    assert (first.code, first.detail) == (code, f"{detail} ends 2036-06-01, days left: 60")
    assert told(hall) == ["problem.started"]
    days_before(hall, 30.5)
    (second,) = ending(hall)
    assert (second.id, second.since, second.detail[-2:]) == (first.id, first.since, "30")
    assert told(hall) == ["problem.started"]
    for days in (30, 7, 0):
        days_before(hall, days)
        days_before(hall, days - 0.01)
        assert [one.id for one in ending(hall)] == [first.id]
    assert told(hall) == ["problem.started", *["problem.escalated"] * 3]
    assert ending(hall)[0].detail == f"{detail} ended 2036-06-01"
    assert hall.running("watched").paused is None
    assert {one.state for one in hall.run(hall.node.health.listed(TOWN))} == {"running"}


# ---------------------------------------------------------------- the system's certificate


@contextmanager
def serving(hall: Stage, leaf: trustme.LeafCert) -> Iterator[None]:
    """The system, with this certificate."""
    side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    leaf.configure_cert(side)

    going: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            going.add(task)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = hall.run(asyncio.start_server(serve, "127.0.0.1", 0, ssl=side))
    URLS[f"{TOWN}/watched"] = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    try:
        yield
    finally:
        server.close()
        if going:
            hall.run(asyncio.wait(going, timeout=10))


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


def test_the_systems_certificate_is_seen_when_it_is_checked_and_told_of_in_time(
    staging: Staging, authority: trustme.CA, tmp_path: Path
) -> None:
    hall = staging(town(ca_file=str(tmp_path / "ca.pem")))
    with serving(hall, authority.issue_cert("localhost", not_after=LAST)):
        is_told_at_each_threshold(hall, "server-certificate", "the certificate of localhost")
    (swedish,) = ending(hall, "sv")
    assert swedish.detail == "certifikatet för localhost gick ut 2036-06-01"
    assert swedish.title == "Systemets certifikat går ut"
    renewed = LAST + timedelta(days=365)
    with serving(hall, authority.issue_cert("localhost", not_after=renewed)):
        days_before(hall, -1)
    assert ending(hall) == []
    assert told(hall)[-1] == "problem.ended"
    (watched,) = (one for one in hall.run(hall.node.health.listed(TOWN)) if one.name == "watched")
    seen = [(one.thing, one.name, one.ends_at) for one in watched.expires if one.thing == "server_certificate"]
    assert seen == [("server_certificate", "localhost", renewed)]


def test_a_system_that_is_down_keeps_its_problem_and_a_restart_tells_nothing_twice(
    staging: Staging, authority: trustme.CA, tmp_path: Path
) -> None:
    hall = staging(town(ca_file=str(tmp_path / "ca.pem")))
    with serving(hall, authority.issue_cert("localhost", not_after=LAST)):
        days_before(hall, 50)
    URLS.clear()
    hall.restart()
    days_before(hall, 40)
    assert [one.detail[-2:] for one in ending(hall)] == ["40"]
    days_before(hall, 29)
    assert told(hall) == ["problem.started", "problem.escalated"]


def test_a_host_that_the_connection_has_left_is_forgotten_after_two_days(
    staging: Staging, authority: trustme.CA, tmp_path: Path
) -> None:
    hall = staging(town(ca_file=str(tmp_path / "ca.pem")))
    with serving(hall, authority.issue_cert("localhost", not_after=LAST)):
        days_before(hall, 50)
    hall.restart()
    later = LAST + timedelta(days=900)
    with serving(hall, authority.issue_cert("127.0.0.1", not_after=later)):
        URLS[f"{TOWN}/watched"] = URLS[f"{TOWN}/watched"].replace("localhost", "127.0.0.1")
        days_before(hall, 49)
        assert len(ending(hall)) == 1
        days_before(hall, 47.9)
        assert ending(hall) == []


# ---------------------------------------------------------------- files and accounts


def test_our_client_certificate_is_told_of_and_a_renewed_file_ends_it(
    staging: Staging, authority: trustme.CA, tmp_path: Path
) -> None:
    file = tmp_path / "hub.pem"
    file.write_bytes(pem(authority))
    hall = staging(town(client_certificate={"certificate": str(file)}))
    is_told_at_each_threshold(hall, "client-certificate", f"our client certificate in {file}")
    file.write_bytes(pem(authority, LAST + timedelta(days=90)))
    days_before(hall, 0)
    assert ending(hall) == []
    file.write_bytes(pem(authority, LAST + timedelta(days=20)))
    days_before(hall, 0)
    assert [one.detail[-2:] for one in ending(hall)] == ["20"]


def ca_file(path: Path, *authorities: tuple[str, datetime]) -> None:
    """Authorities of these names that end then."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    made = []
    for name, last in authorities:
        key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string(f"CN={name}")
        builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(last)
        built = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        made.append(built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    path.write_bytes("Den privata CA:n för håll och låsning\n".encode() + b"\n".join(made))


def test_the_private_ca_is_told_of_until_its_successor_is_in_the_file(staging: Staging, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    ca_file(file, ("Kommunens CA", LAST), ("Annan CA", LAST + timedelta(days=3000)))
    hall = staging(town(ca_file=str(file)))
    is_told_at_each_threshold(hall, "private-ca", f"the private CA in {file}")
    ca_file(file, ("Kommunens CA", LAST), ("Kommunens CA", LAST + timedelta(days=3000)))
    days_before(hall, 0)
    assert ending(hall) == []


def test_an_account_is_told_of_to_the_end_of_its_last_day_and_the_day_may_stand_beside_the_secret(
    staging: Staging, tmp_path: Path
) -> None:
    file, night = tmp_path / "password.last-day", datetime(2036, 6, 1, 22, tzinfo=UTC)
    file.write_text("2036-06-01\n")
    hall = staging(town(credentials_expire=f"${{file:{file}}}"))
    days_before(hall, 60.01, night)
    assert ending(hall) == []
    days_before(hall, 60, night)
    (found,) = ending(hall)
    assert (found.code, found.detail) == (
        "credentials-end", "the account or its password ends 2036-06-01, days left: 60",
    )  # fmt: skip
    days_before(hall, 0, night)
    assert ending(hall)[0].detail == "the account or its password ended 2036-06-01"
    file.write_text("2037-06-01\n")
    days_before(hall, 0, night)
    assert ending(hall) == []
    file.write_text("soon")
    days_before(hall, 0, night)
    (found,) = ending(hall)
    assert (found.code, found.detail) == (
        "certificate-file", "credentials_expire leads to no day; write 2037-03-01 there".replace("2037", "2027"),
    )  # fmt: skip


def test_what_the_system_says_of_our_account_goes_before_what_the_configuration_says(staging: Staging) -> None:
    hall = staging(town(credentials_expire="2036-01-01"))
    TELLS[f"{TOWN}/watched"] = LAST
    is_told_at_each_threshold(hall, "credentials-end", "the account or its password")


def test_a_paused_connection_is_told_of_all_the_same(staging: Staging) -> None:
    hall = staging(town(credentials_expire="2036-06-01"))
    hall.run(hall.node.health.set_paused(TOWN, "watched", "kerstin"))
    days_before(hall, 50)
    assert [one.code for one in ending(hall)] == ["credentials-end"]
    days_before(hall, 5)
    assert told(hall) == ["problem.started", "problem.escalated"]


def test_a_certificate_file_that_breaks_is_a_problem_until_it_is_mended(
    staging: Staging, authority: trustme.CA, tmp_path: Path
) -> None:
    file = tmp_path / "hub.pem"
    file.write_bytes(pem(authority))
    hall = staging(town(client_certificate={"certificate": str(file)}))
    whole = file.read_bytes()
    file.unlink()
    days_before(hall, 100)
    (found,) = ending(hall)
    assert (found.code, found.detail) == (
        "certificate-file", f"client_certificate: {file}: No such file or directory",
    )  # fmt: skip
    assert hall.running("watched").papers.ours is not None
    file.write_bytes(whole)
    days_before(hall, 100)
    assert ending(hall) == []


def test_what_ended_of_a_connection_that_is_gone_is_no_problem(staging: Staging) -> None:
    hall = staging(town(credentials_expire="2036-06-01"))
    days_before(hall, 50)
    assert len(ending(hall)) == 1
    known = hall.rulebook.town(TOWN).configuration.connections
    del known["watched"]
    hall.node.connections._running.pop((TOWN, "watched"))
    days_before(hall, 49)
    assert ending(hall) == []


def test_status_counts_what_ends_soon(staging: Staging) -> None:
    hall = staging(town(credentials_expire="2036-06-01"))
    days_before(hall, 61, LAST + timedelta(hours=10))
    assert hall.run(hall.operating.status(TOWN)).expires == ()
    days_before(hall, 12.5, LAST + timedelta(hours=10))
    (one,) = hall.run(hall.operating.status(TOWN)).expires
    assert (one.connection, one.thing, one.days, one.last_day.isoformat()) == (
        "watched", "credentials", 12, "2036-06-01",
    )  # fmt: skip
