"""A lasting way to the bus: one tunnel at a time, made again when it is lost, and no more telegrams than it bears."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from xknx.exceptions import XKNXException

from connectors.control_knx.link import Hear, Link
from connectors.control_knx.translate import Payload
from connectors.control_knx.tunnels import Endpoint
from hub.sdk import Backoff, ConnectorError, CredentialsError, RejectedError, TransientError, UnknownOutcomeError


class Bus:
    """Writes, asks and hears; all over whatever tunnel stands."""

    def __init__(
        self, where: str, endpoint: Callable[[], Endpoint], hear: Hear, log: logging.Logger, per_second: int
    ) -> None:
        """Keep what it is given; nothing is sent before the first `ready`. `endpoint` says where to, each time anew."""
        self._where, self._endpoint, self._hear, self._log = where, endpoint, hear, log
        self._gap = 1 / per_second
        self._free_at = 0.0
        self._turn = asyncio.Lock()
        self.patience = Backoff()
        self._link: Link | None = None
        self._coming_back: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._losses = 0
        self._closed = False
        self.lost: list[Callable[[], None]] = []
        """Called at each loss of a tunnel."""
        self.back: list[Callable[[], None]] = []
        """Called when there is one again: what was told meanwhile was not heard."""

    async def ready(self, deadline: float) -> Link:
        """Give a tunnel that stands, connecting now if need be; `deadline` in loop time.

        Raises:
            TransientError: none, or none that is free.
            CredentialsError: the gateway does not let us in, or is not who it should be.
            RejectedError: it takes no such tunnels.
        """
        if self._closed:
            raise TransientError(f"{self._where}: closed")
        link = self._link or self._connect()
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.shield(link.ready)
        except TimeoutError:
            error = TransientError(f"{self._where}: no answer to connecting; is the gateway there, and this its port?")
            self._drop(link, error)
            raise error from None
        except ConnectorError as error:
            self._drop(link, error)
            raise
        return link

    async def write(self, group: str, payload: Payload, deadline: float) -> None:
        """Write a value; `deadline` in loop time.

        Raises:
            TransientError: nothing was sent.
            UnknownOutcomeError: it was, and the gateway did not say that it is on the bus.
            CredentialsError: as `ready`.
            RejectedError: as `ready`.
        """
        await self._send(lambda link: link.write(group, payload), group, deadline)

    async def ask(self, group: str, deadline: float) -> None:
        """Ask for a value, which comes as all others do; `deadline` in loop time. Raises as `write`."""
        await self._send(lambda link: link.ask(group), group, deadline)

    async def close(self) -> None:
        """Hang up for good; harmless when it was never connected."""
        self._closed = True
        self._stop_coming_back()
        if self._link:
            self._drop(self._link, TransientError("closed"))
        while self._ending:
            await asyncio.wait(self._ending)

    async def _send(self, send: Callable[[Link], Awaitable[None]], group: str, deadline: float) -> None:
        """Have one turn: the next telegram goes when the bus has this one, and no sooner than it bears."""
        async with self._own_turn(group, deadline):
            link = await self.ready(deadline)
            await self._until_free(group, deadline)
            try:
                async with asyncio.timeout_at(deadline):
                    await send(link)
            except (TimeoutError, XKNXException) as error:
                unknown = UnknownOutcomeError(f"{self._where}: {group}: sent, and no word that it is on the bus")
                self._drop(link, unknown)
                raise unknown from error

    @asynccontextmanager
    async def _own_turn(self, group: str, deadline: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(deadline):
                await self._turn.acquire()
        except TimeoutError:
            raise self._crowded(group) from None
        try:
            yield
        finally:
            self._turn.release()

    async def _until_free(self, group: str, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        if self._free_at >= deadline:
            raise self._crowded(group)
        if (wait := self._free_at - loop.time()) > 0:
            await asyncio.sleep(wait)
        self._free_at = max(self._free_at, loop.time()) + self._gap

    def _crowded(self, group: str) -> TransientError:
        return TransientError(f"{self._where}: {group} was not sent: more waits than the bus takes")

    def _connect(self) -> Link:
        self._stop_coming_back()
        self._link = link = Link(self._endpoint(), self._hear, self._ended)
        link.ready.add_done_callback(lambda ready: self._connected(link, ready))
        return link

    def _connected(self, link: Link, ready: "asyncio.Task[None]") -> None:
        if ready.cancelled() or self._link is not link:
            return
        if error := ready.exception():
            self._drop(link, error if isinstance(error, ConnectorError) else TransientError(type(error).__name__))
        elif self._losses:
            self._losses = 0
            for tell in self.back:
                tell()

    def _ended(self, link: Link) -> None:
        self._drop(link, TransientError(f"{self._where}: the tunnel was lost"))

    def _drop(self, link: Link, error: ConnectorError) -> None:
        """Hang up in the background on a tunnel that is of no use any more, and plan for the next."""
        if self._link is not link:
            return
        self._link = None
        for tell in self.lost:
            tell()
        if not self._closed:
            self._plan_to_come_back(error)
        ending = asyncio.get_running_loop().create_task(link.end())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def _plan_to_come_back(self, error: ConnectorError) -> None:
        self._losses += 1
        if isinstance(error, CredentialsError | RejectedError):
            self._log.error("%s; not connecting again until the next command", error)
            return
        delay = self.patience.delay(self._losses)
        self._log.warning("%s; connecting again in %.0f s, or at the next command", error, delay)
        self._coming_back = asyncio.get_running_loop().call_later(delay, self._connect)

    def _stop_coming_back(self) -> None:
        if self._coming_back:
            self._coming_back.cancel()
        self._coming_back = None
