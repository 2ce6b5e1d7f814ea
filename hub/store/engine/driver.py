"""The driver's connection to PostgreSQL: how values go, what its sessions are told, and for how long it waits.

A server that says nothing for long is given up, and so is a network that swallows what is sent and hangs up on nobody:
the kernel's own time-outs see only packets that are not acknowledged, and anything in between acknowledges them.
"""

from typing import Any

import psycopg
from psycopg import errors
from psycopg.abc import RV, Buffer, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.array import ListBinaryDumper
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import BytesBinaryDumper, StrBinaryDumper

from hub.store.engine import walls
from hub.store.engine.lists import Texts, TextsDumper, Wholes, WholesDumper

SILENCE_SECONDS, SILENCE_SECONDS_READING = 75.0, 300.0
"""How long one statement may go without its answer: longer than the server itself lets it go on."""
_SESSION = {
    "idle_in_transaction_session_timeout": "5s",  # a node that was stopped holds the locks of others no longer
    "lock_timeout": "20s",
    "statement_timeout": "60s",
    "synchronous_commit": "on",  # whatever the server says: accepted is on disk
    "jit": "off",  # our statements are short
    walls.SETTING: walls.ALL,
}
_WRITING = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""What we write by finds its rows by an index whatever the values are, and to plan it anew took longer than to do it:
the server believes that a list of unknown length is longer than ours are, and so planned those each time. Nor may it
walk a table that it takes for empty: it was, when it was counted last, and a plan that is kept outlives that.
"""
_READING = {"default_transaction_read_only": "on", "idle_in_transaction_session_timeout": "0", "statement_timeout": "0"}
_NETWORK: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15000,
    "client_encoding": "utf8",
}


class _Whole(Int8BinaryDumper):
    """Every whole number is a bigint, and a truth is 0 or 1: a statement's values are always of the same types."""

    def dump(self, obj: int) -> Buffer | None:
        return super().dump(int(obj))


_DUMPERS: tuple[tuple[type, type[Any]], ...] = (
    (int, Int8BinaryDumper),
    (bool, _Whole),
    (str, StrBinaryDumper),
    (bytes, BytesBinaryDumper),
    (list, ListBinaryDumper),
    (Wholes, WholesDumper),
    (Texts, TextsDumper),
)


class Heeding(psycopg.Connection[Any]):
    """A connection of the driver's that waits for no answer for ever; one that does not come is the end of it."""

    silence = SILENCE_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for what the server has to say.

        Raises:
            psycopg.OperationalError: it says nothing.
        """
        if timeout is not None:  # the caller's own, who knows what to make of it
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.silence)
        except errors._WaitTimeout:  # noqa: SLF001 - it has no other name
            self.pgconn.finish()
            msg = f"the server has not answered for {self.silence:g} s"
            raise psycopg.OperationalError(msg) from None


def opened(url: str, name: str, *, read_only: bool) -> Heeding:
    """A connection that writes, or one that only reads.

    Raises:
        psycopg.OperationalError: the server is not there.
    """
    told = _SESSION | (_READING if read_only else _WRITING)
    connection = Heeding.connect(address(url, name, told), autocommit=True)
    connection.silence = SILENCE_SECONDS_READING if read_only else SILENCE_SECONDS
    for type_, dumper in _DUMPERS:
        connection.adapters.register_dumper(type_, dumper)
    return connection


def address(url: str, name: str, session: dict[str, str]) -> str:
    """The address with what each session of ours is told; what the address says itself rules."""
    told = conninfo_to_dict(url)
    words = " ".join(f"-c {name}={value}" for name, value in session.items())
    options = f"{words} {told.pop('options', None) or ''}".strip()
    return make_conninfo(**{**_NETWORK, **told, "options": options, "application_name": name})
