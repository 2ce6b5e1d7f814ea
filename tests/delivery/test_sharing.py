"""A credential that several bookings share: one in the lock, with the union of what they ask for, told to each."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.model.states import Delivery, Effect, Proof
from tests.builders import a_holder, a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, Stage, hour
from tests.delivery.test_bookers import MAIL, WITH_CODE
from tests.delivery.test_effective import effective
from tests.service.test_codes import drawing

Staging = Callable[..., Stage]
PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)
DAY = 24 * 60
CARD = a_holder("Åsa", credential={"kind": "card", "number": "0090421357"})


@pytest.fixture
def hall(staging: Staging) -> Stage:
    return staging(a_town(strategy="per_association"))


def key(hall: Stage) -> str:
    """Of the one credential that stands."""
    (only,) = hall.locks.stands
    return only


def starts(hall: Stage, of: str) -> list[str]:
    """When the outer door's windows begin, by day and time (UTC)."""
    return sorted(f"{w.starts_at:%d %H:%M}" for w in hall.locks.stands[of].windows if w.door == "outer")


def code(hall: Stage, number: str) -> str | None:
    return hall.view(number).credentials[0].value


def told(hall: Stage, number: str) -> list[str]:
    of_credentials = hall.events("credential.")
    return [one.type.removeprefix("credential.") for one in of_credentials if one.subject == number]


# ---------------------------------------------------------------- the union in the lock


def test_an_associations_bookings_have_one_code_and_each_is_told_when_its_doors_open(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(DAY))
    assert hall.state(key(hall)) == PROVEN
    assert starts(hall, key(hall)) == ["21 11:45", "22 11:45"]
    assert code(hall, "B-1") == code(hall, "B-2") == hall.locks.pin(key(hall))
    assert (told(hall, "B-1"), told(hall, "B-2")) == (["ready"], ["ready"])
    effective = [one.subject for one in hall.events("booking.effective")]
    assert effective == ["B-1", "B-2"]


def test_a_booking_that_comes_while_the_code_is_sent_tells_nothing_to_those_whose_doors_it_opened_before(
    hall: Stage,
) -> None:
    hall.put("B-1")

    async def another() -> None:
        await hall.accepting("B-3", **hour(2 * DAY))

    hall.accept("B-2", **hour(DAY))
    hall.locks.meanwhile = another
    hall.settle()
    assert starts(hall, key(hall)) == ["21 11:45", "22 11:45", "23 11:45"]
    assert (told(hall, "B-1"), told(hall, "B-3")) == (["ready"], ["ready"])


def test_a_booking_that_is_cancelled_takes_its_window_and_nothing_of_the_others(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(DAY))
    before, mine = hall.locks.pin(key(hall)), key(hall)
    hall.cancel("B-1")
    assert starts(hall, mine) == ["22 11:45"]
    assert hall.locks.pin(mine) == before
    (effect,) = [one for one in hall.view("B-1").effects if one.target == f"locks/{mine}"]
    assert (effect.state, effect.delivery) == (Effect.REMOVED, Delivery.CONFIRMED)
    ended = [(one.subject, json.loads(one.body)["revision"]) for one in hall.events("booking.effective")]
    assert ended == [("B-1", 1), ("B-2", 1), ("B-1", 2)]
    hall.cancel("B-2")
    assert hall.locks.stands == {}


def test_a_revoke_of_one_share_that_fails_stays_open_until_the_lock_shows_it_gone(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(DAY))
    mine = key(hall)
    hall.locks.breaks(Fault.DEAF)
    hall.cancel("B-1")
    (effect,) = [one for one in hall.view("B-1").effects if one.target == f"locks/{mine}"]
    assert (effect.state, effect.delivery) == (Effect.REMOVING, Delivery.RETRYING)
    assert [one.code for one in hall.problems()] == ["not-as-granted"]
    hall.locks.recovers()
    hall.after(minutes=2)
    assert starts(hall, mine) == ["22 11:45"]
    assert hall.problems() == []


def test_a_closure_holds_back_one_bookings_share_and_gives_it_back(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(DAY, of="hall.court-2"))
    before, mine = hall.locks.pin(key(hall)), key(hall)
    hall.close_resource("snow", of="hall.court-1")
    assert starts(hall, mine) == ["22 11:45"]
    hall.lift_closure("snow")
    assert starts(hall, mine) == ["21 11:45", "22 11:45"]
    assert hall.locks.pin(mine) == before


