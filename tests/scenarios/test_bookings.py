"""Scenarios in which bookings come, change and go, and every system follows."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import httpx

from hub.demo.stage import Stage
from tests.scenarios.plays import (
    at,
    booking,
    cancel,
    changing,
    charge,
    doors,
    entrance,
    events,
    lamps,
    lines,
    occasion,
    play,
    put,
    values,
    windows,
)


def test_s1_a_tennis_time_gets_its_code_in_the_same_answer() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        body = booking("B-1", occasion("tennishallen.bana-3", "2026-11-23 18:00", "2026-11-23 19:00"))
        body |= {"payment": {"kind": "prepaid", "receipt": "SW1"}, "charges": [charge("120.00")]}
        told = await put(client, body, wait=5)
        (credential,) = told["credentials"]
        assert values(here, "hub-B-1") == {credential["value"]}
        states = {effect["target"]: (effect["state"], effect["proof"]) for effect in told["effects"]}
        assert states["arx-tennishallen/hub-B-1"] == ("standing", "read")
        assert credential["window"] == {"starts_at": "2026-11-23T16:30:00Z", "ends_at": "2026-11-23T18:30:00Z"}
        for moment, level in (("17:54", 0), ("17:55", 60), ("19:09", 60), ("19:10", 0)):
            await here.play_until(at(f"2026-11-23 {moment}"))
            assert lamps(here)["bana-3"] == level, moment
        view = (await client.get("/bookings/B-1")).json()
        assert [(line["kind"], line["amount"]) for line in view["money"]["lines"]] == [
            ("charge", "120.00"),
            ("receipt", "120.00"),
        ]
        assert (view["money"]["owed"], view["money"]["invoices"]) == ("0.00", [])
        assert (await client.get("/invoices")).json()["invoices"] == []

    play(story)


def test_s2_a_cancelled_booking_is_told_so_only_when_its_code_is_gone() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        body = booking("B-2", occasion("tennishallen.bana-1", "2026-11-23 18:00", "2026-11-23 19:00"))
        body |= {
            "extras": [{"resource": "tennishallen.bollmaskin", "occasions": ["1"]}],
            "charges": [charge("120.00"), charge("80.00", "BOLL", vat="25")],
            "payment": {"kind": "prepaid", "receipt": "SW2"},
        }
        await put(client, body, wait=5)
        assert doors(here)
        told = await cancel(client, body, wait=5)
        assert doors(here) == []
        states = {effect["target"]: (effect["state"], effect["proof"]) for effect in told["effects"]}
        assert states["arx-tennishallen/hub-B-2"] == ("removed", "read")
        await cancel(client, body | {"revision": 2})
        (refund,) = await events(client, "refund.requested")
        assert refund["data"] == {"revision": 2, "amount": "220.00", "receipt": "SW2"}
        told_so = [event["type"] for event in await events(client) if event["subject"] == "B-2"]
        assert told_so.index("booking.effective", told_so.index("refund.requested")) > 0, "effective once it was gone"
        money = (await client.get("/bookings/B-2")).json()["money"]
        signs = {"charge": 1, "credit": -1, "receipt": 0, "refund": 0}
        assert sum(signs[line["kind"]] * Decimal(line["amount"]) for line in money["lines"]) == 0
        assert money["owed"] == "0.00"

    play(story)


def test_s3_a_fair_takes_five_courts_for_five_days_and_moves_a_week() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        old = [
            booking(f"B-{n}", occasion(f"tennishallen.bana-{n}", "2026-11-24 18:00", "2026-11-24 19:00"))
            for n in (1, 2)
        ]
        for body in old:
            await put(client, body, wait=5)
            await cancel(client, body, wait=5)
        fair = _fair(revision=1, first_day=24)
        await put(client, fair, wait=10)
        days = [entrance(f"2026-11-{day} 09:00", f"2026-11-{day} 17:00") for day in range(24, 29)]
        assert {window for window in windows(here, "hub-B-FAIR") if window[0] == days[0][0]} == set(days)
        await put(client, _fair(revision=2, first_day=30), wait=10)
        left = {(starts.month, starts.day) for _, starts, _ in windows(here, "hub-B-FAIR")}
        assert left == {(11, 30), *((12, day) for day in range(1, 5))}
        assert {credential.key for credential in doors(here)} == {"hub-B-FAIR"}
        await here.play_until(at("2026-11-25 12:00"))
        assert not any(lamps(here).values())
        await here.play_until(at("2026-12-01 12:00"))
        assert {lamp: level for lamp, level in lamps(here).items() if lamp != "gemensam"} == {
            f"bana-{n}": 60 for n in range(1, 6)
        }

    play(story)


def _fair(*, revision: int, first_day: int) -> dict[str, object]:
    days = [f"2026-11-{day:02}" if day <= 30 else f"2026-12-{day - 30:02}" for day in range(first_day, first_day + 5)]
    return booking(
        "B-FAIR",
        *(occasion(f"tennishallen.bana-{n}", f"{day} 09:00", f"{day} 17:00") for day in days for n in range(1, 6)),
        revision=revision,
    )


def test_s5_a_match_plan_is_simulated_before_it_goes_live() -> None:
    plan = [
        booking("M-1", occasion("sporthall-nord.hela", "2026-11-28 10:00", "2026-11-28 12:00")),
        booking("M-2", occasion("sporthall-nord.a", "2026-11-28 11:00", "2026-11-28 13:00")),
        booking("M-3", occasion("tennishallen.bana-1", "2026-11-28 10:00", "2026-11-28 12:00")),
    ]
    ndjson = {"Content-Type": "application/x-ndjson"}

    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        await put(client, booking("B-1", occasion("tennishallen.bana-1", "2026-11-28 11:00", "2026-11-28 12:00")))
        before = (await client.get("/bookings")).json()
        dry = _answered(await client.post("/bookings", params={"dry_run": "true"}, content=lines(plan), headers=ndjson))
        assert [(line["line"], [c["number"] for c in line["conflicts"]]) for line in dry[:3]] == [
            (1, []),
            (2, ["M-1"]),
            (3, ["B-1"]),
        ]
        assert dry[1]["conflicts"][0]["starts_at"] == "2026-11-28T09:00:00Z"
        assert (await client.get("/bookings")).json() == before
        token = dry[-1]["summary"]["state_token"]
        live = _answered(await client.post("/bookings", content=lines(plan), headers=ndjson | {"If-Match": token}))
        assert [(line["outcome"], line["conflicts"]) for line in live[:3]] == [
            (line["outcome"], line["conflicts"]) for line in dry[:3]
        ]
        again = await client.post("/bookings", content=lines(plan), headers=ndjson | {"If-Match": token})
        assert (again.status_code, again.json()["code"]) == (412, "state-changed")

    play(story)


def _answered(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    told = [json.loads(line) for line in answer.text.splitlines()]
    return [{"conflicts": [], **line} for line in told]


def test_s6_a_training_camp_is_one_booking_with_four_occasions_and_one_code() -> None:
    times = [
        ("2026-11-23", "09:00", "11:00"),
        ("2026-11-23", "14:00", "16:00"),
        ("2026-11-24", "09:00", "11:00"),
        ("2026-11-24", "14:00", "16:00"),
    ]

    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        camp = booking("B-CAMP", *(occasion("tennishallen.bana-1", f"{day} {a}", f"{day} {b}") for day, a, b in times))
        told = await put(client, camp, wait=5)
        assert len({credential["value"] for credential in told["credentials"]}) == 1
        wanted = {entrance(f"{day} {a}", f"{day} {b}") for day, a, b in times}
        wanted |= {changing("A", f"{day} {a}", f"{day} {b}") for day, a, b in times}
        assert windows(here, "hub-B-CAMP") == wanted
        assert {c.key for c in doors(here)} == {"hub-B-CAMP"}

    play(story)


def test_s8_a_time_that_becomes_free_is_told_once() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        evening = booking("B-1", occasion("tennishallen.bana-1", "2026-11-23 18:00", "2026-11-23 20:00"))
        await put(client, evening)
        shorter = booking("B-1", occasion("tennishallen.bana-1", "2026-11-23 18:00", "2026-11-23 19:00"), revision=2)
        await put(client, shorter)
        await cancel(client, shorter)
        freed = [event["data"] for event in await events(client, "time.released")]
        assert freed == [
            {"resource": "tennishallen.bana-1", "starts_at": "2026-11-23T18:00:00Z", "ends_at": "2026-11-23T19:00:00Z"},
            {"resource": "tennishallen.bana-1", "starts_at": "2026-11-23T17:00:00Z", "ends_at": "2026-11-23T18:00:00Z"},
        ]
        await put(client, booking("W-1", occasion("sporthall-nord.hela", "2026-11-23 18:00", "2026-11-23 20:00")))
        part = booking("W-2", occasion("sporthall-nord.a", "2026-11-23 18:00", "2026-11-23 20:00"))
        await put(client, part)
        await cancel(client, part)
        assert len(await events(client, "time.released")) == 2, "the whole still has it"

    play(story)


def test_s14_one_answer_shows_everything_about_a_booking_number() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        body = booking("B-1", occasion("tennishallen.bana-1", "2026-11-23 18:00", "2026-11-23 19:00"))
        await put(client, body, wait=5)
        await put(client, booking("B-2", occasion("tennishallen.bana-2", "2026-11-23 18:00", "2026-11-23 19:00")))
        view = (await client.get("/bookings/B-1")).json()
        assert {effect["target"] for effect in view["effects"]} == {
            "arx-tennishallen/hub-B-1",
            "bacnet-tennishallen/varme",
            "bacnet-tennishallen/ventilation",
            "mqtt-tennishallen/bana-1",
            "mqtt-tennishallen/gemensam",
        }
        assert [other["number"] for other in view["others"]["mqtt-tennishallen/gemensam"]] == ["B-2"]
        whats = [(entry["what"], entry["past"]) for entry in view["timeline"]]
        assert ("booking.accepted", True) in whats
        assert ("confirmed", True) in whats
        assert ("will open", False) in whats
        assert ("will be 60 %", False) in whats
        assert view["unserved"] == []

    play(story)


def test_s18_windows_are_right_in_local_time_on_both_clock_change_nights() -> None:
    async def spring(here: Stage, client: httpx.AsyncClient) -> None:
        nights = [
            ("2027-03-28 01:00", "2027-03-28 04:00"),
            ("2027-03-27 20:00", "2027-03-27 21:00"),
            ("2027-03-28 20:00", "2027-03-28 21:00"),
        ]
        for n, (starts, ends) in enumerate(nights, 1):
            await put(client, booking(f"B-{n}", occasion("tennishallen.bana-1", starts, ends)), wait=5)
            assert windows(here, f"hub-B-{n}") == {entrance(starts, ends), changing("A", starts, ends)}
        await here.play_until(at("2027-03-28 03:30"))
        assert lamps(here)["bana-1"] == 60
        assert (at("2027-03-28 04:00") - at("2027-03-28 01:00")).total_seconds() == 3 * 3600, "wall time"
        await here.play_until(at("2027-03-28 04:10"))
        assert lamps(here)["bana-1"] == 0

    async def autumn(here: Stage, client: httpx.AsyncClient) -> None:
        starts, ends = "2026-10-25 01:30", "2026-10-25 04:00"
        told = await put(client, booking("B-1", occasion("tennishallen.bana-1", starts, ends)), wait=5)
        assert windows(here, "hub-B-1") == {entrance(starts, ends), changing("A", starts, ends)}
        assert told["credentials"][0]["window"] == {
            "starts_at": "2026-10-24T23:00:00Z",
            "ends_at": "2026-10-25T03:30:00Z",
        }
        await here.play_until(at("2026-10-25 03:30"))
        assert lamps(here)["bana-1"] == 60

    play(spring, start="2027-03-27 07:00")
    play(autumn, start="2026-10-24 07:00")


def test_s1_what_is_beyond_the_horizon_does_not_hold_the_answer() -> None:
    async def story(here: Stage, client: httpx.AsyncClient) -> None:
        body = booking("B-1", occasion("tennishallen.bana-1", "2027-02-01 18:00", "2027-02-01 19:00"))
        began = asyncio.get_running_loop().time()
        told = await put(client, body, wait=20)
        assert asyncio.get_running_loop().time() - began < 10
        (effect,) = [one for one in told["effects"] if one["target"].startswith("arx")]
        assert (effect["state"], effect["delivery"]) == ("planned", "waiting")
        assert effect["expected_at"] == "2027-01-02T16:30:00Z"
        assert doors(here) == []

    play(story)
