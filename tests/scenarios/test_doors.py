"""What bookings mean at doors whose locks keep few windows, take their time, or make their codes themselves.

One stage for each hall: its stories are told one after the other, each at a time of its own. Those of tennishallen
(ARX) stand with the other scenarios.
"""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from hub.delivery.errands import awaiting
from hub.demo.stage import MUNICIPALITY, Stage
from hub.sdk import Misbehaviour
from tests.scenarios.plays import (
    KULTURHUS,
    SPORTHALL,
    Hall,
    at,
    booking,
    cancel,
    charge,
    doors,
    events,
    held,
    occasion,
    play,
    put,
    values,
    windows,
)

A_LOOK = timedelta(minutes=6)
"""By then a system that was down has been asked again, and what it was told is read back."""
PERSON: dict[str, Any] = {"customer": {"kind": "person", "name": "Lena Norberg", "phone": "+46701740606"}}
FAIR: dict[str, Any] = {
    "customer": {"kind": "association", "organisation_number": "802407-0008", "name": "Tegs Schackklubb"}
}
Client = httpx.AsyncClient


@pytest.mark.parametrize("hall", [pytest.param(SPORTHALL, id="onvif"), pytest.param(KULTURHUS, id="seam")])
def test_s1_s2_s3_s6_s9_and_s16_are_true_at_the_doors(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaiting, "_PATIENCE_SECONDS", 0.0)  # what is coming comes with the clock of the story

    async def story(here: Stage, client: Client) -> None:
        for tell in (
            s1_the_code_comes_in_the_same_answer,
            s2_a_cancelled_booking_is_told_so_only_when_its_code_is_gone,
            s3_a_fair_that_moves_a_week_leaves_nothing_of_the_old,
            s16_a_lock_system_that_is_down_for_two_hours_is_one_problem,
            s6_a_camp_opens_at_each_of_its_times_with_one_code,
            s9_of_bookings_side_by_side_neither_takes_what_the_other_needs,
        ):
            await tell(hall, here, client)

    play(story)


async def s1_the_code_comes_in_the_same_answer(hall: Hall, here: Stage, client: Client) -> None:
    when = ("2026-11-23 18:00", "2026-11-23 19:00")
    told = await held(here, put(client, booking("B-1", occasion(hall.places[0], *when)), wait=30))
    (credential,), key = told["credentials"], hall.key(told)
    assert values(here, key, hall.locks) == {credential["value"]}
    assert windows(here, key, hall.locks) == hall.opens(*when)
    assert _state(told, hall) == ("standing", "read")
    first, last = min(w[1] for w in hall.opens(*when)), max(w[2] for w in hall.opens(*when))
    assert credential["window"] == {"starts_at": _z(first), "ends_at": _z(last)}


async def s2_a_cancelled_booking_is_told_so_only_when_its_code_is_gone(hall: Hall, here: Stage, client: Client) -> None:
    body = booking("B-2", occasion(hall.places[0], "2026-11-23 20:00", "2026-11-23 21:00"), **PERSON)
    body |= {"charges": [charge("120.00")], "payment": {"kind": "prepaid", "receipt": "SW2"}}
    key = hall.key(await held(here, put(client, body, wait=30)))
    assert values(here, key, hall.locks)
    told = await held(here, cancel(client, body, wait=30))
    assert key not in {credential.key for credential in doors(here, hall.locks)}
    assert _state(told, hall) == ("removed", "read")
    told_so = [event["type"] for event in await events(client) if event["subject"] == "B-2"]
    assert told_so.count("refund.requested") == 1
    assert "booking.effective" in told_so[told_so.index("refund.requested") :], "effective once it was gone"


async def s3_a_fair_that_moves_a_week_leaves_nothing_of_the_old(hall: Hall, here: Stage, client: Client) -> None:
    def fair(revision: int, first: int) -> dict[str, Any]:
        days = [f"2026-12-{first + n:02}" for n in range(5)]
        times = [occasion(place, f"{day} 09:00", f"{day} 17:00") for day in days for place in hall.places]
        return booking("B-FAIR", *times, revision=revision, **FAIR)

    key = hall.key(await held(here, put(client, fair(1, 7), wait=30)))
    assert windows(here, key, hall.locks) == _first(hall, 7)
    code = values(here, key, hall.locks)
    await held(here, put(client, fair(2, 14), wait=30))
    assert windows(here, key, hall.locks) == _first(hall, 14)
    assert values(here, key, hall.locks) == code
    await held(here, cancel(client, fair(2, 14), wait=30))
    assert key not in {credential.key for credential in doors(here, hall.locks)}


