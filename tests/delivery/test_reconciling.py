"""Reconciling in both directions: what is not there, what nobody asks for, what differs; and what is done about it."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from hub.clock import HOUR
from hub.errors import NotFoundError, RefusedError
from hub.model import Credential, Dim, Method, Window
from hub.model.findings import Decision, Finding, What
from hub.model.states import Delivery, Effect, Proof
from hub.service.operators.handling import Dismissal
from tests.builders import SATURDAY, a_town
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour
from tests.delivery.test_invoices import costs, court
from tests.delivery.test_restored import backed_up, brought_back

Staging = Callable[..., Stage]
PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)
EVA = Dismissal("Eva", "the club was promised it")
STRAY = "hub-B-9"


def stray(hall: Stage, key: str = STRAY, *, after: float = 0) -> None:
    """Have something stand in the lock system that the hub knows nothing of."""
    starts = SATURDAY + timedelta(minutes=after)
    window = Window(door="outer", starts_at=starts, ends_at=starts + timedelta(hours=1))
    hall.locks.put(Credential(key=key, method=Method.PIN, value=SecretStr("4711"), windows=frozenset({window})))
    hall.locks.forget()


def found(hall: Stage, name: str = "locks") -> list[tuple[str, What]]:
    return [(one.target.partition("/")[2], one.what) for one in hall.reconcile(name).findings]


def the_one(hall: Stage, name: str = "locks") -> Finding:
    (one,) = hall.reconcile(name).findings
    return one


def decide(hall: Stage, how: str, finding: Finding, *more: Any) -> Finding:
    decided: Finding = hall.run(getattr(hall.findings, how)(TOWN, finding.id, EVA, *more))
    hall.settle()
    return decided


def open_findings(hall: Stage) -> list[Finding]:
    return hall.run(hall.findings.listed(TOWN))


# ---------------------------------------------------------------- what is found


def test_where_all_is_as_the_hub_thinks_nothing_is_found_and_nothing_is_sent(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.locks.forget()
    hall.lamps.forget()
    assert [hall.reconcile(name).findings for name in ("locks", "lamps")] == [(), ()]
    assert (hall.reconcile("locks").compared, hall.reconcile("lamps").compared) == (1, 5)
    assert hall.locks.commands() == hall.lamps.commands() == []


def test_a_grant_that_the_hub_knows_nothing_of_is_found_with_its_doors_and_its_end(hall: Stage) -> None:
    hall.put()
    stray(hall)
    one = the_one(hall)
    assert (one.target, one.what, one.decision) == (f"locks/{STRAY}", What.ORPHAN, Decision.OPEN)
    assert one.detail == "opens outer until 2026-11-21 14:00"
    assert one.opens_until == SATURDAY + timedelta(hours=1)
    assert hall.locks.commands() == []


def test_a_grant_that_comes_back_after_it_was_revoked_is_found(hall: Stage) -> None:
    hall.put()
    hall.cancel()
    stray(hall, PIN)
    assert found(hall) == [(PIN, What.ORPHAN)]


def test_what_should_stand_and_does_not_is_found(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2")
    hall.locks.remove(PIN)
    assert found(hall) == [(PIN, What.MISSING)]


def test_what_stands_otherwise_is_found(hall: Stage) -> None:
    hall.put()
    stray(hall, PIN, after=120)
    assert found(hall) == [(PIN, What.DIFFERS)]


def test_a_lamp_that_was_set_by_hand_is_found(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=10)
    one = the_one(hall, "lamps")
    assert (one.target, one.what, one.detail) == ("lamps/court-1", What.DIFFERS, "found 10 %, not 60 %")


def test_what_strangers_have_made_is_counted_and_never_touched(hall: Stage) -> None:
    hall.put()
    stray(hall, "vaktmastare-17")
    hall.lamps.levels["court-3"] = Dim(percent=30)
    told = [hall.reconcile("locks"), hall.reconcile("lamps")]
    assert [(one.strangers, one.findings) for one in told] == [(1, ()), (1, ())]
    hall.run(hall.findings.revoke_all(TOWN, "locks", set(What), EVA))
    hall.look_after()
    assert "vaktmastare-17" in hall.locks.stands
    assert hall.lamps.percent("court-3") == 30
    assert "vaktmastare-17" not in {key for _, key in hall.locks.calls}


def test_what_is_under_way_is_not_judged(hall: Stage) -> None:
    hall.put()
    hall.accept("B-2")
    hall.locks.breaks(Fault.FULL, "hub-B-3")
    hall.accept("B-3")
    hall.cancel()
    hall.accept("B-1", 3)
    assert found(hall) == []


def carried_at_the_end_of_the_list(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what is due carried when the lock system has told all, before it is looked at once more."""
    connector: Any = hall.running("locks").connector
    told = connector.list_credentials

    async def listed() -> AsyncIterator[Any]:
        async for one in told():
            yield one
        await hall.node.carry_once()

    monkeypatch.setattr(connector, "list_credentials", listed)


