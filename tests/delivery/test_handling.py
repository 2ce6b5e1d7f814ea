"""What an operator does to deliveries: by a filter, or one by one where something would be left standing."""

from collections.abc import Callable
from typing import Any

import pytest

from hub.errors import NotFoundError, RefusedError
from hub.model.standing import Handled
from hub.model.states import Delivery, Effect, Proof, Record
from hub.model.verified import Verified
from hub.service.operators import handling
from hub.service.operators.choosing import Wish
from hub.service.operators.handling import Dismissal
from hub.service.operators.verifying import Verifying
from tests.builders import a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour

Staging = Callable[..., Stage]
PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)
EVA = Dismissal("Eva", "trasig lampa, byts i morgon")


def retry(hall: Stage, wish: Wish = Wish(), *, dry_run: bool = False) -> Handled:  # noqa: B008 - it is a tuple
    done = hall.run(hall.handling.retry(TOWN, wish, dry_run=dry_run))
    hall.settle()
    return done


def dismiss(hall: Stage, wish: Wish, dismissal: Dismissal = EVA, *, dry_run: bool = False) -> Handled:
    done = hall.run(hall.handling.dismiss(TOWN, wish, dismissal, dry_run=dry_run))
    hall.settle()
    return done


def one(hall: Stage, key: str) -> Wish:
    return Wish(id=hall.lane(key).id)


def verified(hall: Stage) -> Verified:
    return hall.run(Verifying(hall.writer, hall.readers, hall.rulebook, hall.clock).verify(TOWN, seconds=0))


# ---------------------------------------------------------------- again


def test_what_failed_is_tried_again_by_connection_and_its_problems_end(hall: Stage) -> None:
    hall.locks.breaks(Fault.FULL)
    hall.lamps.breaks(Fault.REJECTS, "court-1")
    for n in (1, 2, 3):
        hall.put(f"B-{n}", **hour(10 * n))
    hall.at("12:30")
    hall.locks.recovers()
    would = retry(hall, Wish(connection="locks"), dry_run=True)
    assert (would.deliveries, would.dry_run) == (3, True)
    assert [first.target for first in would.first] == [f"locks/hub-B-{n}" for n in (1, 2, 3)]
    assert {problem.code for problem in hall.problems()} == {"rejected"}
    done = retry(hall, Wish(connection="locks"))
    assert (done.deliveries, done.dry_run) == (3, False)
    assert set(hall.locks.stands) == {"hub-B-1", "hub-B-2", "hub-B-3"}
    assert [problem.connection for problem in hall.problems()] == ["lamps"]


def test_what_fails_again_is_a_problem_again(hall: Stage) -> None:
    hall.locks.breaks(Fault.FULL)
    hall.put()
    assert retry(hall, Wish(state=Delivery.STUCK)).deliveries == 1
    assert [problem.code for problem in hall.problems()] == ["rejected"]


def test_what_stands_or_waits_is_not_tried_again(hall: Stage) -> None:
    hall.put()
    hall.locks.forget()
    assert retry(hall).deliveries == 0
    assert retry(hall, Wish(state=Delivery.CONFIRMED)).deliveries == 0
    assert hall.locks.calls == []


def test_deliveries_are_found_by_the_resource_that_they_are_about(hall: Stage) -> None:
    hall.put("B-1", **hour(of="hall.court-1"))
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.put("B-3", occasions=[occasion("hall.court-1"), occasion("hall.court-2", id="2")])
    hall.cancel("B-3")
    page = hall.run(hall.handling.listed(TOWN, Wish(resource="hall.court-1"), after=0, limit=100))
    assert {each.target for each in page.deliveries} == {
        "lamps/court-1", "lamps/corridor", "lamps/entrance", f"locks/{PIN}", "locks/hub-B-3"
    }  # fmt: skip
    with pytest.raises(NotFoundError, match=r"hall\.court-9"):
        retry(hall, Wish(resource="hall.court-9"))