def _first(hall: Hall, day: int) -> set[tuple[str, Any, Any]]:
    """The windows of the fair that its doors have room for: those of its first days."""
    days = [f"2026-12-{day + n:02}" for n in range(hall.room)]
    return {window for one in days for window in hall.opens(f"{one} 09:00", f"{one} 17:00")}


async def s6_a_camp_opens_at_each_of_its_times_with_one_code(hall: Hall, here: Stage, client: Client) -> None:
    days, hours = ("2026-11-23", "2026-11-24"), (("10:30", "11:30"), ("14:00", "16:00"))
    times = [(f"{day} {a}", f"{day} {b}") for day in days for a, b in hours]
    told = await held(here, put(client, booking("B-CAMP", *(occasion(hall.places[0], *one) for one in times)), wait=30))
    (code,), key = {credential["value"] for credential in told["credentials"]}, hall.key(told)
    for starts, ends in times:
        for door, opens, shuts in sorted(hall.opens(starts, ends), key=lambda window: window[1]):
            await here.play_until(max(opens, here.clock.now()))
            assert (door, opens, shuts) in windows(here, key, hall.locks)
            assert values(here, key, hall.locks) == {code}
    await here.play_until(at("2026-11-24 17:00"))
    assert _open(hall, here, key) == set()


async def s9_of_bookings_side_by_side_neither_takes_what_the_other_needs(
    hall: Hall, here: Stage, client: Client
) -> None:
    first = booking("B-3", occasion(hall.places[0], "2026-11-24 18:00", "2026-11-24 19:00"))
    second = booking("B-4", occasion(hall.places[0], "2026-11-24 19:00", "2026-11-24 20:00"))
    (earlier, later) = [hall.key(await held(here, put(client, one, wait=30))) for one in (first, second)]
    await here.play_until(at("2026-11-24 19:00") - timedelta(minutes=1))
    assert _open(hall, here, earlier) == _open(hall, here, later) == set(hall.doors)
    await held(here, cancel(client, first, wait=30))
    assert _open(hall, here, later) == set(hall.doors), "the other's time has begun"
    needed = {(door, shuts) for door, _, shuts in hall.opens("2026-11-24 19:00", "2026-11-24 20:00")}
    assert {(door, shuts) for door, _, shuts in windows(here, later, hall.locks)} == needed
    await here.play_until(at("2026-11-24 21:00"))
    assert _open(hall, here, earlier) == _open(hall, here, later) == set()


async def s16_a_lock_system_that_is_down_for_two_hours_is_one_problem(hall: Hall, here: Stage, client: Client) -> None:
    hours = [("2026-11-23 21:00", "2026-11-23 22:00"), ("2026-11-24 12:00", "2026-11-24 13:00")]
    bodies = [booking(f"B-1{n}", occasion(hall.places[0], *one), **PERSON) for n, one in enumerate(hours)]
    standing = {credential.key for credential in doors(here, hall.locks)}
    here.simulators.misbehave(MUNICIPALITY, hall.locks, Misbehaviour.DOWN)
    keys = [hall.key(await put(client, body)) for body in bodies]
    await here.play_until(at("2026-11-23 08:00"))
    moved = ("2026-11-24 08:00", "2026-11-24 09:00")
    await put(client, booking("B-10", occasion(hall.places[0], *moved), revision=2, **PERSON))
    await cancel(client, bodies[1])
    await here.play_until(at("2026-11-23 09:00"))
    (problem,) = await here.problems()
    assert (problem.code, problem.connection) == ("unreachable", hall.locks)
    here.simulators.find(MUNICIPALITY, hall.locks).recover()
    await here.play_until(at("2026-11-23 09:00") + 2 * A_LOOK)
    assert await here.problems() == []
    assert {credential.key for credential in doors(here, hall.locks)} == standing | {keys[0]}
    assert windows(here, keys[0], hall.locks) == hall.opens(*moved)


def _state(told: dict[str, Any], hall: Hall) -> tuple[str, str]:
    (effect,) = [one for one in told["effects"] if one["target"].startswith(f"{hall.locks}/")]
    return effect["state"], effect["proof"]


def _open(hall: Hall, here: Stage, key: str) -> set[str]:
    """The doors that a credential opens now."""
    now = here.clock.now()
    return {door for door, starts, ends in windows(here, key, hall.locks) if starts <= now < ends}


def _z(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