def test_a_card_stays_in_the_lock_as_long_as_any_booking_names_it_and_its_number_with_it(staging: Staging) -> None:
    hall = staging(a_town())
    hall.put("B-1", **hour(10 * DAY, holders=[CARD]))
    hall.put("B-2", **hour(2 * DAY, holders=[CARD]))
    hall.cancel("B-2")
    assert starts(hall, key(hall)) == ["01 11:45"]
    hall.skip(days=9)
    hall.run(hall.node.worker.forget_codes())
    hall.put("B-1", revision=2, **hour(11 * DAY, holders=[CARD]))
    assert hall.locks.pin(key(hall)) == "0090421357" == code(hall, "B-1")
    hall.cancel("B-1", revision=3)
    hall.skip(days=31)
    hall.run(hall.node.worker.forget_codes())
    assert hall.rows("SELECT count(*) FROM codes") == [(0,)], "nobody names it any more"


def test_a_booking_that_gets_another_credential_has_it_before_it_loses_the_old(staging: Staging) -> None:
    hall = staging(a_town())
    hall.put("B-1")
    hall.locks.forget()
    hall.put("B-1", revision=2, **hour(holders=[CARD]))
    (card,) = hall.locks.stands
    assert hall.locks.commands() == [("put", card), ("remove", PIN)]


def test_the_old_credential_stays_while_the_new_one_is_tried_and_no_longer_than_two_minutes(staging: Staging) -> None:
    hall = staging(a_town())
    hall.put("B-1")
    hall.put("B-2", **hour(DAY, holders=[CARD]))
    card = next(one for one in hall.locks.stands if one != PIN)
    hall.locks.breaks(Fault.DEAF, card)
    hall.put("B-1", revision=2, **hour(holders=[CARD]))
    assert PIN in hall.locks.stands
    removing = [one.state for one in hall.view().effects if one.target == f"locks/{PIN}"]
    assert removing == [Effect.REMOVING]
    hall.after(minutes=2)
    assert PIN not in hall.locks.stands


