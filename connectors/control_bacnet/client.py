"""Questions to one device, each answered, or sent again until its time is up.

Source: ASHRAE 135-2020, clause 5.4 (a request is matched by its invoke ID and may be sent again with the same) and 18
(errors, rejects, aborts), by way of bacpypes3 0.0.110, its source, read 2026-11-26.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from connectors.control_bacnet import frames
from connectors.control_bacnet.config import Point
from connectors.control_bacnet.frames import Answer, Change, How, Refusal, Request, Station, Value, Values
from hub.sdk import ConnectorError, CredentialsError, RejectedError, TransientError, UnknownOutcomeError

Address = tuple[str, int]
PROCESS = 1
"""Our number as a subscriber; the device tells subscribers apart by their address too."""

ONE_AT_A_TIME = frozenset({"unrecognized-service", "segmentation-not-supported", "apdu-too-long"})
"""How a device says that it cannot read several properties in one answer."""
SECURITY = frozenset({"security-error", "insufficient-security", "access-denied", "password-failure"})
LATER = frozenset(
    {
        "buffer-overflow", "out-of-resources", "preempted-by-higher-priority-task", "device-busy", "busy",
        "configuration-in-progress", "operational-problem", "communication-disabled", "out-of-memory",
        "internal-error", "router-busy", "no-space-to-add-list-element",
    }
)  # fmt: skip
"""Nothing was done, and something may be later."""
UNSURE = frozenset({"other", "timeout", "application-exceeded-reply-time", "tsm-timeout"})
"""A write may have come into force all the same."""
FOR_A_PERSON = {
    "unknown-object": "the device has no such object; correct the zone's object",
    "unknown-property": "the object has no such property; choose another object",
    "write-access-denied": "the device does not let it be written; open it for commands in the device",
    "value-out-of-range": "the device does not take that value; check the zone's scale and the object's limits",
    "invalid-data-type": "the device does not take that kind of value; is the object commandable?",
}


class Device:
    """Reads, writes and subscribes; knows that it talks to the device that was meant."""

    def __init__(
        self, name: str, number: int, way: Callable[[], Address], *, seconds: float, tries: int, station: Station | None
    ) -> None:
        """Keep what it is given; nothing is sent before the first question, which may take so many `seconds`."""
        self._name, self._meant, self._way = name, Point("device", number), way
        self._seconds, self._tries, self._station = seconds, tries, station
        self._talk: _Talk | None = None
        self._opening = asyncio.Lock()
        self._proving: asyncio.Task[None] | None = None
        self._open: dict[int, tuple[Request, asyncio.Future[Answer]]] = {}
        self._invoke = 0
        self._proven = self._closed = self._one_at_a_time = False
        self.changed: Callable[[Point, Mapping[str, Values]], None] = lambda _point, _found: None
        """Called when the device tells of a change."""
        self.found: Callable[[], None] = lambda: None
        """Called when it has answered for the first time, and again after a silence."""

    async def read(self, point: Point, names: Iterable[str]) -> Mapping[str, Values | Refusal]:
        """Read properties of an object, each its values or why not.

        Raises:
            TransientError: no answer.
            RejectedError: there is no such object, or another device than was meant.
            CredentialsError: the device wants to know who asks.
        """
        await self._prove()
        return await self._read(point, tuple(names))

    async def write(self, point: Point, value: Value, priority: int) -> None:
        """Write the present value at a priority; None gives that priority up.

        Raises:
            TransientError: nothing was written.
            UnknownOutcomeError: it was sent, and no answer says that it was done.
            RejectedError: the device does not take it, or is another than was meant.
            CredentialsError: the device wants to know who asks.
        """
        await self._prove()
        await self._ask(frames.writing(point, value, priority), changes=True)

    async def subscribe(self, point: Point, seconds: int) -> None:
        """Have changes of an object told to `changed` for so long. Raises as `read`."""
        await self._prove()
        await self._ask(frames.subscribing(point, PROCESS, seconds), changes=False)

    def close(self) -> None:
        """Hang up for good; who still waits for an answer gets none."""
        self._closed = True
        for _, answer in self._open.values():
            answer.cancel()
        if self._talk:
            self._talk.close()
            self._talk = None

    def __str__(self) -> str:
        return self._name

    async def _prove(self) -> None:
        """Know by its number that the device is the one that was meant; again whenever it was silent.

        Whoever comes meanwhile waits for the same answer: a silent device costs each of them one time-out.
        """
        if self._proven:
            return
        if self._proving is None or self._proving.done():
            self._proving = asyncio.get_running_loop().create_task(self._ask_who_it_is())
            self._proving.add_done_callback(lambda asking: asking.cancelled() or asking.exception())
        await asyncio.shield(self._proving)

    async def _ask_who_it_is(self) -> None:
        try:
            await self._ask(frames.reading_one(self._meant, "object-identifier"), changes=False)
        except _RefusedError as error:
            if error.refusal.reason != "unknown-object":
                raise
            told = f"{self}: another device than {self._meant.number} answers there; correct `device`, or `host`"
            raise RejectedError(told) from error
        self._proven = True
        self.found()

    async def _read(self, point: Point, names: tuple[str, ...]) -> Mapping[str, Values | Refusal]:
        if not self._one_at_a_time:
            try:
                found = (await self._ask(frames.reading(point, names), changes=False)).found
            except _RefusedError as error:
                if error.refusal.reason not in ONE_AT_A_TIME:
                    raise
                self._one_at_a_time = True
            else:
                return {name: self._bearable(point, told) for name, told in found.items()}
        return {name: await self._read_one(point, name) for name in names}

    async def _read_one(self, point: Point, name: str) -> Values | Refusal:
        try:
            return (await self._ask(frames.reading_one(point, name), changes=False)).found.get(name, ())
        except _RefusedError as error:
            return self._bearable(point, error.refusal)

    def _bearable(self, point: Point, told: Values | Refusal) -> Values | Refusal:
        """What is told of a property; that the object has no such property is told too."""
        if isinstance(told, Refusal) and told.of != "property":
            raise refused(f"{self}, {point}", told, changes=False)
        return told

    async def _ask(self, request: Request, *, changes: bool) -> Answer:
        """Send until it is answered: the same number each time, so that the device knows it again."""
        talk, invoke = await self._connected(), self._free()
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._open[invoke] = request, answer
        try:
            for _ in range(self._tries):
                talk.send(frames.asked(request, invoke, self._station))
                await asyncio.wait({answer}, timeout=self._seconds / self._tries)
                if answer.cancelled():
                    break
                if answer.done():
                    return self._good(answer.result(), request, changes=changes)
        finally:
            del self._open[invoke]
        self._proven = False
        raise self._lost(request, changes=changes)

    def _good(self, answer: Answer, request: Request, *, changes: bool) -> Answer:
        if answer.refusal:
            raise refused(f"{self}, {request.point}", answer.refusal, changes=changes)
        return answer

    def _lost(self, request: Request, *, changes: bool) -> ConnectorError:
        where = f"{self}, {request.point}"
        if changes:
            return UnknownOutcomeError(f"{where}: written, and no answer says that it was done")
        return TransientError(f"{where}: no answer; is the device there, and this its port?")

    def _free(self) -> int:
        """A number that no open question has."""
        while True:
            self._invoke = (self._invoke + 1) % 256
            if self._invoke not in self._open:
                return self._invoke

    def _heard(self, datagram: bytes) -> None:
        told = frames.read(datagram)
        if isinstance(told, Change):
            if told.invoke is not None and self._talk:
                self._talk.send(frames.heard_it(told.invoke, self._station))
            self.changed(told.point, told.found)
        elif told and told.invoke in self._open:
            request, answer = self._open[told.invoke]
            if not answer.done() and _belongs(told, request):
                answer.set_result(told)

    async def _connected(self) -> "_Talk":
        async with self._opening:
            if self._talk is None and not self._closed:
                self._talk = await self._made()
            if self._talk is None or self._closed:
                self.close()
                raise TransientError(f"{self}: closed")
            return self._talk

    async def _made(self) -> "_Talk":
        make = asyncio.get_running_loop().create_datagram_endpoint
        try:
            _, talk = await make(lambda: _Talk(self._heard), remote_addr=self._way())
        except OSError as error:
            raise TransientError(f"{self}: no way there ({type(error).__name__}); check `host`") from error
        return talk


class _Talk(asyncio.DatagramProtocol):
    """A socket that hears the device's address alone."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:  # noqa: ARG002  (the socket knows only one)
        self._hear(data)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there, now: what was sent is lost, as datagrams are."""

    def send(self, datagram: bytes) -> None:
        self._transport.sendto(datagram)

    def close(self) -> None:
        self._transport.close()


class _RefusedError(RejectedError):
    """The device says no, and why."""

    def __init__(self, told: str, refusal: Refusal) -> None:
        super().__init__(told)
        self.refusal = refusal


def refused(where: str, refusal: Refusal, *, changes: bool) -> ConnectorError:
    """What a refusal means for what happens next; `changes`: it answers a write."""
    told = f"{where}: {refusal}"
    if refusal.of == "security" or refusal.reason in SECURITY:
        return CredentialsError(f"{told}; it wants to be asked securely, which the hub cannot; let us in")
    if refusal.reason in LATER or (refusal.of == "resources" and refusal.reason == "other"):
        return TransientError(f"{told}; the device cannot now")
    if refusal.how is not How.REJECT and refusal.reason in UNSURE:
        return UnknownOutcomeError(f"{told}; it may be done") if changes else TransientError(told)
    return _RefusedError(f"{told}; {FOR_A_PERSON.get(refusal.reason, 'see what the device can do')}", refusal)


def _belongs(answer: Answer, request: Request) -> bool:
    """Whether it answers that very question, and not an old one of the same number."""
    if answer.refusal:
        return answer.service in {None, request.service}
    return answer.service == request.service and answer.point == (request.point if request.reads else None)
