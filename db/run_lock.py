"""One run at a time: whoever holds this lock works, from the opening of a run to its end, and it ends with the process.

The writer's lock (`db.engine.writing`) lasts for one transaction, but a run is written down in one before it works in the
next. Without a lock around both, a second run could not tell one that died from one that works.
"""

import fcntl
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, PendingRollbackError

from db.engine import file_of, reading
from db.errors import BusyError, DatabaseFileError
from db.revision import require_current

log = logging.getLogger("db.run_lock")

RUN_LOCK = 0x6D66_6171  # PostgreSQL's advisory lock for the one run; the writer's is another
ASK_AGAIN_SECONDS = 0.1

HELD = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND granted AND datname = current_database()
    AND classid = 0 AND objid = CAST(:key AS oid) AND objsubid = 1
"""
"""How PostgreSQL lists the lock: its key is a number of 64 bits, the upper half of which is none."""

Attempt = Callable[[], bool]


@contextmanager
def run_lock(engine: Engine, patience: float | None = None) -> Iterator[None]:
    """Hold the right to run; wait for it, at most `patience` seconds if that is given, else as long as it takes, and say so.

    Raises:
        BusyError: if another run still works after that time.
        SchemaOutdatedError: if the database was migrated under a process that goes on: it does not know what else has to
            be written by now, so its run would leave wrong sums behind.
    """
    with alone(engine, patience):
        require_current(engine)
        yield


@contextmanager
def alone(engine: Engine, patience: float | None = None) -> Iterator[None]:
    """Keep all runs out, whatever the revision; raises `BusyError` as `run_lock` does."""
    deadline = None if patience is None else time.monotonic() + patience
    with _lock_of(engine) as attempt:
        held = attempt()
        if not held and deadline is None:  # who waits for a while only is told at its end
            log.warning("another run is at work; waiting for it")
        while not held:
            if deadline is not None and time.monotonic() >= deadline:
                raise BusyError("another run is at work: try again when it is done")
            time.sleep(ASK_AGAIN_SECONDS)
            held = attempt()
        yield


def is_free(engine: Engine) -> bool:
    """Whether nobody holds the lock at this moment: no run is at work. False where that cannot be told.

    On PostgreSQL nothing is taken to find out. A file is looked at by sharing its lock for a moment, which one that begins
    meanwhile waits for as it would for a run.
    """
    if engine.dialect.name == "postgresql":
        with reading(engine) as connection:
            return not connection.scalar(text(HELD), {"key": RUN_LOCK})
    path = file_of(engine)
    if path is None:
        return False
    try:
        with _beside(path).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True  # no run ever began
    except OSError:
        return False
    return True


@contextmanager
def _lock_of(engine: Engine) -> Iterator[Attempt]:
    """Yield what tries to take the lock; it is let go at the end."""
    if engine.dialect.name == "postgresql":
        yield from _advisory(engine)
    elif (path := file_of(engine)) is None:
        yield lambda: True  # nobody else can see what is in memory
    else:
        with reading(engine):
            pass  # nothing is made beside a database that is not there
        yield from _file(_beside(path))


def _beside(path: Path) -> Path:
    """The file beside a database that one run holds at a time."""
    return Path(f"{path}-run")


def _advisory(engine: Engine) -> Iterator[Attempt]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:

        def attempt() -> bool:
            return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": RUN_LOCK}))

        try:
            yield attempt
        finally:
            with suppress(OperationalError, PendingRollbackError):  # where the connection is gone, the lock is too
                connection.execute(text("SELECT pg_advisory_unlock_all()"))


def _file(path: Path) -> Iterator[Attempt]:
    try:
        opened = path.open("ab")
    except OSError as error:
        raise DatabaseFileError(f"{path} cannot be written: {error}") from error
    with opened as file:

        def attempt() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield attempt
