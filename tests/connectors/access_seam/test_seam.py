"""What is Seam's own: leave to send codes out of the EU, its words for what went wrong, locks offline or full."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from connectors.access_seam import SeamAccess
from connectors.access_seam.client import AccessCode
from connectors.access_seam.config import SeamConfig
from connectors.access_seam.simulator import Code, SeamSimulator
from connectors.access_seam.translate import condition_of, sighting_of
from hub.conformance.driver import Memory, SetClock
from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import Condition, Lent, Misbehaviour, RejectedError, Sighting, TransientError

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
EVENING = NOW + timedelta(hours=3)
HALL, ENTRANCE = "lock-hall", "lock-entré"
KEY = "hub-2480-B-7"


def pin(value: str | None = "482916", *doors: str, key: str = KEY) -> Credential:
    windows = frozenset(
        Window(door=door, starts_at=EVENING, ends_at=EVENING + timedelta(hours=1)) for door in doors or (HALL,)
    )
    said = SecretStr(value) if value else Unsaid.CHOSEN_BY_SYSTEM
    return Credential(key=key, method=Method.PIN, value=said, windows=windows, holder="Åsa Öberg")


@dataclass
class Site:
    """A connector, its workspace, and what was asked."""

    seam: SeamAccess
    there: SeamSimulator
    clock: SetClock
    asked: list[tuple[str, dict[str, Any]]]
    instead: httpx.Response | None = None
    """What Seam answers whatever it is asked, from then on."""
    instead_at: dict[str, httpx.Response] = field(default_factory=dict)
    """What it answers to calls of one path."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path, json.loads(request.content)))
        return self.instead_at.get(request.url.path) or self.instead or self.there.handle(request)

    async def look(self, key: str = KEY) -> Sighting[Credential]:
        seen = await self.seam.read_credential(key)
        assert seen is not None
        return seen

    def settle(self) -> None:
        self.clock.move(timedelta(minutes=1))

    def in_locks(self, key: str = KEY) -> list[tuple[str, str]]:
        return sorted(
            (window.door, one.value.get_secret_value())
            for one in self.there.credentials()
            if one.key == key and isinstance(one.value, SecretStr)
            for window in one.windows
        )


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    clock = SetClock(NOW)
    there = SeamSimulator(clock)
    here: Site

    def handle(request: httpx.Request) -> httpx.Response:
        return here.answer(request)

    over, log = httpx.MockTransport(handle), logging.getLogger(__name__)
    lent = Lent(transport=over, clock=clock, state=Memory(), log=log, timeout=timedelta(seconds=5))
    here = Site(SeamAccess(SeamConfig.model_validate(there.config()), lent), there, clock, [])
    yield here
    await lent.aclose()


@pytest.mark.parametrize("settings", [{}, {"transfer_outside_eu": False}])
def test_without_leave_to_send_codes_out_of_the_eu_there_is_no_connection(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"so door codes, their times .* leave the EU; set it"):
        SeamConfig.model_validate({"api_key": "seam_key", **settings})


def test_no_name_leaves_the_hub_though_one_is_given() -> None:
    async def story() -> None:
        async with site() as here:
            await here.seam.put_credential(pin())
            assert "Öberg" not in json.dumps(here.asked, ensure_ascii=False)

    asyncio.run(story())


def code(status: str = "set", *errors: str, warned: str = "", scheduled: bool = False) -> AccessCode:
    told = {
        "access_code_id": "c", "device_id": HALL, "name": KEY, "code": "482916", "status": status,
        "errors": [{"error_code": error} for error in errors], "is_scheduled_on_device": scheduled,
        "warnings": [{"warning_code": warned}] if warned else [],
    }  # fmt: skip
    return AccessCode.model_validate(told)


