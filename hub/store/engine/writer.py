"""Group commit: one thread owns the writing connection, and all that waits shares one COMMIT.

Order of arrival decides. A group is one call of each kind of work; when that fails the group is rolled back and each
item is tried alone, so a bad item costs itself only. Nobody is answered before COMMIT has returned.

Work that comes in bulk stands behind: in every group all others go first, and no more of it is taken along than another
may wait for. Its own order stays. Neither is answered yet, so whoever goes ahead could as well have come before.

Where other processes write too (PostgreSQL), each kind of work has a transaction of its own: leasing holds rows that it
skipped to, and nothing that waits for a lock may follow it. What is called by itself (`call`) was written for a writer
that is alone, and there it is: it holds everything, in every process (`places`). A transaction is bound to the
municipalities of those who asked for it (`walls`), and who is bound to none shares none with who is.

Who waits for lanes to fall due may stand by: he is served in the very transaction that makes some due, as its last, and
what is accepted is leased with one COMMIT and no way between threads. The last waits for no lock that others hold. Not
after a `call`: who made it may have more to do before lanes are carried, as whoever lets a connection go on.
"""

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple, ParamSpec, TypeVar

from hub.store.engine import walls
from hub.store.engine.bells import Bell
from hub.store.engine.database import AgainError, AwayError, Connection, Later, Session, Towns, connect
from hub.store.engine.gathering import Gathering
from hub.store.engine.places import EVERYTHING

Item = TypeVar("Item")
Answer = TypeVar("Answer")
P = ParamSpec("P")
Work = Callable[[Connection, list[Any]], Sequence[Any] | Later[Sequence[Any]]]
"""What it gives may be known only with the answer to COMMIT; where that is lost it is done once more, done or not."""

TRIES = 5
"""How often a transaction is run that could not be done through no fault of its own."""
REST_SECONDS = 0.02
"""Before it is run again, so that whom it stood in the way of comes first."""
MOMENT_SECONDS = 0.005
"""In which whoever was answered goes on, and the lanes that were leased along to their systems."""


class _Waiting(NamedTuple):
    work: Work
    item: Any
    future: "asyncio.Future[Any]"
    behind: bool
    town: str | None
    """The municipality that it is bound to."""


class _Standing(NamedTuple):
    work: Work
    item: Any
    future: "asyncio.Future[Any]"
    then: Callable[[Any], None]


class _Told(NamedTuple):
    future: "asyncio.Future[Any]"
    answer: Any
    then: Callable[[Any], None] | None = None


