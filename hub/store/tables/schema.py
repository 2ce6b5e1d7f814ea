"""Every table there is, in one place for migrations."""

from hub.store.tables import (
    audit,
    change,
    core,
    document,
    intake,
    ladder,
    ledger,
    notice,
    passage,
    person,
    protection,
    reading,
)
from hub.store.tables.columns import METADATA

TABLES = (
    core, audit, change, document, intake, ladder, ledger, notice, passage, person, protection, reading,
)  # fmt: skip
"""The modules that tell them."""

__all__ = ["METADATA", "TABLES"]
