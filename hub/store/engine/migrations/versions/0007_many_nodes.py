"""Many nodes: events know which transaction wrote them, and subscriptions how far they have come in those."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

_FIRST, _UNKNOWN = -(1 << 62), -1


def upgrade() -> None:
    """Go forward. What is there already is older than every transaction (0), on PostgreSQL too."""
    op.add_column('events', sa.Column('xact', sa.BigInteger(), server_default=sa.text('0'), nullable=False))
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("ALTER TABLE events ALTER COLUMN xact SET DEFAULT ((pg_current_xact_id())::text)::bigint")
    op.create_index(
        'ix_events_xact', 'events', ['municipality', 'xact', 'id'], unique=False,
        sqlite_where=sa.text('xact != 0'), postgresql_where=sa.text('xact <> 0'),
    )  # fmt: skip
    for name, default in (('cursor_low', _FIRST), ('cursor_high', 1), ('cursor_last', _UNKNOWN)):
        column = sa.Column(name, sa.BigInteger(), server_default=sa.text(str(default)), nullable=False)
        op.add_column('subscriptions', column)


def downgrade() -> None:
    """Go back."""
    for name in ('cursor_last', 'cursor_high', 'cursor_low'):
        op.drop_column('subscriptions', name)
    op.drop_index('ix_events_xact', table_name='events')
    op.drop_column('events', 'xact')
