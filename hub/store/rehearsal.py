"""What a dry run of a file would have kept so far: on disk when it is much, and gone with the run."""

import sqlite3
from collections.abc import Iterable, Sequence

from hub.store.intake import Latest, New

_TABLE = "CREATE TABLE latest(source BLOB PRIMARY KEY, version BLOB, state TEXT) WITHOUT ROWID"


class Rehearsal:
    """Rows that would be there; used by one thread at a time."""

    def __init__(self) -> None:
        self._raw = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._raw.execute("PRAGMA cache_size=-2000")
        self._raw.execute(_TABLE)

    def latest(self, sources: Sequence[bytes]) -> dict[bytes, Latest]:
        """The latest of each of these sources that would have one by now."""
        marks = ", ".join("?" * len(sources))
        rows = self._raw.execute(f"SELECT source, version, state FROM latest WHERE source IN ({marks})", list(sources))
        return {source: Latest(0, version, state) for source, version, state in rows}

    def keep(self, rows: Iterable[New]) -> None:
        """These would be the latest."""
        self._raw.execute("BEGIN")
        self._raw.executemany(
            "INSERT OR REPLACE INTO latest VALUES(?, ?, ?)", [(row.source, row.version, row.state) for row in rows]
        )
        self._raw.execute("COMMIT")

    def close(self) -> None:
        """Forget it all."""
        self._raw.close()
