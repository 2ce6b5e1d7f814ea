"""Every table, once: what Alembic's migrations are held against."""
