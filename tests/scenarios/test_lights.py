"""What bookings mean for lights on a KNX bus (sporthall-nord) and behind Modbus (konstgras), by the lamps themselves.

For heat too, behind an edge device that speaks RealEstateCore (kulturhuset).

One stage tells of all, each story on a day of its own; the clock-change nights have stages of theirs.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from hub.demo.stage import MUNICIPALITY, Stage
from hub.model import Setpoint
from hub.sdk import HasZones, Misbehaviour
from tests.scenarios.plays import at, booking, cancel, lamps, occasion, play, put

KNX, MODBUS, REC = "knx-sporthall-nord", "modbus-konstgras", "rec-kulturhuset"
HALL, PITCH = "sporthall-nord", "konstgras"
Client = httpx.AsyncClient


def test_s3_s7_s9_and_s16_are_true_of_lights_by_knx_and_modbus() -> None:
    async def story(here: Stage, client: Client) -> None:
        for tell in (
            s9_half_and_whole_light_the_right_parts,
            s7_what_is_closed_is_dark_until_it_opens_again,
            s16_what_was_down_for_two_hours_is_lit_as_the_time_then_asks_for,
            s3_what_moves_a_day_is_dark_on_the_old_and_lit_on_the_new,
            an_edge_device_tells_all_before_any_booking_and_heats_for_one,
        ):
            await tell(here, client)

    play(story)


async def s9_half_and_whole_light_the_right_parts(here: Stage, client: Client) -> None:
    await put(client, _both("B-1", "a", "halvplan-a", "2026-11-23 17:00", "2026-11-23 18:00"))
    whole = _both("B-2", "hela", "helplan", "2026-11-23 18:00", "2026-11-23 19:00")
    await put(client, whole)
    for moment, knx, modbus in (
        ("16:54", "", ""),
        ("16:55", "a", ""),
        ("17:00", "a", "a"),
        ("18:00", "abc", "ab"),
        ("18:59", "abc", "ab"),
    ):
        await here.play_until(at(f"2026-11-23 {moment}"))
        assert (_hall(here), _pitch(here)) == (knx, modbus), moment
    await put(client, _both("B-3", "a", "halvplan-a", "2026-11-23 18:30", "2026-11-23 20:00"))
    await cancel(client, whole)
    await here.quiet()
    assert (_hall(here), _pitch(here)) == ("a", "a"), "cancelling one never darkens the other"
    await here.play_until(at("2026-11-23 20:10"))
    assert (_hall(here), _pitch(here)) == ("", "")
    await put(client, booking("B-4", occasion("konstgras.halvplan-b", "2026-11-23 21:00", "2026-11-23 22:30")))
    for moment, lit in (("21:00", "b"), ("21:59", "b"), ("22:00", "")):
        await here.play_until(at(f"2026-11-23 {moment}"))
        assert _pitch(here) == lit, f"{moment}: the neighbours sleep from ten"


async def s7_what_is_closed_is_dark_until_it_opens_again(here: Stage, client: Client) -> None:
    await put(client, _both("B-5", "a", "halvplan-a", "2026-11-24 17:00", "2026-11-24 20:00"))
    day = {"starts_at": at("2026-11-24 00:00").isoformat(), "ends_at": at("2026-11-25 00:00").isoformat()}
    for place in ("sporthall-nord.a", "konstgras.helplan"):
        told = await client.put(f"/closures/{place}", json={"revision": 1, "resource": place, "reason": "snö", **day})
        assert told.json()["bookings"] == 1
    await here.play_until(at("2026-11-24 17:30"))
    assert (_hall(here), _pitch(here)) == ("", "")
    for place in ("sporthall-nord.a", "konstgras.helplan"):
        assert (await client.delete(f"/closures/{place}")).status_code == 202
    await here.quiet()
    assert (_hall(here), _pitch(here)) == ("a", "a")
    await here.play_until(at("2026-11-24 20:10"))
    assert (_hall(here), _pitch(here)) == ("", "")


async def s16_what_was_down_for_two_hours_is_lit_as_the_time_then_asks_for(here: Stage, client: Client) -> None:
    await here.play_until(at("2026-11-25 16:00"))
    for name in (KNX, MODBUS):
        here.simulators.misbehave(MUNICIPALITY, name, Misbehaviour.DOWN)
    gone = _both("B-6", "a", "halvplan-a", "2026-11-25 17:45", "2026-11-25 19:00")
    await put(client, gone)
    await put(client, _both("B-7", "b", "halvplan-b", "2026-11-25 17:45", "2026-11-25 19:00"))
    await here.play_until(at("2026-11-25 17:50"))
    await cancel(client, gone)
    await here.play_until(at("2026-11-25 18:00"))
    problems = await here.problems()
    assert sorted((one.connection, one.code) for one in problems) == [(KNX, "unreachable"), (MODBUS, "unreachable")]
    for name in (KNX, MODBUS):
        here.simulators.find(MUNICIPALITY, name).recover()
    await here.play_until(at("2026-11-25 18:10"))
    assert (_hall(here), _pitch(here)) == ("b", "b")
    assert await here.problems() == []
    await here.play_until(at("2026-11-25 19:10"))
    assert (_hall(here), _pitch(here)) == ("", "")


async def s3_what_moves_a_day_is_dark_on_the_old_and_lit_on_the_new(here: Stage, client: Client) -> None:
    await put(client, _both("B-8", "hela", "helplan", "2026-11-26 17:00", "2026-11-26 20:00"))
    await put(client, _both("B-8", "hela", "helplan", "2026-11-27 17:00", "2026-11-27 20:00", revision=2))
    for day, knx, modbus in ((26, "", ""), (27, "abc", "ab")):
        await here.play_until(at(f"2026-11-{day} 18:00"))
        assert (_hall(here), _pitch(here)) == (knx, modbus), day


async def an_edge_device_tells_all_before_any_booking_and_heats_for_one(here: Stage, client: Client) -> None:
    told = (await client.post(f"/connections/{REC}:reconcile")).json()
    assert (told["outcome"], told["compared"], told["findings"]) == ("compared", 1, [])
    await put(client, booking("B-9", occasion("kulturhuset.stora-salen", "2026-11-28 10:00", "2026-11-28 12:00")))
    edge = here.simulators.find(MUNICIPALITY, REC)
    assert isinstance(edge, HasZones)
    for moment, celsius in (("08:29", 16), ("08:30", 21), ("11:59", 21), ("12:00", 16)):
        await here.play_until(at(f"2026-11-28 {moment}"))
        assert edge.zones() == {"varme": Setpoint(celsius=Decimal(celsius))}, moment


def test_s18_lights_by_knx_and_modbus_keep_to_the_wall_clock_when_it_is_changed() -> None:
    async def spring(here: Stage, client: Client) -> None:
        await put(client, booking("B-1", occasion("sporthall-nord.a", "2027-03-28 01:00", "2027-03-28 04:00")))
        for moment, lit in (("00:54", ""), ("00:55", "a"), ("01:59", "a"), ("04:09", "a"), ("04:10", "")):
            await here.play_until(at(f"2027-03-28 {moment}"))
            assert _hall(here) == lit, moment

    async def autumn(here: Stage, client: Client) -> None:
        await put(client, booking("B-1", occasion("sporthall-nord.a", "2026-10-25 01:30", "2026-10-25 04:00")))
        evening = occasion("konstgras.halvplan-a", "2026-10-25 17:00", "2026-10-25 23:00")
        await put(client, booking("B-2", evening))
        for moment, lit in (("01:24", ""), ("01:25", "a"), ("04:09", "a"), ("04:10", "")):
            await here.play_until(at(f"2026-10-25 {moment}"))
            assert _hall(here) == lit, moment
        for moment, lit in (("21:59", "a"), ("22:00", "")):
            await here.play_until(at(f"2026-10-25 {moment}"))
            assert _pitch(here) == lit, moment

    play(spring, start="2027-03-27 22:00")
    play(autumn, start="2026-10-24 22:00")


def test_s17_after_the_power_went_lights_by_knx_and_modbus_are_as_the_time_then_asks_for(tmp_path: Path) -> None:
    """The devices lose theirs too: the hub may not believe what it knew of them."""

    async def before(here: Stage, client: Client) -> None:
        await put(client, _both("B-1", "a", "halvplan-a", "2026-11-23 17:00", "2026-11-23 18:00"))
        await put(client, _both("B-2", "b", "halvplan-b", "2026-11-23 17:00", "2026-11-23 20:00"))
        await here.play_until(at("2026-11-23 17:30"))
        assert (_hall(here), _pitch(here)) == ("ab", "ab")

    async def after(here: Stage, _client: Client) -> None:
        await here.quiet()
        assert (_hall(here), _pitch(here)) == ("b", "b")
        await here.play_until(at("2026-11-23 20:10"))
        assert (_hall(here), _pitch(here)) == ("", "")

    play(before, start="2026-11-23 16:00", home=tmp_path)
    play(after, start="2026-11-23 18:30", home=tmp_path)


def test_an_outdoor_pitch_is_lit_only_when_it_is_dark_and_through_a_pause_that_a_lamp_cannot_strike_again_in() -> None:
    async def story(here: Stage, client: Client) -> None:
        await put(client, booking("B-1", occasion("konstgras.halvplan-a", "2026-11-23 10:00", "2026-11-23 17:00")))
        await put(client, booking("B-2", occasion("konstgras.halvplan-a", "2026-11-23 17:20", "2026-11-23 18:00")))
        for moment, lit in (("12:00", ""), ("16:00", "a"), ("17:15", "a"), ("18:09", "a"), ("18:10", "")):
            await here.play_until(at(f"2026-11-23 {moment}"))
            assert _pitch(here) == lit, moment

    play(story)


def _both(number: str, part: str, half: str, starts: str, ends: str, **more: Any) -> dict[str, Any]:
    """One booking of a part of the hall and of the pitch."""
    return booking(number, occasion(f"{HALL}.{part}", starts, ends), occasion(f"{PITCH}.{half}", starts, ends), **more)


def _hall(here: Stage) -> str:
    """The parts of the hall that are lit, all at full."""
    levels = lamps(here, KNX)
    assert set(levels.values()) <= {0, 100}, levels
    return "".join(sorted(part for part, percent in levels.items() if percent))


def _pitch(here: Stage) -> str:
    """The halves that are lit; both contactors of a half go together."""
    levels = lamps(here, MODBUS)
    pairs = {"a": ("halvplan-a-0", "halvplan-a-1"), "b": ("halvplan-b-2", "halvplan-b-3")}
    assert all(levels[one] == levels[other] for one, other in pairs.values()), levels
    return "".join(half for half, (one, _) in pairs.items() if levels[one])