def test_more_than_fit_in_one_transaction_are_all_tried_again(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handling, "_AT_ONCE", 2)
    hall.locks.breaks(Fault.FULL)
    for n in range(5):
        hall.put(f"B-{n}", **hour(10 * n))
    hall.locks.recovers()
    assert retry(hall).deliveries == 5
    assert len(hall.locks.stands) == 5


def test_a_message_of_unknown_outcome_is_sent_again_when_an_operator_says_so(staging: Staging) -> None:
    hall = staging(a_town(told=["husmor"], connectors={"mail": {"connector": "CarelessMail"}}))
    hall.mail.breaks(Fault.LOST)
    hall.put(notify=["husmor"])
    hall.at("09:30")
    hall.mail.recovers()
    (problem,) = hall.problems()
    assert problem.code == "unknown-outcome"
    assert hall.mail.came == []
    hall.run(hall.operating.retry(TOWN, problem.id))
    hall.settle()
    assert len(hall.mail.came) == 1
    assert hall.state("B-1.r1.husmor")[:2] == (Record.DONE, Delivery.CONFIRMED)
    assert hall.problems() == []


def test_an_invoice_of_unknown_outcome_is_looked_for_first_also_when_an_operator_retries(staging: Staging) -> None:
    hall = staging(a_town(finance="ledger"))
    charge = {"article": "BADM", "text": "Bana", "quantity": "1", "unit_price": "120.00", "vat": "exempt"}
    hall.ledger.breaks(Fault.UNANSWERED)
    hall.put(payment={"kind": "invoice"}, charges=[charge | {"occasion": "1"}])
    hall.at("09:10")
    hall.ledger.recovers()
    retry(hall, Wish(connection="ledger"))
    hall.at("09:30")
    assert hall.ledger.keys == ["B-1.i1"]


# ---------------------------------------------------------------- given up


def test_a_light_that_is_given_up_is_told_no_more_and_is_no_problem(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DEAF, "court-1")
    hall.put()
    hall.at("12:00")
    assert [problem.code for problem in hall.problems()] == ["not-so"]
    assert dismiss(hall, one(hall, "court-1")).deliveries == 1
    hall.lamps.forget()
    hall.look_round()
    hall.hint("lamps", "court-1")
    hall.restart()
    hall.at("12:50")
    assert hall.lamps.commands("court-1") == []
    assert hall.problems() == []
    assert hall.state("court-1")[:2] == (Effect.PLANNED, Delivery.DISMISSED)
    assert hall.lane("court-1").detail == "given up by Eva: trasig lampa, byts i morgon"
    (effect,) = [each for each in hall.view().effects if each.target == "lamps/court-1"]
    assert (effect.state, effect.delivery, effect.detail) == (
        Effect.PLANNED, Delivery.DISMISSED, "given up by Eva: trasig lampa, byts i morgon"
    )  # fmt: skip
    board = hall.run(hall.board.board(TOWN, hours=1))
    assert {line.readiness for line in board.lines if line.target == "lamps/court-1"} == {"yellow"}
    hall.at("13:15")
    assert hall.state("court-1") == (Effect.REMOVED, Delivery.EXPIRED, Proof.READ)


def test_what_was_given_up_is_history_with_who_and_why(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DEAF, "court-1")
    hall.put()
    hall.at("12:00")
    dismiss(hall, one(hall, "court-1"))
    view = hall.run(hall.look_up.booking(TOWN, "B-1", with_values=False, language="sv"))
    told = [(entry.what, entry.detail) for entry in view.timeline if entry.target == "lamps/court-1" and entry.past]
    assert told[-1] == ("dismissed", "avskriven av Eva: trasig lampa, byts i morgon")


def test_a_lamp_that_was_given_up_is_taken_up_by_the_next_booking(hall: Stage) -> None:
    hall.lamps.breaks(Fault.REJECTS, "court-1")
    hall.put("B-1")
    hall.put("B-2", **hour(180))
    hall.at("12:00")
    dismiss(hall, one(hall, "court-1"))
    hall.lamps.recovers("court-1")
    hall.at("14:44")
    assert hall.lamps.percent("court-1") == 0
    hall.at("14:45")
    assert hall.lamps.percent("court-1") == 60
    assert hall.state("court-1") == PROVEN


