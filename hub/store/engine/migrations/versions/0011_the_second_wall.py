"""The second wall between municipalities on PostgreSQL: row-level security on every table that is a municipality's."""

from alembic import op

from hub.store.engine import walls
from hub.store.engine.migrations.holding import hold

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


def upgrade() -> None:
    """Go forward."""
    if op.get_bind().dialect.name == 'postgresql':
        hold(op.get_bind(), TABLES)
        for statement in (one for table in TABLES for one in walls.made(table)):
            op.execute(statement)


def downgrade() -> None:
    """Go back."""
    if op.get_bind().dialect.name == 'postgresql':
        for table in TABLES:
            op.execute(f'DROP POLICY {walls.NAME} ON {table}')
            op.execute(f'ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY')
            op.execute(f'ALTER TABLE {table} DISABLE ROW LEVEL SECURITY')
