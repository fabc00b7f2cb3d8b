"""One run at a time: whoever holds this lock works, from the opening of a run to its end, and it ends with the process.

The writer's lock (`db.engine.writing`) lasts for one transaction, but a run is written down in one before it works in the
next. Without a lock around both, a second run could not tell one that died from one that works.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, PendingRollbackError

from db.errors import BusyError, LockFileError
from db.revision import require_current

RUN_LOCK = 0x6D66_6171  # PostgreSQL's advisory lock for the one run; the writer's is another
ASK_AGAIN_SECONDS = 0.1

Attempt = Callable[[], bool]


@contextmanager
def run_lock(engine: Engine, patience: float | None = None) -> Iterator[None]:
    """Hold the right to run; wait for it, at most `patience` seconds if that is given.

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
        while not attempt():
            if deadline is not None and time.monotonic() >= deadline:
                raise BusyError("another run is at work: try again when it is done")
            time.sleep(ASK_AGAIN_SECONDS)
        yield


@contextmanager
def _lock_of(engine: Engine) -> Iterator[Attempt]:
    """Yield what tries to take the lock; it is let go at the end."""
    if engine.dialect.name == "postgresql":
        yield from _advisory(engine)
    elif engine.url.database in {None, "", ":memory:"}:
        yield lambda: True  # nobody else can see such a database
    else:
        yield from _file(Path(f"{engine.url.database}-run"))


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
        path.parent.mkdir(parents=True, exist_ok=True)  # who makes a database comes by here first
        opened = path.open("ab")
    except OSError as error:
        raise LockFileError(f"{path} cannot be written: {error}") from error
    with opened as file:

        def attempt() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield attempt
