"""A client that costs next to nothing: requests made beforehand, written to connections that are kept open."""

import re
import selectors
import socket
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.bench.peers.programs import sending
from tests.bench.peers.runs import MissingError

_SECONDS = 30.0
_KEPT_SECONDS = 2.0
"""So long a connection is kept that nothing goes over; servers keep them a little longer."""
_SPIN_SECONDS = 0.002
"""Before a request is to go nothing is read any more."""
_ANSWER = 65_536
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def request(method: str, url: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """One request as it is written."""
    at = urlsplit(url)
    told = {"Host": at.netloc, **headers, "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {at.path} HTTP/1.1\r\n{lines}\r\n".encode() + body


class Lean:
    """Sends at their moments, whatever has been answered by then; every answer is to be a 2xx, and short."""

    def __init__(self, address: str) -> None:
        at = urlsplit(address)
        self._place = at.hostname, at.port
        self._busy = selectors.DefaultSelector()
        self._free: list[tuple[socket.socket, float]] = []
        """And since when."""
        self._begun: dict[socket.socket, bytes] = {}
        """Answers of which more is to come."""

    def __enter__(self) -> Self:
        """Begin; connections are made when none is free."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        for one in [way for way, _ in self._free] + [key.fileobj for key in self._busy.get_map().values()]:
            assert isinstance(one, socket.socket)
            one.close()
        self._busy.close()

    def paced(self, requests: Sequence[bytes], a_second: float) -> list[float]:
        """Send them, so many a second, and wait for all answers; gives when each was begun, in seconds since 1970."""
        begun, start = [], time.perf_counter()
        for turn, one in enumerate(requests):
            at = start + sending.moment(turn, a_second)
            while (left := at - time.perf_counter()) > _SPIN_SECONDS:
                self._hear(left - _SPIN_SECONDS)
            time.sleep(max(0.0, left))
            begun.append(self._send(one))
        self._hear_all()
        return begun

    def pressed(self, requests: Sequence[bytes], at_once: int) -> None:
        """Send them, so many unanswered at any time, and wait for all answers."""
        for one in requests:
            while len(self._busy.get_map()) >= at_once:
                self._hear(_SECONDS)
            self._send(one)
        self._hear_all()

    def _send(self, one: bytes) -> float:
        """Gives when it was begun, in seconds since 1970."""
        way = self._way()
        self._busy.register(way, selectors.EVENT_READ)
        began = time.time()
        way.sendall(one)
        return began

    def _hear_all(self) -> None:
        give_up = time.monotonic() + _SECONDS
        while self._busy.get_map():
            if time.monotonic() > give_up:
                raise MissingError("not all were answered")
            self._hear(_SECONDS)

    def _way(self) -> socket.socket:
        """One that was free a moment ago, or a new one; what that takes is not measured."""
        while self._free:
            way, since = self._free.pop()
            if time.monotonic() - since < _KEPT_SECONDS:
                return way
            way.close()
        made = socket.create_connection(self._place)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def _hear(self, seconds: float) -> None:
        for key, _ in self._busy.select(seconds):
            way = key.fileobj
            assert isinstance(way, socket.socket)
            told = self._begun.pop(way, b"") + (came := way.recv(_ANSWER))
            if not (came and told.startswith(b"HTTP/1.1 2")):
                raise MissingError(f"answered {told[:100]!r}")
            if _is_whole(told):
                self._busy.unregister(way)
                self._free.append((way, time.monotonic()))
            else:
                self._begun[way] = told


def _is_whole(told: bytes) -> bool:
    """Whether that is all of an answer, which says how long it is; some servers send its head by itself."""
    head, end, body = told.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)
