"""What population registers tell by themselves: files of changes, whom there is news of, and the epoch of answers."""

import sqlalchemy as sa
from alembic import op

from hub.store.engine import walls

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

TABLES = ('changes_files', 'changes_waiting', 'population_epochs')


def upgrade() -> None:
    """Go forward."""
    op.create_table('changes_files',
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('connection', sa.Text(), nullable=False),
    sa.Column('delivery', sa.Text(), nullable=False),
    sa.Column('part', sa.BigInteger(), nullable=False),
    sa.Column('parts', sa.BigInteger(), nullable=False),
    sa.Column('posts', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=True),
    sa.Column('series', sa.Text(), nullable=False),
    sa.Column('serial', sa.BigInteger(), nullable=True),
    sa.Column('first_day', sa.BigInteger(), nullable=True),
    sa.Column('last_day', sa.BigInteger(), nullable=True),
    sa.Column('next_by', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('municipality', 'connection', 'delivery', 'part', name=op.f('pk_changes_files')),
    sqlite_with_rowid=False
    )
    op.create_table('changes_waiting',
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('connection', sa.Text(), nullable=False),
    sa.Column('delivery', sa.Text(), nullable=False),
    sa.Column('person', sa.Text(), nullable=False),
    sa.Column('trader', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('municipality', 'connection', 'delivery', 'person', name=op.f('pk_changes_waiting')),
    sqlite_with_rowid=False
    )
    op.create_table('population_epochs',
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('municipality', name=op.f('pk_population_epochs')),
    sqlite_with_rowid=False
    )
    if op.get_bind().dialect.name == 'postgresql':
        for statement in (one for table in TABLES for one in walls.made(table)):
            op.execute(statement)


def downgrade() -> None:
    """Go back."""
    op.drop_table('population_epochs')
    op.drop_table('changes_waiting')
    op.drop_table('changes_files')
