"""Certificates of our own connectors, and what is tried on a real system."""

import asyncio
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from hub.certifying import live
from hub.certifying.certificate import as_markdown, certify
from hub.certifying.rules import TIERS, rules
from hub.cli.main import knutpunkt
from hub.conformance.driver import SetClock
from hub.delivery.simulating import InProcess
from tests.sdk.test_quality import rules as documented
from tests.vendors.slot_lock import SlotLock
from tests.vendors.slot_lock.simulator import SlotSimulator


def test_the_rules_as_data_are_those_of_the_document() -> None:
    told = documented()
    assert {tier: [rule.name for rule in rules() if rule.tier == tier] for tier in TIERS} == {
        tier: list(told[tier]) for tier in TIERS
    }
    for rule in rules():
        assert all(test in told[rule.tier][rule.name] for test in rule.tests)


def test_our_own_are_certified_by_the_same_way() -> None:
    told = certify("attendance_dak", on="2026-11-24")
    assert (told.tier, told.failed, told.package) == ("operable", 0, "knutpunkt")
    assert told.passed >= 10
    assert {one.state for one in told.rules} == {"proven", "declared", "exempt"}
    text = as_markdown(told)
    assert "**Tier: operable.**" in text
    assert "Abilities: ReadsFiles." in text


def test_what_is_not_installed_cannot_be_certified() -> None:
    told = CliRunner().invoke(knutpunkt, ["certify", "access_nothing"])
    assert told.exit_code == 2
    assert "there are: access_arx" in told.output


class Real:
    """A system that counts what is done to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.simulator = SlotSimulator(SetClock())
        self.calls: list[str] = []
        monkeypatch.setattr(live, "load_connector", lambda _: SlotLock)
        monkeypatch.setattr(live, "transport", lambda **_: self)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.method)
        return await InProcess(self.simulator).handle_async_request(request)

    async def aclose(self) -> None:
        """Nothing."""

    def look(self, door: str | None = None) -> list[live.Looked]:
        return asyncio.run(live.look("slot_lock", self.simulator.config(), door=door))


def test_on_a_real_system_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Real(monkeypatch)
    looked = real.look()
    assert [one.what for one in looked if not one.ok] == []
    assert set(real.calls) == {"GET"}
    assert [one.what for one in looked][:2] == ["open", "check, twice, the same"]


def test_one_test_credential_is_put_and_taken_away_where_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Real(monkeypatch)
    before = list(real.simulator.credentials())
    looked = real.look(door=real.simulator.doors[0])
    assert all(one.ok for one in looked)
    assert "PUT" in real.calls
    assert list(real.simulator.credentials()) == before


def test_a_system_that_is_down_is_told_and_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Real(monkeypatch)

    async def down(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down")

    monkeypatch.setattr(real, "handle_async_request", down)
    looked = real.look()
    assert any(not one.ok and one.detail.startswith("TransientError") for one in looked)


def test_live_needs_settings_and_settings_that_hold(tmp_path: Path) -> None:
    assert CliRunner().invoke(knutpunkt, ["certify", "access_arx", "--live"]).exit_code == 2
    (tmp_path / "settings.yaml").write_text("base_url: 7\n")
    told = CliRunner().invoke(
        knutpunkt, ["certify", "access_arx", "--live", "--settings", str(tmp_path / "settings.yaml")]
    )
    assert told.exit_code == 2
    assert "the settings cannot be used" in told.output
