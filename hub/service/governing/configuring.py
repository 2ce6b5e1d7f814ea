"""A municipality's configuration put in force: the first time by itself, later only when an operator says so.

The version is stored and made the current one in one transaction; from then on whatever is accepted is planned with
it. Then all that is not over is planned anew, a batch at a time, by any process: one that is killed has remembered how
far it came, and another goes on.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from hub.clock import MINUTE, SECOND, Clock, instant, now_of
from hub.configuration.compare import differences
from hub.configuration.reader import read_files, read_folder
from hub.errors import NotFoundError, RefusedError
from hub.model.audit import Act, AuditRow
from hub.model.configuration import Configuration
from hub.model.configured import VersionLine
from hub.planner.fold import NO_WINDOWS, RELEASE
from hub.service.accept.replanning import BATCH, UNPLANNABLE, Replanning, Step
from hub.service.audit.acting import Actor, acting
from hub.service.audit.audited import Wish, page
from hub.service.audit.auditing import Auditing, Note, written
from hub.service.rulebook import Rulebook
from hub.store import configurations, lanes, occupancy
from hub.store.configurations import Progress
from hub.store.engine.database import Connection
from hub.store.engine.walls import within
from hub.store.engine.writer import Readers, Writer
from hub.store.lanes import Standing
from hub.store.problems import Cause
from hub.store.seals.sealing import Seal

REST = (RELEASE, NO_WINDOWS)
LEFT_AFTER = 15 * SECOND
"""Who has not moved an application for so long, by the database's clock, is gone: another goes on."""
OUTLASTS = 24 * 60 * MINUTE
"""The longest that what is asked for goes on after a booking's end."""
CONFIGURATION = Cause(UNPLANNABLE, "(configuration)")
_MOST_DIFFERENCES = 5


class Put(NamedTuple):
    """What became of a folder that was served."""

    municipality: str
    first: bool
    """Whether it was put in force now."""
    differences: list[str]
    """How the folder differs from the version in force."""


class Moved(NamedTuple):
    """Which version is current now, and which was before; the same when nothing differs."""

    municipality: str
    version: int
    before: int | None


async def put_folder(
    path: Path,
    writer: Writer,
    readers: Readers,
    seal: Seal,
    clock: Clock,
    *,
    require: Callable[[Configuration], None] = lambda _configuration: None,
) -> Put:
    """Store the folder's configuration when its municipality has none; else tell how it differs.

    `require`: raises ConfigurationError where this machine cannot use it; then nothing is stored.

    Raises:
        ConfigurationError: the folder has errors.
    """
    read = read_folder(path)
    wanted = read.required()
    town = wanted.municipality.key
    stored = {version.municipality: version for version in await readers.read(configurations.current)}
    if town in stored:
        return Put(town, first=False, differences=differences(stored[town].files, read.files))
    require(wanted)
    await Configuring(writer, readers, seal, clock).apply(town, read.files)
    return Put(town, first=True, differences=[])


class Configuring:
    """Puts versions in force; what stands is planned anew by `Applying`."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal, clock: Clock) -> None:
        self._writer, self._readers, self._seal, self._clock = writer, readers, seal, clock
        self._auditing = Auditing(seal)

    async def apply(self, municipality: str, files: Mapping[str, str]) -> Moved:
        """Store these files as a version and make it the current one; the same files change nothing.

        Raises:
            ConfigurationError: they have errors.
            RefusedError: `connection-stands`: a connection would go while something of ours is in its system.
        """
        wanted = read_files(files).required()
        return await self._writer.call(self._apply, municipality, dict(files), wanted, acting())

    def _apply(
        self, connection: Connection, municipality: str, files: dict[str, str], wanted: Configuration, actor: Actor
    ) -> Moved:
        before = _current(connection, municipality)
        if before is not None and not differences(before.files, files):
            return Moved(municipality, before.version, before.version)
        check_leaving(connection, municipality, before.files if before else {}, wanted)
        version = configurations.add(connection, municipality, files, now=self._now(), applied=before is None)
        return self._moved(connection, Act.CONFIGURATION_APPLIED, Moved(municipality, version, _of(before)), actor)

    async def roll_back(self, municipality: str, version: int | None) -> Moved:
        """Make an earlier version the current one, or the one before the current.

        Raises:
            ConfigurationError: this hub cannot read it any more.
            NotFoundError: there is no such version.
            RefusedError: `connection-stands`, as when it is applied.
        """
        return await self._writer.call(self._roll_back, municipality, version, acting())

    def _roll_back(self, connection: Connection, municipality: str, version: int | None, actor: Actor) -> Moved:
        before = _current(connection, municipality)
        if before is None:
            raise NotFoundError(f"no municipality {municipality!r} here")
        chosen = before.version - 1 if version is None else version
        stored = configurations.find(connection, municipality, chosen)
        if stored is None:
            raise NotFoundError(f"{municipality} has no version {chosen}: see knutpunkt history")
        moved = Moved(municipality, chosen, before.version)
        if chosen == before.version:
            return moved
        check_leaving(connection, municipality, before.files, read_files(stored.files).required())
        configurations.make_current(connection, municipality, chosen)
        return self._moved(connection, Act.CONFIGURATION_ROLLED_BACK, moved, actor)

    def _moved(self, connection: Connection, act: Act, moved: Moved, actor: Actor) -> Moved:
        told = written({"version": moved.version, "before": moved.before})
        note = Note(moved.municipality, act, str(moved.version), self._now(), told, actor)
        self._auditing.write(connection, [note])
        return moved

    def _now(self) -> int:
        return now_of(self._clock)


def _current(connection: Connection, municipality: str) -> configurations.Version | None:
    return next((one for one in configurations.current(connection) if one.municipality == municipality), None)


def _of(version: configurations.Version | None) -> int | None:
    return version.version if version else None


# ---- connections that leave


def leaving(before: Mapping[str, str], wanted: Configuration) -> list[str]:
    """Connections that would go, or become another connector's, by name; nothing of the old ones can be read then."""
    known = read_files(before).configuration if before else None
    there, then = (known.connections if known else {}), wanted.connections
    return sorted(n for n, one in there.items() if n not in then or then[n].connector != one.connector)


