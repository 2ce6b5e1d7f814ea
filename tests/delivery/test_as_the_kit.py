"""One table of cases, for the kit's driver and for the hub's delivery: a connector meets what it was proven against.

The system, its connector and its faults are the same. Only the number of commands may differ: where the hub looks
before it sends again, the driver sends again, which is harder on the connector and the same to the door.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from hub.conformance.driver import Bench, Outcome, bench
from hub.conformance.record_examples import INVOICES
from hub.model import Credential, Dim, Method, Release, Window, Zone
from hub.model.states import Delivery
from hub.sdk import OnUnknown, Simulator, on_unknown
from tests.builders import SATURDAY, a_town
from tests.databases import KINDS
from tests.delivery.fake_ledger import LEDGERS, OFFERED, FakeLedger, LedgerSystem, MuteLedger
from tests.delivery.fakes import LAMPS, LOCKS, BlindLamps, BlindLocks, FakeLamps, FakeLocks, Fault, System
from tests.delivery.harness import PIN, TOWN, Stage

Staging = Callable[..., Stage]
PATIENCE = timedelta(seconds=1)
DOOR = Window(door="outer", starts_at=SATURDAY, ends_at=SATURDAY + timedelta(hours=1))
CODE = Credential(key=PIN, method=Method.PIN, value=SecretStr("48291"), windows=frozenset({DOOR}))
LIT = Zone(key="court-1", level=Dim(percent=60))
DARK = Zone(key="court-1", level=Release())


@dataclass(frozen=True)
class Case:
    """How one command after another goes wrong, and what comes of it."""

    name: str
    turns: tuple[Fault, ...]
    ends: Outcome
    done: bool
    """Whether the system is in the end as the command would have it."""
    for_ever: Fault | None = None
    """How every command after those goes wrong."""


DONE, WAITING, STUCK, PAUSED = Outcome.DONE, Outcome.WAITING, Outcome.STUCK, Outcome.PAUSED
CASES = (
    Case("nothing fails", (), DONE, done=True),
    Case("down once", (Fault.DOWN,), DONE, done=True),
    Case("down four times", (Fault.DOWN,) * 4, DONE, done=True),
    Case("down for ever", (), WAITING, done=False, for_ever=Fault.DOWN),
    Case("asked to wait", (Fault.BUSY, Fault.BUSY), DONE, done=True),
    Case("lost on the way", (Fault.LOST,), DONE, done=True),
    Case("lost for ever", (), WAITING, done=False, for_ever=Fault.LOST),
    Case("done and not answered", (Fault.UNANSWERED,), DONE, done=True),
    Case("done, not answered, then down", (Fault.UNANSWERED, Fault.DOWN), DONE, done=True),
    Case("lands late", (Fault.LATE,), DONE, done=True),
    Case("lands late, twice", (Fault.LATE, Fault.LATE), DONE, done=True),
    Case("down, lost, then unanswered", (Fault.DOWN, Fault.LOST, Fault.UNANSWERED), DONE, done=True),
    Case("rejected", (Fault.REJECTS,), STUCK, done=False),
    Case("down, then rejected", (Fault.DOWN, Fault.REJECTS), STUCK, done=False),
    Case("lost, then rejected", (Fault.LOST, Fault.REJECTS), STUCK, done=False),
    Case("refused", (Fault.REFUSES,), PAUSED, done=False),
    Case("down, then refused", (Fault.DOWN, Fault.REFUSES), PAUSED, done=False),
    Case("lost, then refused", (Fault.LOST, Fault.REFUSES), PAUSED, done=False),
)
ON_EACH_DATABASE = {"done, not answered, then down", "lost for ever", "lost, then rejected", "lost, then refused"}
"""One for each way to end: what is stored of the other faults is tried on all databases by the tests beside these."""
NAMED = pytest.mark.parametrize(
    "database, case",
    [
        pytest.param(kind, case, id=f"{kind}-{case.name}")
        for kind in KINDS
        for case in CASES
        if kind == KINDS[0] or case.name in ON_EACH_DATABASE
    ],
    indirect=["database"],
)
SEEING = pytest.mark.parametrize("seeing", [True, False], ids=["read back", "blind"])


class FakeSystem(Simulator):
    """The kit's way to the systems that the hub's own tests use."""

    def config(self) -> dict[str, object]:
        return {"system": "kit"}


def meets(system: System, case: Case) -> None:
    system.turns = list(case.turns)
    if case.for_ever:
        system.breaks(case.for_ever)


def by_the_kit(connector: Any, send: Callable[[Bench], Awaitable[Any]]) -> Outcome:
    """How the driver says that it ended."""

    async def story() -> Outcome:
        async with bench(connector, FakeSystem, PATIENCE) as stand:
            outcome, _ = await stand.deliver(lambda: send(stand))
            return outcome

    return asyncio.run(story())


def by_the_hub(hall: Stage, key: str) -> Outcome:
    """How the hub says that it ended."""
    name = "locks" if key == PIN else "lamps"
    if any(one.name == name and one.state == "paused" for one in hall.run(hall.node.health.listed(TOWN))):
        return PAUSED
    return {Delivery.CONFIRMED: DONE, Delivery.RETRYING: WAITING, Delivery.STUCK: STUCK}[hall.state(key)[1]]


@pytest.fixture(autouse=True)
def _clean() -> None:
    LOCKS.pop("kit", None)
    LAMPS.pop("kit", None)
    LEDGERS.pop("kit", None)


def a_hall(staging: Staging, *, seeing: bool) -> Stage:
    return staging(a_town(connectors={} if seeing else {"locks": blind("BlindLocks"), "lamps": blind("BlindLamps")}))


def blind(name: str) -> dict[str, str]:
    return {"connector": name}


def test_each_way_to_end_is_tried_on_each_database() -> None:
    on_each = [case for case in CASES if case.name in ON_EACH_DATABASE]
    assert {case.ends for case in on_each} == {DONE, WAITING, STUCK, PAUSED}


@NAMED
@SEEING
def test_a_code_is_put_alike(case: Case, staging: Staging, *, seeing: bool) -> None:
    hall = a_hall(staging, seeing=seeing)
    meets(hall.locks, case)
    hall.put()
    hall.at("10:30")
    meets(LOCKS.setdefault("kit", type(hall.locks)()), case)
    ended = by_the_kit(FakeLocks if seeing else BlindLocks, lambda stand: stand.connector.put_credential(CODE))
    assert (by_the_hub(hall, PIN), set(hall.locks.stands)) == (case.ends, {PIN} if case.done else set())
    assert (ended, set(LOCKS["kit"].stands)) == (case.ends, {PIN} if case.done else set())


@NAMED
@SEEING
def test_a_code_is_removed_alike(case: Case, staging: Staging, *, seeing: bool) -> None:
    hall = a_hall(staging, seeing=seeing)
    hall.put()
    meets(hall.locks, case)
    hall.cancel()
    hall.at("10:30")
    LOCKS["kit"] = kit = type(hall.locks)()
    kit.stands[PIN] = CODE
    meets(kit, case)
    ended = by_the_kit(FakeLocks if seeing else BlindLocks, lambda stand: stand.connector.remove_credential(PIN))
    assert (by_the_hub(hall, PIN), set(hall.locks.stands)) == (case.ends, set() if case.done else {PIN})
    assert (ended, set(kit.stands)) == (case.ends, set() if case.done else {PIN})


@NAMED
@SEEING
def test_a_light_is_lit_alike(case: Case, staging: Staging, *, seeing: bool) -> None:
    hall = a_hall(staging, seeing=seeing)
    hall.put()
    hall.at("11:44")
    only(hall, case)
    hall.at("12:40")
    LAMPS["kit"] = kit = type(hall.lamps)()
    meets(kit, case)
    ended = by_the_kit(FakeLamps if seeing else BlindLamps, lambda stand: stand.connector.put_zone(LIT))
    assert (by_the_hub(hall, LIT.key), hall.lamps.percent(LIT.key)) == (case.ends, 60 if case.done else 0)
    assert (ended, kit.percent(LIT.key)) == (case.ends, 60 if case.done else 0)


@NAMED
@SEEING
def test_a_light_is_given_back_alike(case: Case, staging: Staging, *, seeing: bool) -> None:
    hall = a_hall(staging, seeing=seeing)
    hall.put()
    hall.at("12:30")
    only(hall, case)
    hall.cancel()
    hall.at("13:30")
    LAMPS["kit"] = kit = type(hall.lamps)()
    kit.levels[LIT.key] = LIT.level
    meets(kit, case)
    ended = by_the_kit(FakeLamps if seeing else BlindLamps, lambda stand: stand.connector.put_zone(DARK))
    assert (by_the_hub(hall, LIT.key), hall.lamps.percent(LIT.key)) == (case.ends, 0 if case.done else 60)
    assert (ended, kit.percent(LIT.key)) == (case.ends, 0 if case.done else 60)


def only(hall: Stage, case: Case) -> None:
    """Of the lamps only the one that is looked at goes wrong."""
    hall.lamps.turns_of = LIT.key
    meets(hall.lamps, case)
    if case.for_ever:
        hall.lamps.recovers()
        hall.lamps.breaks(case.for_ever, LIT.key)


LEDGER_KINDS = pytest.mark.parametrize("ledger", OFFERED, ids=lambda ledger: on_unknown(ledger).value)


def meant(case: Case, ledger: type) -> tuple[Outcome, bool]:
    """How a record's case ends, and whether it has come: in doubt, one that cannot be asked is left to a person."""
    if on_unknown(ledger) is OnUnknown.STOP:
        for turn in (*case.turns, case.for_ever):
            if turn in {Fault.LOST, Fault.UNANSWERED, Fault.LATE}:
                return STUCK, turn is not Fault.LOST
    return case.ends, case.done


