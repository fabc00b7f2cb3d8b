"""Runs migrations on the connection that the program hands over, or on DATABASE_URL for the alembic command."""

from alembic import context
from sqlalchemy import Connection

from db.engine import make_engine
from db.settings import get_settings
from db.tables import metadata


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    _run(handed_over)
else:
    with make_engine(get_settings().database_url).begin() as own_connection:
        _run(own_connection)
