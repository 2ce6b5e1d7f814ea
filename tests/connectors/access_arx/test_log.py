"""What ARX's log and its doors are like: late tellers, clocks that are wrong, and little that may be kept."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.access_arx.config import Verb
from connectors.access_arx.simulator import REFUSED, UNKNOWN, VALID
from hub.model import Message, Passage, Refusal, Release, Switch, Zone
from hub.sdk import Condition, RawItem, RejectedError, UnknownOutcomeError
from tests.connectors.access_arx.test_arx import NOW, Site, site

KEY = "hub-2480-B-7"


def come(here: Site, minutes: float, name: str = VALID, *, person: str = KEY, card: str = "0048291") -> None:
    here.server.come(NOW + timedelta(minutes=minutes), name, person, card, "Sporthall A")


async def polled(here: Site, cursor: str | None = None) -> tuple[list[RawItem], str]:
    """All there is after a cursor."""
    items: list[RawItem] = []
    for _ in range(20):
        page = await here.arx.poll(cursor)
        items, cursor = [*items, *page.items], page.cursor
        if not page.more:
            return items, cursor
    pytest.fail("there is always more")


def meant(here: Site, items: list[RawItem]) -> list[Message]:
    return [message for item in items for message in here.arx.translate(item)]


def minutes(here: Site, items: list[RawItem]) -> list[float]:
    """When each was, from the beginning."""
    told = (one for one in meant(here, items) if isinstance(one, Passage))
    return [(one.at - NOW) / timedelta(minutes=1) for one in told]


def test_neither_code_nor_card_nor_anybodys_name_leaves_the_connector() -> None:
    async def story() -> None:
        async with site() as here:
            come(here, -5)
            come(here, -4, person="Anna Berg", card="0077")
            items, cursor = await polled(here)
            assert len(items) == 2
            for kept in (*(item.content.decode() + item.source_id + item.place for item in items), cursor):
                assert not any(word in kept for word in ("48291", "0077", "Anna"))
            assert [one.key for one in meant(here, items) if isinstance(one, Passage)] == [KEY, None]

    asyncio.run(story())


def test_what_a_controller_tells_late_is_found_as_long_as_it_is_not_later_than_the_overlap() -> None:
    async def story() -> None:
        async with site() as here:
            come(here, -1)
            items, cursor = await polled(here)
            assert minutes(here, items) == [-1]
            come(here, -9)
            come(here, -30)
            late, cursor = await polled(here, cursor)
            assert minutes(here, late) == [-9]
            assert (await polled(here, cursor)) == ([], cursor)

    asyncio.run(story())


def test_a_controller_whose_clock_is_a_year_ahead_hides_nobody() -> None:
    async def story() -> None:
        async with site() as here:
            come(here, 40)
            come(here, 365 * 24 * 60)
            items, cursor = await polled(here)
            assert minutes(here, items) == [40]
            come(here, 0.5)
            later, _ = await polled(here, cursor)
            assert minutes(here, later) == [0.5]

    asyncio.run(story())


def test_after_a_long_outage_it_is_asked_an_hour_at_a_time_and_nothing_is_missed() -> None:
    async def story() -> None:
        async with site(event_history_hours=30) as here:
            for at in (-29.5 * 60, -61, -59, -1):
                come(here, at)
            items, _ = await polled(here)
            assert minutes(here, items) == [-29.5 * 60, -61, -59, -1]
            asked = [request.url.params for request in here.asked]
            spans = {int(one["end_date"]) - int(one["start_date"]) for one in asked}
            assert spans == {70 * 60_000}
            assert len(asked) == 31

    asyncio.run(story())


def test_two_at_the_same_moment_at_one_door_are_two_and_one_told_twice_is_one() -> None:
    async def story() -> None:
        async with site() as here:
            come(here, -5)
            come(here, -5, card="0077")
            come(here, -5)
            items, _ = await polled(here)
            assert len({item.source_id for item in items}) == len(items) == 2

    asyncio.run(story())


def test_a_refusal_has_the_reason_of_the_longest_name_that_fits() -> None:
    async def story() -> None:
        async with site() as here:
            for n, name in enumerate(
                (REFUSED, f"{REFUSED}.time", f"{REFUSED}.pin", UNKNOWN, f"{VALID}.duress", f"{VALID}s")
            ):
                come(here, -9 + n, name)
            told = [one.reason for one in meant(here, (await polled(here))[0]) if isinstance(one, Passage)]
            assert told == [Refusal.OTHER, Refusal.TOO_EARLY, Refusal.OTHER, Refusal.UNKNOWN_CODE, None]

    asyncio.run(story())


def test_a_door_is_told_as_its_access_category_where_that_is_configured() -> None:
    async def story() -> None:
        async with site(event_doors={"Sporthall A": "Hallen"}) as here:
            come(here, -5)
            (told,) = meant(here, (await polled(here))[0])
            assert isinstance(told, Passage)
            assert told.door == "Hallen"
            assert told.at == NOW - timedelta(minutes=5)
            assert told.at.tzinfo is UTC

    asyncio.run(story())


@pytest.mark.parametrize("left_out", ["door", "timestamp"])
def test_an_event_without_door_or_time_is_put_aside_by_its_place_and_stops_no_other(left_out: str) -> None:
    async def story() -> None:
        async with site() as here:
            come(here, -5)
            items, _ = await polled(here)
            told = json.loads(items[0].content) | {left_out: ""}
            with pytest.raises(RejectedError, match="without a door") as refused:
                list(here.arx.translate(RawItem("x", json.dumps(told).encode(), items[0].place)))
            assert refused.value.place == items[0].place

    asyncio.run(story())


def test_the_log_is_asked_as_the_site_wants_it_with_masks_and_milliseconds() -> None:
    async def story() -> None:
        async with site(export_verb=Verb.POST, event_history_hours=1, event_overlap_minutes=0) as here:
            await here.arx.poll(None)
            (asked, *_) = here.asked
            assert (asked.method, asked.url.path) == ("POST", "/arx/eventexport")
            assert int(asked.url.params["start_date"]) == (NOW - timedelta(hours=1)).timestamp() * 1000
            masks = "".join(f"<mask>{name}</mask>" for name in (VALID, REFUSED, f"{REFUSED}.time", UNKNOWN))
            assert asked.url.params["filter"] == f"<filter><name>{masks}</name></filter>"

    asyncio.run(story())


def test_a_log_without_the_servers_time_is_read_by_ours() -> None:
    async def story() -> None:
        async with site() as here:
            answered = here.server._answer
            here.server._answer = lambda root: httpx.Response(200, content=answered(root).content)  # type: ignore[method-assign]
            come(here, -90)
            come(here, -1)
            assert minutes(here, (await polled(here))[0]) == [-90, -1]

    asyncio.run(story())


def test_a_door_is_held_open_and_let_go_and_never_said_to_be_so() -> None:
    async def story() -> None:
        async with site() as here:
            receipt = await here.arx.put_zone(Zone(key="Sporthall A", level=Switch(on=True)))
            assert receipt.condition is Condition.SENT
            assert here.server.held == {"Sporthall A": True, "Entré & Öst": False}
            (*_, told) = here.asked
            assert dict(told.url.params) == {"externalid": "Sporthall A", "type": "forceOpen", "value": "on"}
            for level in (Release(), Switch(on=False)):
                here.server.held["Sporthall A"] = True
                await here.arx.put_zone(Zone(key="Sporthall A", level=level))
                assert not any(here.server.held.values())

    asyncio.run(story())


def test_a_login_page_in_place_of_a_doors_answer_is_no_answer() -> None:
    async def story() -> None:
        async with site() as here:
            await here.arx.check()
            here.server._act = lambda asked: httpx.Response(200, text="<html>log in</html>")  # type: ignore[method-assign]  # noqa: ARG005
            with pytest.raises(UnknownOutcomeError):
                await here.arx.put_zone(Zone(key="Sporthall A", level=Release()))

    asyncio.run(story())


def test_check_knows_categories_and_doors() -> None:
    async def story() -> None:
        async with site() as here:
            about = await here.arx.check()
            assert about.external_keys == frozenset({"Sporthall A", "Entré & Öst"})
            assert about.detail == "2 access categories, 2 doors"
            assert here.server.clock.now() == datetime(2026, 12, 1, 15, tzinfo=UTC)

    asyncio.run(story())
