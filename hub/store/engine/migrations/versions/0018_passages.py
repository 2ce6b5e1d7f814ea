"""Passages of doors."""

import sqlalchemy as sa
from alembic import op

from hub.store.engine import walls

revision = '0018'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table('passages',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('connection', sa.Text(), nullable=False),
    sa.Column('door', sa.Text(), nullable=False),
    sa.Column('minute', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('credential', sa.Text(), nullable=False),
    sa.Column('minutes', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('occasion', sa.Text(), nullable=False),
    sa.Column('first', sa.BigInteger(), nullable=False),
    sa.Column('last', sa.BigInteger(), nullable=False),
    sa.Column('times', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_passages')),
    sa.UniqueConstraint('municipality', 'connection', 'door', 'minute', 'outcome', 'reason', 'credential',
    name='uq_passages_minute')
    )
    op.create_index('ix_passages_number', 'passages', ['municipality', 'number', 'occasion'], unique=False)
    op.create_index('ix_passages_minute', 'passages', ['municipality', 'minute'], unique=False)
    if op.get_bind().dialect.name == 'postgresql':
        for statement in walls.made('passages'):
            op.execute(statement)


def downgrade() -> None:
    """Go back."""
    op.drop_table('passages')
