"""Where events may go: https to public addresses, and elsewhere only what the municipality allows by name."""

import asyncio
import socket
from asyncio.selector_events import BaseSelectorEventLoop
from pathlib import Path
from typing import Any

import pytest

from hub.delivery.posts.sending import Sender
from hub.errors import InvalidError
from hub.service.subscribers.targets import fault, host_of, is_public
from tests.webhooks.harness import Stage, a_municipality, staged
from tests.webhooks.sink import Sink

OURS = [
    "127.0.0.1", "127.8.8.8", "0.1.2.3", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1",
    "::1", "::", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2001:0:7f00:1::", "localhost", "",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "193.10.1.1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", OURS)
def test_no_event_goes_to_an_address_of_this_machine_its_network_or_its_cloud(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_events_go_to_the_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/meta-data", "https://10.0.0.1/",
        "http://booking.example.se/", "ftp://booking.example.se/", "booking.example.se", "", "//booking.example.se/",
        "https://user:password@booking.example.se/", "https://allowed.se@booking.example.se/", "https://[fe80::1%25e]/",
        "https://booking.example.se#allowed.se", "https://booking.example.se\\@allowed.se/", "https://å.example.se/",
        "https://booking.example.se:99999/", "https://booking.example.se/\r\nHost: x", "https:///hooks", "https://\u017f.se/",
    ],
)  # fmt: skip
def test_such_an_address_is_refused_with_what_to_do(url: str) -> None:
    assert fault(url, {"allowed.se"})


@pytest.mark.parametrize(
    "url", ["https://booking.example.se/a?b=c&d[]=%20e", "HTTPS://Booking.Example.se:8443", "http://allowed.se:80/x"]
)
def test_such_an_address_is_taken(url: str) -> None:
    assert fault(url, {"allowed.se"}) is None


def test_the_refusal_names_the_host_and_the_setting() -> None:
    told = fault("https://10.1.2.3/hooks", ()) or ""
    assert told.startswith("10.1.2.3 is no public address; give one, or allow 10.1.2.3 in municipality.yaml")
    assert told.endswith("`webhooks: {allow: [10.1.2.3]}`")


def test_a_host_is_known_in_small_letters_and_without_brackets() -> None:
    assert (host_of("https://Booking.SE/X"), host_of("https://[2001:DB8::1]:443")) == ("booking.se", "2001:db8::1")


def test_a_subscription_to_a_forbidden_address_is_refused(tmp_path: Path) -> None:
    with staged(tmp_path, a_municipality(allow=[])) as stage:
        for url in ("http://127.0.0.1/", "https://127.0.0.1/", "https://[::1]/"):
            with pytest.raises(InvalidError, match=r"127\.0\.0\.1|::1"):
                stage.put(url)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fd00:ec2::254"])
def test_a_name_that_resolves_to_a_forbidden_address_is_not_connected_to(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = resolving_to(monkeypatch, address)
    sent = asyncio.run(sending("https://events.example.se/hooks"))
    assert sent == (None, True)
    assert tried == ["events.example.se"]


def test_a_name_that_resolves_to_this_machine_by_itself_is_not_connected_to() -> None:
    assert asyncio.run(sending("https://localhost/hooks")) == (None, True)


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name resolve to the first address, the next time to the next; gives the names that are asked for."""
    asked: list[str] = []

    async def getaddrinfo(_loop: object, host: str, port: int, **_more: Any) -> list[tuple[Any, ...]]:
        address = addresses[min(len(asked), len(addresses) - 1)]
        asked.append(host)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        place = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)]

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return asked


async def sending(url: str) -> tuple[int | None, bool]:
    """The status, and whether the address was what was wrong."""
    sender = Sender()
    try:
        sent = await sender.send(url, (), {}, b"{}")
    finally:
        await sender.close()
    return sent.status, "no public address" in (sent.detail or "")


async def nobody_answers(_loop: object, _socket: object, _address: object) -> None:
    raise ConnectionRefusedError


def test_a_name_that_is_led_home_after_it_was_looked_at_gains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first time it resolves to an address outside, where nobody answers; then to this machine."""
    with staged(tmp_path, a_municipality(allow=[])) as stage:
        sink = stage.sink()
        stage.put(f"https://rebinding.example.se:{sink.port}/", types=("booking.accepted",))
        asked = resolving_to(monkeypatch, "203.0.114.1", "127.0.0.1")
        monkeypatch.setattr(BaseSelectorEventLoop, "sock_connect", nobody_answers)
        stage.happen("B-1")
        stage.settle()
        stage.run(stage.kill())
        stage.begin()
        stage.after(hours=1)
        assert asked == ["rebinding.example.se"] * 2
        first, second = stage.log()
        assert "no public address" not in (first.detail or "")
        assert "127.0.0.1 is no public address" in (second.detail or "")
        assert sink.received == []


def test_a_host_that_is_no_longer_allowed_gets_nothing_more(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    town = stage.rulebook._towns["2480"]
    forbidding = town.configuration.model_copy(update={"municipality": a_municipality(allow=[])})
    stage.rulebook._towns["2480"] = type(town)(forbidding, town.version, town.rules)
    stage.happen("B-1")
    stage.settle()
    assert sink.received == []
    assert "or allow 127.0.0.1" in (stage.log()[0].detail or "")


def test_only_the_name_that_is_allowed_may_lead_home(stage: Stage) -> None:
    sink: Sink = stage.sink()
    stage.put(f"http://localhost:{sink.port}/", types=("booking.accepted",))
    stage.put(f"https://elsewhere.localhost:{sink.port}/", name="other", types=("booking.accepted",))
    stage.happen("B-1")
    stage.settle()
    assert sink.ids == [1]
    assert [one.outcome.value for one in stage.log("other")] == ["failed"]
