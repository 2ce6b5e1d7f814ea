"""What is the service's own: three kinds of one thing, buffers and codes that are its own, and what is half done."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from connectors.access_reservation_code import ReservationCodes
from connectors.access_reservation_code.config import CodesConfig
from connectors.access_reservation_code.simulator import ACCEPT, API_KEY, CodesSimulator
from hub.conformance.access import AccessSuite
from hub.conformance.base import test as claim
from hub.conformance.doors import put, remove
from hub.conformance.driver import Bench, Memory, SetClock
from hub.conformance.network import ANSWER_LOST, DOUBLED, LATE
from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import Condition, CredentialsError, Lent, Misbehaviour, RejectedError, TransientError, UnknownOutcomeError

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
KEY = "hub-2480-B-7"
A, B = "0b5e5f3a-2f4f-4a7b-9d43-1f6c3a8d0001", "0b5e5f3a-2f4f-4a7b-9d43-1f6c3a8d0002"


def at(door: str, days: float = 0, hours: float = 2) -> Window:
    start = NOW + timedelta(days=days)
    return Window(door=door, starts_at=start, ends_at=start + timedelta(hours=hours))


def code(*windows: Window, key: str = KEY) -> Credential:
    return Credential(key=key, method=Method.PIN, value=Unsaid.CHOSEN_BY_SYSTEM, windows=frozenset(windows))


@dataclass
class Site:
    """A connector and its service."""

    codes: ReservationCodes
    service: CodesSimulator
    asked: list[httpx.Request] = field(default_factory=list)

    def calls(self) -> list[str]:
        """What was changed, in its order."""
        changed = [one for one in self.asked if one.method != "GET"]
        return [f"{one.method} {'/'.join(one.url.path.split('/')[2:4])}" for one in changed]

    def kinds(self) -> list[str]:
        return sorted(kind for kind, _ in self.service.bookings)

    def opens(self) -> dict[str, set[Window]]:
        """By code."""
        told: dict[str, set[Window]] = {}
        for one in self.service.credentials():
            assert isinstance(one.value, SecretStr)
            told.setdefault(one.value.get_secret_value(), set()).update(one.windows)
        return told

    async def seen(self) -> Any:
        return await self.codes.read_credential(KEY)


def unbroken(_: httpx.Request) -> httpx.Response | None:
    return None


@asynccontextmanager
async def site(
    broken: Callable[[httpx.Request], httpx.Response | None] = unbroken, **settings: object
) -> AsyncIterator[Site]:
    clock = SetClock(NOW)
    service, asked = CodesSimulator(clock), list[httpx.Request]()

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return broken(request) or service.handle(request)

    log = logging.getLogger(__name__)
    lent = Lent(transport=httpx.MockTransport(handle), clock=clock, state=Memory(), log=log)
    config = CodesConfig.model_validate({**service.config(), **settings})
    yield Site(ReservationCodes(config, lent), service, asked)
    await lent.aclose()


def run(story: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(story)


class TestFromOneKindToAnother(AccessSuite):
    """With all three kinds, whichever call fails."""

    connector: ClassVar = ReservationCodes
    simulator: ClassVar = CodesSimulator
    patience: ClassVar = timedelta(milliseconds=50)

    @claim
    async def test_a_reservation_becomes_a_seasonal_booking_and_one_code_is_left(self) -> None:
        async def story(stand: Bench) -> None:
            for windows in ([at(A, 5)], [at(A, 5), at(B, 6)]):
                await put(stand, code(*windows))
            await remove(stand, KEY)

        await self.with_each_call_broken(story, [ANSWER_LOST, DOUBLED, LATE], most=40)


@pytest.mark.parametrize(
    "windows, kind",
    [
        ([at(A)], "reservation"),
        ([at(A), at(A, 7)], "reservation-series"),
        ([at(A), at(B)], "seasonal-booking"),
    ],
)
def test_one_time_is_a_reservation_several_a_series_and_several_units_a_season(
    windows: list[Window], kind: str
) -> None:
    async def story() -> tuple[list[str], dict[str, set[Window]]]:
        async with site() as here:
            await here.codes.put_credential(code(*windows))
            return here.kinds(), here.opens()

    kinds, opens = run(story())
    assert kinds == [kind]
    assert list(opens.values()) == [set(windows)]


def test_a_code_stays_while_what_it_was_made_for_can_hold_the_new_times() -> None:
    async def story() -> set[str]:
        codes = set()
        async with site() as here:
            for windows in ([at(A), at(A, 7)], [at(A, 7)], [at(A, 14), at(A, 21), at(A, 28)]):
                receipt = await here.codes.put_credential(code(*windows))
                assert receipt.secret is not None
                codes.add(receipt.secret.get_secret_value())
            assert here.kinds() == ["reservation-series"]
        return codes

    assert len(run(story())) == 1


def test_another_unit_gets_a_code_of_its_own_before_the_old_one_goes() -> None:
    async def story() -> tuple[list[str], list[str]]:
        async with site() as here:
            await here.codes.put_credential(code(at(A)))
            await here.codes.put_credential(code(at(B)))
            return here.calls()[2:], here.kinds()

    calls, kinds = run(story())
    assert calls == [
        "POST reservation-series",
        "PUT reservation-series/reschedule",
        "PUT reservation/deactivate",
        calls[-1],
    ]
    assert calls[-1].startswith("DELETE reservation/")
    assert kinds == ["reservation-series"]


def test_two_codes_under_one_key_never_stand_and_one_is_left_when_it_is_put_again() -> None:
    lost = [True]

    def broken(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(500) if "/deactivate/" in request.url.path and lost else None

    async def story() -> tuple[Condition, list[str]]:
        async with site(broken) as here:
            await here.codes.put_credential(code(at(A)))
            with pytest.raises(UnknownOutcomeError):
                await here.codes.put_credential(code(at(B)))
            assert len(here.opens()) == 2
            condition = (await here.seen()).condition
            lost.clear()
            await here.codes.put_credential(code(at(B)))
            return condition, here.kinds()

    assert run(story()) == (Condition.FAILED, ["reservation-series"])


def test_it_is_made_inactive_and_opens_only_with_its_buffers_taken_off() -> None:
    sites: list[Site] = []
    seen: list[dict[str, set[Window]]] = []

    def watching(_: httpx.Request) -> None:
        seen.extend(one.opens() for one in sites)

    async def story() -> list[str]:
        async with site(watching) as here:
            sites.append(here)
            await here.codes.put_credential(code(at(A)))
            seen.append(here.opens())
            return here.calls()

    assert run(story()) == ["POST reservation", "PUT reservation/reschedule"]
    assert {frozenset(windows) for told in seen for windows in told.values()} == {frozenset({at(A)})}


def test_times_are_sent_in_local_time_with_its_offset() -> None:
    async def story() -> dict[str, Any]:
        async with site() as here:
            await here.codes.put_credential(code(at(A)))
            sent: dict[str, Any] = json.loads(next(one for one in here.asked if one.method == "PUT").content)
            return sent

    assert run(story()) == {
        "is_active": True,
        "begin": "2026-12-01T16:10:00+01:00",
        "end": "2026-12-01T17:55:00+01:00",
    }


def test_a_time_that_is_shorter_than_the_buffers_is_for_a_person_and_opens_nothing() -> None:
    async def story() -> dict[str, set[Window]]:
        async with site() as here:
            with pytest.raises(RejectedError, match="itself opens 0:10:00 before"):
                await here.codes.put_credential(code(at(A, hours=0.25)))
            return here.opens()

    assert run(story()) == {}


def test_buffers_that_were_changed_there_are_taken_off_anew() -> None:
    async def story() -> dict[str, set[Window]]:
        async with site() as here:
            await here.codes.put_credential(code(at(A)))
            here.service.buffers[A] = (30, 0)
            assert (await here.seen()).value.windows != {at(A)}
            await here.codes.put_credential(code(at(A)))
            return here.opens()

    assert list(run(story()).values()) == [{at(A)}]


def test_a_code_that_the_system_changed_is_read_as_it_is_now() -> None:
    async def story() -> list[Any]:
        async with site() as here:
            await here.codes.put_credential(code(at(A)))
            told = [await here.seen()]
            here.service.change_code(KEY)
            return [*told, await here.seen()]

    before, after = run(story())
    assert before.condition is after.condition is Condition.STANDING
    assert before.value.value != after.value.value


def test_nothing_opens_any_more_when_the_deletion_fails() -> None:
    def broken(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(500) if request.method == "DELETE" else None

    async def story() -> dict[str, set[Window]]:
        async with site(broken) as here:
            await here.codes.put_credential(code(at(A)))
            with pytest.raises(UnknownOutcomeError):
                await here.codes.remove_credential(KEY)
            assert (await here.seen()).condition is Condition.FAILED, "we did it, and nobody else"
            return here.opens()

    assert run(story()) == {}


def test_what_somebody_made_inactive_is_told_apart_from_what_is_half_made() -> None:
    lost = [True]

    def broken(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(500) if request.method == "PUT" and lost else None

    async def story() -> list[Condition]:
        async with site(broken) as here:
            with pytest.raises(UnknownOutcomeError):
                await here.codes.put_credential(code(at(A)))
            conditions = [(await here.seen()).condition]
            lost.clear()
            await here.codes.put_credential(code(at(A)))
            here.service.misbehave(Misbehaviour.DISABLED_BY_HAND, KEY)
            return [*conditions, (await here.seen()).condition]

    assert run(story()) == [Condition.FAILED, Condition.DISABLED]


def test_what_is_there_already_is_changed_and_not_made_again() -> None:
    async def story() -> list[str]:
        async with site() as here:
            await here.codes.put_credential(code(at(A)))
            (before,) = here.opens()
            await here.codes.put_credential(code(at(A, 1)))
            assert list(here.opens()) == [before]
            return [call for call in here.calls() if call.startswith("POST")]

    assert run(story()) == ["POST reservation"]


def test_one_that_was_made_meanwhile_is_taken_over() -> None:
    hidden = [True]

    def broken(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST":
            hidden.clear()
        return httpx.Response(404) if request.method == "GET" and hidden else None

    async def story() -> dict[str, set[Window]]:
        async with site(broken) as here:
            hidden.clear()
            await here.codes.put_credential(code(at(A)))
            hidden.append(True)
            await here.codes.put_credential(code(at(A, 1)))
            return here.opens()

    assert list(run(story()).values()) == [{at(A, 1)}]


def test_one_that_vanishes_while_it_is_changed_is_asked_for_again() -> None:
    def broken(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(404) if request.method == "PUT" else None

    async def story() -> None:
        async with site(broken) as here:
            with pytest.raises(UnknownOutcomeError, match="is gone"):
                await here.codes.put_credential(code(at(A)))

    run(story())


@pytest.mark.parametrize(
    "change",
    [
        {"access_code": ""},
        {"access_code": None},
        {"begin": "2026-12-01T16:00:00"},
        {"access_code_valid_minutes_before": -5},
        {"access_code_is_active": "perhaps"},
        {"end": "[" * 5000},
    ],
)
def test_an_answer_of_another_shape_is_no_answer(change: dict[str, object]) -> None:
    async def story() -> None:
        spoilt: list[bytes] = []

        def broken(request: httpx.Request) -> httpx.Response | None:
            return httpx.Response(200, content=spoilt[0]) if request.method == "GET" and spoilt else None

        async with site(broken) as here:
            await here.codes.put_credential(code(at(A)))
            ((kind, id_),) = here.service.bookings
            told = json.loads(here.service.handle(_question(f"{kind}/{id_}")).content)
            spoilt.append(json.dumps(told | change).encode())
            with pytest.raises(TransientError, match="unreadable"):
                await here.seen()

    run(story())


def _question(path: str) -> httpx.Request:
    headers = {"Pindora-Api-Key": API_KEY, "Accept": ACCEPT}
    return httpx.Request("GET", f"https://codes.test/api/{path}", headers=headers)


def test_a_key_with_letters_that_no_header_has_gets_its_code() -> None:
    async def story() -> list[str]:
        async with site() as here:
            await here.codes.put_credential(code(at(A), key="hub-2480-Å\r\nX: 7"))
            return [one.key for one in here.service.credentials()]

    assert run(story()) == ["hub-2480-Å\r\nX: 7"]


def test_a_wrong_key_pauses_the_connection() -> None:
    async def story() -> None:
        async with site(api_key="another") as here:
            with pytest.raises(CredentialsError):
                await here.codes.check()

    run(story())


def test_check_leaves_out_a_unit_that_the_service_does_not_know() -> None:
    async def story() -> tuple[object, str]:
        async with site(reservation_units=[A, "strange"]) as here:
            about = await here.codes.check()
            return about.external_keys, about.detail

    assert run(story()) == (frozenset({A}), "1 of 2 reservation units are known to it")


@pytest.mark.parametrize(
    "credential",
    [
        code(at(A), key="B-7"),
        Credential(key=KEY, method=Method.PIN, value=SecretStr("48291"), windows=frozenset({at(A)})),
    ],
)
def test_a_key_without_our_mark_and_a_code_of_ours_are_refused_before_anything_is_sent(credential: Credential) -> None:
    async def story() -> list[httpx.Request]:
        async with site() as here:
            with pytest.raises(RejectedError):
                await here.codes.put_credential(credential)
            return here.asked

    assert run(story()) == []


@pytest.mark.parametrize("kinds", [[], ["reservation"], ["seasonal-booking", "reservation"]])
def test_kinds_hold_all_in_the_end(kinds: list[str]) -> None:
    with pytest.raises(ValidationError, match="kinds are"):
        CodesConfig.model_validate({**CodesSimulator(SetClock()).config(), "kinds": kinds})
