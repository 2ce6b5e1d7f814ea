"""The kit itself: what it refuses to overlook."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from hub.conformance import PATIENCE, base, conformance
from hub.conformance.base import LASTING
from hub.conformance.driver import Bench, Outcome, bench
from hub.conformance.examples import HOLDER, kinds, pins
from hub.conformance.network import BUSY_429, FAULTS
from hub.model import Method
from hub.sdk import AccessLimits, Chooser, Misbehaviour, PinRules
from tests.vendors.coil import CoilControl
from tests.vendors.coil.simulator import CoilSimulator
from tests.vendors.slot_lock import SlotLock
from tests.vendors.slot_lock.simulator import SlotSimulator


class Claim(base.Suite):
    connector, simulator, patience = SlotLock, SlotSimulator, PATIENCE


@pytest.fixture
def quality(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(base, "folder", lambda _: tmp_path)
    return tmp_path / "quality.toml"


def test_what_a_simulator_cannot_play_fails_without_a_reason(quality: Path) -> None:
    assert not quality.exists()
    with pytest.raises(AssertionError, match="cannot be refuses"):
        Claim().can(Misbehaviour.REFUSES)


def test_what_a_simulator_cannot_play_is_skipped_with_its_reason(quality: Path) -> None:
    quality.write_text('[cannot]\nrefuses = "it has no words"\n')
    with pytest.raises(pytest.skip.Exception, match="exempt, refuses: it has no words"):
        Claim().can(Misbehaviour.REFUSES)


def test_an_exemption_that_is_no_longer_needed_fails(quality: Path) -> None:
    quality.write_text('[cannot]\ndeleted_by_hand = "not yet"\n')
    with pytest.raises(AssertionError, match="take it out"):
        Claim().can(Misbehaviour.DELETED_BY_HAND)


@pytest.mark.parametrize("spoken", ["482916", HOLDER, "+46701740605", "0090421357"])
def test_a_secret_in_the_log_fails_whatever_the_test_was(spoken: str) -> None:
    async def story() -> None:
        async with bench(SlotLock, SlotSimulator, PATIENCE) as stand:
            stand.connector.lent.log.warning("put %s", spoken)

    with pytest.raises(AssertionError, match="secret or personal data"):
        asyncio.run(story())


def test_digits_that_only_contain_a_pin_are_no_secret() -> None:
    async def story() -> None:
        async with bench(SlotLock, SlotSimulator, PATIENCE) as stand:
            stand.connector.lent.log.warning("127.0.0.1:14829167")

    asyncio.run(story())


def test_a_connector_gets_the_suites_of_what_it_can_do_and_no_others() -> None:
    assert {name for name in vars(conformance(CoilControl, CoilSimulator)) if name.startswith("Test")} == {
        "TestLifecycleTests", "TestControlTests", "TestReadsZonesTests",
    }  # fmt: skip
    assert {name for name in vars(conformance(SlotLock, SlotSimulator)) if name.startswith("Test")} == {
        "TestLifecycleTests", "TestAccessTests", "TestReadsCredentialsTests", "TestListsCredentialsTests",
    }  # fmt: skip


def test_patience_is_a_library_s_own() -> None:
    slow = conformance(CoilControl, CoilSimulator, patience=timedelta(seconds=1))
    assert slow.TestControlTests.patience == timedelta(seconds=1)


def test_examples_keep_to_the_declared_rules() -> None:
    rules = PinRules(lengths=range(5, 6), leading_zero=False, chosen_by=frozenset(Chooser))
    limits = AccessLimits(methods=frozenset(Method), pin=rules, card_and_pin=True)
    assert [len(pin.get_secret_value()) for pin in pins(limits)] == [5, 5]
    assert not any(pin.get_secret_value().startswith("0") for pin in pins(limits))
    assert [(kind.method, kind.values is None, kind.second_value is None) for kind in kinds(limits)] == [
        (Method.CARD, False, True), (Method.CARD, False, False), (Method.MOBILE_KEY, False, True),
        (Method.PIN, False, True), (Method.PIN, True, True),
    ]  # fmt: skip


def test_a_claim_that_never_ends_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    @base.test
    async def waits_for_ever() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(base, "LONGEST_CLAIM", timedelta(milliseconds=20))
    with pytest.raises(AssertionError, match="wait without a limit"):
        waits_for_ever()


def test_what_is_raised_in_a_callback_fails_whatever_the_test_was() -> None:
    async def story() -> None:
        async with bench(SlotLock, SlotSimulator, PATIENCE):
            asyncio.get_running_loop().call_soon(lambda: 1 // 0)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    with pytest.raises(AssertionError, match="where nobody catches it"):
        asyncio.run(story())


def test_a_simulator_that_cannot_tell_what_the_connector_does_is_told_what_it_must_be() -> None:
    with pytest.raises(TypeError, match="CoilControl is Control: SlotSimulator must be HasZones too"):
        conformance(CoilControl, SlotSimulator)


def test_a_drip_that_nobody_ends_fails_the_claim() -> None:
    async def story() -> None:
        drips = next(fault for fault in FAULTS if fault.name == "slow_drip")
        async with bench(SlotLock, SlotSimulator, PATIENCE, drips) as stand:
            await stand.connector.lent.http("https://slots.test/").client.get(f"{stand.simulator.doors[0]}/slots")

    with pytest.raises(AssertionError, match="every call has a deadline"):
        asyncio.run(story())


def test_a_lasting_fault_that_ends_elsewhere_is_named() -> None:
    async def nobody(_: object) -> Outcome:
        return Outcome.DONE

    with pytest.raises(AssertionError, match="refused_401: ended done, not paused"):
        asyncio.run(Claim().ends_where_it_should(nobody))


def test_a_busy_system_that_is_not_left_alone_fails() -> None:
    async def hasty(stand: Bench) -> Outcome:
        if stand.network.fault is BUSY_429:
            stand.waits.append(None)
        return LASTING[stand.network.fault or BUSY_429]

    with pytest.raises(AssertionError, match="Retry-After was not passed on"):
        asyncio.run(Claim().ends_where_it_should(hasty))


def test_a_socket_that_is_not_lent_is_found_where_it_is_written(quality: Path) -> None:
    lifecycle = type("Claim", (base.LifecycleTests,), vars(Claim) | {})()
    (quality.parent / "client.py").write_text("import urllib.request\n")
    with pytest.raises(AssertionError, match=r"client\.py: urllib\.request"):
        lifecycle.test_every_call_goes_over_the_network_that_the_hub_lends()
    quality.write_text('[operable]\nlent-network = { exempt = "its own library, behind a proxy of its own" }\n')
    with pytest.raises(pytest.skip.Exception, match="its own library"):
        lifecycle.test_every_call_goes_over_the_network_that_the_hub_lends()
