"""A house for the tests: an edge device at a real broker, and a connector with a state that others can share."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx

from connectors.control_rec import RecControl
from connectors.control_rec.config import RecConfig
from hub.clock import DomainClock
from hub.conformance.driver import Memory
from hub.sdk import Lent, RawItem

LOG = logging.getLogger("control_rec")
ACCESS = "user hub\ntopic readwrite rec/#\n\nuser edge\ntopic readwrite rec/#\n"
PASSWORDS = {"hub": "hub-secret-7", "edge": "edge-secret-9"}


@asynccontextmanager
async def connector(
    settings: Mapping[str, Any],
    *,
    state: Memory | None = None,
    touched: list[str] | None = None,
    heard: list[RawItem] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[RecControl]:
    """A connector, opened."""
    lent = Lent(
        transport=transport or httpx.AsyncHTTPTransport(verify=False),
        clock=DomainClock(),
        state=state or Memory(),
        log=LOG,
        touched=(touched if touched is not None else []).append,
        heard=(heard if heard is not None else []).append,
        timeout=timedelta(seconds=3),
    )
    made = RecControl(RecConfig.model_validate(settings), lent)
    try:
        await made.open()
        yield made
    finally:
        await made.close()
        await lent.aclose()
