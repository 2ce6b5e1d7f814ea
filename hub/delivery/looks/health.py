"""How connections are: checked, paused, and what their systems say of themselves."""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from hub.clock import MINUTE, Clock, now_of
from hub.delivery.loop.carrying import REFUSED, UNREACHABLE
from hub.delivery.reach.connections import Connections
from hub.delivery.reach.running import Running
from hub.delivery.reach.simulating import keys_of
from hub.delivery.reach.ways import NoWayError
from hub.errors import NotFoundError, RefusedError
from hub.masking import quoted
from hub.model.audit import Act
from hub.model.standing import ConnectionAnswer
from hub.sdk import About, ConnectorError, CredentialsError
from hub.service.audit.acting import Actor, acting
from hub.service.audit.auditing import Auditing, Note
from hub.service.operators import expiring
from hub.service.rulebook import Rulebook
from hub.service.standing.showing import moment
from hub.service.words import sentences
from hub.store import connections, expiries, problems, shown, waking
from hub.store.connections import Known
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.problems import Cause
from hub.store.seals.sealing import Seal

LOG = logging.getLogger("hub.health")

PAPERS = Cause("certificate-file", "")
_LATELY = 10 * MINUTE
"""What another process has heard from for longer, this one has asked itself."""
CLOCK_MAY_DIFFER = timedelta(seconds=30)
"""Past this, doors open early or late: a problem."""


def elsewhere(running: Running) -> RefusedError:
    """Why this process cannot ask a system."""
    told = f"other processes have all of {running.name}: ask again, or there"
    if not running.carries:
        told = f"this process calls no system (--no-worker), {running.name} neither: ask one that carries (serve)"
    return RefusedError("connection-elsewhere", told)


