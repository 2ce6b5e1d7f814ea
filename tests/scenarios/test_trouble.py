"""Scenarios in which something goes wrong, or the weather does."""

from pathlib import Path

import httpx

from hub.configuration.check import check_folder
from hub.demo.stage import MUNICIPALITY, Stage
from hub.sdk import Misbehaviour
from tests.scenarios.pitch import pitch
from tests.scenarios.plays import (
    LOCKS,
    at,
    booking,
    cancel,
    doors,
    entrance,
    events,
    lamps,
    occasion,
    play,
    put,
    values,
    windows,
)


def test_s7_snow_suspends_and_lifting_restores_the_same_codes() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        first = booking("B-1", occasion("tennishallen.bana-1", "2026-11-23 18:00", "2026-11-23 19:00"))
        code = (await put(client, first, wait=5))["credentials"][0]["value"]
        over = booking("B-0", occasion("tennishallen.bana-1", "2026-11-23 08:00", "2026-11-23 09:00"))
        await put(client, over, wait=5)
        snow = {
            "revision": 1,
            "resource": "tennishallen.bana-1",
            "starts_at": at("2026-11-23 07:00").isoformat(),
            "ends_at": at("2026-11-24 00:00").isoformat(),
            "reason": "snö",
        }
        told = await client.put("/closures/snow", json=snow)
        assert (told.status_code, told.json()["bookings"]) == (202, 2)
        await here.quiet()
        assert doors(here) == []
        during = booking("B-2", occasion("tennishallen.bana-1", "2026-11-23 20:00", "2026-11-23 21:00"))
        states = {effect["state"] for effect in (await put(client, during, wait=5))["effects"]}
        assert states == {"suspended"}
        await here.play_until(at("2026-11-23 12:00"))
        assert not any(lamps(here).values())
        assert (await client.put("/closures/snow", json=snow)).status_code == 200
        assert (await client.put("/closures/snow", json=snow | {"reason": "is"})).status_code == 409
        lifted = await client.delete("/closures/snow")
        assert (lifted.status_code, lifted.json()["state"]) == (202, "lifted")
        await here.quiet()
        assert {credential.key for credential in doors(here)} == {"hub-B-1", "hub-B-2"}
        assert values(here, "hub-B-1") == {code}
        assert windows(here, "hub-B-1") >= {entrance("2026-11-23 18:00", "2026-11-23 19:00")}
        told_once = [
            (event["type"], event["subject"]) for event in await events(client, "booking.suspended", "booking.resumed")
        ]
        assert sorted(told_once) == [
            ("booking.resumed", "B-1"),
            ("booking.resumed", "B-2"),
            ("booking.suspended", "B-0"),
            ("booking.suspended", "B-1"),
        ]

    play(story)


def test_s7_closing_a_half_closes_the_whole_but_not_the_other_half(tmp_path: Path) -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        when = ("2026-11-23 18:00", "2026-11-23 19:00")
        for number, name in (("B-1", "hela"), ("B-2", "a"), ("B-3", "b")):
            await put(client, booking(number, occasion(f"plan.{name}", *when)))
        await here.play_until(at("2026-11-23 18:10"))
        assert lamps(here, "mqtt-plan") == {"a": 60, "b": 60, "gang": 30}
        times = {"starts_at": at("2026-11-23 00:00").isoformat(), "ends_at": at("2026-11-24 00:00").isoformat()}
        told = await client.put("/closures/a", json={"revision": 1, "resource": "plan.a", **times})
        assert told.json()["bookings"] == 2
        await here.quiet()
        assert lamps(here, "mqtt-plan") == {"a": 0, "b": 60, "gang": 30}
        await client.put("/closures/hela", json={"revision": 1, "resource": "plan.hela", **times})
        await here.quiet()
        assert lamps(here, "mqtt-plan") == {"a": 0, "b": 0, "gang": 0}
        await client.delete("/closures/a")
        await here.quiet()
        assert not any(lamps(here, "mqtt-plan").values()), "the whole is still closed"
        await client.delete("/closures/hela")
        await here.quiet()
        assert lamps(here, "mqtt-plan") == {"a": 60, "b": 60, "gang": 30}

    play(story, folder=pitch(tmp_path / "plan"))


