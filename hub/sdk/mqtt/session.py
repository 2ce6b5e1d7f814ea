"""A lasting session with a broker: one link at a time, made again when it is lost.

It comes back by itself, since lamps are heard between commands, but never in a loop that hurts: refused credentials and
a client id that two clients use wait for the next call, which is the hub's to make.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from paho.mqtt.reasoncodes import ReasonCode

from hub.sdk.backoff import Backoff
from hub.sdk.errors import ConnectorError, CredentialsError, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.mqtt.link import Endpoint, Heard, Link, TakenOverError, publish_error, taken_over


@dataclass(frozen=True)
class Patience(Backoff):
    """When to come back after a loss, and what a link is that only came and went."""

    brief: timedelta = timedelta(seconds=10)
    """A link that stood shorter, and that the broker ended, was brief..."""
    brief_at_most: int = 5
    """...and so many in a row mean that another client uses our client id: with 3.1.1 a broker cannot say so.

    A broker that could not be reached in between is one that is restarted again and again.
    """


class Session:
    """Publishes, and hears; both over whatever link stands."""

    def __init__(
        self,
        dial: Callable[[], Endpoint],
        topics: Sequence[str],
        hear: Callable[[Heard], None],
        log: logging.Logger,
        lands_within: timedelta,
    ) -> None:
        """Keep what it is given; nothing is sent before the first `ready`.

        Args:
            dial: says where to connect, each time anew.
            topics: what to hear.
            hear: gets every message.
            log: for losses.
            lands_within: how long a broker may keep a message for a gateway that is away (only MQTT 5 obeys).
        """
        self._dial, self._topics, self._hear, self._log, self._lands_within = dial, topics, hear, log, lands_within
        self.patience = Patience()
        self._link: Link | None = None
        self._coming_back: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._losses = self._brief = 0
        self._rival: TakenOverError | None = None
        self._closed = False
        self.lost: list[Callable[[], None]] = []
        """Called at each loss of a link."""

    @property
    def comes_back(self) -> bool:
        """Whether it is connected, or will be without being asked."""
        return self._link is not None or self._coming_back is not None

    async def ready(self, deadline: float) -> Link:
        """Give a link that stands, connecting now if need be; `deadline` in loop time.

        Raises:
            TransientError: no connection, or no answer in time.
            CredentialsError: refused, or the client id is in use.
            RejectedError: the broker does not speak that version, or forbids a subscription.
        """
        if self._closed:
            raise TransientError(f"{self._dial()}: closed")
        if rival := self._rival:
            self._rival = None
            raise rival
        link = self._link or self._connect()
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.shield(link.ready)
        except TimeoutError:
            error = TransientError(f"{self._dial()}: no answer to connecting; is the broker there, and this its port?")
            self._drop(link, error)
            raise error from None
        return link

    async def publish(self, topic: str, payload: bytes, deadline: float, *, retain: bool = False) -> None:
        """Send to whoever listens on a topic, until the broker has it; `deadline` in loop time.

        `retain`: the broker keeps it for whoever asks later, until another comes on that topic; an empty one ends it.

        Raises:
            TransientError: nothing was sent, or nobody listens.
            UnknownOutcomeError: it was sent, and the broker did not say that it has it.
            RejectedError: we may not publish there (only MQTT 5 can say so).
            CredentialsError: as `ready`.
        """
        link, ack = await self._send(topic, payload, deadline, retain=retain)
        try:
            async with asyncio.timeout_at(deadline):
                reason = await ack
        except TimeoutError:
            where = self._dial()
            self._drop(link, TransientError(f"{where}: it does not answer any more"))
            raise UnknownOutcomeError(f"{where}: {topic}: sent, and the broker did not acknowledge it") from None
        if error := publish_error(self._dial(), topic, reason):
            raise error

    async def _send(
        self, topic: str, payload: bytes, deadline: float, *, retain: bool
    ) -> tuple[Link, asyncio.Future[ReasonCode]]:
        """Send over the link that stands; when it turns out to be gone already, over a new one."""
        expires = None if retain else self._lands_within
        link = await self.ready(deadline)
        try:
            return link, link.publish(topic, payload, expires=expires, retain=retain)
        except TransientError as error:
            self._drop(link, error)
        link = await self.ready(deadline)
        return link, link.publish(topic, payload, expires=expires, retain=retain)

    async def close(self) -> None:
        """Hang up for good; harmless when it was never connected."""
        self._closed = True
        self._stop_coming_back()
        if self._link:
            self._drop(self._link, TransientError("closed"))
        while self._ending:
            await asyncio.wait(self._ending)

    def _connect(self) -> Link:
        self._stop_coming_back()
        self._link = Link(self._dial(), self._topics, self._hear, self._lost)
        return self._link

    def _lost(self, link: Link, error: ConnectorError) -> None:
        """The link ended; that it ends after it was dropped is no news."""
        if self._link is link:
            self._drop(link, error, by_broker=True)

    def _drop(self, link: Link, error: ConnectorError, *, by_broker: bool = False) -> None:
        """Hang up in the background on a link that is of no use any more, and plan for the next."""
        if self._link is link:
            self._link = None
            for tell in self.lost:
                tell()
            if not self._closed:
                self._plan_to_come_back(link, error, by_broker=by_broker)
        ending = asyncio.get_running_loop().create_task(link.end(error))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def _plan_to_come_back(self, link: Link, error: ConnectorError, *, by_broker: bool) -> None:
        loop = asyncio.get_running_loop()
        stood = loop.time() - link.stood_since if link.stood_since is not None else None
        lasted = stood is not None and stood >= self.patience.brief.total_seconds()
        self._losses = 1 if lasted else self._losses + 1
        self._brief = 0 if lasted or stood is None else self._brief + by_broker
        if self._brief >= self.patience.brief_at_most:
            error = taken_over(self._dial())
        if isinstance(error, TakenOverError):
            self._rival, self._brief = error, 0
        if isinstance(error, CredentialsError | RejectedError):
            self._log.error("%s; not connecting again until the next command", error)
            return
        delay = self.patience.delay(self._losses)
        self._log.warning("%s; connecting again in %.0f s, or at the next command", error, delay)
        self._coming_back = loop.call_later(delay, self._connect)

    def _stop_coming_back(self) -> None:
        if self._coming_back:
            self._coming_back.cancel()
        self._coming_back = None
