"""A connector and its controller, for tests."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr

from connectors.access_onvif import OnvifAccess
from connectors.access_onvif.config import OnvifConfig
from connectors.access_onvif.simulator import Able, OnvifSimulator
from hub.conformance.driver import Memory, SetClock
from hub.model import Credential, Method, Window
from hub.sdk import Lent

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
KEY = "hub-2480-B-7"
EVENING = Window(door="Sporthall A", starts_at=NOW + timedelta(minutes=45), ends_at=NOW + timedelta(hours=2.25))


def device_of(able: Able) -> type[OnvifSimulator]:
    """A controller that is able to do so much."""
    return type("Device", (OnvifSimulator,), {"able": able})


def evening(pin: str = "48291", *windows: Window, key: str = KEY, holder: str = "") -> Credential:
    """A PIN for one evening, or for those windows."""
    wanted = frozenset(windows or {EVENING})
    return Credential(key=key, method=Method.PIN, value=SecretStr(pin), windows=wanted, holder=holder)


@dataclass
class Site:
    """A connector and its controller, and all that was asked of it."""

    onvif: OnvifAccess
    device: OnvifSimulator
    clock: SetClock
    state: Memory
    asked: list[httpx.Request]

    def operations(self) -> list[str]:
        """What was asked, in order."""
        return [one.headers["SOAPAction"].strip('"').rsplit("/", 1)[-1] for one in self.asked]


@asynccontextmanager
async def site(kind: type[OnvifSimulator] = OnvifSimulator, **settings: object) -> AsyncIterator[Site]:
    """Set one up, with settings in place of the simulator's own."""
    clock, asked, state = SetClock(NOW), list[httpx.Request](), Memory()
    device = kind(clock)

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return device.handle(request)

    log, over = logging.getLogger(__name__), httpx.MockTransport(handle)
    lent = Lent(transport=over, clock=clock, state=state, log=log, timeout=timedelta(seconds=5))
    onvif = OnvifAccess(OnvifConfig.model_validate({**device.config(), **settings}), lent)
    try:
        yield Site(onvif, device, clock, state, asked)
    finally:
        await lent.aclose()
