"""Configure Alembic for each command, in the transaction that ``history/migrate.py`` has begun."""

from alembic import context

from backend.history.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
