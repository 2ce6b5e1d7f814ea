"""Every table there is, in one place for migrations."""

from hub.store.columns import METADATA

from hub.store import audit_tables, intake_tables, ledger_tables, notice_tables, protection_tables, tables
TABLES = (tables, audit_tables, intake_tables, ledger_tables, notice_tables, protection_tables)
"""The modules that tell them."""

__all__ = ["METADATA", "TABLES"]