def test_what_is_granted_while_the_list_is_read_is_no_drift(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    hall.accept()
    carried_at_the_end_of_the_list(hall, monkeypatch)
    assert found(hall) == []
    assert hall.state(PIN) == PROVEN


def test_what_is_revoked_while_the_list_is_read_is_no_drift(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    hall.put()
    hall.accept(revision=2, status="cancelled")
    carried_at_the_end_of_the_list(hall, monkeypatch)
    assert found(hall) == []
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)


def test_a_system_that_does_not_tell_all_changes_nothing_that_was_found(hall: Stage) -> None:
    stray(hall)
    hall.reconcile("locks")
    hall.locks.breaks(Fault.DOWN)
    told = hall.reconcile("locks")
    assert (told.outcome, told.detail) == ("unanswered", f"{STRAY}: no connection")
    assert [one.target for one in told.findings] == [f"locks/{STRAY}"]


def test_what_is_mended_by_others_is_found_no_more(hall: Stage) -> None:
    stray(hall)
    hall.reconcile("locks")
    hall.locks.remove(STRAY)
    assert hall.reconcile("locks").findings == ()
    assert open_findings(hall) == []


def test_an_invoice_that_was_sent_and_is_not_in_the_ledger_is_found_and_can_only_be_ignored(staging: Staging) -> None:
    hall = staging(a_town(finance="ledger"))
    hall.put(**costs(court()))
    assert found(hall, "ledger") == []
    hall.ledger.came.clear()
    one = the_one(hall, "ledger")
    assert (one.target, one.what) == ("ledger/B-1.i1", What.MISSING)
    for how in ("adopt", "revoke"):
        with pytest.raises(RefusedError, match="happened once"):
            decide(hall, how, one)
    assert hall.ledger.came == []


# ---------------------------------------------------------------- after a restore


def test_after_a_restore_what_was_granted_since_the_backup_is_found_by_itself(hall: Stage, tmp_path: Path) -> None:
    hall.put("B-1")
    hall.look_after()
    backed_up(hall, tmp_path / "night.zip")
    hall.put("B-2")
    hall.put("B-3")
    brought_back(hall, tmp_path / "night.zip")
    hall.look_after()
    assert [(one.target, one.what) for one in open_findings(hall)] == [
        ("locks/hub-B-2", What.ORPHAN),
        ("locks/hub-B-3", What.ORPHAN),
    ]
    (problem,) = hall.problems()
    assert (problem.code, problem.detail) == ("orphaned-grants", "grants that no booking asks for: 2")
    hall.skip(minutes=1)
    hall.put("B-2")
    assert [one.target for one in open_findings(hall)] == ["locks/hub-B-3"]
    hall.run(hall.findings.revoke_all(TOWN, "locks", {What.ORPHAN}, EVA))
    hall.settle()
    assert set(hall.locks.stands) == {PIN, "hub-B-2"}


# ---------------------------------------------------------------- what is done about it


def test_a_grant_that_is_revoked_is_taken_away_and_read_as_gone(hall: Stage) -> None:
    stray(hall)
    one = the_one(hall)
    hall.skip(minutes=1)
    assert decide(hall, "revoke", one).decision == Decision.REVOKED
    assert hall.locks.stands == {}
    assert hall.state(STRAY) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    assert open_findings(hall) == []


def test_a_revoke_that_the_lock_does_not_carry_out_is_a_problem_and_stays_found(hall: Stage) -> None:
    stray(hall)
    one = the_one(hall)
    hall.skip(minutes=1)
    hall.locks.breaks(Fault.DEAF)
    decide(hall, "revoke", one)
    assert "still-there" in {problem.code for problem in hall.problems()}
    assert [one.decision for one in open_findings(hall)] == [Decision.REVOKED]
    hall.locks.recovers()
    hall.after(minutes=2)
    assert hall.locks.stands == {}
    assert open_findings(hall) == []


def test_a_grant_that_a_booking_asks_for_meanwhile_is_not_revoked(hall: Stage) -> None:
    stray(hall, PIN)
    one = the_one(hall)
    hall.accept()
    with pytest.raises(RefusedError, match="a booking asks for"):
        decide(hall, "revoke", one)


def test_a_grant_that_is_adopted_stays_until_its_last_window_ends_and_goes_then(hall: Stage) -> None:
    stray(hall)
    assert decide(hall, "adopt", the_one(hall)).until == SATURDAY + timedelta(hours=1)
    hall.look_after()
    assert hall.problems() == []
    hall.at("12:59")
    hall.look_after()
    assert set(hall.locks.stands) == {STRAY}
    hall.at("13:01")
    hall.look_after()
    assert hall.locks.stands == {}


def test_what_is_ignored_is_silent_until_its_time(hall: Stage) -> None:
    stray(hall)
    one = the_one(hall)
    assert [problem.code for problem in hall.problems()] == ["orphaned-grants"]
    decide(hall, "ignore", one, hall.now() + HOUR)
    hall.look_after()
    assert hall.problems() == []
    hall.after(hours=2)
    hall.look_after()
    assert [problem.code for problem in hall.problems()] == ["orphaned-grants"]
    started = [event for event in hall.events("problem.started") if "orphaned-grants" in event.body]
    assert len(started) == 2


def test_nothing_is_adopted_without_a_reason(hall: Stage) -> None:
    stray(hall)
    with pytest.raises(RefusedError, match="why it may"):
        hall.run(hall.findings.adopt(TOWN, the_one(hall).id, Dismissal("Eva", "")))


def test_a_missing_grant_that_is_put_right_is_granted_anew_and_told_as_lost(hall: Stage) -> None:
    hall.put()
    hall.locks.remove(PIN)
    one = the_one(hall)
    hall.skip(minutes=1)
    decide(hall, "revoke", one)
    assert hall.state(PIN) == PROVEN
    assert len(hall.events("effect.lost")) == 1
    assert open_findings(hall) == []


def test_a_missing_grant_that_is_adopted_is_left_and_told_as_lost_until_the_booking_changes(hall: Stage) -> None:
    hall.put()
    hall.locks.remove(PIN)
    decide(hall, "adopt", the_one(hall))
    assert (hall.lane(PIN).effect, hall.lane(PIN).delivery) == (Effect.LOST, Delivery.DISMISSED)
    assert len(hall.events("effect.lost")) == 1
    hall.look_round()
    assert hall.locks.stands == {}
    hall.put(revision=2, **hour(30))
    assert hall.state(PIN) == PROVEN


def test_a_lamp_that_was_set_by_hand_is_put_right_only_when_a_person_says_so(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=10)
    hall.look_round()
    assert hall.lane("court-1").effect == Effect.OVERRIDDEN
    hall.skip(minutes=1)
    decide(hall, "revoke", the_one(hall, "lamps"))
    assert hall.lamps.percent("court-1") == 60
    assert hall.state("court-1") == PROVEN


def test_over_a_connection_that_only_observes_drift_is_told_and_nothing_can_be_revoked(staging: Staging) -> None:
    hall = staging(a_town(connectors={"locks": {"mode": "observe"}}))
    hall.put()
    stray(hall)
    told = {one.target: one for one in hall.reconcile("locks").findings}
    assert {target: one.what for target, one in told.items()} == {
        f"locks/{PIN}": What.MISSING,
        f"locks/{STRAY}": What.ORPHAN,
    }
    assert hall.problems() == []
    with pytest.raises(RefusedError, match="only observes"):
        decide(hall, "revoke", told[f"locks/{STRAY}"])
    assert hall.locks.commands() == []


# ---------------------------------------------------------------- when


def test_each_connection_is_compared_as_often_as_its_configuration_says_by_one_process(staging: Staging) -> None:
    hall = staging(a_town(connectors={"locks": {"reconcile_hours": 6}}))
    other = hall.run(hall.another_node())
    stray(hall)
    hall.look_after()
    assert len(open_findings(hall)) == 1
    hall.locks.remove(STRAY)
    hall.run(other.reconciler.look_after())
    hall.after(hours=5)
    hall.look_after()
    assert len(open_findings(hall)) == 1, "it was compared too early"
    hall.after(hours=2)
    hall.run(other.reconciler.look_after())
    assert open_findings(hall) == []


def test_a_paused_connection_is_compared_only_when_somebody_asks(hall: Stage) -> None:
    hall.run(hall.node.health.set_paused(TOWN, "locks", "Eva"))
    stray(hall)
    hall.look_after()
    assert open_findings(hall) == []
    assert found(hall) == [(STRAY, What.ORPHAN)]


def test_a_connection_that_is_refused_is_not_asked(hall: Stage) -> None:
    hall.locks.breaks(Fault.REFUSES)
    hall.put()
    with pytest.raises(RefusedError, match="refuses us"):
        hall.reconcile("locks")


def test_there_must_be_such_a_connection_and_such_a_finding(hall: Stage) -> None:
    with pytest.raises(NotFoundError):
        hall.reconcile("nowhere")
    with pytest.raises(NotFoundError):
        hall.run(hall.findings.revoke(TOWN, 17, EVA))