class Writer:
    """The one writer of a process; a group is at most `cap`, and `behind` of what comes in bulk."""

    rang: Callable[[], None] = staticmethod(lambda: None)
    """Called in the writer's thread when a transaction has made lanes due and nobody stood by."""

    def __init__(self, url: str, *, cap: int = 400, behind: int = 32) -> None:
        self._connection, self._cap, self._behind = connect(url), cap, behind
        self._connection.answers_first = True
        self._standing: dict[asyncio.Future[Any], _Standing] = {}
        self._served: list[_Told] = []
        """Who stood by, and is to be told with those whose transaction it was."""
        self._queue: queue.SimpleQueue[list[_Waiting] | None] = queue.SimpleQueue()
        self._gathering = Gathering[_Waiting](self._queue.put, most=cap, holds=not self._connection.shared)
        self._thread = threading.Thread(target=self._loop, name="writer", daemon=True)
        self._thread.start()

    @property
    def shared(self) -> bool:
        """Whether other processes may write at the same time."""
        return self._connection.shared

    @property
    def name(self) -> str:
        """What its connection is known by."""
        return self._connection.name

    async def do(
        self,
        work: Callable[[Connection, list[Item]], Sequence[Answer] | Later[Sequence[Answer]]],
        item: Item,
        *,
        behind: bool = False,
    ) -> Answer:
        """Have it done in the next transaction, or, being one of very many, behind all others; returns when on disk."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._gathering.add(loop, _Waiting(work, item, future, behind, walls.bound()))
        return await future

    async def call(self, function: Callable[..., Answer], *values: object) -> Answer:
        """Have one function(connection, *values) done in the next transaction."""
        return await self.do(_call, (function, values))

    def stand_by(
        self,
        work: Callable[[Connection, list[Item]], Sequence[Answer] | Later[Sequence[Answer]]],
        item: Item,
        then: Callable[[Answer], None] = lambda _answer: None,
    ) -> "asyncio.Future[Answer | None]":
        """Have it done at the end of the next transaction that makes lanes due; None: that came to nothing.

        `then` is told first, before whoever else that transaction answers. Of several that stand by one is served.
        """
        future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._standing[future] = _Standing(work, item, future, then)
        return future

    def stand_down(self, future: "asyncio.Future[Any]") -> bool:
        """Have it not done; false when it is being done already, and is answered."""
        return self._standing.pop(future, None) is not None

    def stop(self) -> None:
        """Finish what waits, then close the connection."""
        self._gathering.all()
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _loop(self) -> None:
        first: deque[_Waiting] = deque()
        behind: deque[_Waiting] = deque()
        stopping = False
        while first or behind or not stopping:
            stopping = stopping or self._take_in(first, behind)
            group = _taken(first, self._cap) + _taken(behind, self._behind)
            for part in self._parts(group):
                answers = self._committed(part)
                served, self._served = self._served, []
                _tell([*served, *(_Told(one.future, answer) for one, answer in zip(part, answers, strict=True))])
            if not (first or behind) and self._queue.empty():
                self._gathering.rested(one.future.get_loop() for one in group)

    def _parts(self, group: list[_Waiting]) -> list[list[_Waiting]]:
        """What may share a transaction, in order of arrival."""
        if not self._connection.shared:
            return [group] if group else []
        parts: dict[tuple[Work, bool], list[_Waiting]] = {}
        for waiting in group:
            parts.setdefault((waiting.work, waiting.town is None), []).append(waiting)
        return list(parts.values())

    def _take_in(self, first: deque[_Waiting], behind: deque[_Waiting]) -> bool:
        """All that was handed over; when nothing waits, wait for it. Says whether it was the last."""
        while not (first or behind) or not self._queue.empty():
            if (handed := self._handed()) is None:
                return True
            for one in handed:
                (behind if one.behind else first).append(one)
        return False

    def _handed(self) -> list[_Waiting] | None:
        """What is handed over next. Other processes are told what there is for them once nothing is for a moment."""
        if self._connection.shared:
            with suppress(queue.Empty):
                return self._queue.get(timeout=MOMENT_SECONDS)
            self._connection.ring_out()
        return self._queue.get()

    def _committed(self, group: list[_Waiting]) -> list[Any]:
        try:
            return self._tried(group)
        except AwayError as error:
            return [error] * len(group)
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody may be told that it is on disk
            if len(group) == 1:
                return [AwayError(str(error)) if isinstance(error, AgainError) else error]
        return [self._committed([one])[0] for one in group]

    def _tried(self, group: list[_Waiting]) -> list[Any]:
        for tried in range(TRIES - 1):
            with suppress(AgainError):
                return self._transaction(group)
            time.sleep(REST_SECONDS * (1 + tried))
        return self._transaction(group)

    def _transaction(self, group: list[_Waiting]) -> list[Any]:
        """Items of the same work share one call, in their order of arrival."""
        places: dict[Work, list[int]] = {}
        for place, waiting in enumerate(group):
            places.setdefault(waiting.work, []).append(place)
        answers: list[Any] = [None] * len(group)
        along: list[_Standing] = []
        try:
            with self._connection.transaction(_towns(group)):
                told = [work(self._connection, [group[place].item for place in mine]) for work, mine in places.items()]
                served = () if _call in places else self._serve(along)
            for mine, its in zip(places.values(), told, strict=True):
                for place, answer in zip(mine, _known(its), strict=True):
                    answers[place] = answer
            along_told = _first_known(served)
        except BaseException:
            self._served += [_Told(one.future, None) for one in along]
            raise
        self._served += [_Told(one.future, along_told, one.then) for one in along]
        if Bell.LANES in self._connection.rung and not along:
            self.rang()
        return answers

    def _serve(self, along: list[_Standing]) -> Sequence[Any] | Later[Sequence[Any]]:
        """What comes of serving who stands by, who is added to the list; without him all is done once more."""
        if Bell.LANES not in self._connection.rung:
            return ()
        with suppress(KeyError):
            along.append(self._standing.popitem()[1])
        try:
            return next((one.work(self._connection, [one.item]) for one in along), ())
        except Exception as error:
            raise AgainError(type(error).__name__) from error


def _known(told: Sequence[Any] | Later[Sequence[Any]]) -> Sequence[Any]:
    return told() if callable(told) else told


def _first_known(told: Sequence[Any] | Later[Sequence[Any]]) -> Any:  # noqa: ANN401 - whatever was asked for
    """None where nothing came of it, or where the answer was lost: what was leased so runs out."""
    with suppress(AgainError):
        return next(iter(_known(told)), None)
    return None


def _towns(group: list[_Waiting]) -> Towns:
    """What a transaction of theirs is bound to."""
    towns = [waiting.town for waiting in group if waiting.town is not None]
    return frozenset(towns) if len(towns) == len(group) else None


def _taken(waiting: deque[_Waiting], most: int) -> list[_Waiting]:
    return [waiting.popleft() for _ in range(min(len(waiting), most))]


def _call(connection: Connection, items: list[tuple[Callable[..., Any], tuple[object, ...]]]) -> list[Any]:
    connection.hold([EVERYTHING])
    return [function(connection, *values) for function, values in items]


def _tell(all_told: list[_Told]) -> None:
    """Wake the waiters, with one call for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Told]] = {}
    for one in all_told:
        by_loop.setdefault(one.future.get_loop(), []).append(one)
    for loop, told in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, told)


