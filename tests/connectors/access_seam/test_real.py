"""The connector before Seam's own fake, over real connections."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from connectors.access_seam import SeamAccess
from connectors.access_seam.config import SeamConfig
from hub.conformance.driver import Memory, SetClock
from hub.conformance.relay import TcpFault
from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import Condition, CredentialsError, Lent, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.http import transport
from tests.counterparts.network import Network
from tests.counterparts.seam import API_KEY, LOCKS, WORKSPACE, FakeSeam

EVENING = datetime(2027, 3, 5, 18, tzinfo=UTC)
NEXT_DAY = EVENING + timedelta(days=1)


@pytest.fixture(scope="module")
def seam() -> Iterator[FakeSeam]:
    with FakeSeam() as running:
        yield running


def pin(key: str, value: str | None, *doors: str, at: datetime = EVENING) -> Credential:
    windows = frozenset(Window(door=door, starts_at=at, ends_at=at + timedelta(hours=1)) for door in doors)
    said = SecretStr(value) if value else Unsaid.CHOSEN_BY_SYSTEM
    return Credential(key=key, method=Method.PIN, value=said, windows=windows, holder="Åsa Öberg")


@asynccontextmanager
async def access(
    port: int, *, over: httpx.AsyncBaseTransport | None = None, api_key: str = API_KEY, seconds: float = 10
) -> AsyncIterator[SeamAccess]:
    lent = Lent(
        transport=over or transport(),
        clock=SetClock(EVENING - timedelta(days=3)),
        state=Memory(),
        log=logging.getLogger(__name__),
        timeout=timedelta(seconds=seconds),
    )
    settings = {"base_url": f"http://127.0.0.1:{port}/", "api_key": api_key, "transfer_outside_eu": True}
    yield SeamAccess(SeamConfig.model_validate(settings), lent)
    await lent.aclose()


def test_a_code_is_made_read_moved_and_removed(seam: FakeSeam) -> None:
    async def story() -> None:
        key = "hub-2480-R-1"
        async with access(seam.port) as locks:
            assert set(LOCKS) < (known := (await locks.check()).external_keys or frozenset())
            assert "ecobee_device_1" not in known, "a thermostat is no door"
            await locks.put_credential(pin(key, "482916", *LOCKS))
            assert {(one["device_id"], one["code"]) for one in seam.codes(key)} == {(lock, "482916") for lock in LOCKS}
            await locks.put_credential(pin(key, "482916", LOCKS[0], at=NEXT_DAY))
            seen = await locks.read_credential(key)
            assert seen is not None
            assert seen.value == pin(key, "482916", LOCKS[0], at=NEXT_DAY).model_copy(update={"holder": ""})
            assert seen.condition is Condition.COMING, "the fake says unset, and so it is not in the lock"
            assert [one.value.key async for one in locks.list_credentials()] == [key]
            await locks.put_credential(pin(key, "730518", LOCKS[0], at=NEXT_DAY))
            assert [one["code"] for one in seam.codes(key)] == ["730518"]
            await locks.remove_credential(key)
            assert await locks.read_credential(key) is None
            await locks.remove_credential(key)

    asyncio.run(story())


def test_a_code_that_seam_makes_up_is_told_at_once_and_is_one_for_both_locks(seam: FakeSeam) -> None:
    async def story() -> None:
        key = "hub-2480-R-2"
        async with access(seam.port) as locks:
            receipt = await locks.put_credential(pin(key, None, *LOCKS))
            assert receipt.secret is not None
            assert {one["code"] for one in seam.codes(key)} == {receipt.secret.get_secret_value()}
            again = await locks.put_credential(pin(key, None, *LOCKS, at=NEXT_DAY))
            assert again.secret == receipt.secret
            assert len(seam.codes(key)) == 2
            await locks.remove_credential(key)

    asyncio.run(story())


def test_a_code_that_somebody_else_has_is_for_a_person_and_is_not_repeated(seam: FakeSeam) -> None:
    async def story() -> None:
        seam.call("access_codes/create", device_id=LOCKS[0], name="Städ", code="616161")
        async with access(seam.port) as locks:
            with pytest.raises(RejectedError, match=f"{LOCKS[0]} has that code already; choose another") as refused:
                await locks.put_credential(pin("hub-2480-R-3", "616161", LOCKS[0]))
            assert "616161" not in str(refused.value)
            assert seam.codes("hub-2480-R-3") == []
            assert len(seam.codes("Städ")) == 1

    asyncio.run(story())


def test_a_lock_that_is_not_there_is_named_and_nothing_is_made(seam: FakeSeam) -> None:
    async def story() -> None:
        async with access(seam.port) as locks:
            with pytest.raises(RejectedError, match="no-such-lock"):
                await locks.put_credential(pin("hub-2480-R-4", "515151", LOCKS[0], "no-such-lock"))
            assert seam.codes("hub-2480-R-4") == []

    asyncio.run(story())


def test_a_wrong_key_pauses_and_an_outage_is_waited_for(seam: FakeSeam) -> None:
    async def story() -> None:
        async with access(seam.port, api_key="seam_wrong") as locks:
            with pytest.raises(CredentialsError):
                await locks.check()
        seam.call("_fake/simulate_workspace_outage", workspace_id=WORKSPACE, routes=["/devices/list"])
        async with access(seam.port) as locks:
            with pytest.raises(TransientError):
                await locks.check()
            seam.call("_fake/simulate_workspace_outage", workspace_id=WORKSPACE, routes=[])
            assert (await locks.check()).external_keys

    asyncio.run(story())


class LosesAnswersToCreate(httpx.AsyncBaseTransport):
    """Has the network swallow the end of the answer to a new code, once."""

    def __init__(self, network: Network) -> None:
        self.network, self.below, self.lost = network, transport(), 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        strikes = request.url.path == "/access_codes/create" and not self.lost
        self.lost += strikes
        self.network.odds = {TcpFault.SLOW_DRIP: 1.0} if strikes else {}
        return await self.below.handle_async_request(request)

    async def aclose(self) -> None:
        await self.below.aclose()


@pytest.mark.parametrize("value", ["949494", None])
def test_a_time_out_after_the_code_was_made_leaves_one_code(seam: FakeSeam, value: str | None) -> None:
    async def story(network: Network) -> None:
        key = f"hub-2480-R-5-{value}"
        losing = LosesAnswersToCreate(network)
        async with access(network.port, over=losing, seconds=1) as locks:
            with pytest.raises(UnknownOutcomeError):
                await locks.put_credential(pin(key, value, LOCKS[0]))
            assert len(seam.codes(key)) == 1, "it was made, and nobody heard"
            receipt = await locks.put_credential(pin(key, value, LOCKS[0]))
            (code,) = seam.codes(key)
            assert losing.lost == 1
            assert code["code"] == (value or (receipt.secret and receipt.secret.get_secret_value()))
            await locks.remove_credential(key)
            assert seam.codes(key) == []

    with Network(seam.port, seed=1) as network:
        asyncio.run(story(network))
