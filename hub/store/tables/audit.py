"""Tables of the audit: leaves, each what one transaction wrote for a municipality, and their rows."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from hub.store.tables.columns import METADATA, row_id, town, whole

LEAVES = Table(
    "audit_leaves",
    METADATA,
    row_id(),
    town(),
    Column("mark", LargeBinary, nullable=False),
    Column("digests", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("proof", LargeBinary, nullable=False),
    Column("place", BigInteger),
    Column("link", LargeBinary),
    UniqueConstraint("municipality", "place"),
    UniqueConstraint("mark"),
    sqlite_autoincrement=True,
)
"""What one transaction wrote (blad). `mark`: of its own, never twice. `digests`: one of each row, in order. `sealed`:
the persons of its rows, under a key of the leaf's own, which is `secret`, sealed as all else. `proof`: a keyed hash of
all but `secret`. `place` and `link`: where it is in the chain, null until it is there."""
Index(
    "ix_audit_leaves_loose",
    LEAVES.c.id,
    sqlite_where=LEAVES.c.place.is_(None),
    postgresql_where=LEAVES.c.place.is_(None),
)

AUDIT = Table(
    "audit",
    METADATA,
    town(),
    whole("leaf"),
    whole("n"),
    whole("at"),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("person", LargeBinary, nullable=False),
    Column("told", Text, nullable=False),
    PrimaryKeyConstraint("municipality", "leaf", "n"),
    sqlite_with_rowid=False,
)
"""Added to, and never changed. `who`: the key's name; `person`: a keyed hash of the name of whoever stood behind it,
empty for nobody; `told`: references and counts as JSON. No person is in it in clear. What is sought is found by walking
a municipality's rows back in time: an index would cost every booking, and few ask."""
