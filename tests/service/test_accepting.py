"""The accepting transaction: revisions, order of arrival, and nothing touched that did not change."""

import asyncio
import json
from typing import Any

import pytest

from hub.clock import MINUTE, micros
from hub.model.states import Delivery, Effect
from hub.service.accept.accepting import Accepted, Outcome
from hub.service.asking.preparing import Accept, prepared
from hub.store import configurations
from hub.store.engine.database import Connection
from tests.builders import SATURDAY, a_booking, a_town, files_of, occasion, raw_booking
from tests.delivery.harness import PIN, TOWN, Stage, hour, leading_to_systems

START = micros(SATURDAY)
ACCEPTED, UNCHANGED = Outcome.ACCEPTED, Outcome.UNCHANGED


def together(hall: Stage, *raw: dict[str, Any]) -> list[Accepted]:
    """Accept bookings in one group, in that order."""

    async def arrive() -> list[Accepted]:
        rules = hall.rulebook.rules(TOWN)
        requests = [prepared(a_booking(**one), rules, hall.seal, now=hall.now()) for one in raw]
        told = await hall.writer.call(lambda connection: hall.bookings._accepting.accept(connection, requests))
        return told()

    return hall.run(arrive())


def generations(hall: Stage) -> dict[str, int]:
    return dict(hall.rows("SELECT key, generation FROM lanes"))


def test_the_rules_of_revisions_in_one_group(hall: Stage) -> None:
    match = hour(activity="match")
    told = together(
        hall,
        {"revision": 2},
        {"revision": 2},
        {"revision": 1},
        {"revision": 2, **match},
        {"revision": 3, **match},
    )
    assert [one.outcome for one in told] == [
        ACCEPTED, UNCHANGED, Outcome.SUPERSEDED, Outcome.REVISION_CONFLICT, ACCEPTED,
    ]  # fmt: skip
    assert hall.view().booking.revision == 3
    assert hall.view().booking.occasions[0].activity == "match"


def test_what_a_version_before_stored_is_known_again_by_what_it_hashed(hall: Stage) -> None:
    rules = hall.rulebook.rules(TOWN)

    def before(**changes: Any) -> Accept:
        request = prepared(a_booking(revision=2, **changes), rules, hall.seal, now=hall.now())
        return request._replace(content=request.as_before())

    stored = before()
    assert stored.content != prepared(a_booking(revision=2), rules, hall.seal, now=hall.now()).content
    hall.run(hall.writer.call(lambda connection: hall.bookings._accepting.accept(connection, [stored])))
    assert hall.put(revision=2).answer[:2] == (UNCHANGED, 2)
    assert hall.put(revision=2, **hour(1)).answer[:2] == (Outcome.REVISION_CONFLICT, 2)


def test_the_rules_of_revisions_one_after_the_other(hall: Stage) -> None:
    assert hall.put(revision=2).answer[:2] == (ACCEPTED, 2)
    assert hall.put(revision=2).answer[:2] == (UNCHANGED, 2)
    assert hall.put(revision=1).answer[:2] == (Outcome.SUPERSEDED, 2)
    assert hall.put(revision=2, **hour(1)).answer[:2] == (Outcome.REVISION_CONFLICT, 2)
    assert hall.put(revision=7).answer[:2] == (ACCEPTED, 7)


def test_the_same_booking_twice_changes_nothing_at_all(hall: Stage) -> None:
    hall.put()
    before = hall.rows("SELECT * FROM bookings") + hall.rows("SELECT * FROM lanes") + hall.rows("SELECT * FROM events")
    hall.skip(minutes=1)
    assert hall.put().answer.outcome is UNCHANGED
    after = hall.rows("SELECT * FROM bookings") + hall.rows("SELECT * FROM lanes") + hall.rows("SELECT * FROM events")
    assert after == before


@pytest.mark.parametrize(
    "told",
    [
        {"starts_at": "2026-11-21T13:00:00+01:00", "ends_at": "2026-11-21T14:00:00+01:00"},
        {"starts_at": "2026-11-21T12:00:00Z", "ends_at": "2026-11-21T13:00:00.000000Z"},
    ],
)
def test_the_same_moment_told_another_way_is_the_same_content(hall: Stage, told: dict[str, str]) -> None:
    hall.put()
    assert hall.put(occasions=[occasion() | told]).answer.outcome is UNCHANGED


def test_the_order_of_keys_and_the_space_between_are_no_content(hall: Stage) -> None:
    hall.put()
    raw = json.dumps(dict(reversed(raw_booking().items())), indent=4, ensure_ascii=False).encode()
    assert hall.run(hall.bookings.accept(TOWN, raw)).answer.outcome is UNCHANGED


def test_a_new_revision_with_the_same_effects_touches_no_lane(hall: Stage) -> None:
    hall.put()
    before = hall.rows("SELECT * FROM lanes")
    told = hall.put(revision=2, notify=["vaktmastare"])
    assert (told.answer.outcome, told.answer.changed) == (ACCEPTED, False)
    assert hall.rows("SELECT * FROM lanes") == before
    assert hall.view().booking.revision == 2


