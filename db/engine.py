"""Engines for SQLite and PostgreSQL, and the two ways to open a transaction: to read, and to write alone."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from select import POLLIN, poll
from time import monotonic
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError

from db.errors import DatabaseFileError, ReadAnewError, is_out_of_room
from db.resting import Allowance, file_at, let_rest_no_more, reading_shortly

PRIVATE = 0o600  # hashes of keys, and what was sent with them, are nobody else's business
WRITER_LOCK = 0x6D66_6170  # a number of our own: PostgreSQL's advisory lock for the one writer
READERS = 40
"""Connections to a file that are kept open: the threads that the server has for routes."""
SERVER_READERS = 15
"""Connections to a PostgreSQL that a process may have, all of which are kept open: to make one anew takes longer than most
answers, and what it had prepared would be lost with it."""
SQLITE_WAIT_MS = 60_000
WAL_BYTES = 16 << 20
"""How much of the `-wal` beside a file stays when SQLite begins it anew: four times the 1,000 pages after which it moves what is
in there into the file, so that usual writes find it made. A long run fills it with all that it writes, and without a limit that
room would be taken as long as anybody has the file open (https://www.sqlite.org/pragma.html#pragma_journal_size_limit)."""
COST_OF_PAGE = 1.1
"""What PostgreSQL takes it to cost one who writes to read a page by an index, beside one of a row of pages. It says four, which
was true of turning disks; a run looks up, some at a time, what it has just written, and would have tables read whole."""

BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ"

CONNECT_SECONDS = 5
"""How long a PostgreSQL may take to let somebody in, unless its address says otherwise (`?connect_timeout=…`)."""

HANGS_MS = 20_000
"""How long it may leave unconfirmed what was sent to it (`tcp_user_timeout`), until it counts as gone."""

LONG_REST_SECONDS = 30
"""How long a connection may rest until it is asked whether it is still there."""


def make_engine(url: str) -> Engine:
    """Make an engine for a database address; `postgresql://` uses the psycopg driver.

    SQLite runs in write-ahead mode, so that readers never wait for the writer, and checks foreign keys. Its file has to be
    there: `make_file` makes one.
    """
    parsed = make_url(url)
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        from db.waiting import WaitingPool, connect  # who reads a file does without the driver

        patience = {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": HANGS_MS}
        wanted: dict[str, Any] = {name: value for name, value in patience.items() if name not in parsed.query}
        wanted["prepare_threshold"] = None  # whose statements are kept by a name is for `send_together` to say, not two
        room = {"pool_size": SERVER_READERS, "max_overflow": 0}
        engine = create_engine(parsed, poolclass=WaitingPool, connect_args=wanted, **room)
        event.listen(engine, "do_connect", connect)
        event.listen(engine, "checkin", _note_rest)
        event.listen(engine, "checkout", partial(_look_after, engine))
        event.listen(engine, "before_cursor_execute", _begin_reading)
        return engine
    if not parsed.database or parsed.database == ":memory:":
        engine = create_engine(parsed)
    else:
        # A file has room for any number of readers, so none has to wait for another's connection; and as many are kept open
        # as there can be threads that read, for to open one takes longer than most answers.
        engine = create_engine(parsed, pool_size=READERS, max_overflow=-1, json_deserializer=msgspec.json.decode)
        event.listen(engine, "do_connect", _open_what_is_there)
        event.listen(engine, "checkout", partial(_stay_with_the_file, engine, parsed.database))
        event.listen(engine, "engine_disposed", let_rest_no_more)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def missing_file(engine: Engine) -> Path | None:
    """The path of an SQLite file that is not there.

    None of one that may not be looked at or cannot be: SQLite says why where it is opened.
    """
    path = file_of(engine)
    try:
        return None if path is None or path.exists() else path
    except OSError:
        return None


def make_file(engine: Engine) -> None:
    """Make an SQLite file where it is missing, empty, for the eyes of its owner alone; `-wal` and `-shm` follow it.

    SQLite would make it too, but let everybody on the machine read it.

    Raises:
        DatabaseFileError: names the path and the reason why it cannot be made.
    """
    missing = missing_file(engine)
    if missing is None:
        return
    path = Path(os.path.realpath(missing))  # what a link leads to
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):  # another process was faster
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    except OSError as error:
        raise DatabaseFileError(f"{path} cannot be written: {error}") from error


def file_of(engine: Engine) -> Path | None:
    """The file of an SQLite database; none of a server, or of what is in memory."""
    named = engine.url.database if engine.dialect.name == "sqlite" else None
    return None if named in {None, "", ":memory:"} else Path(named)


def _open_what_is_there(dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
    """Open a file without making it: an empty one in the place of one that was moved away would tell everybody that nothing
    is loaded."""
    path = Path(arguments[0])
    try:
        return dialect.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, **named)
    except dialect.loaded_dbapi.OperationalError as error:
        with suppress(OSError):
            if not path.exists():
                raise dialect.loaded_dbapi.OperationalError(f"there is no database file {path}") from error
        raise


def _stay_with_the_file(engine: Engine, path: str, _driver: Any, record: Any, _proxy: Any) -> None:
    """Let go of connections to a file that was moved away or replaced; they would show the old data for ever.

    All at once, and while it is away: SQLite leaves what belongs to a file alone only as long as it can see that it was moved.
    """
    now = file_at(path)
    if record.info.setdefault("file", now) != now or now is None:
        engine.dispose()
        raise DisconnectionError("the file of this connection was moved or replaced")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    bounds = (f"journal_size_limit={WAL_BYTES}", f"busy_timeout={SQLITE_WAIT_MS}")
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL", *bounds):
        connection.execute(f"PRAGMA {pragma}")


def _note_rest(_driver: Any, record: Any) -> None:
    record.info["rests_since"] = monotonic()


def _look_after(engine: Engine, driver: Any, record: Any, _proxy: Any) -> None:
    """Let go of a connection that the server has closed, without a word to it: what it says to one at rest is goodbye.

    After a longer rest something between may have closed it, which only shows when it is spoken to.
    """
    heard = poll()
    try:
        heard.register(driver.pgconn.socket, POLLIN)
        if heard.poll(0):
            raise DisconnectionError("the server has closed this connection")
        if monotonic() - record.info.get("rests_since", monotonic()) > LONG_REST_SECONDS:
            engine.dialect.do_ping(driver)
    except engine.dialect.loaded_dbapi.Error as error:
        raise DisconnectionError("this connection is lost") from error


@dataclass(slots=True)
class Reading:
    """How far a reading of a server has come.

    `known` holds the rows of what was asked ahead. A reading `from_memory` goes on from rows that an earlier one had, of
    which those it is `unsure` of are still to be asked. Its transaction has `begun` with its first question. One that
    `may_end` early has `ended` with what was said to be its last.
    """

    known: dict[Any, list[tuple[Any, ...]]] = field(default_factory=dict)
    from_memory: bool = False
    unsure: list[Any] = field(default_factory=list)
    may_end: bool = False
    begun: bool = False
    ended: bool = False

    def go_on(self) -> None:
        """Make sure that more can be asked.

        Raises:
            ReadAnewError: if the reading has ended.
        """
        if self.ended:
            raise ReadAnewError("what is asked now would be of a later state than what was asked before")


def reading_of(connection: Connection) -> Reading | None:
    """The reading of a server that a connection is in; none where it writes, or where the database is a file."""
    found: Reading | None = connection.get_execution_options().get("reads")
    return found


def _begin_reading(connection: Connection, *_statement: Any) -> None:
    """Begin a transaction that reads with its first statement: one after the other they would take two round trips."""
    known = reading_of(connection)
    if known is None:
        return
    known.go_on()
    if not known.begun:
        known.begun = True
        connection.connection.cursor().execute(BEGIN_READING)


def reading(engine: Engine, allowance: Allowance | None = None) -> AbstractContextManager[Connection]:
    """Open a transaction that sees one state of the data from its first statement to its last.

    `allowance` bounds the work on an SQLite file; a server is not bound by it.
    """
    if allowance is not None and engine.dialect.name == "sqlite":
        return reading_shortly(engine, allowance)
    return _reading(engine)


@contextmanager
def reading_once(engine: Engine) -> Iterator[Connection]:
    """The same, but of a server it ends in the round trip with what is said to be the last that it asks.

    Raises:
        ReadAnewError: if something is asked after that.
    """
    with reading(engine) as connection:
        if (found := reading_of(connection)) is not None:
            found.may_end = True
        yield connection


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # the driver would begin by itself, and wait for the answer
            connection = connection.execution_options(reads=Reading(), isolation_level="AUTOCOMMIT")
            with connection.begin():
                yield connection
            return
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN")  # ends where the connection is closed: nothing was written
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes: one at a time per database, committed at the end, undone by any error."""
    with noting(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})
            connection.execute(text(f"SET LOCAL random_page_cost = {COST_OF_PAGE}"))
        yield connection


@contextmanager
def noting(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes a few rows which no run touches, such as a place in the queue.

    On PostgreSQL it does not wait for the one who writes alone; SQLite has one writer at a time, so there it does.
    """
    try:
        with engine.connect() as connection, connection.begin():
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
    except Exception as error:
        if engine.dialect.name == "sqlite" and is_out_of_room(getattr(error, "orig", error)):
            with suppress(SQLAlchemyError):
                _empty_log(engine)
        raise


def _empty_log(engine: Engine) -> None:
    """Give back the room that a transaction took in the `-wal` which found no more, and which nobody else could have.

    Nobody is waited for: where one reads just now, the limit of its size has it cut by a later write.
    """
    with engine.connect() as connection:
        for pragma in ("busy_timeout=0", "wal_checkpoint(TRUNCATE)", f"busy_timeout={SQLITE_WAIT_MS}"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
