"""Credentials by file. Without receipts nothing more than `sent` is known; with them a look tells what was taken."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from functools import partial
from typing import Self, cast

from connectors.access_file.client import Drop
from connectors.access_file.config import FileConfig, Holds
from connectors.access_file.ledger import Row, Said, Seen, Step, stepped
from connectors.access_file.translate import receipt, rows_of, sighting_of, standing, written
from hub.model import Credential, Method
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Condition,
    Connector,
    Lent,
    ListsCredentials,
    Pace,
    PinRules,
    ReadsCredentials,
    Receipt,
    RejectedError,
    Sighting,
)


class FileAccess(Connector[FileConfig], AccessControl):
    """Doors of one system that takes files. One with receipts can be read, and so is of another class."""

    pace = Pace(calls_at_once=4, clients_at_once=1, timeout=timedelta(seconds=25), lands_within=timedelta(seconds=30))

    def __new__(cls, config: FileConfig, lent: Lent) -> Self:  # noqa: ARG004 - as `__init__`
        """Give what can read, where there is something to read."""
        kind: type[FileAccess] = ReceiptedFileAccess if config.receipts and cls is FileAccess else cls
        return cast("Self", super().__new__(kind))

    def __init__(self, config: FileConfig, lent: Lent) -> None:
        """Reach the folders with each file."""
        super().__init__(config, lent)
        self._drop = Drop(config, lent, self._read)

    @classmethod
    def configured_keys(cls, config: FileConfig) -> frozenset[str]:
        return frozenset(config.doors)

    @property
    def access_limits(self) -> AccessLimits:
        return self.limits_by(self.config)

    @classmethod
    def limits_by(cls, config: FileConfig) -> AccessLimits:
        held, digits = config.held(), config.pin_digits
        methods = {Holds.PIN: Method.PIN, Holds.CARD: Method.CARD}
        return AccessLimits(
            methods=frozenset(method for holds, method in methods.items() if holds in held),
            pin=PinRules(lengths=range(digits, digits + 1)),
            card_and_pin=held >= {Holds.PIN, Holds.CARD},
            local_time=True,
        )

    async def check(self) -> About:
        waiting = await self._drop.waiting()
        return About(external_keys=frozenset(self.config.doors), detail=f"{waiting} files not yet taken by the system")

    async def put_credential(self, credential: Credential) -> Receipt:
        return await self._make_so(credential.key, rows_of(credential, self.config))

    async def remove_credential(self, key: str) -> Receipt:
        return await self._make_so(key, [])

    async def _make_so(self, key: str, rows: list[Row]) -> Receipt:
        """Said again each time: nobody knows whether it was heard."""
        now = self.lent.clock.now()
        await self._drop.alter(key, lambda seen: stepped(seen, key, rows, now), self._written)
        return Receipt(key, Condition.SENT)

    def _written(self, step: Step) -> bytes:
        return written(step, self.config)

    def _read(self, content: bytes) -> dict[str, Said] | None:
        told = receipt(content, self.config.receipts) if self.config.receipts else {}
        return None if told is None else dict(told)


class ReceiptedFileAccess(FileAccess, ReadsCredentials, ListsCredentials):
    """Doors of one system that leaves receipts."""

    async def _make_so(self, key: str, rows: list[Row]) -> Receipt:
        """What waits for its receipt is not said again at once, and what was refused not before that was told."""
        told = await self.lent.state.get(_told(key))
        seen = await self._drop.alter(key, partial(self._next, key=key, rows=rows, told=told), self._written)
        condition, detail = standing(seen, seen.ledger.of(key))
        if condition is Condition.FAILED:
            await self.lent.state.put(_told(key), _last(seen, key))
            raise RejectedError(f"{key}: {detail}; correct it there, and try again")
        await self.lent.state.delete(_told(key))
        return Receipt(key, condition or Condition.STANDING)

    def _next(self, seen: Seen, *, key: str, rows: list[Row], told: str | None) -> Step | None:
        there = seen.ledger.of(key)
        if _same(there, rows):
            condition, _ = standing(seen, there)
            untold = condition is Condition.FAILED and told != _last(seen, key)
            if (
                condition in {None, Condition.STANDING}
                or untold
                or (condition is Condition.COMING and self._recent(there))
            ):
                return None
        return stepped(seen, key, rows, self.lent.clock.now())

    def _recent(self, rows: Iterable[Row]) -> bool:
        """Whether the system may yet say something of all of them."""
        patience = timedelta(minutes=self.config.receipts.again_after_minutes if self.config.receipts else 0)
        since = self.lent.clock.now() - patience
        return all(row.said_at is not None and row.said_at > since for row in rows)

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        return sighting_of(await self._drop.seen(key), key)

    async def list_credentials(self) -> AsyncIterator[Sighting[Credential]]:
        seen = await self._drop.seen()
        for key in sorted({row.key for row in seen.ledger.rows}):
            if sighting := sighting_of(seen, key):
                yield sighting


def _told(key: str) -> str:
    """Where it is remembered which refusal somebody was told of."""
    return f"told:{key}"


def _last(seen: Seen, key: str) -> str:
    return str(max((row.sequence for row in seen.ledger.of(key)), default=0))


def _same(there: Iterable[Row], wanted: Iterable[Row]) -> bool:
    """Whether what was said last of them is what is wanted."""
    return {row.id: row.holds for row in there if not row.gone} == {row.id: row.holds for row in wanted}