@pytest.mark.parametrize(
    "seen, condition, told",
    [
        (code("set"), Condition.STANDING, ""),
        (code("unset", scheduled=True), Condition.STANDING, ""),
        (code("setting"), Condition.COMING, ""),
        (code("unset"), Condition.COMING, "unset"),
        (code("unknown"), Condition.COMING, "unknown"),
        (code("removing"), Condition.COMING, ""),
        (code("setting", "device_offline"), Condition.COMING, "Seam tries again by itself"),
        (code("set", "device_offline"), Condition.STANDING, ""),
        (code("setting", warned="delay_in_setting_on_device"), Condition.COMING, "delay_in_setting_on_device"),
        (code("set", "code_modified_external_to_seam"), Condition.DISABLED, "in its maker's app"),
        (code("set", warned="code_modified_external_to_seam"), Condition.DISABLED, "in its maker's app"),
        (code("unset", "salto_ks_user_not_subscribed"), Condition.DISABLED, "shut off"),
        (code("setting", "no_space_for_access_code_on_device"), Condition.FAILED, "the lock is full"),
        (code("setting", "salto_no_free_slots_available"), Condition.FAILED, "the lock is full"),
        (code("unset", "duplicate_code_on_device"), Condition.FAILED, "choose another"),
        (code("set", "failed_to_set_on_device"), Condition.FAILED, "see the lock in Seam's console"),
        (code("removing", "failed_to_remove_from_device"), Condition.FAILED, "failed_to_remove_from_device"),
        (code("unset", "device_offline", "failed_to_set_on_device"), Condition.FAILED, "failed_to_set_on_device"),
    ],
)
def test_what_seam_says_of_a_code_is_what_the_hub_says(seen: AccessCode, condition: Condition, told: str) -> None:
    found = condition_of(seen)
    assert found[0] is condition
    assert told in found[1]


def test_one_door_that_fails_decides_and_is_named() -> None:
    other = code("setting", "failed_to_set_on_device").model_copy(update={"device_id": ENTRANCE})
    seen = sighting_of(KEY, [code(), other])
    assert seen is not None
    assert seen.condition is Condition.FAILED
    assert seen.detail.startswith(f"{ENTRANCE}: failed_to_set_on_device")


def test_locks_with_different_codes_are_wrong_and_are_made_one() -> None:
    async def story() -> None:
        async with site() as here:
            await here.seam.put_credential(pin(None, HALL, ENTRANCE))
            here.settle()
            here.in_locks()
            here.there.codes["code-2"].code = "600600"
            assert (await here.look()).condition is Condition.FAILED
            await here.seam.put_credential(pin(None, HALL, ENTRANCE))
            here.settle()
            assert len({value for _, value in here.in_locks()}) == 1
            assert (await here.look()).condition is Condition.STANDING

    asyncio.run(story())


def test_a_code_for_a_lock_that_is_offline_is_coming_until_the_lock_is_back() -> None:
    async def story() -> None:
        async with site() as here:
            here.there.offline = {HALL}
            assert (await here.seam.check()).detail == f"2 locks, offline: {HALL}"
            await here.seam.put_credential(pin())
            here.settle()
            seen = await here.look()
            assert (seen.condition, here.in_locks()) == (Condition.COMING, [])
            assert f"{HALL}: device_offline" in seen.detail
            here.there.offline.clear()
            assert (await here.look()).condition is Condition.STANDING
            assert here.in_locks() == [(HALL, "482916")]

    asyncio.run(story())


def test_a_code_that_is_taken_from_a_lock_that_is_offline_is_there_until_the_lock_is_back() -> None:
    async def story() -> None:
        async with site() as here:
            await here.seam.put_credential(pin())
            here.settle()
            here.in_locks()
            here.there.offline = {HALL}
            await here.seam.remove_credential(KEY)
            here.settle()
            assert (await here.look()).condition is Condition.COMING
            assert here.in_locks() == [(HALL, "482916")]
            here.there.offline.clear()
            assert await here.seam.read_credential(KEY) is None
            assert here.in_locks() == []

    asyncio.run(story())


