"""Dry runs over HTTP, and live runs that hold the hub to the plan of one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Literal

from hub.api.desk import Desk
from hub.api.keeping import Kept
from hub.api.problems import ProblemError, of_refused, problem
from hub.clock import now_of
from hub.errors import FieldFault, InvalidError
from hub.masking import quoted
from hub.model.answers import DryRunAnswer, ImportLine, ImportSummary, ProblemDetails
from hub.service.accept.accepting import Outcome
from hub.service.accept.bookings import MOVED, Found, split_lines
from hub.service.accept.dry_running import Dry, DryLine, DryRun
from hub.service.standing import showing

_BATCH = 100
_BATCH_BYTES = 1_000_000
"""Lines, and bytes of them, that are judged in one go; a longer one goes alone."""


async def dry_put(here: Desk, municipality: str, raw: bytes, number: str) -> DryRunAnswer:
    """What putting one booking would come to. Raises InvalidError."""
    running = await here.dry_runs.begin(municipality)
    try:
        (line,) = await running.lines([(1, raw)])
        if line.dry is None:
            raise line.refused or ProblemError("internal")
        if line.dry.request.number != number:
            raise InvalidError([FieldFault("/number", "other-number", f"the address says {quoted(number)}")])
        return _answer(line.dry, running.run.token, now_of(here.clock))
    finally:
        await running.close()


_OUTCOMES: dict[Outcome, Literal["accepted", "unchanged", "superseded", "revision-conflict"]] = {
    Outcome.ACCEPTED: "accepted",
    Outcome.UNCHANGED: "unchanged",
    Outcome.SUPERSEDED: "superseded",
    Outcome.REVISION_CONFLICT: "revision-conflict",
}


def _answer(dry: Dry, token: str, now: int) -> DryRunAnswer:
    standing = showing.planned(dry.request.plan, dry.request.rules.timing, now=now)
    return DryRunAnswer(
        number=dry.request.number,
        revision=dry.revision,
        outcome=_OUTCOMES[dry.outcome],
        effects=tuple(one.answer() for one in standing),
        credentials=tuple(showing.credentials(dry.booking, dry.request.plan, {})),
        unserved=showing.unserved(dry.request.plan),
        conflicts=showing.conflicts(dry.conflicts),
        difference=dry.difference,
        state_token=token,
    )


async def dry_import(here: Desk, municipality: str, body: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """A line of answer for each line, with its plan, and a summary with the token."""
    running = await here.dry_runs.begin(municipality)
    counts: dict[str, int] = {}
    conflicts = 0
    try:
        async for numbered in _batches(split_lines().lines(body)):
            told = [_told(line) for line in await running.lines(numbered)]
            for one in told:
                counts[one.outcome] = counts.get(one.outcome, 0) + 1
                conflicts += len(one.conflicts)
            yield "".join(one.model_dump_json(exclude_none=True) + "\n" for one in told)
        told_of: dict[str, object] = {**counts, "lines": sum(counts.values()), "conflicts": conflicts}
        told_of |= {"dry_run": True, "state_token": running.run.token}
        summary = ImportSummary.model_validate(told_of)
        yield f'{{"summary":{summary.model_dump_json(exclude_none=True)}}}\n'
    finally:
        await running.close()


async def _batches(lines: AsyncIterator[bytes]) -> AsyncIterator[list[tuple[int, bytes]]]:
    """Lines with their numbers, blank ones counted and left out."""
    batch: list[tuple[int, bytes]] = []
    count = held = 0
    async for raw in lines:
        count += 1
        if not raw.strip():
            continue
        if batch and (len(batch) >= _BATCH or held + len(raw) > _BATCH_BYTES):
            yield batch
            batch, held = [], 0
        batch.append((count, raw))
        held += len(raw)
    if batch:
        yield batch


def _told(line: DryLine) -> ImportLine:
    if line.dry is None:
        refused = of_refused(line.refused) if line.refused else problem("internal")
        return ImportLine(line=line.line, number=line.number, outcome="rejected", problem=refused)
    dry = line.dry
    outcome, details = would_be(dry)
    return ImportLine(
        line=line.line,
        number=dry.request.number,
        outcome=outcome,
        problem=details,
        conflicts=showing.conflicts(dry.conflicts),
        difference=dry.difference,
    )


def would_be(dry: Dry) -> tuple[Literal["accepted", "unchanged", "superseded", "rejected"], ProblemDetails | None]:
    """The outcome of a line, and the problem that comes with it."""
    match dry.outcome:
        case Outcome.ACCEPTED:
            return "accepted", None
        case Outcome.SUPERSEDED:
            detail = f"revision {dry.revision} is known"
            return "superseded", problem("superseded", detail, current_revision=dry.revision)
        case Outcome.REVISION_CONFLICT:
            detail = f"send the change as revision {dry.revision + 1}"
            return "rejected", problem("revision-conflict", detail, current_revision=dry.revision)
    return "unchanged", None


class Held:
    """A body that is kept until its plan has been held against a token; then it is run."""

    def __init__(self, here: Desk, municipality: str) -> None:
        self._here, self._municipality = here, municipality
        self._kept = Kept()

    async def against(self, body: AsyncIterator[bytes], token: str) -> Iterator[Found]:
        """Keep the body; gives what each line is to find, in order.

        Raises:
            ProblemError: 412, the plan would be another.
        """
        with ExitStack() as unless_held:
            unless_held.callback(self.close)
            run = await self._run(body)
            if run.token != token:
                raise ProblemError("state-changed", MOVED)
            unless_held.pop_all()
        return run.found()

    async def _run(self, body: AsyncIterator[bytes]) -> DryRun:
        running = await self._here.dry_runs.begin(self._municipality)
        try:
            async for numbered in _batches(split_lines().lines(self._keeping(body))):
                await running.lines(numbered)
        finally:
            await running.close()
        return running.run

    async def _keeping(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in body:
            self._kept.write(chunk)
            yield chunk

    def close(self) -> None:
        """Forget the body."""
        self._kept.close()

    async def again(self) -> AsyncIterator[bytes]:
        """The body once more; it is forgotten afterwards."""
        for chunk in self._kept.read():
            yield chunk
