"""Against a real system: only what changes nothing, and one marked round at one door or zone where that is allowed."""

import asyncio
import io
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from hub.clock import DomainClock
from hub.discovery import load_connector
from hub.model import Credential, Method, Window
from hub.model.frozen import Frozen
from hub.sdk import (
    AccessControl,
    Chooser,
    Connector,
    ConnectorConfig,
    ConnectorError,
    FindsDocuments,
    FindsInvoices,
    Lent,
    ListsCredentials,
    Polls,
    ReadsCredentials,
    ReadsZones,
    RejectedError,
    Validity,
)
from hub.sdk.http import transport
from hub.sdk.tls import tls_context

KEY = "hub-certify-test"
"""What the one test credential stands under, and what is asked for when nothing should be there."""


class Looked(Frozen):
    """One thing that was tried."""

    what: str
    ok: bool
    detail: str = ""


class _Nothing:
    """A state that is never kept."""

    async def get(self, key: str) -> str | None:  # noqa: ARG002 - asked for by name
        return None

    async def put(self, key: str, value: str) -> None:
        """Forget it."""

    async def delete(self, key: str) -> None:
        """Nothing."""


async def look(
    name: str, settings: Mapping[str, object], *, ca_file: Path | None = None, door: str | None = None
) -> list[Looked]:
    """Open the connector with its real settings, and try what is safe; `door`: where a test credential may stand."""
    connector_type = load_connector(name)
    config = connector_type.config_type.model_validate(dict(settings))
    told = io.StringIO()
    found: list[Looked] = []
    async with _opened(connector_type, config, told, ca_file) as connector:
        await _try(found, "open", connector.open)
        await _try(found, "check, twice, the same", lambda: _same(connector))
        if isinstance(connector, ListsCredentials):
            await _try(found, "list what is ours", lambda: _count(connector))
        if isinstance(connector, ReadsCredentials):
            await _try(found, "read what is not there", lambda: _absent(connector.read_credential))
        if isinstance(connector, FindsDocuments):
            await _try(found, "find a document that is not there", lambda: _absent(connector.find_document))
        if isinstance(connector, FindsInvoices):
            await _try(found, "find an invoice that is not there", lambda: _absent(connector.find_invoice))
        if isinstance(connector, ReadsZones):
            await _try(found, "read every zone", lambda: _zones(connector))
        if isinstance(connector, Polls):
            await _try(found, "ask for the first page, and understand it", lambda: _first(connector))
        if door is not None:
            await _try(found, f"put, read and remove a test credential at {door}", lambda: _round(connector, door))
    secrets = [value.get_secret_value() for _, value in config if isinstance(value, SecretStr)]
    spoken = told.getvalue() + "".join(one.detail for one in found)
    leaked = [secret for secret in secrets if secret and re.search(re.escape(secret), spoken)]
    clean = [one.model_copy(update={"detail": "(hidden)"}) if leaked else one for one in found]
    return [*clean, Looked(what="no secret in log or error", ok=not leaked)]


@asynccontextmanager
async def _opened(
    connector_type: type[Connector[Any]],
    config: ConnectorConfig,
    told: io.StringIO,
    ca_file: Path | None,
) -> AsyncIterator[Any]:
    log = logging.Logger("connector")  # noqa: LOG001 - of this run alone
    log.addHandler(logging.StreamHandler(told))
    lent = Lent(
        transport=transport(ca_file=ca_file), clock=DomainClock(), state=_Nothing(), log=log,
        tls=tls_context(ca_file) if ca_file else None, timeout=connector_type.pace.timeout,
    )  # fmt: skip
    connector = connector_type(config, lent)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(lent.aclose)
        stack.push_async_callback(connector.close)
        yield connector


async def _try(found: list[Looked], what: str, work: Callable[[], Awaitable[object]]) -> None:
    try:
        told = await work()
    except ConnectorError as error:
        found.append(Looked(what=what, ok=False, detail=f"{type(error).__name__}: {error}"))
    except Exception as error:  # noqa: BLE001 - a fifth kind of error is the connector's bug; its text may hold anything
        found.append(Looked(what=what, ok=False, detail=f"raised {type(error).__name__}, which is none of the four"))
    else:
        found.append(Looked(what=what, ok=told is not False, detail="" if told in {None, True, False} else str(told)))


async def _same(connector: Any) -> bool:  # noqa: ANN401
    first, second = await connector.check(), await connector.check()
    return bool(first.external_keys == second.external_keys)


async def _count(connector: ListsCredentials) -> str:
    return f"{len([one async for one in connector.list_credentials()])} there"


async def _absent(look_for: Callable[[str], Awaitable[object]]) -> bool:
    return await look_for(KEY) is None


async def _zones(connector: Any) -> str:  # noqa: ANN401 - reads zones, and is a connector
    known = (await connector.check()).external_keys or connector.configured_keys(connector.config) or frozenset()
    return f"{len([await connector.read_zone(key) for key in sorted(known)])} read"


async def _first(connector: Polls) -> str:
    page = await connector.poll(None)
    refused = 0
    for item in page.items:
        try:
            list(connector.translate(item))
        except RejectedError:
            refused += 1
    return f"{len(page.items)} items, {refused} of them not understood"


async def _round(connector: Any, door: str) -> bool:  # noqa: ANN401
    """What was put is taken away again, whatever happens."""
    if not isinstance(connector, AccessControl):
        raise RejectedError("it opens no doors: leave --allow-test-key out")
    if Method.PIN not in connector.access_limits.methods or Chooser.HUB not in connector.access_limits.pin.chosen_by:
        raise RejectedError("it takes no PIN of ours, and others cannot be made up: leave --allow-test-key out")
    if connector.access_limits.validity is Validity.NONE:
        raise RejectedError("it keeps no times, so a test credential would open at once: leave --allow-test-key out")
    now = datetime.now(UTC).replace(microsecond=0)
    window = Window(door=door, starts_at=now + timedelta(days=300), ends_at=now + timedelta(days=300, minutes=5))
    pin = SecretStr("7391642850317"[: max(connector.access_limits.pin.lengths)])
    wanted = Credential(key=KEY, method=Method.PIN, value=pin, windows=frozenset({window}))
    try:
        await connector.put_credential(wanted)
        seen = await connector.read_credential(KEY) if isinstance(connector, ReadsCredentials) else True
    finally:
        await connector.remove_credential(KEY)
    return bool(seen) and (not isinstance(connector, ReadsCredentials) or await _gone(connector))


async def _gone(connector: Any) -> bool:  # noqa: ANN401 - reads credentials, and is a connector
    """Whether nothing is there any more: at once, or when the system has had its time."""
    clock = asyncio.get_running_loop().time
    give_up = clock() + connector.pace.lands_within.total_seconds()
    while await connector.read_credential(KEY) is not None:
        if clock() > give_up:
            return False
        await asyncio.sleep(1)
    return True
