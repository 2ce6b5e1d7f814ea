"""The tables of protected persons (skyddade personuppgifter): who is, and what of them is shown only with a reason."""

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from hub.store.tables.columns import METADATA, row_id, town, whole

PROTECTED = Table(
    "protected",
    METADATA,
    town(),
    Column("person", Text, nullable=False),
    Column("trader", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    whole("since"),
    whole("done", 0),
    PrimaryKeyConstraint("municipality", "person"),
    Index("ix_protected_trader", "municipality", "trader"),
    sqlite_with_rowid=False,
)
"""Who is protected, or may be. `person`: a keyed hash of the identity number, in hexadecimal; `trader`: of its last ten
digits, as a sole trader's organisation number has them; `sealed`: the number; `done`: what was known is erased."""

SEALED_RECORDS = Table(
    "sealed_records",
    METADATA,
    town(),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    whole("since"),
    PrimaryKeyConstraint("municipality", "kind", "key"),
    sqlite_with_rowid=False,
)
"""What must be kept of a protected person, and is shown only to who gives a reason, for a time, on record."""

UNSEALINGS = Table(
    "unsealings",
    METADATA,
    row_id(),
    town(),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("who", Text, nullable=False),
    whole("until"),
)
"""To which key a sealed record is shown, until when. Why stands in the audit."""
