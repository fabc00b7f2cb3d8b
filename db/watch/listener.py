"""PostgreSQL: a thread of its own hears of releases."""

import logging
import threading
import weakref
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from db.engine import reading
from db.moments import in_utc
from db.queries.releases import RELEASE_CHANNEL, latest_release
from db.watch.stamp import ReleaseStamp, stamp_of

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger("db.watch")

LISTENER = "release-listener"
POLL_SECONDS = 0.5
REPLICA_POLL_SECONDS = 0.1  # a replica takes no LISTEN, so it is looked at more often
TRUSTED_SECONDS = 2.0  # how long what a listener last read counts; a connection that hangs says nothing at all


class Listening:
    """A thread listens for the notice that every release gives, and looks for itself twice a second.

    It watches the very server that answers are read from. A streaming replica takes no LISTEN; there it looks ten times
    a second, so that what is remembered is never older than that, however far the replica is behind.

    While it is not known to be well, nothing is remembered and every question goes to the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._starting = threading.Lock()
        self._listener: _Listener | None = None

    def recall(self) -> ReleaseStamp | None:
        """The newest release from memory, if that is to be trusted."""
        listener = self._listener
        return None if listener is None else listener.heard()

    def read(self) -> ReleaseStamp | None:
        """The newest release from the database, to be remembered."""
        with self._starting:
            if self._listener is None:
                self._listener = _Listener(self._engine)
                # Ends the thread at exit and where nobody holds the watch any more; the thread itself holds neither.
                weakref.finalize(self, self._listener.stop)
        with reading(self._engine) as connection:
            release = latest_release(connection)
        return None if release is None else stamp_of(release)

    def close(self) -> None:
        """Forget it, and stop listening."""
        with self._starting:
            listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop()


class _Listener:
    """The thread and what it last heard. Only the thread writes `_heard`, so no older state can overwrite a newer."""

    def __init__(self, engine: Engine) -> None:
        positional, named = engine.dialect.create_connect_args(engine.url)
        self._address: tuple[Any, Any] = (positional, {"connect_timeout": 5, "application_name": LISTENER, **named})
        self._heard: tuple[ReleaseStamp, float] | None = None
        self._stopped = threading.Event()
        self._said = False
        self._thread = threading.Thread(target=self._run, name=LISTENER, daemon=True)
        self._thread.start()

    def heard(self) -> ReleaseStamp | None:
        heard = self._heard
        return heard[0] if heard is not None and monotonic() - heard[1] < TRUSTED_SECONDS else None

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=10 * POLL_SECONDS)
        self._heard = None

    def _run(self) -> None:
        import psycopg  # who reads a file does without

        while not self._stopped.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                if not self._said:
                    log.warning("no notices of releases, so the database is asked each time: %s", type(error).__name__)
                self._said = True  # once for each time that it goes wrong, not with every attempt
            finally:
                self._heard = None
            self._stopped.wait(POLL_SECONDS)

    def _listen(self) -> None:
        import psycopg

        positional, named = self._address
        with psycopg.connect(*positional, autocommit=True, **named) as connection:
            replica = _is_replica(connection)
            if not replica:
                connection.execute(f"LISTEN {RELEASE_CHANNEL}")  # before the first look, so that none is missed
            while not self._stopped.is_set():
                asked = monotonic()
                stamp = _newest(connection)
                if self._said:
                    log.info("notices of releases come again")
                self._said = False
                self._heard = None if stamp is None else (stamp, asked)
                if replica:
                    self._stopped.wait(REPLICA_POLL_SECONDS)
                    continue
                for _notice in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                    self._heard = None  # there is a newer one: until it is read here, others ask for themselves


def _is_replica(connection: "psycopg.Connection[Any]") -> bool:
    row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    return row is not None and bool(row[0])


def _newest(connection: "psycopg.Connection[Any]") -> ReleaseStamp | None:
    row = connection.execute(
        "SELECT release_id, created_at, content_sha256, taxonomy_version, rules_version, method_version, checked_at"
        " FROM release ORDER BY release_id DESC LIMIT 1"
    ).fetchone()
    return (
        None
        if row is None
        else ReleaseStamp(row[0], in_utc(row[1]), row[2], row[3], row[4], row[5], row[6] and in_utc(row[6]))
    )
