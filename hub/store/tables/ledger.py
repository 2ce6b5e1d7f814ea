"""Tables of money: lines of the ledger, and the invoices that are made of them. Amounts in whole öre."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, UniqueConstraint

from hub.clock import NEVER
from hub.store.tables.columns import METADATA, row_id, town, whole

ENTRIES = Table(
    "entries",
    METADATA,
    row_id(),
    town(),
    whole("booking"),
    whole("revision"),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("charge", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("payer", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("article", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    whole("unit_price"),
    whole("net"),
    Column("vat", Text, nullable=False),
    Column("day", Text, nullable=False),
    whole("bills_at"),
    whole("invoice", 0),
    whole("line", 0),
    Column("reverses", BigInteger),
    whole("at"),
    Index("ix_entries_booking", "municipality", "booking"),
)
"""A line of the ledger (reskontrapost): what a booking costs, what is taken off, what was paid and is to be paid back.

None is ever removed or changed in amount. `account`: what is invoiced together. `reverses`: the line that a credit
takes off, once. `bills_at`: NEVER unless it waits to be invoiced. Texts stand with the booking, and on the invoice.
"""
Index(
    "ix_entries_open",
    ENTRIES.c.bills_at,
    sqlite_where=ENTRIES.c.bills_at < NEVER,
    postgresql_where=ENTRIES.c.bills_at < NEVER,
)
Index(
    "ix_entries_account",
    ENTRIES.c.municipality,
    ENTRIES.c.account,
    sqlite_where=ENTRIES.c.bills_at < NEVER,
    postgresql_where=ENTRIES.c.bills_at < NEVER,
)
Index(
    "ix_entries_invoice",
    ENTRIES.c.municipality,
    ENTRIES.c.invoice,
    sqlite_where=ENTRIES.c.invoice > 0,
    postgresql_where=ENTRIES.c.invoice > 0,
)
Index(
    "ix_entries_reverses",
    ENTRIES.c.municipality,
    ENTRIES.c.reverses,
    unique=True,
    sqlite_where=(ENTRIES.c.reverses.isnot(None)) & (ENTRIES.c.state != "dropped"),
    postgresql_where=(ENTRIES.c.reverses.isnot(None)) & (ENTRIES.c.state != "dropped"),
)

INVOICES = Table(
    "invoices",
    METADATA,
    row_id(),
    town(),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("connection", Text, nullable=False),
    whole("lane", 0),
    Column("credits", BigInteger),
    Column("state", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    whole("net"),
    whole("vat"),
    whole("rounding"),
    Column("answer", Text),
    Column("answered_at", BigInteger),
    whole("at"),
    UniqueConstraint("municipality", "key"),
    Index("ix_invoices_account", "municipality", "account"),
)
"""An invoice or credit note, sealed as it is sent, and sent again. `credits`: the invoice that it takes off from."""
Index(
    "ix_invoices_credits",
    INVOICES.c.municipality,
    INVOICES.c.credits,
    sqlite_where=INVOICES.c.credits.isnot(None),
    postgresql_where=INVOICES.c.credits.isnot(None),
)
