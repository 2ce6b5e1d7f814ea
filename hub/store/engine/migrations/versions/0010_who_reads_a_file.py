"""Which node reads a file: of those that share a database one that is gone reads it no more."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column('imports', sa.Column('node', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    """Go back."""
    op.drop_column('imports', 'node')