def test_what_was_given_up_is_taken_up_when_its_booking_changes_and_when_an_operator_retries(hall: Stage) -> None:
    hall.lamps.breaks(Fault.REJECTS)
    hall.put()
    hall.at("12:00")
    dismiss(hall, Wish(connection="lamps", state=Delivery.STUCK))
    hall.lamps.recovers()
    hall.put(revision=2, **hour(activity="match"))
    assert hall.lamps.lit() == {"court-1": 100}, "of the others nothing else is wanted than was given up"
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.lamps.breaks(Fault.REJECTS, "court-3")
    hall.put("B-3", **hour(of="hall.court-3"))
    dismiss(hall, one(hall, "court-3"))
    hall.lamps.recovers("court-3")
    assert retry(hall, Wish(state=Delivery.DISMISSED)).deliveries == 1
    assert hall.state("court-3") == PROVEN


def test_grants_are_given_up_many_at_a_time(hall: Stage) -> None:
    hall.locks.breaks(Fault.FULL)
    for n in (1, 2, 3):
        hall.put(f"B-{n}", **hour(10 * n))
    would = dismiss(hall, Wish(connection="locks"), dry_run=True)
    assert (would.deliveries, len(would.first)) == (3, 3)
    assert len(hall.problems()) == 1
    assert dismiss(hall, Wish(connection="locks"), Dismissal("Eva", "")).deliveries == 3
    assert hall.problems() == []
    hall.locks.recovers()
    hall.at("11:00")
    assert hall.locks.stands == {}
    hall.at("15:00")
    assert hall.state("hub-B-1")[1] in {Delivery.EXPIRED, Delivery.WAITING, Delivery.CONFIRMED}


def test_a_revoke_is_given_up_alone_and_with_a_reason_and_stays_in_the_drift_report(hall: Stage) -> None:
    for n in (1, 2):
        hall.put(f"B-{n}", **hour(10 * n))
    hall.locks.breaks(Fault.DEAF)
    for n in (1, 2):
        hall.cancel(f"B-{n}")
    assert [problem.code for problem in hall.problems()] == ["still-there"] * 2
    with pytest.raises(RefusedError, match="hub-B-1") as refused:
        dismiss(hall, Wish(connection="locks"))
    assert refused.value.code == "one-at-a-time"
    with pytest.raises(RefusedError) as refused:
        dismiss(hall, one(hall, PIN), Dismissal("Eva", ""))
    assert refused.value.code == "reason-needed"
    assert len(hall.problems()) == 2
    assert dismiss(hall, one(hall, PIN), Dismissal("Eva", "låset rivs i morgon")).deliveries == 1
    assert hall.state(PIN)[:2] == (Effect.REMOVING, Delivery.DISMISSED)
    (effect,) = [each for each in hall.view().effects if each.target == f"locks/{PIN}"]
    assert (effect.state, effect.delivery) == (Effect.REMOVING, Delivery.DISMISSED)
    hall.locks.forget()
    hall.look_round()
    hall.at("12:00")
    assert ("remove", PIN) not in hall.locks.calls
    found = {target.target: (target.verdict, target.detail) for target in verified(hall).targets}
    assert found[f"locks/{PIN}"] == ("dismissed", "given up by Eva: låset rivs i morgon")
    assert ("remove", PIN) not in hall.locks.calls


def test_a_revoke_that_nobody_has_tried_yet_is_given_up_alone_too(hall: Stage) -> None:
    for n in (1, 2):
        hall.put(f"B-{n}", **hour(10 * n))
    hall.run(hall.node.health.set_paused(TOWN, "locks", "Eva"))
    for n in (1, 2):
        hall.cancel(f"B-{n}")
    assert hall.state(PIN)[:2] == (Effect.STANDING, Delivery.DUE)
    with pytest.raises(RefusedError, match="something away"):
        dismiss(hall, Wish(connection="locks", state=Delivery.DUE))
    assert dismiss(hall, one(hall, PIN)).deliveries == 1
    assert hall.state(PIN)[:2] == (Effect.REMOVING, Delivery.DISMISSED)


