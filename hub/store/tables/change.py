"""The tables of what population registers tell by themselves: files, whom there is news of, and an epoch."""

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table, Text

from hub.store.tables.columns import METADATA, town, whole

CHANGES_FILES = Table(
    "changes_files",
    METADATA,
    town(),
    Column("connection", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    whole("part"),
    whole("parts"),
    whole("posts"),
    Column("total", BigInteger),
    Column("series", Text, nullable=False),
    Column("serial", BigInteger),
    Column("first_day", BigInteger),
    Column("last_day", BigInteger),
    Column("next_by", BigInteger),
    whole("at"),
    PrimaryKeyConstraint("municipality", "connection", "delivery", "part"),
    sqlite_with_rowid=False,
)
"""Files of changes that were read to their end. Days are numbers since the year 1 (`date.toordinal`)."""

CHANGES_WAITING = Table(
    "changes_waiting",
    METADATA,
    town(),
    Column("connection", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("trader", Text, nullable=False),
    PrimaryKeyConstraint("municipality", "connection", "delivery", "person"),
    sqlite_with_rowid=False,
)
"""Of whom there is news that is told when all of its delivery is there; keyed hashes, as in `protected`."""

POPULATION_EPOCHS = Table(
    "population_epochs",
    METADATA,
    town(),
    whole("epoch"),
    PrimaryKeyConstraint("municipality"),
    sqlite_with_rowid=False,
)
"""Grows with each mark, each that is lifted, and each change that is told: no answer from before is given again."""
