"""Knows the newest release without asking the database, and still sees at once what another process commits."""

import logging
import os
import threading
import weakref
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Engine

from db.engine import reading
from db.queries.releases import RELEASE_CHANNEL, in_utc, latest_release
from db.resting import identity
from models.release import Release

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger("db.watch")

INDEX_HEADER = 96  # two copies of 48 bytes, https://sqlite.org/walformat.html#the_wal_index_header
INDEX_IS_READY = 12  # offset of the byte that is 1 once the header is written
LOOK_SECONDS = 0.05
LISTENER = "release-listener"
POLL_SECONDS = 0.5
REPLICA_POLL_SECONDS = 0.1  # a replica takes no LISTEN, so it is looked at more often
TRUSTED_SECONDS = 2.0  # how long what a listener last read counts; a connection that hangs says nothing at all


@dataclass(frozen=True, slots=True)
class ReleaseStamp:
    """What tells one release from every other, and when a source last confirmed it; moments are in UTC."""

    release_id: int
    created_at: datetime
    content_sha256: str
    taxonomy_version: str
    rules_version: str
    method_version: str
    checked_at: datetime | None = None


@lru_cache(16)  # asked with every answer that is made
def stamp_of(release: Release) -> ReleaseStamp:
    """Take the stamp of a stored release."""
    return ReleaseStamp(
        release_id=release.release_id or 0,
        created_at=in_utc(release.created_at),
        content_sha256=release.content_sha256,
        taxonomy_version=release.taxonomy_version,
        rules_version=release.rules_version,
        method_version=release.method_version,
        checked_at=None if release.checked_at is None else in_utc(release.checked_at),
    )


class _Memory(Protocol):
    def recall(self) -> ReleaseStamp | None: ...

    def read(self) -> ReleaseStamp | None: ...

    def close(self) -> None: ...


class ReleaseWatch:
    """Tells the newest release of one database, from memory wherever that is as good as asking."""

    def __init__(self, engine: Engine) -> None:
        postgres = engine.dialect.name == "postgresql"
        self._memory: _Memory = _Listening(engine) if postgres else _WalIndex(engine)

    def remembered(self) -> ReleaseStamp | None:
        """The newest release if it is known without asking the database; takes microseconds and never waits."""
        return self._memory.recall()

    def current(self) -> ReleaseStamp | None:
        """The newest release, or `None` before there is one; asks the database only where memory does not do.

        Raises:
            SQLAlchemyError: if the database does not answer.
        """
        return self._memory.recall() or self._memory.read()

    def wait_for(self, release_id: int, seconds: float) -> bool:
        """Wait until answers come from this release or a later one; false if they still do not after so many seconds.

        For who has just written: a replica has what was written a little later.
        """
        until = monotonic() + seconds
        while (found := self.current()) is None or found.release_id < release_id:
            if monotonic() >= until:
                return False
            sleep(LOOK_SECONDS)
        return True

    def close(self) -> None:
        """Stop what runs in the background. A later use starts it again."""
        self._memory.close()


class _WalIndex:
    """SQLite: the header of the index of the write-ahead log says whether anything was committed.

    Every commit writes that header anew as its last act, and every reader of SQLite's own compares it to learn whether
    what it has is still true. So as long as the bytes are those of our last look, no commit came between. The bytes are
    taken before the row is read: a commit between the two makes the next look differ, never agree by mistake.

    A header only speaks for the log it belongs to. When the last connection anywhere closes, SQLite moves the log into
    the database file and starts over with a header that looks like every other fresh one. Therefore the identity of
    both files, and the size and time of the database file, count as well. To look a file up takes longer than all else
    here, and no file is replaced while a connection of ours is open but by hand: so that is looked at now and then.
    """

    def __init__(self, engine: Engine) -> None:
        name = engine.url.database
        self._engine = engine
        self._path = None if name == ":memory:" else name or None
        self._seen: tuple[_Mark, ReleaseStamp] | None = None
        self._looked = 0.0

    def recall(self) -> ReleaseStamp | None:
        seen = self._seen
        if seen is None:
            return None
        moment = monotonic()
        if moment - self._looked < LOOK_SECONDS:
            return seen[1] if _index_header(seen[0].descriptor) == seen[0].header else None
        self._looked = moment
        if seen[0] == self._mark():
            return seen[1]
        self._seen = None  # else the next look, which may only compare headers, would find it true again
        return None

    def read(self) -> ReleaseStamp | None:
        mark = self._mark()
        with reading(self._engine) as connection:
            release = latest_release(connection)
            has_log = connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        stamp = None if release is None else stamp_of(release)
        self._seen = (mark, stamp) if stamp is not None and mark is not None and has_log else None
        return stamp

    def close(self) -> None:
        self._seen = None

    def _mark(self) -> "_Mark | None":
        """What differs after every commit, or `None` where that cannot be told."""
        if self._path is None:
            return None
        try:
            data, index = os.stat(self._path), os.stat(f"{self._path}-shm")
            descriptor = _descriptor(f"{self._path}-shm", index)
        except OSError:
            return None
        header = _whole_header(descriptor)
        files = (identity(data), data.st_size, data.st_mtime_ns, identity(index))
        return None if header is None else _Mark(files, descriptor, header)


@dataclass(frozen=True, slots=True)
class _Mark:
    """The state of a database's files: which they are, and the header of the index, read by a descriptor of it."""

    files: tuple[object, ...]
    descriptor: int
    header: bytes


def _index_header(descriptor: int) -> bytes:
    """Read the header of the index as it is at this moment; nothing where it cannot be read."""
    try:
        return os.pread(descriptor, INDEX_HEADER, 0)
    except OSError:
        return b""


def _whole_header(descriptor: int) -> bytes | None:
    """Read the header of the index, unless it is being written at this moment."""
    header, half = _index_header(descriptor), INDEX_HEADER // 2
    whole = len(header) == INDEX_HEADER and header[:half] == header[half:] and header[INDEX_IS_READY]
    return header if whole else None


_descriptors: dict[tuple[int, int], int] = {}
_opening = threading.Lock()


def _descriptor(path: str, file: os.stat_result) -> int:
    """Open a file once for the life of the process.

    It is never closed: POSIX drops all locks that a process holds on a file as soon as it closes any descriptor of it,
    and those would be SQLite's. An open descriptor also keeps the file's number from being given to another file.

    Raises:
        OSError: if it is gone, or was replaced since `file` was looked up.
    """
    with _opening:
        if identity(file) not in _descriptors:
            opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            _descriptors[identity(os.fstat(opened))] = opened
        if identity(file) not in _descriptors:
            raise FileNotFoundError(path)
        return _descriptors[identity(file)]


class _Listening:
    """PostgreSQL: a thread listens for the notice that every release gives, and looks for itself twice a second.

    It watches the very server that answers are read from. A streaming replica takes no LISTEN; there it looks ten times
    a second, so that what is remembered is never older than that, however far the replica is behind.

    While it is not known to be well, nothing is remembered and every question goes to the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._starting = threading.Lock()
        self._listener: _Listener | None = None

    def recall(self) -> ReleaseStamp | None:
        listener = self._listener
        return None if listener is None else listener.heard()

    def read(self) -> ReleaseStamp | None:
        with self._starting:
            if self._listener is None:
                self._listener = _Listener(self._engine)
                # Ends the thread at exit and where nobody holds the watch any more; the thread itself holds neither.
                weakref.finalize(self, self._listener.stop)
        with reading(self._engine) as connection:
            release = latest_release(connection)
        return None if release is None else stamp_of(release)

    def close(self) -> None:
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