def test_claims_that_stay_touch_no_lane(hall: Stage) -> None:
    both = [occasion(id="a"), occasion("hall.court-2", id="b", after=120)]
    hall.put(occasions=both)
    before = generations(hall)
    hall.put(revision=2, occasions=[both[0], both[1] | {"activity": "match"}])
    changed = {key for key, generation in generations(hall).items() if generation != before.get(key)}
    assert changed == {"court-2"}


def test_occasions_that_change_places_touch_no_lane(hall: Stage) -> None:
    both = [occasion(id="a"), occasion("hall.court-2", id="b", after=120)]
    hall.put(occasions=both)
    before = generations(hall)
    hall.put(revision=2, occasions=both[::-1])
    assert generations(hall) == before


def test_due_is_lowered_and_never_raised_by_accepting(hall: Stage) -> None:
    def due() -> int:
        return hall.lane("court-1").due

    hall.accept("B-1", **hour(300))
    assert due() == START + (300 - 15) * MINUTE
    hall.accept("B-2", **hour(60))
    assert due() == START + (60 - 15) * MINUTE
    hall.accept("B-3", **hour(120))
    assert due() == START + (60 - 15) * MINUTE
    hall.accept("B-2", 2, status="cancelled")
    assert due() == START + (60 - 15) * MINUTE, "early costs a fold, late a dark hall"
    hall.at("12:45")
    assert due() == START + (120 - 15) * MINUTE


def test_cancelling_takes_every_claim_and_use_away(hall: Stage) -> None:
    hall.put(occasions=[occasion(id="a"), occasion("hall.whole", id="b", after=120)])
    assert hall.rows("SELECT count(*) FROM claims") != [(0,)]
    hall.cancel()
    assert hall.rows("SELECT * FROM claims") == []
    assert hall.rows("SELECT * FROM occupancy") == []
    assert hall.put("B-2").answer.conflicts == ()


def test_each_accepted_revision_is_told_once_in_the_feed(hall: Stage) -> None:
    together(hall, {"revision": 1}, {"revision": 2}, {"revision": 2}, {"revision": 1})
    hall.put(revision=2)
    hall.put(revision=3, status="cancelled")
    told = [json.loads(event.body) for event in hall.events("booking.accepted")]
    assert [(one["revision"], one["status"]) for one in told] == [
        (1, "confirmed"), (2, "confirmed"), (3, "cancelled"),
    ]  # fmt: skip


def test_a_plan_made_with_an_old_configuration_is_made_anew(hall: Stage) -> None:
    """Another node has put a new version in force; this one learns of it when it accepts."""
    brighter = leading_to_systems(a_town(lead=30))

    def put_in_force(connection: Connection) -> None:
        configurations.add(connection, TOWN, files_of(brighter), now=hall.now())

    hall.run(hall.writer.call(put_in_force))
    assert hall.rulebook.town(TOWN).version == 1
    hall.put()
    assert hall.rulebook.town(TOWN).version == 2
    assert hall.view().configuration == 2
    assert {starts for (starts,) in hall.rows("SELECT starts FROM claims")} == {START - 30 * MINUTE}


def test_many_at_once_over_few_bookings_end_as_the_last_revision_says(hall: Stage) -> None:
    async def one(task: int) -> None:
        for step in range(1, 6):
            number, revision = f"B-{(task + step) % 4}", step * 100 + task
            status = "cancelled" if (task + step) % 3 == 0 else "confirmed"
            raw = raw_booking(number, revision, status=status, **hour(15 * (task % 5), of=f"hall.court-{task % 3 + 1}"))
            await hall.bookings.accept(TOWN, json.dumps(raw).encode())

    async def all_of_them() -> None:
        await asyncio.gather(*(one(task) for task in range(20)))

    hall.run(all_of_them())
    hall.settle()
    for number in range(4):
        newest = max(step * 100 + task for task in range(20) for step in range(1, 6) if (task + step) % 4 == number)
        booking = hall.view(f"B-{number}").booking
        assert booking.revision == newest
        wanted = {effect.target for effect in hall.view(f"B-{number}").effects if effect.state != Effect.REMOVED}
        assert bool(wanted) is (booking.status == "confirmed")
    claims = hall.rows("SELECT DISTINCT b.number FROM claims c JOIN bookings b ON b.id = c.booking ORDER BY 1")
    confirmed = hall.rows("SELECT number FROM bookings WHERE status = 'confirmed' ORDER BY 1")
    assert claims == confirmed


def test_the_answer_of_a_new_booking_says_what_is_planned_and_when(hall: Stage) -> None:
    answer = hall.answer(hall.accept(**hour(24 * 60)))
    assert {effect.target: effect.delivery for effect in answer.effects} == {
        f"locks/{PIN}": Delivery.DUE,
        "lamps/court-1": Delivery.WAITING,
        "lamps/corridor": Delivery.WAITING,
        "lamps/entrance": Delivery.WAITING,
    }
    assert {effect.state for effect in answer.effects} == {Effect.PLANNED}


def test_with_and_without_values_the_answer_is_the_same_but_for_them(hall: Stage) -> None:
    done = hall.accept()
    bare, full = hall.answer(done, with_values=False), hall.answer(done)
    assert [one.value for one in bare.credentials] == [None]
    assert full.credentials[0].value
    assert {effect.target: effect for effect in bare.effects} == {effect.target: effect for effect in full.effects}
    assert bare.model_copy(update={"credentials": full.credentials, "effects": full.effects}) == full
