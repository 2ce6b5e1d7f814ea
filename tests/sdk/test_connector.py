"""What the class statement of a connector says, and what is refused there."""

import asyncio
import logging
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import httpx
import pytest
from pydantic import Field, HttpUrl, SecretStr

from hub.clock import DomainClock
from hub.conformance.driver import Memory
from hub.discovery import connector_names, load_connector, load_simulator
from hub.sdk import About, Connector, ConnectorConfig, Lent, Pace, settings_table


class Verb(StrEnum):
    GET = "GET"
    POST = "POST"


class ExampleConfig(ConnectorConfig):
    """Settings of every kind."""

    url: HttpUrl = Field(description="Where it is.")
    password: SecretStr = Field(description="Its password.")
    zones: dict[str, int] = Field(default_factory=dict, description="By zone | coil.")
    verb: Verb = Field(default=Verb.GET, description="How.")
    account: str | None = Field(default=None, description="Whose.")
    whole: bool = Field(default=True, description="All of it?")


class Example(Connector[ExampleConfig]):
    async def check(self) -> About:
        return About()


def test_the_settings_of_a_connector_are_found_in_its_class_statement() -> None:
    assert Example.config_type is ExampleConfig


def test_a_setting_without_a_description_is_refused_at_the_class_statement() -> None:
    with pytest.raises(TypeError, match="port"):
        type("Bare", (ConnectorConfig,), {"__annotations__": {"port": int}, "__module__": __name__})


def test_the_settings_make_a_table() -> None:
    assert settings_table(ExampleConfig).splitlines()[2:] == [
        "| `url` | URL | required | Where it is. |",
        "| `password` | secret | required | Its password. |",
        "| `zones` | by name: number | none | By zone \\| coil. |",
        "| `verb` | `GET` or `POST` | `GET` | How. |",
        "| `account` | text | none | Whose. |",
        "| `whole` | `true` or `false` | `true` | All of it? |",
    ]


def test_a_pace_that_could_land_before_it_times_out_is_refused() -> None:
    with pytest.raises(ValueError, match="lands_within"):
        Pace(timeout=timedelta(seconds=60))


def test_the_hub_closes_every_client_that_it_lent() -> None:
    class Noted(httpx.MockTransport):
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1

    async def story() -> int:
        noted = Noted(lambda _: httpx.Response(200))
        lent = Lent(transport=noted, clock=DomainClock(), state=Memory(), log=logging.getLogger(__name__))
        lent.http("https://a.example.se")
        lent.http("https://b.example.se")
        await lent.aclose()
        return noted.closed

    assert asyncio.run(story()) == 2


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's distribution, as pip leaves it."""
    folder = tmp_path / "demo-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 1\n")
    (folder / "entry_points.txt").write_text(
        "[hub.connectors]\n"
        "demo_coil = tests.vendors.coil:CoilControl\n"
        "demo_wrong = tests.vendors.coil:FRAME\n"
        "[hub.simulators]\n"
        "demo_coil = tests.vendors.coil.simulator:CoilSimulator\n"
        "demo_wrong = tests.vendors.coil:CoilControl\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("installed")
def test_a_strangers_connector_comes_in_by_its_entry_point() -> None:
    assert {"demo_coil", "demo_wrong"} <= set(connector_names())
    assert load_connector("demo_coil").config_type.__name__ == "CoilConfig"
    assert load_simulator("demo_coil").__name__ == "CoilSimulator"


@pytest.mark.usefixtures("installed")
def test_a_name_that_nobody_offers_is_told_with_those_that_there_are() -> None:
    with pytest.raises(LookupError, match="demo_coil"):
        load_connector("demo_coyl")
    with pytest.raises(LookupError, match="demo_coil"):
        load_simulator("demo_coyl")


@pytest.mark.usefixtures("installed")
def test_what_is_offered_must_be_what_it_is_called() -> None:
    with pytest.raises(TypeError, match="demo_wrong"):
        load_connector("demo_wrong")
    with pytest.raises(TypeError, match="demo_wrong"):
        load_simulator("demo_wrong")