def test_s9_half_and_full_pitch_light_the_right_halves(tmp_path: Path) -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        half = booking("B-1", occasion("plan.a", "2026-11-23 18:00", "2026-11-23 19:00"))
        full = booking("B-2", occasion("plan.hela", "2026-11-23 19:00", "2026-11-23 20:00"))
        await put(client, half)
        await put(client, full)
        for moment, halves in (("18:30", (60, 0, 30)), ("19:00", (60, 60, 30)), ("19:59", (60, 60, 30))):
            await here.play_until(at(f"2026-11-23 {moment}"))
            assert tuple(lamps(here, "mqtt-plan").values()) == halves, moment
        late = booking("B-3", occasion("plan.a", "2026-11-23 19:30", "2026-11-23 20:30"))
        await put(client, late)
        await cancel(client, full)
        await here.quiet()
        assert tuple(lamps(here, "mqtt-plan").values()) == (60, 0, 30), "cancelling one never darkens the other"
        await here.play_until(at("2026-11-23 20:30"))
        assert not any(lamps(here, "mqtt-plan").values())

    play(story, folder=pitch(tmp_path / "plan"))


def test_s9_adjacent_and_overlapping_bookings_keep_the_light_on() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        first = booking("B-1", occasion("tennishallen.bana-1", "2026-11-23 18:00", "2026-11-23 19:00"))
        second = booking("B-2", occasion("tennishallen.bana-1", "2026-11-23 19:00", "2026-11-23 20:00"))
        match = booking(
            "B-3", occasion("tennishallen.bana-2", "2026-11-23 18:30", "2026-11-23 19:30", activity="match")
        )
        for body in (first, second, match):
            await put(client, body)
        for moment in ("18:56", "18:59", "19:00", "19:01", "19:11"):
            await here.play_until(at(f"2026-11-23 {moment}"))
            assert (lamps(here)["bana-1"], lamps(here)["bana-2"]) == (60, 100), moment
        await cancel(client, match)
        await here.quiet()
        assert (lamps(here)["bana-1"], lamps(here)["bana-2"], lamps(here)["gemensam"]) == (60, 0, 100)
        await here.play_until(at("2026-11-23 20:10"))
        assert not any(lamps(here).values())

    play(story)


def test_s16_a_lock_system_that_is_down_for_two_hours_is_one_problem() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        bodies = [
            booking(f"B-{n}", occasion(f"tennishallen.bana-{n}", "2026-11-23 18:00", "2026-11-23 19:00"))
            for n in range(1, 6)
        ]
        here.simulators.misbehave(MUNICIPALITY, LOCKS, Misbehaviour.DOWN)
        for body in bodies:
            await put(client, body)
        await here.play_until(at("2026-11-23 08:00"))
        moved = booking("B-1", occasion("tennishallen.bana-1", "2026-11-23 20:00", "2026-11-23 21:00"), revision=2)
        await put(client, moved)
        await cancel(client, bodies[1])
        await here.play_until(at("2026-11-23 09:00"))
        (problem,) = await here.problems()
        assert (problem.code, problem.connection) == ("unreachable", LOCKS)
        assert problem.waiting >= 4
        here.simulators.find(MUNICIPALITY, LOCKS).recover()
        await here.play_until(at("2026-11-23 09:10"))
        assert await here.problems() == []
        assert {credential.key for credential in doors(here)} == {"hub-B-1", "hub-B-3", "hub-B-4", "hub-B-5"}
        assert entrance("2026-11-23 20:00", "2026-11-23 21:00") in windows(here, "hub-B-1")
        assert entrance("2026-11-23 18:00", "2026-11-23 19:00") not in windows(here, "hub-B-1")
        told = [event["type"] for event in await events(client, "problem.started", "problem.ended")]
        assert (told.count("problem.started") - told.count("problem.ended"), told[-1]) == (0, "problem.ended")

    play(story)


def test_s15_identities_that_are_missing_doubled_or_dangling_are_found_by_check(tmp_path: Path) -> None:
    folder = pitch(tmp_path / "plan")
    assert check_folder(folder, environment={}).ok
    facility = folder / "facilities" / "plan.yaml"
    sound = facility.read_text()
    for what, broken, word in (
        ("dangling", sound.replace("serves: [plan.a]", "serves: [plan.c]"), "plan.c"),
        ("doubled", sound.replace("key: b\n", "key: a\n"), "a"),
        ("missing", sound.replace("    key: gang\n", ""), "key"),
        ("unknown to its system", sound.replace("key: gang", "key: korridor"), "korridor"),
    ):
        facility.write_text(broken)
        report = check_folder(folder, environment={})
        named = [str(finding) for finding in report.findings if "facilities/plan.yaml:" in str(finding)]
        assert not report.ok, what
        assert any(word in finding for finding in named), (what, named)