class Health:
    """Looks after the connections of this process."""

    def __init__(
        self, writer: Writer, readers: Readers, seal: Seal, running: Connections, rulebook: Rulebook, clock: Clock
    ) -> None:
        self._writer, self._readers, self._auditing, self._clock = writer, readers, Auditing(seal), clock
        self._connections, self._rulebook = running, rulebook
        self._looking: set[tuple[str, str]] = set()
        self.resumed: Callable[[], None] = lambda: None
        """Called when lanes were made due."""

    def _now(self) -> int:
        return now_of(self._clock)

    def running(self, municipality: str, name: str) -> Running:
        """The connection of that name. Raises NotFoundError."""
        found = self._connections.find(municipality, name)
        if found is None:
            msg = f"no connection {quoted(name)} in {municipality}"
            raise NotFoundError(msg)
        return found

    async def check_all(self) -> None:
        """Check every connection that is neither paused nor worked on, side by side.

        A refused account is not tried again and again.
        What of a paused one ends is looked at all the same.
        """
        await asyncio.gather(*(self._looked_at(running) for running in self._connections))
        for town in self._rulebook.towns():
            await self._writer.call(self._forget, town)

    async def renew(self) -> None:
        """Read files of certificates again that have changed."""
        for running in self._connections:
            await asyncio.to_thread(running.papers.renew)

    async def _looked_at(self, running: Running) -> None:
        """Unless an earlier look is not through yet: it may wait behind all that is sent there."""
        if running.place in self._looking:
            return
        self._looking.add(running.place)
        try:
            if running.paused is None and running.ways.part and running.held(self._now()) is None:
                with suppress(RefusedError):  # another process has taken all of it just now
                    await self.check(running)
            else:
                unusable = await asyncio.to_thread(running.papers.renew)
                await self._writer.call(self._keep_papers, running, unusable)
        finally:
            self._looking.discard(running.place)

    async def check(self, running: Running) -> tuple[About | None, str | None]:
        """Ask one system what it says of itself, changing nothing; gives what it said, or why it did not.

        One that is paused is asked with its secrets as they are now.

        Raises:
            RefusedError: other processes have all of the connection.
        """
        if running.paused is not None:
            running = await self._connections.reread(running)
        about, failed, refused = None, None, False
        try:
            async with running.ways.one(), asyncio.timeout(running.connector.pace.lands_within.total_seconds()):
                about = await running.connector.check()
        except NoWayError:
            raise elsewhere(running) from None
        except CredentialsError as error:
            failed, refused = str(error), True
        except (ConnectorError, TimeoutError) as error:
            failed = str(error) or sentences.NO_ANSWER_IN_TIME.say()
        except Exception as error:  # noqa: BLE001 - a connector's bug stops nothing else
            failed = sentences.RAISED_IN_CHECK.say(connector=running.settings.connector, error=type(error).__name__)
            LOG.error("connection %s: %s", running.name, failed)  # noqa: TRY400 - its text may hold anything
        if refused:
            running.paused = REFUSED.code
        unusable = await asyncio.to_thread(running.papers.renew)
        again = await self._writer.call(lambda c: self._keep(c, running, about, failed, refused=refused))
        self._follow_check(running, there=about is not None, gone=again)
        await self._writer.call(self._keep_papers, running, unusable)
        return about, failed

    def _follow_check(self, running: Running, *, there: bool, gone: bool) -> None:
        """The gate shuts when a system was silent twice, and may open as soon as it is there."""
        if there:
            running.gate.back(self._now())
        elif gone and running.gate.is_open:
            running.gate.silent(self._now())

    def _keep_papers(self, connection: Connection, running: Running, unusable: str) -> None:
        """What of the connection ends; `unusable`: why its files cannot be read again."""
        now, known = self._now(), connections.known(connection, running.municipality).get(running.name)
        told = json.loads(known.about).get("credentials_expire") if known and known.about else None
        account = datetime.fromisoformat(told) if told else None
        expiring.judge(connection, *running.place, running.papers.ends(account), now=now)
        if unusable:
            problems.open_(connection, *running.place, PAPERS, detail=unusable, now=now)
        else:
            problems.close_of(connection, *running.place, [PAPERS.code], now=now)

    def _forget(self, connection: Connection, town: str) -> None:
        names = self._rulebook.town(town).configuration.connections
        expiring.forget_all_but(connection, town, names, now=self._now())

    def _keep(
        self, connection: Connection, running: Running, about: About | None, failed: str | None, *, refused: bool
    ) -> bool:
        """Write down what a check came to; says whether the system has been silent twice in a row."""
        now, place = self._now(), running.place
        before = connections.known(connection, running.municipality).get(running.name)
        told = json.dumps(asdict(about), default=_plain) if about else None
        connections.set_checked(connection, *place, about=told, failed=failed, now=now)
        if refused:
            connections.set_paused(connection, *place, REFUSED.code, now=now)
            problems.open_(connection, *place, REFUSED, detail=failed or "", now=now)
        elif failed and before and before.check_failed:
            problems.open_(connection, *place, UNREACHABLE, detail=failed, now=now)
            return True
        elif about:
            problems.close_of(connection, *place, [UNREACHABLE.code], now=now, even_waiting=False)
            self._judge(connection, running, about, now)
        return False

    def _judge(self, connection: Connection, running: Running, about: About, now: int) -> None:
        place = running.place
        offset = about.clock_offset
        if offset is not None and abs(offset) > CLOCK_MAY_DIFFER:
            told = sentences.CLOCK_OFF.say(seconds=f"{offset.total_seconds():+.0f}")
            problems.open_(connection, *place, Cause("clock", ""), detail=told, now=now)
        else:
            problems.close_of(connection, *place, ["clock"], now=now)
        configured = keys_of(self._rulebook.town(running.municipality).configuration, running.name)
        missing = sorted(set(configured) - about.external_keys) if about.external_keys is not None else []
        if missing:
            told = sentences.LACKS_KEYS.say(keys=", ".join(missing))
            problems.open_(connection, *place, Cause("unknown-key", ""), detail=told, now=now)
        else:
            problems.close_of(connection, *place, ["unknown-key"], now=now)

    async def set_paused(self, municipality: str, name: str, by: str | None) -> None:
        """Pause a connection, or let it run again: its secrets are read anew, and what waits is due at once.

        Raises:
            NotFoundError: no such connection.
        """
        running = self.running(municipality, name)
        if by is None:
            running = await self._connections.reread(running)
        await self._writer.call(self._set_paused, running, by, acting())
        running.paused = by
        if by is None:
            running.gate.succeeded()
        self.resumed()

    def _set_paused(self, connection: Connection, running: Running, by: str | None, actor: Actor) -> None:
        now, act = self._now(), Act.CONNECTION_PAUSED if by else Act.CONNECTION_RESUMED
        self._auditing.write(connection, [Note(running.municipality, act, running.name, now, actor=actor)])
        connections.set_paused(connection, *running.place, by, now=now)
        if by is None:
            waking.make_due(connection, *running.place, now=now)
            problems.close_of(connection, *running.place, ["credentials"], now=now)

    async def follow_pauses(self) -> None:
        """Do as the database says about paused connections, and those that are back, whoever paused or heard them.

        What this process put off after another had resumed the connection is due at once.
        """
        now = self._now()
        back = await self._readers.read(lambda c: connections.answered(c, since=now - _LATELY))
        for running in self._connections:
            if back.get(running.place, 0) > running.gate.silent_at:
                running.gate.back(now)
        paused = await self._readers.read(connections.paused)
        for running in self._connections:
            resumed = running.paused is not None and running.place not in paused
            running.paused = paused.get(running.place)
            if resumed:
                here = await self._connections.reread(running)
                here.gate.succeeded()
                await self._writer.call(self._make_due, here)
                self.resumed()

    def _make_due(self, connection: Connection, running: Running) -> None:
        waking.make_due(connection, *running.place, now=self._now())

    async def listed(self, municipality: str) -> list[ConnectionAnswer]:
        """The connections of a municipality, and how each is. Raises NotFoundError."""
        self._rulebook.town(municipality)
        known = await self._readers.read(connections.known, municipality)
        waiting = await self._readers.read(shown.waiting, municipality)
        ends = await self._readers.read(expiries.listed, municipality)
        mine = [running for running in self._connections if running.municipality == municipality]
        now = self._now()
        expires = {
            one.name: tuple(expiring.answer(end, now=now) for end in ends if end.connection == one.name) for one in mine
        }
        return [
            _answer(one, known.get(one.name), waiting.get(one.name, 0)).model_copy(
                update={"expires": expires[one.name], "maintenance_until": moment(one.held(now))}
            )
            for one in mine
        ]


def _answer(running: Running, known: Known | None, waiting: int) -> ConnectionAnswer:
    failing, paused = running.gate.failing_since, known.paused if known else None
    since = known.paused_at if known and paused else failing
    return ConnectionAnswer(
        name=running.name,
        connector=running.settings.connector,
        mode=running.settings.mode,
        state="paused" if paused else "failing" if failing is not None else "running",
        paused_by=paused,
        waiting=waiting,
        since=moment(since),
        checked_at=moment(known.checked_at) if known else None,
        check_failed=known.check_failed if known else None,
        about=json.loads(known.about) if known and known.about else None,
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - json's hook
    if isinstance(value, timedelta):
        return value.total_seconds()
    return sorted(value) if isinstance(value, frozenset | set) else str(value)
