"""Statements that go to PostgreSQL in one message: libpq's pipeline, without a cursor of the driver's for each of them.

A cursor finds anew how values are written and how rows are read, and looks after each statement whether anything has
come: five times as long as to write it. Connections, values, rows, errors and waiting stay the driver's.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors, generators, pq
from psycopg.abc import PQGen
from psycopg.abc import Transformer as Adapter
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq.abc import PGresult

from hub.store.engine.database import AgainError, Row

_MOST = 400
"""Statements that the server keeps as they were prepared."""
_SELDOM = 2
"""What was asked no more often is not worth preparing."""
_FAILED = {pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE}

_Key = tuple[bytes, tuple[int, ...]]
"""A statement, and of which types its values are."""


class Statement:
    """What is asked, and once it was sent what it gives."""

    __slots__ = ("_adapter", "_result", "kept", "text", "values")

    def __init__(self, text: bytes, values: Sequence[Any] = (), *, kept: bool = True) -> None:
        self.text, self.values = text, values
        self.kept = kept
        """Whether it is asked often, as it is."""
        self._adapter: Adapter | None = None
        self._result: PGresult | None = None

    @property
    def is_sent(self) -> bool:
        """Whether it was."""
        return self._result is not None

    def answered(self, result: PGresult, adapter: Adapter) -> None:
        """Hear what it gives."""
        self._result, self._adapter = result, adapter

    @property
    def count(self) -> int:
        """How many rows it changed, or gives."""
        return self._result.command_tuples or 0 if self._result else 0

    def rows(self) -> list[Row]:
        """The rows that it gives.

        Raises:
            AgainError: nobody knows; it was not sent, or its answer was lost.
        """
        if self._result is None or self._adapter is None:
            raise AgainError("the answer was lost")
        self._adapter.set_pgresult(self._result)
        return self._adapter.load_rows(0, self._result.ntuples, tuple)


class Messages:
    """Those of one connection."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw, self._adapter = raw, Transformer.from_context(raw)
        self._names: dict[_Key, bytes] = {}
        """Of what is prepared, the oldest first."""
        self._asked: Counter[_Key] = Counter()
        self._made = 0

    def send(self, statements: Sequence[Statement]) -> None:
        """Have statements done in their order, all in one message.

        Raises:
            psycopg.Error: of the first that failed; none after it was done.
        """
        written = [self._written(one) for one in statements]  # before any is sent: a value may be of no known type
        pgconn, new = self._raw.pgconn, dict[int, _Key]()
        asked: list[Statement | None] = []
        pgconn.enter_pipeline_mode()
        for one, (values, key, formats) in zip(statements, written, strict=True):
            name = self._names.get(key)
            if name is None and one.kept and self._is_worth(key):
                name = self._prepare(key, asked)
                new[len(asked) - 1] = key
            if name is None:
                pgconn.send_query_params(one.text, values, key[1], formats)
            else:
                pgconn.send_query_prepared(name, values, formats)
            asked.append(one)
        pgconn.pipeline_sync()
        self._hear(asked, new)

    def _written(self, one: Statement) -> tuple[Sequence[Any], _Key, Sequence[Any]]:
        adapter = self._adapter
        values = adapter.dump_sequence(one.values, [PyFormat.AUTO] * len(one.values))
        return values, (one.text, adapter.types or ()), adapter.formats or ()

    def _is_worth(self, key: _Key) -> bool:
        if len(self._asked) > 10 * _MOST:
            self._asked.clear()
        self._asked[key] += 1
        return self._asked[key] > _SELDOM

    def _prepare(self, key: _Key, asked: list[Statement | None]) -> bytes:
        """Have it prepared; the oldest makes room."""
        pgconn = self._raw.pgconn
        if len(self._names) >= _MOST:
            pgconn.send_query_params(b"DEALLOCATE " + self._names.pop(next(iter(self._names))), None)
            asked.append(None)
        self._made += 1
        name = self._names[key] = b"ours_%d" % self._made
        pgconn.send_prepare(name, key[0], key[1])
        asked.append(None)
        return name

    def _hear(self, asked: Sequence[Statement | None], new: dict[int, _Key]) -> None:
        pgconn = self._raw.pgconn
        try:
            results = self._raw.wait(_heard(pgconn, len(asked)))
        except BaseException:
            self._raw.close()  # what else it has to say would be taken for answers to what is asked next
            raise
        pgconn.exit_pipeline_mode()
        for place, key in new.items():
            if place >= len(results) or results[place].status != pq.ExecStatus.COMMAND_OK:
                del self._names[key]
        for result in results:
            if result.status in _FAILED:
                raise errors.error_from_result(result)
        for one, result in zip(asked, results, strict=True):
            if one is not None:
                one.answered(result, self._adapter)


def _heard(pgconn: Any, count: int) -> PQGen[list[PGresult]]:  # noqa: ANN401 - the driver's own, in Python or in C
    """Write what waits, and hear so many answers, and the end of the message."""
    yield from generators.send(pgconn)
    found: list[PGresult] = []
    for _ in range(count):
        found += yield from generators.fetch_many(pgconn)
    yield from generators.fetch_many(pgconn)
    return found