@NAMED
@LEDGER_KINDS
def test_an_invoice_is_sent_alike(
    case: Case, ledger: type[MuteLedger], staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = LedgerSystem.find
    monkeypatch.setattr(LedgerSystem, "find", lambda system, key: (system.land(), find(system, key))[1])
    usual = {} if ledger is FakeLedger else {"ledger": blind(ledger.__name__)}
    hall = staging(a_town(finance="ledger", connectors=usual))
    meets(hall.ledger, case)
    hall.put(**COSTS)
    hall.at("10:30")
    LEDGERS["kit"] = kit = LedgerSystem()
    meets(kit, case)
    ends, came = meant(case, ledger)
    assert (sent_by_the_hub(hall), landed(hall.ledger)) == (ends, ["B-1.i1"] * came)
    assert (sent_by_the_kit(ledger), landed(kit)) == (ends, [INVOICES[0].key] * came)


COSTS: dict[str, Any] = {
    "payment": {"kind": "invoice"},
    "charges": [
        {
            "id": "c1", "occasion": "1", "article": "B", "text": "Bana", "quantity": "1", "unit_price": "1.00",
            "vat": "exempt",
        },
    ],
}  # fmt: skip


def landed(system: LedgerSystem) -> list[str]:
    """What has come, also what was on its way."""
    system.land()
    return system.keys


def sent_by_the_hub(hall: Stage) -> Outcome:
    if any(one.name == "ledger" and one.state == "paused" for one in hall.run(hall.node.health.listed(TOWN))):
        return PAUSED
    money = hall.view().money
    assert money is not None
    (invoice,) = money.invoices
    return {Delivery.CONFIRMED: DONE, Delivery.RETRYING: WAITING, Delivery.STUCK: STUCK}[
        Delivery(str(invoice.delivery))
    ]


def sent_by_the_kit(ledger: type[MuteLedger]) -> Outcome:
    async def story() -> Outcome:
        async with bench(ledger, FakeSystem, PATIENCE) as stand:
            find = getattr(stand.connector, "find_invoice", None)
            outcome, _ = await stand.record(
                lambda: stand.connector.send_invoice(INVOICES[0]),
                on_unknown(ledger),
                (lambda: find(INVOICES[0].key)) if find else None,
            )
            return outcome

    return asyncio.run(story())
