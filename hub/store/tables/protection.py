"""The tables of protection: what a reconcile found, the processes that share limits, and what of a day is spent."""

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, Text

from hub.store.tables.columns import METADATA, row_id, town, whole

FINDINGS = Table(
    "findings",
    METADATA,
    row_id(),
    town(),
    Column("connection", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("opens_until", BigInteger),
    whole("since"),
    whole("seen_at"),
    Column("decision", Text, nullable=False, server_default="open"),
    Column("decided_by", Text),
    Column("reason", Text),
    Column("until", BigInteger),
    Column("ended", BigInteger),
)
"""What stands otherwise than the hub thinks. `until`: when a decision ends; `opens_until`: of a grant, its last end."""
Index(
    "ix_findings_open",
    FINDINGS.c.municipality,
    FINDINGS.c.connection,
    FINDINGS.c.key,
    unique=True,
    sqlite_where=FINDINGS.c.ended.is_(None),
    postgresql_where=FINDINGS.c.ended.is_(None),
)

NODES = Table(
    "nodes",
    METADATA,
    Column("name", Text, primary_key=True),
    whole("since"),
    whole("until"),
)
"""Processes that carry, by the database's clock: since when, and until when each is sure to be there."""

LOOKUPS = Table(
    "lookups",
    METADATA,
    town(),
    Column("connection", Text, nullable=False),
    whole("day"),
    whole("spent"),
    PrimaryKeyConstraint("municipality", "connection"),
    sqlite_with_rowid=False,
)
"""How many lookups of a register are spent, and of which day: its number since the year 1 (`date.toordinal`)."""