def _settle(told: list[_Told]) -> None:
    for future, answer, then in told:
        if not future.done():
            if then is not None:
                try:
                    then(answer)
                except Exception as error:  # noqa: BLE001 - others wait behind it
                    answer = error  # noqa: PLW2901
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)


class Readers:
    """A few threads with a reading connection each: reading never waits for the writer."""

    def __init__(self, url: str, *, threads: int = 3) -> None:
        self._url, self._local, self._lock = url, threading.local(), threading.Lock()
        self._open: list[Session] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reader")

    async def read(self, function: Callable[..., Answer], *values: object) -> Answer:
        """Run function(connection, *values) against one snapshot."""
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, self._read, walls.only(walls.bound()), function, values
        )

    def _read(self, towns: Towns, function: Callable[..., Answer], values: tuple[object, ...]) -> Answer:
        for _ in range(TRIES):
            with suppress(AgainError):
                return self._once(towns, function, values)
        raise AwayError(f"{TRIES} times in vain")

    def _once(self, towns: Towns, function: Callable[..., Answer], values: tuple[object, ...]) -> Answer:
        connection = self._mine()
        with connection.snapshot(towns):
            return function(connection, *values)

    def apart(self) -> Session:
        """A reading connection for whoever needs one snapshot for long; close it."""
        return connect(self._url, read_only=True)

    def _mine(self) -> Session:
        if not hasattr(self._local, "connection"):
            self._local.connection = connect(self._url, read_only=True)
            with self._lock:
                self._open.append(self._local.connection)
        return self._local.connection  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Wait for what is being read, then close."""
        self._pool.shutdown()
        for connection in self._open:
            connection.close()
