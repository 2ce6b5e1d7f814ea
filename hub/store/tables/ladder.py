"""The tables of what is done instead of doors: what is watched, and what was taken."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from hub.clock import NEVER
from hub.store.tables.columns import METADATA, row_id, town, whole

WATCHES = Table(
    "watches",
    METADATA,
    town(),
    Column("number", Text, nullable=False),
    Column("body", Text, nullable=False),
    whole("due"),
    PrimaryKeyConstraint("municipality", "number"),
    sqlite_with_rowid=False,
)
"""A booking whose doors have a ladder: its windows and rungs (JSON, no persons), and when the next may be taken."""
Index("ix_watches_due", WATCHES.c.due, sqlite_where=WATCHES.c.due < NEVER, postgresql_where=WATCHES.c.due < NEVER)

RUNGS = Table(
    "rungs",
    METADATA,
    row_id(),
    town(),
    Column("number", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("resource", Text, nullable=False),
    whole("minutes"),
    Column("role", Text, nullable=False),
    whole("starts"),
    whole("ends"),
    whole("given_at"),
    Column("slots", Text, nullable=False),
    Column("ended_at", BigInteger),
    Column("why", Text),
    Index("ix_rungs_number", "municipality", "number"),
)
"""A rung that was taken, for which window of its doors, and who was told how (`slots`, JSON).

`role` is empty where a spare code was given.
`ended_at` is null while it holds.
"""
Index(
    "ix_rungs_open", RUNGS.c.municipality, sqlite_where=RUNGS.c.ended_at.is_(None),
    postgresql_where=RUNGS.c.ended_at.is_(None),
)  # fmt: skip

SPARES = Table(
    "spare_codes",
    METADATA,
    row_id(),
    town(),
    Column("facility", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("rung", BigInteger),
    whole("since"),
    Column("missed_at", BigInteger),
    UniqueConstraint("municipality", "facility", "hash", name="uq_spare_codes_hash"),
    Index("ix_spare_codes_rung", "municipality", "rung"),
)
"""A code of a facility's pool, sealed: where it is since when, and the rung that it was last given for.

`missed_at`: since when its line is not in the file any more; null while it is.
"""
