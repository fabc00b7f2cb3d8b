"""Engines for SQLite and PostgreSQL, and the two ways to open a transaction: to read, and to write alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

WRITER_LOCK = 0x6D66_6170  # a number of our own: PostgreSQL's advisory lock for the one writer
READERS = 40
"""Connections to a file that are kept open: the threads that the server has for routes."""
SQLITE_WAIT_MS = 60_000
CONNECT_SECONDS = 5
"""How long a PostgreSQL may take to let somebody in, unless its address says otherwise (`?connect_timeout=…`)."""

HANGS_MS = 20_000
"""How long it may leave unconfirmed what was sent to it (`tcp_user_timeout`), until it counts as gone."""


def make_engine(url: str) -> Engine:
    """Make an engine for a database address; `postgresql://` uses the psycopg driver.

    An SQLite file's folder is made if it is missing. SQLite runs in write-ahead mode, so that readers never wait for
    the writer, and checks foreign keys.
    """
    parsed = make_url(url)
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        patience = {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": HANGS_MS}
        wanted = {name: value for name, value in patience.items() if name not in parsed.query}
        return create_engine(parsed, pool_pre_ping=True, connect_args=wanted)
    if not parsed.database or parsed.database == ":memory:":
        engine = create_engine(parsed)
    else:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # A file has room for any number of readers, so none has to wait for another's connection; and as many are kept open
        # as there can be threads that read, for to open one takes longer than most answers.
        engine = create_engine(parsed, pool_size=READERS, max_overflow=-1, json_deserializer=msgspec.json.decode)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, so that a read sees one state throughout
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={SQLITE_WAIT_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.connection.cursor().execute(
            "BEGIN"
        )  # waits for nothing, so nothing can go wrong that has to be told


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that sees one state of the data from its first statement to its last."""
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else None
    with engine.connect() as connection:
        if level:
            connection = connection.execution_options(isolation_level=level)
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes: one at a time per database, committed at the end, undone by any error."""
    with engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})
            yield connection


@contextmanager
def noting(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes a few rows which no run touches, such as a place in the queue.

    On PostgreSQL it does not wait for the one who writes alone; SQLite has one writer at a time, so there it does.
    """
    with engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        with connection.begin():
            yield connection