def still_standing(
    connection: Connection, municipality: str, before: Mapping[str, str], wanted: Configuration
) -> list[Standing]:
    """Those of them with something of ours in their systems, or on its way there."""
    names = leaving(before, wanted)
    return lanes.standing(connection, municipality, names, REST) if names else []


def check_leaving(connection: Connection, municipality: str, before: Mapping[str, str], wanted: Configuration) -> None:
    """See that nothing of ours would be forgotten. Raises RefusedError."""
    if stands := still_standing(connection, municipality, before, wanted):
        raise RefusedError("connection-stands", refusal(stands))


def refusal(stands: Iterable[Standing]) -> str:
    """Why it is refused, and what to do."""
    told = "; ".join(f"{s.connection}: {s.targets} targets ({s.first}), {s.records} records not sent" for s in stands)
    return (
        f"something of ours is in systems whose connections would go: {told}. Keep their files, and name them nowhere"
        " else: applied so, all is taken back there; when nothing stands any more, take the files away"
    )


# ---- planning anew


class Applying:
    """Has all that stands follow the current versions; any number of processes may run it."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._clock = writer, readers, clock
        self._replanning = Replanning(writer, readers, seal, rulebook, clock)
        self.woken: Callable[[], None] = lambda: None
        """Called when lanes may have become due."""

    async def finish(self) -> None:
        """Go on with what nobody goes on with."""
        for known in await self._readers.read(_abandoned):
            with within(known.municipality):
                if await self._writer.call(configurations.take_up, known):
                    await self._walk(known)

    async def _walk(self, known: Progress) -> None:
        town, version = known.municipality, known.version
        since = now_of(self._clock) - OUTLASTS
        listed = await self._readers.read(lambda connection: occupancy.open_bookings(connection, town, since=since))

        async def passed(step: Step) -> bool:
            if step.lost:
                await self._tell(town, version, step.lost)
            self.woken()
            return await self._writer.do(_passed, (town, version, step.last, step.changed), behind=True)

        def which(_connection: Connection, after: int) -> list[int]:
            begin = bisect_right(listed, after)
            return listed[begin : begin + BATCH]

        walked = await self._replanning.walk(town, which, after=known.walked, effects_only=True, passed=passed)
        if walked.whole and await self._writer.call(configurations.set_applied, town, version):
            if walked.lost or not known.walked:  # who goes on does not know what was lost before
                await self._tell(town, version, walked.lost)
            self.woken()

    async def _tell(self, town: str, version: int, lost: list[str]) -> None:
        await self._replanning.tell(town, CONFIGURATION, lost, of=f"configuration {version}")


def _abandoned(connection: Connection) -> list[Progress]:
    oldest = connection.clock() - LEFT_AFTER
    return [one for one in configurations.unapplied(connection) if one.walked_at < oldest]


def _passed(connection: Connection, steps: list[tuple[str, int, int, int]]) -> list[bool]:
    return [configurations.passed(connection, *step) for step in steps]


# ---- what there was


def history(connection: Connection, seal: Seal, municipality: str) -> list[VersionLine]:
    """Every version, the newest first: when, by whom, and what it changed in short."""
    acts = _put_in_force(connection, seal, municipality)
    lines: list[VersionLine] = []
    before: Mapping[str, str] = {}
    for one in configurations.made(connection, municipality):
        row, changes = acts.get(str(one.version)), differences(before, one.files) if before else []
        lines.append(
            VersionLine(
                version=one.version,
                current=one.current,
                made_at=instant(one.created_at),
                put_in_force_at=row.at if row else None,
                who=row.who if row else None,
                person=row.person if row else None,
                differences=tuple(changes[:_MOST_DIFFERENCES]),
                more=max(0, len(changes) - _MOST_DIFFERENCES),
            )
        )
        before = one.files
    return lines[::-1]


def _put_in_force(connection: Connection, seal: Seal, municipality: str) -> dict[str, AuditRow]:
    """The last time that each version was put in force."""
    rows: list[AuditRow] = []
    for act in (Act.CONFIGURATION_APPLIED, Act.CONFIGURATION_ROLLED_BACK):
        rows += page(connection, seal, municipality, Wish(act=act), limit=1000).rows
    return {row.subject: row for row in sorted(rows, key=lambda row: (row.leaf, row.row))}
