"""Tables of documents that are to be registered, and of what they hold until they are forgotten."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, UniqueConstraint

from hub.store.tables.columns import METADATA, row_id, town, whole

DOCUMENTS = Table(
    "documents",
    METADATA,
    row_id(),
    town(),
    Column("key", Text, nullable=False),
    Column("connection", Text, nullable=False),
    whole("lane", 0),
    Column("booking", Text, nullable=False),
    Column("case_key", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("facts", Text, nullable=False),
    whole("since"),
    whole("at"),
    Column("registered_at", BigInteger),
    whole("kept", 1),
    UniqueConstraint("municipality", "key"),
    Index("ix_documents_case", "municipality", "connection", "case_key"),
)
"""A document (handling). None is ever removed or changed: by `content`, a keyed hash, the same is known for ever.

`facts` names nobody. `case_key`: documents with the same are one case, and go in their order; empty: the case has its
number. `person`: by which its counterpart is found (`hub.service.persons.whose`). `since`: when it came in, or was
drawn up. `kept`: whether its parts are still there.
"""
Index(
    "ix_documents_unregistered",
    DOCUMENTS.c.municipality,
    DOCUMENTS.c.connection,
    DOCUMENTS.c.since,
    sqlite_where=DOCUMENTS.c.registered_at.is_(None),
    postgresql_where=DOCUMENTS.c.registered_at.is_(None),
)
Index(
    "ix_documents_kept",
    DOCUMENTS.c.municipality,
    DOCUMENTS.c.registered_at,
    sqlite_where=(DOCUMENTS.c.kept == 1) & (DOCUMENTS.c.registered_at.isnot(None)),
    postgresql_where=(DOCUMENTS.c.kept == 1) & (DOCUMENTS.c.registered_at.isnot(None)),
)

Index(
    "ix_documents_person",
    DOCUMENTS.c.municipality,
    DOCUMENTS.c.person,
    sqlite_where=DOCUMENTS.c.person != "",
    postgresql_where=DOCUMENTS.c.person != "",
)

APPLICATIONS = Table(
    "applications",
    METADATA,
    row_id(),
    town(),
    Column("key", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("form", Text, nullable=False),
    whole("completes", 0),
    whole("acknowledged", 0),
    whole("erased", 0),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("municipality", "key"),
)
"""An application (ansökan) that came in by an e-service; its document has the same key, and is kept as long.

`sealed`: who sent it in and what was answered, for the booking core to fetch. `erased`: nothing of that is left.
`acknowledged`: whether its source is told the number.
"""

DOCUMENT_PARTS = Table(
    "document_parts",
    METADATA,
    row_id(),
    town(),
    Column("key", Text, nullable=False),
    whole("part"),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("municipality", "key", "part"),
)
"""What a document holds, sealed: part 0 what it says, the others its files, in pieces."""
