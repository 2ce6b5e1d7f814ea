"""Every table there is, in one place for migrations."""

from hub.store import (
    audit_tables,
    change_tables,
    document_tables,
    intake_tables,
    ladder_tables,
    ledger_tables,
    notice_tables,
    passage_tables,
    person_tables,
    protection_tables,
    reading_tables,
    tables,
)
from hub.store.columns import METADATA

TABLES = (
    tables, audit_tables, change_tables, document_tables, intake_tables, ladder_tables, ledger_tables, notice_tables,
    passage_tables, person_tables, protection_tables, reading_tables,
)  # fmt: skip
"""The modules that tell them."""

__all__ = ["METADATA", "TABLES"]
