"""How Alembic reaches the database: through the connection that digest.database hands over."""

from alembic import context

from digest.database import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    if connection.dialect.name == "postgresql":
        # Two processes that start together must not both create the tables.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7216432019)")
    context.run_migrations()
