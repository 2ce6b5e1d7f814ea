"""What sensors told, and how long zones were lit and warm."""

import sqlalchemy as sa
from alembic import op

from hub.store.engine import walls

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

TABLES = ('sensors', 'readings', 'reading_hours', 'stretches', 'noticed')


def upgrade() -> None:
    """Go forward."""
    op.create_table('sensors',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('connection', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('quantity', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sensors')),
    sa.UniqueConstraint('municipality', 'connection', 'key', 'quantity', name='uq_sensors_key')
    )
    op.create_table('readings',
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('sensor', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('municipality', 'sensor', 'at', name=op.f('pk_readings')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_readings_old', 'readings', ['municipality', 'at'], unique=False)
    op.create_table('reading_hours',
    sa.Column('municipality', sa.Text(), nullable=False),
    *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (
        'sensor', 'hour', 'readings', 'total', 'least', 'most', 'first', 'first_at', 'last', 'last_at')),
    sa.PrimaryKeyConstraint('municipality', 'sensor', 'hour', name=op.f('pk_reading_hours')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_reading_hours_old', 'reading_hours', ['municipality', 'hour'], unique=False)
    op.create_table('stretches',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('lane', sa.BigInteger(), nullable=False),
    sa.Column('starts', sa.BigInteger(), nullable=False),
    sa.Column('ends', sa.BigInteger(), server_default=sa.text('4611686018427387904'), nullable=False),
    sa.Column('how', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stretches'))
    )
    op.create_index('ix_stretches_lane', 'stretches', ['municipality', 'lane', 'ends'], unique=False)
    op.create_index('ix_stretches_old', 'stretches', ['municipality', 'ends'], unique=False)
    op.create_table('noticed',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('zone', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_noticed')),
    sa.UniqueConstraint('municipality', 'type', 'zone', 'subject', name='uq_noticed_subject')
    )
    op.create_index('ix_noticed_old', 'noticed', ['municipality', 'at'], unique=False)
    if op.get_bind().dialect.name == 'postgresql':
        for table in TABLES:
            for statement in walls.made(table):
                op.execute(statement)


def downgrade() -> None:
    """Go back."""
    for table in reversed(TABLES):
        op.drop_table(table)