def test_a_light_off_is_given_up_alone(hall: Stage) -> None:
    hall.put()
    hall.at("13:00")
    hall.lamps.breaks(Fault.DEAF)
    hall.at("13:20")
    with pytest.raises(RefusedError, match="takes something away"):
        dismiss(hall, Wish(connection="lamps"))
    assert dismiss(hall, one(hall, "court-1")).deliveries == 1
    assert hall.state("court-1")[:2] == (Effect.REMOVING, Delivery.DISMISSED)
    assert hall.state("corridor")[:2] == (Effect.REMOVING, Delivery.RETRYING)


def test_a_shortened_grant_whose_lock_does_not_obey_is_a_revoke_in_part(hall: Stage) -> None:
    hall.put("B-1", **hour(minutes=120))
    hall.put("B-2")
    hall.locks.breaks(Fault.REJECTS)
    hall.put("B-1", 2, **hour(minutes=60))
    hall.put("B-2", 2, **hour(minutes=90))
    with pytest.raises(RefusedError, match="locks/hub-B-1"):
        dismiss(hall, Wish(connection="locks"))
    assert dismiss(hall, one(hall, "hub-B-2"), Dismissal("Eva", "")).deliveries == 1
    with pytest.raises(RefusedError) as refused:
        dismiss(hall, one(hall, "hub-B-1"), Dismissal("Eva", ""))
    assert refused.value.code == "reason-needed"


def test_a_credit_is_given_up_alone_and_with_a_reason(staging: Staging) -> None:
    hall = staging(a_town(finance="ledger"))
    charge = {"article": "BADM", "text": "Bana", "quantity": "1", "unit_price": "120.00", "vat": "exempt"}
    costs: dict[str, Any] = {"payment": {"kind": "invoice"}, "charges": [charge | {"occasion": "1"}]}
    for n in (1, 2):
        hall.put(f"B-{n}", **costs)
    assert hall.ledger.keys == ["B-1.i1", "B-2.i1"]
    for n in (1, 2):
        hall.ledger.breaks(Fault.DOWN, f"B-{n}.c1")
        hall.cancel(f"B-{n}")
    chosen = hall.run(hall.handling.retry(TOWN, Wish(connection="ledger"), dry_run=True))
    assert len(chosen.first) == 2
    with pytest.raises(RefusedError) as refused:
        dismiss(hall, Wish(connection="ledger"))
    assert refused.value.code == "one-at-a-time"
    with pytest.raises(RefusedError) as refused:
        dismiss(hall, Wish(id=chosen.first[0].id), Dismissal("Eva", ""))
    assert refused.value.code == "reason-needed"
    assert dismiss(hall, Wish(id=chosen.first[0].id)).deliveries == 1


def test_what_stands_waits_or_is_in_hand_is_not_given_up(hall: Stage) -> None:
    hall.put()
    assert dismiss(hall, Wish(connection="locks")).deliveries == 0
    assert dismiss(hall, Wish(state=Delivery.WAITING)).deliveries == 0
    assert dismiss(hall, one(hall, PIN)).deliveries == 0
    hall.lamps.breaks(Fault.DEAF, "court-1")
    hall.at("11:46")
    done: list[Handled] = []

    async def meanwhile() -> None:
        done.append(await hall.handling.dismiss(TOWN, one_court, EVA, dry_run=False))

    one_court = one(hall, "court-1")
    hall.lamps.meanwhile = meanwhile
    hall.at("11:48")
    assert [each.deliveries for each in done] == [0]
    assert hall.state("court-1")[1] == Delivery.RETRYING


def test_no_hand_reaches_another_municipality(staging: Staging) -> None:
    hall = staging(a_town(), a_town(key="1480"))
    hall.locks.breaks(Fault.FULL)
    hall.put()
    lane = hall.lane(PIN).id
    for there in (hall.handling.retry("1480", Wish(id=lane), dry_run=False),
                  hall.handling.dismiss("1480", Wish(id=lane), EVA, dry_run=False)):  # fmt: skip
        assert hall.run(there).deliveries == 0
    assert hall.state(PIN)[1] == Delivery.STUCK
