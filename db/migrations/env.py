"""Runs migrations on the connection that the program hands over, or on DATABASE_URL for the alembic command."""

from alembic import context
from sqlalchemy import Connection

from db.engine import make_engine, make_file, writing
from db.migrate import compute_missing
from db.run_lock import alone
from db.settings import get_settings
from db.tables import metadata


def _is_ours(item: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """Leave out of comparisons what each kind of database has in a form of its own: the search index (on SQLite with its
    parts), and the indexes in the orders of lists."""
    return not (name or "").startswith(("search_text_index", "search_text_vector", "ix_order_"))


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        include_object=_is_ours,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    _run(handed_over)
else:
    engine = make_engine(get_settings().database_url)
    make_file(engine)
    with alone(engine), writing(engine) as own_connection:
        _run(own_connection)
        compute_missing(own_connection)
