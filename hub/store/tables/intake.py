"""Tables of what comes in from outside: raw rows, how far a source was read, imports, attendance."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from hub.store.tables.columns import METADATA, row_id, town, whole

INTAKE = Table(
    "intake",
    METADATA,
    row_id(),
    town(),
    Column("connection", Text, nullable=False),
    Column("source", LargeBinary, nullable=False),
    Column("version", LargeBinary, nullable=False),
    whole("latest", 1),
    whole("import_id", 0),
    Column("place", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    whole("at"),
    Index("ix_intake_at", "municipality", "at"),
)
"""One thing from outside, as it came (inkommande). `source` and `version` are keyed hashes of the source's own words;
one row of each source is the latest, and what comes again with its version is a double. `import_id`: 0 for none."""
Index(
    "ix_intake_latest",
    INTAKE.c.municipality,
    INTAKE.c.connection,
    INTAKE.c.source,
    unique=True,
    sqlite_where=INTAKE.c.latest == 1,
    postgresql_where=INTAKE.c.latest == 1,
)
Index(
    "ix_intake_quarantined",
    INTAKE.c.municipality,
    INTAKE.c.connection,
    INTAKE.c.id,
    sqlite_where=INTAKE.c.state == "quarantined",
    postgresql_where=INTAKE.c.state == "quarantined",
)

CURSORS = Table(
    "cursors",
    METADATA,
    town(),
    Column("connection", Text, nullable=False),
    Column("cursor", Text, nullable=False),
    whole("at"),
    PrimaryKeyConstraint("municipality", "connection"),
)
"""How far a source has been read; committed with the rows that it stands behind."""

IMPORTS = Table(
    "imports",
    METADATA,
    row_id(),
    town(),
    Column("connection", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sent_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("detail", Text),
    whole("begun_at"),
    Column("ended_at", BigInteger),
    Column("node", Text, nullable=False, server_default=""),
    Index("ix_imports_town", "municipality", "id"),
    sqlite_autoincrement=True,
)
"""A file that was read: who sent it, how it went, what it held, and which node reads it. Its rows point here."""

GATHERINGS = Table(
    "gatherings",
    METADATA,
    row_id(),
    town(),
    Column("connection", Text, nullable=False),
    Column("association", Text, nullable=False),
    Column("card", Text, nullable=False),
    Column("code", Text, nullable=False),
    whole("starts"),
    whole("ends"),
    Column("organisation", LargeBinary),
    Column("body", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    whole("import_id", 0),
    whole("at"),
    UniqueConstraint("municipality", "connection", "association", "card", "code"),
    Index("ix_gatherings_starts", "municipality", "starts"),
)
"""A gathering (sammankomst); `organisation` is a keyed hash of the association's number. `body` holds no person;
`sealed` is the list as it was told."""

MARKS = Table(
    "marks",
    METADATA,
    town(),
    whole("gathering"),
    Column("person", LargeBinary, nullable=False),
    whole("role"),
    whole("present"),
    whole("starts"),
    whole("ends"),
    PrimaryKeyConstraint("municipality", "gathering", "person", "role"),
    Index("ix_marks_person", "municipality", "person", "starts"),
    sqlite_with_rowid=False,
)
"""Who was on a gathering's list, as what (0 participant, 1 leader), and whether they came. `person` is a keyed hash
of the identity number, or of the source's own id where there is none."""
