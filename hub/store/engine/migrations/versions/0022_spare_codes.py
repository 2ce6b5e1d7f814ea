"""Spare codes that stand in locks already."""

import sqlalchemy as sa
from alembic import op

from hub.store.engine import walls

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table('spare_codes',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('facility', sa.Text(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('rung', sa.BigInteger(), nullable=True),
    sa.Column('since', sa.BigInteger(), nullable=False),
    sa.Column('missed_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_spare_codes')),
    sa.UniqueConstraint('municipality', 'facility', 'hash', name='uq_spare_codes_hash')
    )
    op.create_index('ix_spare_codes_rung', 'spare_codes', ['municipality', 'rung'], unique=False)
    if op.get_bind().dialect.name == 'postgresql':
        for statement in walls.made('spare_codes'):
            op.execute(statement)


def downgrade() -> None:
    """Go back."""
    op.drop_table('spare_codes')
