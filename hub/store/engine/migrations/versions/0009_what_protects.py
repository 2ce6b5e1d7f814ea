"""What a reconcile found; the processes that share limits; when a connection was compared, and answered last."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table('findings',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('connection', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('opens_until', sa.BigInteger(), nullable=True),
    sa.Column('since', sa.BigInteger(), nullable=False),
    sa.Column('seen_at', sa.BigInteger(), nullable=False),
    sa.Column('decision', sa.Text(), server_default='open', nullable=False),
    sa.Column('decided_by', sa.Text(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('until', sa.BigInteger(), nullable=True),
    sa.Column('ended', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_findings'))
    )
    op.create_index('ix_findings_open', 'findings', ['municipality', 'connection', 'key'], unique=True,
    sqlite_where=sa.text('ended IS NULL'), postgresql_where=sa.text('ended IS NULL'))
    op.create_table('nodes',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('since', sa.BigInteger(), nullable=False),
    sa.Column('until', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_nodes'))
    )
    op.add_column('connections', sa.Column('reconciled_at', sa.BigInteger(), nullable=True))
    op.add_column('connections', sa.Column('reconciled_in', sa.Text(), nullable=True))
    op.add_column('connections', sa.Column('answered_at', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Go back."""
    for name in ('answered_at', 'reconciled_in', 'reconciled_at'):
        op.drop_column('connections', name)
    op.drop_table('nodes')
    op.drop_index('ix_findings_open', table_name='findings')
    op.drop_table('findings')