def test_a_lock_that_is_full_is_told_and_is_tried_again_when_there_is_room() -> None:
    async def story() -> None:
        async with site() as here:
            here.there.full = {HALL}
            await here.seam.put_credential(pin())
            here.settle()
            seen = await here.look()
            assert seen.condition is Condition.FAILED
            assert "the lock is full" in seen.detail
            here.there.full.clear()
            await here.seam.put_credential(pin())
            here.settle()
            assert (await here.look()).condition is Condition.STANDING
            assert here.in_locks() == [(HALL, "482916")]

    asyncio.run(story())


def test_a_code_that_was_changed_at_the_lock_is_put_right_when_it_is_sent_again() -> None:
    async def story() -> None:
        async with site() as here:
            await here.seam.put_credential(pin())
            here.settle()
            here.in_locks()
            here.there.misbehave(Misbehaviour.DISABLED_BY_HAND, KEY)
            assert here.in_locks() == [(HALL, "1234")]
            assert (await here.look()).condition is Condition.DISABLED
            await here.seam.put_credential(pin())
            here.settle()
            assert here.in_locks() == [(HALL, "482916")]

    asyncio.run(story())


def test_a_removal_that_failed_is_asked_for_again() -> None:
    async def story() -> None:
        async with site() as here:
            here.there.codes["code-9"] = Code(
                "code-9", HALL, KEY, "482916", status="removing", errors=["failed_to_remove_from_device"]
            )
            assert (await here.look()).condition is Condition.FAILED
            await here.seam.remove_credential(KEY)
            here.settle()
            assert await here.seam.read_credential(KEY) is None

    asyncio.run(story())


def test_a_code_whose_predecessor_is_still_on_its_way_out_is_put_later() -> None:
    async def story() -> None:
        async with site() as here:
            await here.seam.put_credential(pin())
            here.settle()
            await here.seam.remove_credential(KEY)
            with pytest.raises(TransientError, match="still on its way out"):
                await here.seam.put_credential(pin())
            here.settle()
            await here.seam.put_credential(pin())
            here.settle()
            assert here.in_locks() == [(HALL, "482916")]

    asyncio.run(story())


def test_a_code_that_somebody_else_has_is_refused_also_when_ours_is_changed_to_it() -> None:
    async def story() -> None:
        async with site() as here:
            await here.seam.put_credential(pin())
            with pytest.raises(RejectedError, match=f"{HALL} has that code already; choose another") as refused:
                await here.seam.put_credential(pin("9090"))
            assert "9090" not in str(refused.value)

    asyncio.run(story())


def test_lists_are_read_to_their_last_page() -> None:
    async def story() -> None:
        async with site() as here:
            here.there.page_length = 1
            assert (await here.seam.check()).external_keys == frozenset({HALL, ENTRANCE})
            for number in range(3):
                await here.seam.put_credential(pin(f"48291{number}", key=f"{KEY}.{number}"))
            assert [one.value.key async for one in here.seam.list_credentials()] == [f"{KEY}.{n}" for n in range(3)]

    asyncio.run(story())


def test_a_list_without_an_end_is_given_up() -> None:
    endless = {"devices": [], "pagination": {"next_page_cursor": "again"}, "ok": True}

    async def story() -> None:
        async with site() as here:
            here.instead = httpx.Response(200, json=endless)
            with pytest.raises(TransientError, match="more than 200 pages"):
                await here.seam.check()
            assert len(here.asked) == 200

    asyncio.run(story())


@pytest.mark.parametrize(
    "attempt, error",
    [
        ({"status": "error", "error": {"type": "device_offline", "message": "482916"}}, TransientError),
        ({"status": "error", "error": {"type": "failed_to_set_on_device", "message": "482916"}}, RejectedError),
    ],
)
def test_an_attempt_that_has_failed_already_has_changed_nothing(
    attempt: dict[str, object], error: type[Exception]
) -> None:
    async def story() -> None:
        async with site() as here:
            await here.seam.put_credential(pin())
            here.instead_at["/access_codes/update"] = httpx.Response(200, json={"action_attempt": attempt, "ok": True})
            with pytest.raises(error) as raised:
                await here.seam.put_credential(pin("730518"))
            assert "482916" not in str(raised.value)

    asyncio.run(story())


