"""Certificates of our own connectors, and what is tried on a real system."""

import asyncio
import re
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from click.testing import CliRunner

from connectors.access_arx import ArxAccess
from connectors.access_arx.simulator import ArxSimulator
from hub.certifying import certificate, live
from hub.certifying.certificate import as_markdown, certify
from hub.certifying.rules import TIERS, rules
from hub.certifying.running import Ran
from hub.cli.main import knutpunkt
from hub.conformance.driver import SetClock
from hub.delivery.reach.simulating import InProcess
from hub.sdk import Connector, HttpSimulator
from tests.sdk.test_quality import rules as documented
from tests.vendors.app_lock import AppLock
from tests.vendors.app_lock.simulator import AppSimulator
from tests.vendors.bill_receiver import BillReceiver
from tests.vendors.bill_receiver.simulator import BillSimulator
from tests.vendors.room_climate import ClimateControl
from tests.vendors.room_climate.simulator import ClimateSimulator
from tests.vendors.slot_lock import SlotLock
from tests.vendors.slot_lock.simulator import SlotSimulator


def test_the_rules_as_data_are_those_of_the_document() -> None:
    told = documented()
    assert {tier: [rule.name for rule in rules() if rule.tier == tier] for tier in TIERS} == {
        tier: list(told[tier]) for tier in TIERS
    }
    kit = kit_tests()
    for rule in rules():
        named = set(re.findall(r"test_\w+", told[rule.tier][rule.name]))
        assert named & kit <= set(rule.tests), rule.name


def test_every_test_of_the_kit_proves_some_rule_and_every_one_that_proves_a_rule_exists() -> None:
    proving = {test for rule in rules() for test in rule.tests}
    assert kit_tests() - proving == set(), "it may fail, and no rule says so"
    assert proving - kit_tests() == {
        "test_every_connector_comes_in_by_its_entry_points", "test_every_connector_has_the_fixed_shape",
        "test_a_simulator_shares_no_code_with_its_connector",
    }, "only these are not of the kit"  # fmt: skip


def kit_tests() -> set[str]:
    sources = Path("hub/conformance").glob("*.py")
    return {name for source in sources for name in re.findall(r"def (test_\w+)", source.read_text())}


def judged(name: str, said: object, ran: Ran, able: tuple[str, ...] = ()) -> tuple[str, str]:
    (rule,) = [rule for rule in rules() if rule.name == name]
    told = certificate._judged(rule, {rule.tier: {name: said}}, ran, able)
    return told.state, told.detail


def test_what_is_said_to_be_done_is_proven_by_what_ran_or_left_to_a_reader() -> None:
    ran = Ran()
    assert judged("doubled-calls", "done", ran) == ("declared", "for a reader to check")
    ran.passed["test_doubled_calls_do_no_harm"] = 1
    assert judged("doubled-calls", "done", ran) == ("proven", "test_doubled_calls_do_no_harm (1)")
    assert judged("nothing-secret-said", "done", ran) == ("proven", "each of 1 tests, at its end")
    ran.failed["test_doubled_calls_do_no_harm"] = ["two"]
    assert judged("doubled-calls", "done", ran) == ("failed", "test_doubled_calls_do_no_harm: two")


def test_what_only_skipped_is_no_proof() -> None:
    ran = Ran()
    ran.exempt["test_doubled_calls_do_no_harm"] = ["it cannot"]
    assert judged("doubled-calls", "done", ran) == ("exempt", "test_doubled_calls_do_no_harm: it cannot")


def test_whoever_cannot_do_a_thing_cannot_say_that_it_is_done() -> None:
    state, why = judged("lists-ours", "done", Ran(), ("AccessControl",))
    assert (state, why) == ("missing", "said to be done, and it is none of ListsCredentials: say why it is exempt")
    assert judged("lists-ours", {"exempt": "no list"}, Ran()) == ("exempt", "no list")


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
    assert "there are: access_accessy, access_arx" in told.output


