"""Deadlines of calls that all may take as long: `asyncio.timeout` in a sixth of its time, for it is around every call.

One timer stands for all that are under way, since the first to begin is the first to be late.
"""

import asyncio
from types import TracebackType
from typing import Any


class Deadlines:
    """Of one length, in seconds; for the calls of one event loop at a time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._held: dict[_Deadline, float] = {}
        """What is under way, the first to be late first, and when each is."""
        self._timer: asyncio.TimerHandle | None = None

    def one(self) -> "_Deadline":
        """Cancel the task of who enters when its time is up; told as TimeoutError to whoever is outside."""
        return _Deadline(self)

    def begin(self, one: "_Deadline") -> "asyncio.Task[Any]":
        """Its time runs from now; gives the task whose it is."""
        loop = self._loop
        if loop is None or (task := asyncio.current_task(loop)) is None:
            loop, task = self._in_another()
        self._held[one] = ends = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_at(ends, self._look)
        return task

    def _in_another(self) -> "tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]":
        """Go over to the event loop that runs here, which is the only one from now on, and to its task."""
        loop = asyncio.get_running_loop()
        if (task := asyncio.current_task(loop)) is None:
            msg = "a deadline is a task's"
            raise RuntimeError(msg)
        self._loop, self._timer = loop, None
        self._held.clear()
        return loop, task

    def end(self, one: "_Deadline") -> None:
        """Its time runs no more. The timer stays: the next call needs it."""
        self._held.pop(one, None)

    def _look(self) -> None:
        """Strike what is late, and look again when the next would be."""
        loop = asyncio.get_running_loop()
        self._timer, now = None, loop.time()
        for one in [one for one, ends in self._held.items() if ends <= now]:
            del self._held[one]
            one.strike()
        if self._held:
            self._timer = loop.call_at(next(iter(self._held.values())), self._look)


class _Deadline:
    """Around one call; as `asyncio.timeout` it does not swallow who else cancels the task."""

    __slots__ = ("_cancelling", "_its", "_struck", "_task")

    def __init__(self, its: Deadlines) -> None:
        self._its, self._struck = its, False

    def __enter__(self) -> None:
        self._task = task = self._its.begin(self)
        self._cancelling = task.cancelling()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._its.end(self)
        if self._struck and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def strike(self) -> None:
        """Its time is up."""
        self._struck = True
        self._task.cancel()
