"""The wire to one Zigbee2MQTT: slots of locks are asked, filled and cleared, and our notes kept at the broker.

What stands in this object is only what the broker has told over the link that stands: a link that is lost takes all of
it along. When our own ping has come back over a new one, every retained note has come, and what was queued for us, too.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex

from pydantic import SecretStr

from connectors.access_zigbee2mqtt.config import Lock, ZigbeeConfig
from connectors.access_zigbee2mqtt.reading import (
    AVAILABLE,
    ENABLED,
    Note,
    Slot,
    command,
    is_online,
    noted,
    question,
    told,
)
from hub.sdk import ConnectorError, Lent, Pace, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.mqtt import Heard, Link, Session, dialling

PING = "ping"
"""Stands where the slot's number is in a note's topic."""


class Waiting:
    """Somebody who listens for one thing."""

    def __init__(self) -> None:
        """Begin to listen."""
        self.came: asyncio.Queue[object] = asyncio.Queue()
        self.heard = False
        """Something came, whatever it was."""


class Zigbee2Mqtt:
    """A session with the broker, and what has been heard in it."""

    def __init__(self, config: ZigbeeConfig, lent: Lent, pace: Pace, by_hand: Callable[[str, int], None]) -> None:
        """Send nothing before the first call; `by_hand` is told of a slot that was changed at its lock."""
        self._config, self._lent, self._by_hand = config, lent, by_hand
        self.locks = {name: config.lock(name) for name in config.locks}
        self._states = {lock.state: lock for lock in self.locks.values()}
        self._availabilities = {lock.availability: lock for lock in self.locks.values()}
        self._notes: dict[tuple[str, int], Note] = {}
        self.unreadable: dict[tuple[str, int], str] = {}
        """Topics of notes that are none of ours."""
        self._offline: set[str] = set()
        self._waiting: dict[Hashable, list[Waiting]] = {}
        self._meeting = asyncio.Lock()
        self._met: Link | None = None
        self._pings = {lock.note(PING) for lock in self.locks.values()}
        notes = [lock.note("+") for lock in self.locks.values()]
        topics = [config.bridge_topic, *self._states, *self._availabilities, *notes]
        self.session = Session(dialling(config, lent), topics, self._hear, lent.log, pace.lands_within)
        self.session.lost.append(self._forget)

    async def ready(self) -> None:
        """Be connected, and have heard every note."""
        async with self._meeting:
            link = await self.session.ready(self._deadline())
            if link is self._met:
                return
            for lock in self.locks.values():
                await self._ping(lock.note(PING))
            self._met = link

    async def _ping(self, topic: str) -> None:
        """Write to ourselves where the notes are, and hear it: who may not read there would know of no note."""
        word = token_hex(8)
        with self._listening(topic) as heard:
            try:
                await self.session.publish(topic, word.encode(), self._deadline())
                came = await self._first(heard, word.__eq__)
            except UnknownOutcomeError as error:
                raise TransientError(str(error)) from error
        if came is None:
            raise TransientError(f"{topic}: our own ping did not come; may we read there?")

    def notes(self, lock: Lock) -> dict[int, Note]:
        """What we noted of a lock's slots."""
        return {slot: note for (name, slot), note in self._notes.items() if name == lock.name}

    async def note(self, lock: Lock, slot: int, note: Note | None) -> None:
        """Have the broker keep a note, or none, and hear it from there."""
        topic, payload = lock.note(slot), note.model_dump_json().encode() if note else b""
        with self._listening(topic) as heard:
            await self.session.publish(topic, payload, self._deadline(), retain=True)
            if await self._first(heard, lambda came: came == (note or AVAILABLE)) is None:
                raise UnknownOutcomeError(f"{topic}: the broker does not tell us our own note; may we read it there?")

    async def ask(self, lock: Lock, slot: int) -> Slot:
        """What a lock itself says of a slot, now.

        Raises:
            TransientError: it says nothing.
            RejectedError: Zigbee2MQTT mixes what it remembers into what the lock says.
        """
        self.expect(lock)
        with self._listening((lock.name, slot)) as heard:
            try:
                await self.session.publish(lock.get, question(slot), self._deadline())
                seen = await self._first(heard, _anything)
            except UnknownOutcomeError as error:
                raise TransientError(str(error)) from error
        if not isinstance(seen, Slot):
            raise TransientError(f"lock {lock.name}: it does not tell what is in slot {slot}; has it power, and radio?")
        return seen

    async def write(self, lock: Lock, slot: int, pin: SecretStr | None) -> bool | None:
        """Fill a slot, or clear it, and give whether the lock itself says that it is so; None: it says nothing."""
        self.expect(lock)
        wanted = AVAILABLE if pin is None else ENABLED
        with self._listening((lock.name, slot)) as heard:
            await self.session.publish(lock.set, command(slot, pin), self._deadline())
            try:
                await self.session.publish(lock.get, question(slot), self._deadline())
            except TransientError as error:
                raise UnknownOutcomeError(f"{lock.set} was written, and {error}") from error
            seen = await self._first(heard, lambda came: isinstance(came, Slot) and came.status == wanted)
        if seen is not None:
            return True
        return False if heard.heard else None

    def expect(self, lock: Lock) -> None:
        """Raise if Zigbee2MQTT is not there, or says that it cannot reach the lock."""
        if self._config.bridge_topic in self._offline:
            raise TransientError(f"{self._config.bridge_topic}: Zigbee2MQTT is offline; start it")
        if lock.name in self._offline:
            raise TransientError(f"lock {lock.name}: Zigbee2MQTT cannot reach it; has it power, and radio?")

    async def _first(self, waiting: Waiting, will_do: Callable[[object], bool]) -> object:
        """Give the first that came and will do; None: none did in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._config.report_within.total_seconds()):
                while True:
                    came = await waiting.came.get()
                    if isinstance(came, ConnectorError):
                        raise came
                    waiting.heard = True
                    if will_do(came):
                        return came
        return None

    @contextmanager
    def _listening(self, what: Hashable) -> Iterator[Waiting]:
        waiting = Waiting()
        self._waiting.setdefault(what, []).append(waiting)
        try:
            yield waiting
        finally:
            self._waiting[what].remove(waiting)

    def _offer(self, what: Hashable, came: object) -> None:
        for waiting in self._waiting.get(what, ()):
            waiting.came.put_nowait(came)

    def _hear(self, message: Heard) -> None:
        """Give what came to who waits for it; what was retained tells of notes and of who is there, not of slots."""
        topic, payload = message.topic, message.payload
        if topic in self._pings:
            self._offer(topic, payload.decode(errors="replace"))
        elif topic == self._config.bridge_topic:
            self._there(topic, payload)
        elif lock := self._availabilities.get(topic):
            self._there(lock.name, payload)
        elif lock := self._states.get(topic):
            if not message.retained:
                self._told(lock, payload)
        else:
            self._noted(topic, payload)

    def _there(self, what: str, payload: bytes) -> None:
        (self._offline.discard if is_online(payload) else self._offline.add)(what)

    def _told(self, lock: Lock, payload: bytes) -> None:
        """Take what a lock says of one slot; of more at once some is only remembered, and nobody can tell which."""
        try:
            news = told(payload)
        except RejectedError as error:
            self._lent.log.warning("lock %s: %s", lock.name, error)
            return
        if len(news.slots) > 1:
            for what in [what for what in self._waiting if isinstance(what, tuple) and what[0] == lock.name]:
                self._offer(what, _mixed(lock))
            return
        for slot, seen in news.slots.items():
            self._offer((lock.name, slot), seen)
        if news.by_hand is not None and not self._waiting.get((lock.name, news.by_hand)):
            self._by_hand(lock.name, news.by_hand)

    def _noted(self, topic: str, payload: bytes) -> None:
        """Know a note as the broker has it; an empty one is none."""
        about = next(
            ((lock.name, slot) for lock in self.locks.values() if (slot := lock.noted(topic)) is not None), None
        )
        if about is None:
            return
        self._notes.pop(about, None)
        self.unreadable.pop(about, None)
        try:
            if payload:
                self._notes[about] = noted(payload)
        except RejectedError:
            self.unreadable[about] = topic
        self._offer(topic, self._notes.get(about, AVAILABLE))

    def _forget(self) -> None:
        """The link is lost, and with it all that it told."""
        self._met = None
        for known in (self._notes, self.unreadable, self._offline):
            known.clear()
        lost = UnknownOutcomeError(f"{self._config.host}: the connection was lost before an answer")
        for what in self._waiting:
            self._offer(what, lost)

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._lent.timeout.total_seconds()


def _mixed(lock: Lock) -> RejectedError:
    return RejectedError(
        f"lock {lock.name}: Zigbee2MQTT tells of several slots at once, so some of it is only remembered;"
        " set filtered_cache: ['^users$'] for that device"
    )


def _anything(_came: object) -> bool:
    return True
