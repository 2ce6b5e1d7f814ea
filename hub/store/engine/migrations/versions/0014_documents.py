"""Documents that are to be registered, and what they hold."""

import sqlalchemy as sa
from alembic import op

from hub.store.engine import walls

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

TABLES = ('documents', 'document_parts')


def upgrade() -> None:
    """Go forward."""
    op.create_table('documents',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('connection', sa.Text(), nullable=False),
    sa.Column('lane', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('booking', sa.Text(), nullable=False),
    sa.Column('case_key', sa.Text(), nullable=False),
    sa.Column('person', sa.Text(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('facts', sa.Text(), nullable=False),
    sa.Column('since', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('registered_at', sa.BigInteger(), nullable=True),
    sa.Column('kept', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_documents')),
    sa.UniqueConstraint('municipality', 'key', name=op.f('uq_documents_municipality_key'))
    )
    op.create_index('ix_documents_case', 'documents', ['municipality', 'connection', 'case_key'], unique=False)
    op.create_index('ix_documents_unregistered', 'documents', ['municipality', 'connection', 'since'], unique=False,
    sqlite_where=sa.text('registered_at IS NULL'), postgresql_where=sa.text('registered_at IS NULL'))
    op.create_index('ix_documents_kept', 'documents', ['municipality', 'registered_at'], unique=False,
    sqlite_where=sa.text('kept = 1 AND registered_at IS NOT NULL'),
    postgresql_where=sa.text('kept = 1 AND registered_at IS NOT NULL'))
    op.create_index('ix_documents_person', 'documents', ['municipality', 'person'], unique=False,
    sqlite_where=sa.text("person != ''"), postgresql_where=sa.text("person != ''"))
    op.create_table('document_parts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('municipality', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('part', sa.BigInteger(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document_parts')),
    sa.UniqueConstraint('municipality', 'key', 'part', name=op.f('uq_document_parts_municipality_key_part'))
    )
    if op.get_bind().dialect.name == 'postgresql':
        for statement in (one for table in TABLES for one in walls.made(table)):
            op.execute(statement)


def downgrade() -> None:
    """Go back."""
    op.drop_table('document_parts')
    op.drop_index('ix_documents_kept', table_name='documents')
    op.drop_index('ix_documents_unregistered', table_name='documents')
    op.drop_index('ix_documents_person', table_name='documents')
    op.drop_index('ix_documents_case', table_name='documents')
    op.drop_table('documents')
