"""Hears the bells that other processes ring in PostgreSQL: a thread with a connection of its own.

When the connection is lost it comes back, and rings every bell itself: what was rung meanwhile nobody heard.
"""

import logging
import selectors
import socket
import threading
from collections.abc import Callable, Collection

import psycopg

from hub.store.engine.bells import Bell
from hub.store.engine.driver import Heeding, address

LOG = logging.getLogger("hub.listening")
REST_SECONDS = 0.5
"""Before a connection that was lost is made anew; whoever listens looks by itself meanwhile."""

Heard = Callable[[Bell], None]


class Listening:
    """Calls `heard`, in its own thread, for each bell that was rung by anybody but those in `but`."""

    def __init__(self, url: str, heard: Heard, *, but: Collection[str] = ()) -> None:
        self._address, self._heard, self._but = address(url, "knutpunkt listening", {}), heard, but
        self._told_to_stop, self._stop = socket.socketpair()
        self._lost = False
        self._thread = threading.Thread(target=self._run, name="listening", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Hear nothing more."""
        self._stop.close()
        self._thread.join()
        self._told_to_stop.close()

    def _run(self) -> None:
        going = True
        while going:
            try:
                with Heeding.connect(self._address, autocommit=True) as connection:
                    going = self._listen(connection)
            except psycopg.Error as error:
                if not self._lost:
                    LOG.warning("cannot hear other processes, and looks by itself: %s", type(error).__name__)
                self._lost = True
                going = not self._stopped(REST_SECONDS)

    def _listen(self, connection: psycopg.Connection) -> bool:
        """Until told to stop (False), or the connection is lost (psycopg.Error)."""
        for bell in Bell:
            connection.execute(f"LISTEN {bell}".encode())
        self._lost = False
        for bell in Bell:
            self._heard(bell)
        while True:
            for told in connection.notifies(timeout=0):
                if told.payload not in self._but:
                    self._heard(Bell(told.channel))
            if self._stopped(None, connection):
                return False

    def _stopped(self, seconds: float | None, *others: psycopg.Connection) -> bool:
        """Wait until told to stop, or others have something to say."""
        with selectors.DefaultSelector() as waiting:
            stop = waiting.register(self._told_to_stop, selectors.EVENT_READ)
            for one in others:
                waiting.register(one, selectors.EVENT_READ)
            return any(key is stop for key, _ in waiting.select(seconds))
