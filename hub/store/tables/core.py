"""Every table, once. Migrations make them; a test holds the two against each other.

Municipality comes first in every key. Times are whole microseconds since 1970 UTC, and `due` is never null: NEVER is
later than any. Personal fields are sealed (see hub.store.seals.sealing), and looked up by keyed hashes only.
"""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from hub.clock import NEVER
from hub.store.feed import FIRST, UNKNOWN
from hub.store.tables.columns import METADATA, Id, row_id, town, transaction, whole

CONFIGURATIONS = Table(
    "configurations",
    METADATA,
    town(),
    whole("version"),
    Column("files", Text, nullable=False),
    whole("created_at"),
    whole("current", 0),
    whole("applied", 1),
    whole("walked", 0),
    whole("walked_at", 0),
    whole("changed", 0),
    PrimaryKeyConstraint("municipality", "version"),
)
"""A municipality's folder, as its files; one version is current. `applied`: what stands follows it; `walked`: the last
booking that was planned with it, when by the database's clock, and how many changed so far."""

BOOKINGS = Table(
    "bookings",
    METADATA,
    row_id(),
    town(),
    Column("number", Text, nullable=False),
    whole("revision"),
    Column("status", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("body", Text, nullable=False),
    Column("persons", LargeBinary, nullable=False),
    Column("asked", Text, nullable=False),
    Column("unserved", Text, nullable=False),
    whole("configuration"),
    whole("accepted_at"),
    whole("effective", 0),
    Column("sent_by", Text, nullable=False, server_default=""),
    Column("person", Text),
    UniqueConstraint("municipality", "number"),
    sqlite_autoincrement=False,
)
"""`body` holds no person, `persons` is sealed; `asked` lists its claims and occasions, so a change needs no search.

`person`: a keyed hash of the customer's identity number, in hexadecimal; empty: there is none, null: nobody knows.
"""
Index(
    "ix_bookings_person",
    BOOKINGS.c.municipality,
    BOOKINGS.c.person,
    sqlite_where=BOOKINGS.c.person != "",
    postgresql_where=BOOKINGS.c.person != "",
)

LANES = Table(
    "lanes",
    METADATA,
    row_id(),
    town(),
    Column("connection", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text),
    whole("wanted", 1),
    whole("generation", 1),
    Column("confirmed", Text),
    Column("effect", Text, nullable=False, server_default="planned"),
    Column("delivery", Text, nullable=False, server_default="waiting"),
    Column("proof", Text),
    Column("reference", Text),
    Column("detail", Text),
    whole("due"),
    Column("owner", Text),
    whole("lease_until", 0),
    whole("token", 0),
    whole("attempts", 0),
    whole("look", 0),
    whole("repairs", 0),
    Column("problem", BigInteger),
    Column("confirmed_at", BigInteger),
    Column("failing_since", BigInteger),
    Column("wanted_until", BigInteger),
    UniqueConstraint("municipality", "connection", "key"),
)
"""A target, or a record, with the order of its deliveries (fil): what was confirmed, when it is due, who carries it.

`look`: read before sending. `wanted_until`: end of what was last tried in vain. `repairs`: how often what vanished was
granted anew.
"""
Index("ix_lanes_due", LANES.c.due, sqlite_where=LANES.c.due < NEVER, postgresql_where=LANES.c.due < NEVER)
Index(
    "ix_lanes_problem",
    LANES.c.problem,
    sqlite_where=LANES.c.problem.isnot(None),
    postgresql_where=LANES.c.problem.isnot(None),
)

CLAIMS = Table(
    "claims",
    METADATA,
    town(),
    whole("lane"),
    whole("ends"),
    whole("booking"),
    Column("occasion", Text, nullable=False),
    Column("door", Text, nullable=False),
    whole("starts"),
    whole("level"),
    whole("suspended", 0),
    PrimaryKeyConstraint("municipality", "lane", "ends", "booking", "occasion", "door"),
    sqlite_with_rowid=False,
)
"""In the order in which they fold: what has ended is never read again."""

CODES = Table(
    "codes",
    METADATA,
    Column("lane", Id, primary_key=True, autoincrement=False),
    town(),
    Column("domain", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    whole("starts"),
    whole("ends"),
    Column("method", Text, nullable=False),
    whole("version", 1),
    Column("sealed", LargeBinary, nullable=False),
    whole("made_at"),
    Index("ix_codes_hash", "municipality", "domain", "hash"),
)
"""A credential's secret (kod). From `starts` to `ends`, quarantine included, no other of its domain has it."""

OCCUPANCY = Table(
    "occupancy",
    METADATA,
    town(),
    Column("resource", Text, nullable=False),
    whole("long"),
    whole("starts"),
    whole("booking"),
    Column("occasion", Text, nullable=False),
    whole("ends"),
    PrimaryKeyConstraint("municipality", "resource", "long", "starts", "booking", "occasion"),
    sqlite_with_rowid=False,
)
"""Who has which resource when; for conflicts, not for planning."""

CLOSURES = Table(
    "closures",
    METADATA,
    town(),
    Column("id", Text, nullable=False),
    whole("revision"),
    Column("resource", Text, nullable=False),
    whole("starts"),
    whole("ends"),
    Column("reason", Text),
    whole("lifted", 0),
    whole("version"),
    whole("applied", 0),
    PrimaryKeyConstraint("municipality", "id"),
    Index("ix_closures_version", "municipality", "version"),
)
"""`version` grows with every change of any closure: plans are made with one. `applied`: what stands follows it."""

UNRELEASED = Table(
    "unreleased",
    METADATA,
    town(),
    Column("resource", Text, nullable=False),
    whole("starts"),
    whole("ends"),
    Column("number", Text, nullable=False),
    PrimaryKeyConstraint("municipality", "resource", "starts", "ends"),
    sqlite_with_rowid=False,
)
"""Time that was given up while it was closed: not free, until the closure is lifted."""

LEAVING = Table(
    "leaving",
    METADATA,
    town(),
    whole("lane"),
    whole("booking"),
    PrimaryKeyConstraint("municipality", "lane", "booking"),
    sqlite_with_rowid=False,
)
"""A booking that claims nothing of a zone any more, and whose level the zone has yet to lose: told of when it has."""

DELIVERIES = Table(
    "deliveries",
    METADATA,
    row_id(),
    town(),
    whole("lane"),
    whole("generation"),
    Column("outcome", Text, nullable=False),
    Column("proof", Text),
    Column("sent", Text),
    Column("detail", Text),
    whole("at"),
    Index("ix_deliveries_lane", "municipality", "lane"),
)
"""One row for each carrying that ended, for the timeline."""

EVENTS = Table(
    "events",
    METADATA,
    row_id(),
    town(),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    whole("at"),
    transaction("xact"),
    Index("ix_events_town", "municipality", "id"),
    Index("ix_events_subject", "municipality", "subject"),
    sqlite_autoincrement=True,
)
"""`xact`: the transaction that wrote it, by which PostgreSQL's feed is read (`hub.store.feed`); 0 and less is older.

SQLite has one writer: it is always 0 there, and in no index.
"""
Index(
    "ix_events_xact",
    EVENTS.c.municipality,
    EVENTS.c.xact,
    EVENTS.c.id,
    sqlite_where=EVENTS.c.xact != 0,
    postgresql_where=EVENTS.c.xact != 0,
)

INSTALLATION = Table(
    "installation", METADATA, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)
"""What the installation remembers about itself: the epoch of its event feed, how far it was pruned."""

PROBLEMS = Table(
    "problems",
    METADATA,
    row_id(),
    town(),
    Column("connection", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("detail", Text, nullable=False),
    whole("since"),
    Column("until", BigInteger),
)
"""One cause, however many wait behind it."""
Index(
    "ix_problems_open",
    PROBLEMS.c.municipality,
    PROBLEMS.c.connection,
    PROBLEMS.c.code,
    PROBLEMS.c.cause,
    unique=True,
    sqlite_where=PROBLEMS.c.until.is_(None),
    postgresql_where=PROBLEMS.c.until.is_(None),
)

CONNECTIONS = Table(
    "connections",
    METADATA,
    town(),
    Column("name", Text, nullable=False),
    Column("paused", Text),
    Column("paused_at", BigInteger),
    Column("about", Text),
    Column("checked_at", BigInteger),
    Column("check_failed", Text),
    Column("reconciled_at", BigInteger),
    Column("reconciled_in", Text),
    Column("answered_at", BigInteger),
    PrimaryKeyConstraint("municipality", "name"),
)
"""What is known of a connection besides its configuration: paused, by what; what its system said of itself.

`reconciled_in`: the epoch of the database in which it was compared last; `answered_at`: when its gate opened last.
"""

CONNECTOR_STATE = Table(
    "connector_state",
    METADATA,
    town(),
    Column("connection", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("municipality", "connection", "key"),
    sqlite_with_rowid=False,
)

EXPIRIES = Table(
    "expiries",
    METADATA,
    town(),
    Column("connection", Text, nullable=False),
    Column("thing", Text, nullable=False),
    Column("name", Text, nullable=False),
    whole("ends"),
    whole("stage", 0),
    whole("seen_at"),
    PrimaryKeyConstraint("municipality", "connection", "thing", "name"),
    sqlite_with_rowid=False,
)
"""What of a connection ends, and when: certificates, the account. `stage`: how far ahead it has been told."""

KEYS = Table(
    "keys",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    town(),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    whole("created_at"),
    Column("revoked_at", BigInteger),
)
"""API keys, as SHA-256: they are long random values, so a slow hash adds nothing."""

SUBSCRIPTIONS = Table(
    "subscriptions",
    METADATA,
    row_id(),
    town(),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("types", Text, nullable=False),
    Column("secrets", LargeBinary, nullable=False),
    Column("paused", Text),
    whole("cursor"),
    whole("cursor_low", FIRST),
    whole("cursor_high", 1),
    whole("cursor_last", UNKNOWN),
    whole("since"),
    Column("failing_since", BigInteger),
    whole("created_at"),
    UniqueConstraint("municipality", "name"),
    sqlite_autoincrement=True,
)
"""Who is told of events. `cursor`: how far they have their postings (`hub.store.feed.Reach`); `since`: from when events
age here.
"""

POSTINGS = Table(
    "postings",
    METADATA,
    row_id(),
    town(),
    whole("subscription"),
    whole("event"),
    Column("subject", Text, nullable=False),
    whole("due"),
    whole("attempts", 0),
    whole("born"),
    UniqueConstraint("municipality", "subscription", "event"),
    Index("ix_postings_subject", "municipality", "subscription", "subject", "event"),
    sqlite_autoincrement=True,
)
"""An event that a subscription has yet to be told; the first of its subject is due, and those behind it NEVER."""
Index(
    "ix_postings_due",
    POSTINGS.c.municipality,
    POSTINGS.c.subscription,
    POSTINGS.c.due,
    sqlite_where=POSTINGS.c.due < NEVER,
    postgresql_where=POSTINGS.c.due < NEVER,
)

ATTEMPTS = Table(
    "attempts",
    METADATA,
    row_id(),
    town(),
    whole("subscription"),
    whole("event"),
    whole("attempt"),
    Column("outcome", Text, nullable=False),
    Column("status", BigInteger),
    Column("detail", Text),
    whole("took"),
    whole("at"),
    Column("next_at", BigInteger),
    Index("ix_attempts_subscription", "municipality", "subscription", "id"),
)
"""The log of a subscription's deliveries: one row for each time that an event was sent, or given up."""
