"""How many lookups of a population register are spent on a day."""

import sqlalchemy as sa
from alembic import op

from hub.store.engine import walls

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table('lookups',
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('connection', sa.Text(), nullable=False),
    sa.Column('day', sa.BigInteger(), nullable=False),
    sa.Column('spent', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('municipality', 'connection', name=op.f('pk_lookups')),
    sqlite_with_rowid=False
    )
    if op.get_bind().dialect.name == 'postgresql':
        for statement in walls.made('lookups'):
            op.execute(statement)


def downgrade() -> None:
    """Go back."""
    op.drop_table('lookups')
