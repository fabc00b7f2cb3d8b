"""Watches statements and releases in tests."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event

from db.engine import reading
from db.queries.releases import latest_release
from db.watch.watch import ReleaseWatch
from tests.conftest import watch_of

ROOT = Path(__file__).parents[2]


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements that an engine runs."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def is_idle(connection: Connection) -> bool:
    """Whether a connection to PostgreSQL is in no transaction."""
    driver: Any = connection.connection.driver_connection
    return bool(driver.pgconn.transaction_status == TransactionStatus.IDLE)


def settle(engine: Engine, watch: ReleaseWatch | None = None) -> None:
    """Wait until the watch knows the newest release by itself: SQLite at once, PostgreSQL when the notice of it has come."""
    watch = watch or watch_of(engine)
    with reading(engine) as connection:
        release = latest_release(connection)
    assert release is not None
    deadline = time.monotonic() + 10
    watch.current()
    while (found := watch.remembered()) is None or found.release_id < release.release_id:
        assert time.monotonic() < deadline, "the watch never came to know the release"
        time.sleep(0.01)
        watch.current()


def ingest_elsewhere(engine: Engine, path: Path) -> None:
    """Take a file of records in by the command line, in a process of its own."""
    address = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "api", "ingest", "records", str(path)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": address}, check=True, capture_output=True)
