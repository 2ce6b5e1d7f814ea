"""Who waits for a device's word gets it, and what nobody waits for is news for the hub."""

import asyncio
import logging

import httpx
import pytest

from hub.clock import DomainClock
from hub.conformance.base import test as in_a_loop
from hub.conformance.driver import Memory
from hub.model import Dim
from hub.sdk import Echoes, Lent, RejectedError, TransientError

HALF, FULL, DARK = Dim(percent=50), Dim(percent=100), Dim(percent=0)


class Home:
    """What is lent to the echoes, and how it is used."""

    def __init__(self) -> None:
        self.touched: list[str] = []
        lent = Lent(
            transport=httpx.MockTransport(lambda _: httpx.Response(404)),
            clock=DomainClock(),
            state=Memory(),
            log=logging.getLogger("echoes"),
            touched=self.touched.append,
        )
        self.echoes = Echoes(lent)


def soon() -> float:
    """A loop time when what was told already has been heard."""
    return asyncio.get_running_loop().time() + 0.05


@in_a_loop
async def test_who_waits_gets_the_level_that_will_do_and_the_hub_is_not_told() -> None:
    home = Home()
    with home.echoes.awaited("hall", HALF) as waiting, home.echoes.awaited("hall") as looking:
        home.echoes.told("yard", HALF)
        home.echoes.told("hall", FULL)
        assert await looking.level(soon()) == FULL
        assert waiting.is_open
        home.echoes.told("hall", HALF)
        assert await waiting.level(soon()) == HALF
    assert home.touched == ["yard"]
    home.echoes.told("hall", HALF)
    assert home.touched == ["yard"], "what we set ourselves is told again"


@in_a_loop
async def test_what_does_not_come_in_time_is_nothing() -> None:
    home = Home()
    with home.echoes.awaited("hall", HALF) as waiting:
        async with asyncio.timeout(5):
            assert await waiting.level(soon()) is None


@in_a_loop
async def test_a_hand_is_told_once() -> None:
    home = Home()
    for level in (HALF, HALF, DARK):
        home.echoes.told("hall", level)
    assert home.touched == ["hall", "hall"]


@in_a_loop
async def test_what_was_kept_proves_nothing_but_shows_what_changed_while_nobody_listened() -> None:
    home = Home()
    home.echoes.told("hall", FULL, retained=True)
    assert home.touched == [], "of a zone that is not known nothing is news"
    with home.echoes.awaited("hall") as waiting, home.echoes.awaited("hall", retained=True) as patient:
        home.echoes.told("hall", FULL, retained=True)
        assert waiting.is_open
        assert await patient.level(soon()) == FULL
    home.echoes.told("hall", DARK, retained=True)
    assert home.touched == ["hall"]


@in_a_loop
async def test_what_cannot_be_read_is_told_to_who_waits_or_once_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    home, puzzle = Home(), RejectedError("zone hall: no JSON")
    with home.echoes.awaited("hall") as waiting:
        home.echoes.puzzle("hall", puzzle)
        home.echoes.told("hall", HALF)
        assert (await waiting.level(soon()), waiting.puzzle) == (HALF, puzzle)
    assert caplog.messages == []
    for _ in range(2):
        home.echoes.puzzle("hall", puzzle)
    assert caplog.messages == ["zone hall: no JSON"]
    home.echoes.told("hall", HALF)
    home.echoes.puzzle("hall", puzzle)
    assert len(caplog.messages) == 2, "it could be read in between"


@in_a_loop
async def test_when_the_way_is_lost_who_waits_is_told_and_what_had_come_stands() -> None:
    home = Home()
    with home.echoes.awaited("hall") as waiting, home.echoes.awaited("yard") as done:
        home.echoes.told("yard", HALF)
        home.echoes.lose(TransientError("the tunnel was lost"))
        with pytest.raises(TransientError, match="the tunnel was lost"):
            await waiting.level(soon())
        assert await done.level(soon()) == HALF
