"""The table of passages: who came to which door, by references only."""

from sqlalchemy import Column, Index, Table, Text, UniqueConstraint

from hub.store.tables.columns import METADATA, row_id, town, whole

PASSAGES = Table(
    "passages",
    METADATA,
    row_id(),
    town(),
    Column("connection", Text, nullable=False),
    Column("door", Text, nullable=False),
    whole("minute"),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("credential", Text, nullable=False),
    whole("minutes", 0),
    Column("number", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    whole("first"),
    whole("last"),
    whole("times", 1),
    UniqueConstraint(
        "municipality", "connection", "door", "minute", "outcome", "reason", "credential", name="uq_passages_minute"
    ),
    Index("ix_passages_number", "municipality", "number", "occasion"),
    Index("ix_passages_minute", "municipality", "minute"),
)
"""What came of the same credential at the same door in the same minute is one row, however often (`times`), so that a
keypad that is hammered at fills no disk. Text is empty where nothing is known: `credential` is one of ours or nobody's;
`number` and `occasion` are of the booking that it was for; `minutes`: how much too early, or too late."""
