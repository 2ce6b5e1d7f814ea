"""The table of who knows what of which booking."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text

from hub.clock import NEVER
from hub.store.tables.columns import METADATA, town, whole

TOLD = Table(
    "told",
    METADATA,
    town(),
    Column("number", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("state", Text),
    Column("wish", Text),
    Column("connection", Text),
    whole("due"),
    PrimaryKeyConstraint("municipality", "number", "slot"),
    sqlite_with_rowid=False,
)
"""What somebody was last told of a booking (`state`), and what the next digest is to tell of it (`wish`, at `due`)."""
Index("ix_told_due", TOLD.c.due, sqlite_where=TOLD.c.due < NEVER, postgresql_where=TOLD.c.due < NEVER)
