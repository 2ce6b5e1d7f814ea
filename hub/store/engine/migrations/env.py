"""Alembic's entry: runs the migrations on the connection that it is handed."""

from alembic import context

from hub.store.tables.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
