"""The second wall between municipalities on PostgreSQL: row-level security on every table that is a municipality's."""

import sqlalchemy as sa
from alembic import op

from hub.store import walls

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

TABLES = (
    'attempts', 'audit', 'audit_leaves', 'bookings', 'claims', 'closures', 'codes', 'configurations', 'connections',
    'connector_state', 'cursors', 'deliveries', 'entries', 'events', 'expiries', 'findings', 'gatherings', 'imports',
    'intake', 'invoices', 'keys', 'lanes', 'leaving', 'marks', 'occupancy', 'postings', 'problems', 'subscriptions',
    'told', 'unreleased',
)
TRIES, PATIENCE = 200, '200ms'


def upgrade() -> None:
    """Go forward."""
    if op.get_bind().dialect.name == 'postgresql':
        hold(op.get_bind())
        for statement in (one for table in TABLES for one in walls.made(table)):
            op.execute(statement)


def hold(connection: sa.Connection) -> None:
    """Hold all tables at once, while nodes go on: who cannot have one soon lets go of the others, so nobody deadlocks."""
    connection.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    for _ in range(TRIES - 1):
        try:
            with connection.begin_nested():
                connection.execute(sa.text(f"LOCK TABLE {', '.join(TABLES)}"))
        except sa.exc.OperationalError:
            continue
        return
    connection.execute(sa.text(f"LOCK TABLE {', '.join(TABLES)}"))


def downgrade() -> None:
    """Go back."""
    if op.get_bind().dialect.name == 'postgresql':
        for table in TABLES:
            op.execute(f'DROP POLICY {walls.NAME} ON {table}')
            op.execute(f'ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY')
            op.execute(f'ALTER TABLE {table} DISABLE ROW LEVEL SECURITY')