def test_a_card_under_the_key_of_the_version_before_is_taken_back_before_it_is_put_under_its_own(
    staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = staging(a_town())
    monkeypatch.setattr("hub.planner.plan.shared_key", lambda mark, _season=None: f"{PIN}~{mark}")
    hall.put("B-1", **hour(holders=[CARD]))
    monkeypatch.undo()
    old = key(hall)
    hall.locks.forget()
    hall.put("B-1", revision=2, **hour(30, holders=[CARD]))
    assert hall.locks.commands() == [("remove", old), ("put", key(hall))]
    assert key(hall) == f"hub-~{old.partition('~')[2]}"
    assert hall.locks.pin(key(hall)) == code(hall, "B-1") == "0090421357"


def test_what_a_booking_moves_away_from_is_taken_back_though_the_new_is_refused(staging: Staging) -> None:
    hall = staging(a_town())
    hall.put("B-1")
    hall.put("B-2", **hour(DAY, holders=[CARD]))
    card = next(one for one in hall.locks.stands if one != PIN)
    hall.locks.breaks(Fault.REJECTS, card)
    hall.put("B-1", revision=2, **hour(holders=[CARD]))
    hall.after(minutes=2)
    assert set(hall.locks.stands) == {card}
    assert hall.state(card)[1] == Delivery.STUCK


def test_a_share_that_another_credential_follows_is_open_until_it_is_gone(staging: Staging) -> None:
    hall = staging(a_town())
    hall.put("B-1", **hour(holders=[CARD]))
    hall.put("B-2", **hour(DAY, holders=[CARD]))
    card = key(hall)
    hall.locks.breaks(Fault.DEAF, card)
    hall.put("B-1", revision=2, **hour())
    hall.after(minutes=3)
    assert starts(hall, card) == ["21 11:45", "22 11:45"]
    (effect,) = [one for one in hall.view("B-1").effects if one.target == f"locks/{card}"]
    assert (effect.state, effect.delivery) == (Effect.REMOVING, Delivery.RETRYING)
    hall.locks.recovers(card)
    hall.after(minutes=5)
    assert starts(hall, card) == ["22 11:45"]
    assert effective(hall) == [1, 2]


# ---------------------------------------------------------------- the season


def test_the_code_is_another_from_the_day_of_change_and_the_last_windows_keep_the_old(staging: Staging) -> None:
    hall = staging(a_town(strategy="per_association", booker=WITH_CODE))
    hall.clock.moment = datetime(2027, 8, 1, 9, tzinfo=UTC)
    last = occasion(id="a", since=datetime(2027, 8, 31, 16, tzinfo=UTC))
    first = occasion(id="b", since=datetime(2027, 9, 1, 16, tzinfo=UTC))
    done = hall.put("B-1", occasions=[last, first])
    old, new = (one.value for one in hall.answer(done).credentials)
    assert old
    assert new
    assert old != new
    hall.put("B-2", occasions=[occasion("hall.court-2", since=datetime(2027, 9, 8, 16, tzinfo=UTC))])
    assert code(hall, "B-2") == new, "what was chosen for a season stays"
    hall.clock.moment = datetime(2027, 8, 20, 9, tzinfo=UTC)
    hall.settle()
    pins = {hall.locks.pin(one): starts(hall, one) for one in hall.locks.stands}
    assert pins == {old: ["31 15:45"], new: ["01 15:45"]}
    texts = [one.text for one in hall.mail.to(MAIL)]
    assert sum(f"Kod: {new}\n" in text for text in texts) == 1, "told when it stands in the lock"
    hall.clock.moment = datetime(2027, 8, 26, 9, tzinfo=UTC)
    hall.settle()
    assert sum(f"Kod: {new}\n" in one.text for one in hall.mail.to(MAIL)) == 2, "to the other booking, too"


def test_a_seasons_code_is_kept_while_the_association_has_no_booking(hall: Stage) -> None:
    hall.put("B-1")
    first = code(hall, "B-1")
    hall.cancel("B-1")
    hall.skip(days=60)
    hall.run(hall.node.worker.forget_codes())
    hall.put("B-2", **hour(61 * DAY))
    assert code(hall, "B-2") == first


def test_two_bookings_accepted_together_get_the_same_code_and_no_other_association_gets_it(hall: Stage) -> None:
    other: dict[str, Any] = {"kind": "association", "organisation_number": "802002-8711", "name": "Teg"}

    async def together() -> None:
        await asyncio.gather(
            hall.accepting("B-1"),
            hall.accepting("B-2", **hour(DAY)),
            hall.accepting("B-3", customer=other, **hour(2 * DAY)),
        )

    hall.run(together())
    hall.settle()
    assert code(hall, "B-1") == code(hall, "B-2") != code(hall, "B-3")
    assert len(hall.locks.stands) == 2


# ---------------------------------------------------------------- a code that the lock makes


@pytest.mark.parametrize("strategy", ["per_booking", "per_association"])
def test_a_code_that_the_lock_changes_is_told_anew_to_whoever_was_told_the_old(staging: Staging, strategy: str) -> None:
    hall = staging(a_town(strategy=strategy, booker=WITH_CODE, connectors={"locks": {"connector": "OwnLocks"}}))
    hall.put("B-1")
    first = hall.locks.pin(key(hall))
    assert f"Kod: {first}\n" in hall.mail.to(MAIL)[-1].text
    second = hall.locks.choose_again(key(hall))
    hall.look_round()
    hall.settle()
    assert code(hall, "B-1") == second
    assert told(hall, "B-1") == ["ready", "changed"]
    assert f"Kod: {second}\n" in hall.mail.to(MAIL)[-1].text
    came = len(hall.mail.to(MAIL))
    hall.look_round()
    assert len(hall.mail.to(MAIL)) == came, "once"


def test_a_shared_code_that_the_lock_makes_is_followed_by_all_its_bookings(staging: Staging) -> None:
    town = a_town(strategy="per_association", connectors={"locks": {"connector": "OwnLocks"}})
    hall = staging(town)
    hall.put("B-1")
    hall.put("B-2", **hour(DAY))
    hall.locks.choose_again(key(hall))
    hall.look_round()
    assert code(hall, "B-1") == code(hall, "B-2") == hall.locks.pin(key(hall))
    assert (told(hall, "B-1"), told(hall, "B-2")) == (["ready", "changed"], ["ready", "changed"])


def test_a_mobile_key_of_two_bookings_is_accepted_once(staging: Staging) -> None:
    hall = staging(a_town())
    phone = a_holder("Bo", credential={"kind": "mobile_key"})
    hall.put("B-1", **hour(holders=[phone]))
    hall.put("B-2", **hour(DAY, holders=[phone]))
    assert starts(hall, key(hall)) == ["21 11:45", "22 11:45"]


# ---------------------------------------------------------------- nobody else's


def test_nobody_else_gets_an_associations_code_in_its_season_or_while_it_rests(
    staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = staging(a_town(strategy="per_association"))
    person: dict[str, Any] = {"kind": "person", "name": "Lena Norberg"}
    drawing(monkeypatch, "48291")
    hall.put("B-1")
    hall.cancel("B-1")
    for number, days in (("B-2", 280), ("B-3", 288)):
        drawing(monkeypatch, "48291", "73915", "95173")
        hall.put(number, customer=person, **hour(days * DAY))
    assert (code(hall, "B-2"), code(hall, "B-3")) == ("73915", "95173"), "the last a day before the old one has rested"
    drawing(monkeypatch, "48291")
    hall.put("B-4", customer=person, **hour(320 * DAY))
    assert code(hall, "B-4") == "48291"
