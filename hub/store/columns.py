"""What every table is made of: names of constraints, ids, the municipality that comes first, whole numbers."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, Text, text

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")


def row_id() -> Column[int]:
    """A number for each row."""
    return Column("id", Id, primary_key=True, autoincrement=True)


def town() -> Column[str]:
    """Whose row it is."""
    return Column("municipality", Text, nullable=False)


def whole(name: str, default: int | None = None) -> Column[int]:
    """A whole number that is always there."""
    return Column(name, BigInteger, nullable=False, server_default=None if default is None else text(str(default)))
