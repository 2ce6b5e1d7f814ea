"""A wire between the hub and a database, which is cut around a word: before it arrives, or before its answer does."""

import socket
import threading
from contextlib import suppress
from enum import Enum, auto
from types import TracebackType
from typing import Self


class Cut(Enum):
    """When the wire is cut."""

    BEFORE = auto()
    """The word never arrives."""
    AFTER = auto()
    """The word arrives, and its answer is lost."""


class Wire:
    """Forwards a port. Told so, it cuts once, and forwards what connects after that."""

    def __init__(self, port: int, word: bytes) -> None:
        self._port, self._word = port, word
        self.cut: Cut | None = None
        self.cuts = 0
        self.told: list[bytes] = []
        """What the database was told, each time that something came."""

    def __enter__(self) -> Self:
        """Listen."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                hub, _ = self._listening.accept()
                database = socket.create_connection(("127.0.0.1", self._port))
                lost = threading.Event()
                for way in (self._to_database, self._to_hub):
                    threading.Thread(target=way, args=(hub, database, lost), daemon=True).start()

    def _to_database(self, hub: socket.socket, database: socket.socket, lost: threading.Event) -> None:
        with suppress(OSError):
            while told := hub.recv(65536):
                self.told.append(told)
                if self._word in told and self.cut is not None:
                    cut, self.cut = self.cut, None
                    self.cuts += 1
                    if cut is Cut.BEFORE:
                        break
                    lost.set()
                database.sendall(told)
        _end(hub, database)

    def _to_hub(self, hub: socket.socket, database: socket.socket, lost: threading.Event) -> None:
        with suppress(OSError):
            while told := database.recv(65536):
                if lost.is_set():
                    break
                hub.sendall(told)
        _end(hub, database)


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
