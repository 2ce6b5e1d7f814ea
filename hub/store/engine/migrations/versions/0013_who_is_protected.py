"""Whose bookings are whose, by a keyed hash; who is protected, and what of them is shown only with a reason."""

import sqlalchemy as sa
from alembic import op

from hub.store.engine import walls
from hub.store.engine.migrations.holding import hold

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    if op.get_bind().dialect.name == 'postgresql':
        hold(op.get_bind(), ('bookings',))
    op.add_column('bookings', sa.Column('person', sa.Text(), nullable=True))
    op.create_index('ix_bookings_person', 'bookings', ['municipality', 'person'],
    sqlite_where=sa.text("person <> ''"), postgresql_where=sa.text("person <> ''"))
    op.create_table('protected',
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('person', sa.Text(), nullable=False),
    sa.Column('trader', sa.Text(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('since', sa.BigInteger(), nullable=False),
    sa.Column('done', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.PrimaryKeyConstraint('municipality', 'person', name=op.f('pk_protected')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_protected_trader', 'protected', ['municipality', 'trader'])
    op.create_table('sealed_records',
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('since', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('municipality', 'kind', 'key', name=op.f('pk_sealed_records')),
    sqlite_with_rowid=False
    )
    op.create_table('unsealings',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('who', sa.Text(), nullable=False),
    sa.Column('until', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unsealings'))
    )
    if op.get_bind().dialect.name == 'postgresql':
        for statement in (one for table in ('protected', 'sealed_records', 'unsealings') for one in walls.made(table)):
            op.execute(statement)


def downgrade() -> None:
    """Go back."""
    op.drop_table('unsealings')
    op.drop_table('sealed_records')
    op.drop_index('ix_protected_trader', table_name='protected')
    op.drop_table('protected')
    op.drop_index('ix_bookings_person', table_name='bookings')
    op.drop_column('bookings', 'person')
