"""What every table is made of: names of constraints, ids, the municipality that comes first, whole numbers.

Imported by the tables and by migrations alike, so that what one says here holds in every `sa.Text()` of both.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, Text, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import TextClause

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")


@compiles(Text, "postgresql")
def _sorted_as_in_code(_type: Text, _compiler: object, **_more: Any) -> str:
    """Sorted by its code points, as Python and SQLite do, whatever the database was made for.

    Locks are taken in the order of keys, and ranges of keys are read: one order in all places.
    """
    return 'TEXT COLLATE "C"'


def row_id() -> Column[int]:
    """A number for each row."""
    return Column("id", Id, primary_key=True, autoincrement=True)


def town() -> Column[str]:
    """Whose row it is."""
    return Column("municipality", Text, nullable=False)


def whole(name: str, default: int | None = None) -> Column[int]:
    """A whole number that is always there."""
    return Column(name, BigInteger, nullable=False, server_default=None if default is None else text(str(default)))


class _ThisTransaction(TextClause):
    """The number of the transaction that writes a row; 0 where there is one writer."""

    inherit_cache = True


@compiles(_ThisTransaction)
def _of_none(_element: _ThisTransaction, _compiler: object, **_more: Any) -> str:
    return "0"


@compiles(_ThisTransaction, "postgresql")
def _of_this(_element: _ThisTransaction, _compiler: object, **_more: Any) -> str:
    return "((pg_current_xact_id())::text)::bigint"


def transaction(name: str) -> Column[int]:
    """The number of the transaction that wrote the row."""
    return Column(name, BigInteger, nullable=False, server_default=_ThisTransaction("0"))
