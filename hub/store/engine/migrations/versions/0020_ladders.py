"""What is done instead of doors."""

import sqlalchemy as sa
from alembic import op

from hub.store.engine import walls

revision = '0020'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table('watches',
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('due', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('municipality', 'number', name=op.f('pk_watches')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_watches_due', 'watches', ['due'], unique=False, sqlite_where=sa.text('due < 4611686018427387904'), postgresql_where=sa.text('due < 4611686018427387904'))
    op.create_table('rungs',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('occasion', sa.Text(), nullable=False),
    sa.Column('resource', sa.Text(), nullable=False),
    sa.Column('minutes', sa.BigInteger(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('starts', sa.BigInteger(), nullable=False),
    sa.Column('ends', sa.BigInteger(), nullable=False),
    sa.Column('given_at', sa.BigInteger(), nullable=False),
    sa.Column('slots', sa.Text(), nullable=False),
    sa.Column('ended_at', sa.BigInteger(), nullable=True),
    sa.Column('why', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rungs'))
    )
    op.create_index('ix_rungs_number', 'rungs', ['municipality', 'number'], unique=False)
    op.create_index('ix_rungs_open', 'rungs', ['municipality'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
    if op.get_bind().dialect.name == 'postgresql':
        for table in ('watches', 'rungs'):
            for statement in walls.made(table):
                op.execute(statement)


def downgrade() -> None:
    """Go back."""
    op.drop_table('rungs')
    op.drop_table('watches')
