"""A folder that a system takes files from, and ours beside it, which says what has been handed over.

A file is made under another name, noted in the next ledger, and then moved: at any moment it can be told how far it
has come, and whoever comes next finishes it. Of two who note at once one succeeds, also when the other's step lands
late, for a ledger's name is given once.

    nothing -> prepared -> prepared, ledger -> ledger, file -> ledger (taken) -> ledger, receipt
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from connectors.access_file.config import Content, FileConfig
from connectors.access_file.ledger import Ledger, Said, Seen, Step
from hub.sdk import Exchange, File, Lent, Place, RejectedError, TransientError, UnknownOutcomeError, exchange

_LEDGER = re.compile(r"ledger-(\d{8})\.json")
Written = Callable[[Step], bytes]
Receipt = Mapping[str, Said] | None


class Drop:
    """One system's folders; reached anew for each file."""

    def __init__(self, config: FileConfig, lent: Lent, read: Callable[[bytes], Receipt]) -> None:
        """`read` gives what a receipt says."""
        self._config, self._lent, self._read = config, lent, read
        self._folder = config.folder.rstrip("/")
        self._notes = config.notes.rstrip("/") or f"{self._folder}/.knutpunkt"
        self._turn = asyncio.Lock()

    async def waiting(self) -> int:
        """How many files the system has not taken."""
        async with self._reached() as (place, _):
            if self._config.receipts and not await place.there(self._config.receipts.folder):
                raise TransientError(
                    f"{self._config.receipts.folder} (receipts) is not there; make it, or mend the settings"
                )
            names = await place.names(self._folder)
            return sum(bool(_pattern(self._config.name).fullmatch(name)) for name in names)

    async def seen(self, key: str | None = None) -> Seen:
        """What was handed over, and what has been said of it: of one credential, or of all."""
        async with self._reached() as (place, _):
            ledger, _ = await self._ledger(place)
            return await self._with_receipts(place, ledger, key)

    async def alter(self, key: str, decide: Callable[[Seen], Step | None], written: Written) -> Seen:
        """Hand over what `decide` gives, once all that was begun is done; gives what is known then.

        Raises:
            TransientError: somebody else has handed over something meanwhile.
            UnknownOutcomeError: it is noted: if its file lies there not yet, whoever comes next lays it.
        """
        stage = Exchange()
        async with self._turn:
            try:
                async with self._reached() as (place, stage):
                    return await self._altered(place, stage, key, decide, written)
            except TransientError as error:
                if stage.handing_over:
                    raise UnknownOutcomeError(str(error)) from error
                raise

    async def _altered(
        self, place: Place, stage: Exchange, key: str, decide: Callable[[Seen], Step | None], written: Written
    ) -> Seen:
        ledger, old = await self._ledger(place)
        await self._finish(place, ledger, stage)
        seen = await self._with_receipts(place, ledger, key)
        step = decide(seen)
        if step is None:
            return seen
        ledger = await self._hand_over(place, step, written(step), stage)
        await place.discard([File("", b"", f"{self._notes}/{name}") for name in old])
        return await self._with_receipts(place, ledger, key)

    async def _hand_over(self, place: Place, step: Step, content: bytes, stage: Exchange) -> Ledger:
        file = File.at(self._notes, self._named(step.ledger.sequence), content)
        ledger = step.ledger.model_copy(update={"prepared": file.unfinished})
        name = f"ledger-{ledger.sequence:08}.json"
        note = File.at(self._notes, name, ledger.model_dump_json().encode())
        if ledger.sequence == 1:
            await place.make(self._notes)
        try:
            await place.prepare([file, note])
        except Exception:
            await place.discard([file, note])
            raise
        stage.handing_over = True
        if not await place.claim(note):
            stage.handing_over = False
            await place.discard([file, note])
            raise TransientError(f"{self._folder}: another has handed over a file meanwhile; it is tried again")
        await self._publish(place, ledger)
        return ledger

    async def _finish(self, place: Place, ledger: Ledger, stage: Exchange) -> None:
        """Give the last file its name, where whoever noted it was stopped before."""
        if ledger.prepared and await place.there(ledger.prepared):
            stage.handing_over = True
            await self._publish(place, ledger)
            stage.handing_over = False

    async def _publish(self, place: Place, ledger: Ledger) -> None:
        file = File(f"{self._folder}/{self._named(ledger.sequence)}", b"", ledger.prepared)
        await (place.publish(file) if "{sequence}" in self._config.name else place.replace(file))

    async def _ledger(self, place: Place) -> tuple[Ledger, list[str]]:
        """The newest, and the names of those that nobody needs any more."""
        if not await place.there(self._notes):
            return Ledger(), []
        names = [name for name in await place.names(self._notes) if _LEDGER.fullmatch(name)]
        if not names:
            return Ledger(), []
        (content,) = await place.read(f"{self._notes}/{names[-1]}")
        if content is None:
            raise TransientError(f"{self._notes}: more was handed over meanwhile; it is tried again")
        try:
            return Ledger.model_validate_json(content), names[:-1]
        except ValueError:
            raise RejectedError(
                f"{self._notes}/{names[-1]} is no ledger of ours; put back the last one from a backup"
            ) from None

    async def _with_receipts(self, place: Place, ledger: Ledger, key: str | None) -> Seen:
        whole = self._config.content is Content.SNAPSHOT
        receipts = self._config.receipts
        if receipts is None:
            return Seen(ledger, {}, whole)
        names = {name: n for name in await place.names(receipts.folder) if (n := self._receipt_of(name)) is not None}
        rows = ledger.rows if key is None else ledger.of(key)
        asked = {max(names.values(), default=0)} if whole else {row.sequence for row in rows}
        found = [name for name, n in names.items() if n in asked]
        paths = [f"{receipts.folder.rstrip('/')}/{name}" for name in found]
        contents = await place.read(*paths) if paths else []
        told = zip(found, contents, strict=True)
        return Seen(ledger, {names[name]: self._read(content) for name, content in told if content is not None}, whole)

    def _receipt_of(self, name: str) -> int | None:
        receipts = self._config.receipts
        pattern = _pattern(receipts.name.replace("{file}", self._config.name)) if receipts else None
        found = pattern.fullmatch(name) if pattern else None
        return int(found[1]) if found else None

    def _named(self, sequence: int) -> str:
        return self._config.name.replace("{sequence}", f"{sequence:08}")

    def _reached(self) -> AbstractAsyncContextManager[tuple[Place, Exchange]]:
        return exchange(self._folder, self._config.sftp, self._lent)


def _pattern(name: str) -> re.Pattern[str]:
    before, _, after = name.partition("{sequence}")
    number = r"(\d{8})" if "{sequence}" in name else "()"
    return re.compile(f"{re.escape(before)}{number}{re.escape(after)}")
