"""What the kills found first: a look just after a window has ended, in a lock that keeps it a little longer."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from connectors.access_arx import ArxAccess
from connectors.access_arx.config import ArxConfig
from connectors.access_arx.simulator import ArxSimulator
from hub.clock import NEVER, DomainClock, instant, micros
from hub.conformance.driver import Memory
from hub.delivery.errands.credentials import CredentialErrand
from hub.delivery.errands.leasing import Loaded
from hub.delivery.errands.outcomes import Outcome
from hub.delivery.reach.papers import Papers
from hub.delivery.reach.running import Running
from hub.delivery.reach.simulating import InProcess
from hub.model import Credential, Method, Window
from hub.model.connection import Connection
from hub.model.plan import Ask, TargetKind
from hub.model.states import Delivery, Proof
from hub.sdk import Lent
from hub.store.claims import Live
from hub.store.lanes import Lane
from hub.store.seals.sealing import Seal

DOOR, KEY = "Entré", "hub-B-1"
BEFORE = datetime(2026, 10, 24, 22, tzinfo=UTC)
"""An evening before the clocks go back: 02:30 will come twice."""


def ask(starts: datetime, ends: datetime) -> Ask:
    return Ask(micros(starts), micros(ends), 1, DOOR)


FIRST = ask(BEFORE, BEFORE + timedelta(hours=2, minutes=30))
"""Ends at the first 02:30, which ARX cannot be told: it is told 03:00, an hour and a half later."""
SECOND = ask(BEFORE + timedelta(hours=9), BEFORE + timedelta(hours=10))


async def looked_at(arx: ArxAccess, confirmed: str, at: datetime) -> Outcome:
    settings = Connection(connector="access_arx", mode="live", push_horizon_days=14, settings={})
    running = Running("2480", "arx", settings, arx, NEVER, Papers(settings, {}))
    lane = Lane(
        1, "2480", "arx", KEY, TargetKind.CREDENTIAL, 1, confirmed, "standing", 1, 0,
        taken_over=False, look=True, repairs=0, body=None, wanted=True, wanted_until=None,
        failing_since=None, problem=None, proof=Proof.READ, due=0,
    )  # fmt: skip
    live = Live([one for one in (FIRST, SECOND) if one.ends > micros(at)], suspended=False)
    return await CredentialErrand(Loaded(lane, live, None), running, micros(at), Seal(bytes(32))).run()


def test_a_window_that_the_lock_keeps_a_little_longer_is_nobodys_hand() -> None:
    async def story() -> None:
        clock = DomainClock(BEFORE)
        simulator = ArxSimulator(clock, [DOOR])
        lent = Lent(transport=InProcess(simulator), clock=clock, state=Memory(), log=logging.getLogger())
        arx = ArxAccess(ArxConfig.model_validate(simulator.config()), lent)
        windows = frozenset(
            Window(door=DOOR, starts_at=instant(a.starts), ends_at=instant(a.ends)) for a in (FIRST, SECOND)
        )
        await arx.put_credential(Credential(key=KEY, method=Method.PIN, value=SecretStr("73915"), windows=windows))
        state = f'[["{DOOR}",{FIRST.starts},{FIRST.ends}],["{DOOR}",{SECOND.starts},{SECOND.ends}]]'
        for minutes in (31, 75, 121):
            at = BEFORE + timedelta(hours=2, minutes=minutes)
            outcome = await looked_at(arx, f"0{state}", at)
            assert (outcome.delivery, outcome.sent, outcome.events, outcome.repairs) == (
                Delivery.CONFIRMED,
                None,
                (),
                0,
            )
            assert minutes > 120 or outcome.state == f"0{state}", "what is still shown is still known"
        await lent.aclose()

    asyncio.run(story())