def test_times_that_make_no_window_are_put_right() -> None:
    async def story() -> None:
        async with site() as here:
            await here.seam.put_credential(pin())
            ours = here.there.codes["code-1"]
            ours.ends_at = ours.starts_at
            assert (await here.look()).value.windows == {Window.always(HALL)}
            await here.seam.put_credential(pin())
            assert (await here.look()).value.windows == pin().windows

    asyncio.run(story())


def test_a_code_in_a_lock_that_takes_no_codes_for_now_is_still_seen_and_taken_back() -> None:
    async def story() -> None:
        async with site() as here:
            await here.seam.put_credential(pin())
            here.settle()
            here.there.bridgeless = {HALL}
            assert (await here.seam.check()).external_keys == frozenset({ENTRANCE})
            assert (await here.look()).condition is Condition.STANDING
            with pytest.raises(RejectedError, match=HALL):
                await here.seam.put_credential(pin("730518"))
            await here.seam.remove_credential(KEY)
            here.settle()
            assert (await here.seam.read_credential(KEY), here.in_locks()) == (None, [])

    asyncio.run(story())


def test_of_two_codes_in_a_lock_the_one_that_opens_stays() -> None:
    async def story() -> None:
        async with site() as here:
            here.there.codes["code-8"] = Code("code-8", HALL, KEY, "111222", errors=["failed_to_set_on_device"])
            start, end = (moment.isoformat() for moment in (EVENING, EVENING + timedelta(hours=1)))
            here.there.codes["code-9"] = Code("code-9", HALL, KEY, "482916", start, end, status="set")
            assert (await here.look()).detail == "two codes in one lock"
            await here.seam.put_credential(pin())
            here.settle()
            assert (await here.look()).condition is Condition.STANDING
            assert set(here.there.codes) == {"code-0", "code-9"}

    asyncio.run(story())


def test_what_leaves_a_lock_and_what_came_instead_are_both_told() -> None:
    leaving = code("removing", warned="delay_in_removing_from_device")
    for both in ([leaving, code()], [code(), leaving]):
        seen = sighting_of(KEY, both)
        assert seen is not None
        assert seen.condition is Condition.COMING
        assert "delay_in_removing_from_device" in seen.detail


def test_a_reason_that_is_no_word_of_seams_is_not_repeated() -> None:
    told = {"error": {"type": "code 482916 of Åsa", "message": ""}, "ok": False}

    async def story() -> None:
        async with site() as here:
            await here.seam.check()
            here.instead = httpx.Response(400, json=told)
            with pytest.raises(RejectedError, match="unreadable_reason") as refused:
                await here.seam.put_credential(pin())
            assert "482916" not in str(refused.value)

    asyncio.run(story())


GONE = httpx.Response(404, json={"error": {"type": "access_code_not_found", "message": ""}, "ok": False})


def test_a_code_that_goes_while_we_look_needs_no_taking_back() -> None:
    async def story() -> None:
        async with site() as here:
            await here.seam.put_credential(pin())
            here.instead_at["/access_codes/delete"] = GONE
            assert (await here.seam.remove_credential(KEY)).reference == KEY

    asyncio.run(story())


def test_a_code_that_goes_while_we_look_is_not_taken_for_changed() -> None:
    async def story() -> None:
        async with site() as here:
            await here.seam.put_credential(pin())
            here.instead_at["/access_codes/update"] = GONE
            with pytest.raises(TransientError, match="went in between"):
                await here.seam.put_credential(pin("730518"))

    asyncio.run(story())


def test_keys_without_our_mark_are_refused() -> None:
    async def story() -> None:
        async with site() as here:
            for send in (here.seam.put_credential(pin(key="Städ")), here.seam.remove_credential("Städ")):
                with pytest.raises(RejectedError, match="begin with hub-"):
                    await send
            assert here.asked == []

    asyncio.run(story())
