"""SQLite: whether anything was committed, by the files of the database."""

import os
import threading
from dataclasses import dataclass
from time import monotonic

from sqlalchemy import Engine

from db.engine import reading
from db.queries.releases import latest_release
from db.resting import identity
from db.watch.stamp import ReleaseStamp, stamp_of

INDEX_HEADER = 96  # two copies of 48 bytes, https://sqlite.org/walformat.html#the_wal_index_header
INDEX_IS_READY = 12  # offset of the byte that is 1 once the header is written
LOOK_SECONDS = 0.05


class WalIndex:
    """The header of the index of the write-ahead log says whether anything was committed.

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
        """The newest release from memory, if that is to be trusted."""
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
        """The newest release from the database, to be remembered."""
        mark = self._mark()
        with reading(self._engine) as connection:
            release = latest_release(connection)
            has_log = connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        stamp = None if release is None else stamp_of(release)
        self._seen = (mark, stamp) if stamp is not None and mark is not None and has_log else None
        return stamp

    def close(self) -> None:
        """Forget it."""
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