class Real:
    """A system that counts what is done to it."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, connector: type[Connector[Any]], simulator: HttpSimulator
    ) -> None:
        self.simulator = simulator
        self.calls: list[str] = []
        monkeypatch.setattr(live, "load_connector", lambda _: connector)
        monkeypatch.setattr(live, "transport", lambda **_: self)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.method)
        return await InProcess(self.simulator).handle_async_request(request)

    async def aclose(self) -> None:
        """Nothing."""

    def look(self, door: str | None = None) -> list[live.Looked]:
        return asyncio.run(live.look("real", self.simulator.config(), door=door))


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> tuple[Real, ArxSimulator]:
    simulator = ArxSimulator(SetClock())
    return Real(monkeypatch, ArxAccess, simulator), simulator


def test_on_a_real_system_nothing_is_changed(lock: tuple[Real, ArxSimulator]) -> None:
    real, simulator = lock
    before = list(simulator.credentials())
    looked = real.look()
    assert [one.what for one in looked if not one.ok] == []
    assert [one.what for one in looked][:2] == ["open", "check, twice, the same"]
    assert list(simulator.credentials()) == before


def test_sources_zones_and_records_of_a_real_system_are_only_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, climate = BillSimulator(SetClock()), ClimateSimulator(SetClock())
    ledger.happen(3)
    real = Real(monkeypatch, BillReceiver, ledger)
    told = {one.what: (one.ok, one.detail) for one in real.look()}
    assert told["find an invoice that is not there"] == (True, "")
    assert told["ask for the first page, and understand it"] == (True, "3 items, 0 of them not understood")
    assert set(real.calls) == {"GET"}
    real = Real(monkeypatch, ClimateControl, climate)
    told = {one.what: (one.ok, one.detail) for one in real.look()}
    assert told["read every zone"] == (True, "2 read")
    assert set(real.calls) == {"GET"}


def test_one_test_credential_is_put_and_taken_away_where_that_is_allowed(lock: tuple[Real, ArxSimulator]) -> None:
    real, simulator = lock
    before = list(simulator.credentials())
    looked = real.look(door=simulator.doors[0])
    assert all(one.ok for one in looked if one.what.startswith("put")), looked
    assert set(real.calls) > {"GET"}
    assert list(simulator.credentials()) == before


@pytest.mark.parametrize(
    "connector, simulator, why",
    [
        (SlotLock, SlotSimulator, "keeps no times"),
        (AppLock, AppSimulator, "takes no PIN of ours"),
        (ClimateControl, ClimateSimulator, "opens no doors"),
    ],
)
def test_no_test_credential_is_put_where_it_would_open_at_once_or_mean_nothing(
    monkeypatch: pytest.MonkeyPatch, connector: type[Connector[Any]], simulator: type[HttpSimulator], why: str
) -> None:
    real = Real(monkeypatch, connector, simulator(SetClock()))
    (told,) = [one for one in real.look(door="hall-a") if one.what.startswith("put")]
    assert (told.ok, why in told.detail) == (False, True)
    assert set(real.calls) == {"GET"}


def test_a_system_that_is_down_is_told_and_not_a_crash(
    lock: tuple[Real, ArxSimulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, _ = lock

    async def down(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down")

    monkeypatch.setattr(real, "handle_async_request", down)
    looked = real.look()
    assert any(not one.ok and one.detail.startswith("TransientError") for one in looked)


def test_a_private_authority_holds_for_a_connectors_own_sockets_too(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"421 mail.example is closing\r\n")
        await writer.drain()
        writer.close()

    async def story(ca_file: Path | None) -> str:
        async with await asyncio.start_server(greet, "127.0.0.1", 0, ssl=tls) as server:
            port = server.sockets[0].getsockname()[1]
            settings = {"host": "127.0.0.1", "port": port, "security": "tls", "sender": "hub@kommun.example"}
            looked = await live.look("notify_smtp", settings, ca_file=ca_file)
            return next(one.detail for one in looked if one.what.startswith("check"))

    assert "CredentialsError" in asyncio.run(story(None)), "a certificate that does not hold"
    assert "CredentialsError" not in asyncio.run(story(tmp_path / "ca.pem"))


def test_live_needs_settings_and_settings_that_hold(tmp_path: Path) -> None:
    assert CliRunner().invoke(knutpunkt, ["certify", "access_arx", "--live"]).exit_code == 2
    (tmp_path / "settings.yaml").write_text("base_url: 7\n")
    told = CliRunner().invoke(
        knutpunkt, ["certify", "access_arx", "--live", "--settings", str(tmp_path / "settings.yaml")]
    )
    assert told.exit_code == 2
    assert "the settings cannot be used" in told.output
