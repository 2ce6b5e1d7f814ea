"""A proxy's password stands where other secrets stand: not in the folder."""

import asyncio
from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.clock import DomainClock
from hub.delivery.reach.connections import Connections, NoStandIns
from hub.errors import ConfigurationError
from hub.model.configuration import Configuration
from hub.model.connection import Connection
from hub.settings import Pulse
from hub.store.seals.sealing import Seal
from tests.builders import a_town
from tests.delivery import fakes
from tests.delivery.harness import leading_to_systems


def through(proxy: str) -> Configuration:
    """A town whose locks are behind a proxy."""
    town = leading_to_systems(a_town())
    locks = Connection.model_validate(town.connections["locks"].model_dump() | {"proxy": proxy})
    return town.model_copy(update={"connections": {"locks": locks}})


def opened(proxy: str, environment: dict[str, str]) -> None:
    nothing: object = None
    connections = Connections(nothing, nothing, Seal(bytes(32)), DomainClock(), Pulse().lease)  # type: ignore[arg-type]
    asyncio.run(connections.open_all(through(proxy), environment, NoStandIns()))


@pytest.mark.parametrize("proxy", ["http://proxy.example.se:3128", "${env:PROXY}", "${file:/run/secrets/proxy}"])
def test_a_proxy_is_an_address_or_says_where_it_is(proxy: str) -> None:
    assert through(proxy).connections["locks"].proxy == proxy


@pytest.mark.parametrize("proxy", ["http://user:hunter2@proxy:3128", "ftp://proxy", "x${env:PROXY}", "${env:PROXY}/x"])
def test_a_proxy_with_its_password_is_refused_and_not_repeated(proxy: str) -> None:
    with pytest.raises(ValidationError) as raised:
        through(proxy)
    assert "hunter2" not in str(raised.value)


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fakes.installed(monkeypatch, tmp_path)


@pytest.mark.usefixtures("_installed")
def test_a_proxy_that_is_not_to_be_had_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"connections/locks.yaml: not there: \$\{env:PROXY\}"):
        opened("${env:PROXY}", {})


@pytest.mark.usefixtures("_installed")
def test_a_proxy_that_is_none_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match="cannot be used") as raised:
        opened("${env:PROXY}", {"PROXY": "nonsense://user:hunter2@proxy"})
    assert "hunter2" not in str(raised.value)
