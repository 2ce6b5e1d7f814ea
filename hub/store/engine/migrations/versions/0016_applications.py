"""Applications that come in by e-services."""

import sqlalchemy as sa
from alembic import op

from hub.store.engine import walls

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table('applications',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('connection', sa.Text(), nullable=False),
    sa.Column('source_id', sa.Text(), nullable=False),
    sa.Column('form', sa.Text(), nullable=False),
    sa.Column('completes', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('acknowledged', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('erased', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_applications')),
    sa.UniqueConstraint('municipality', 'key', name=op.f('uq_applications_municipality_key'))
    )
    if op.get_bind().dialect.name == 'postgresql':
        for statement in walls.made('applications'):
            op.execute(statement)


def downgrade() -> None:
    """Go back."""
    op.drop_table('applications')
