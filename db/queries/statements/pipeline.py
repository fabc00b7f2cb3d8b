"""Sends statements to a PostgreSQL together, and waits once: libpq's pipeline mode, by the driver's own wrapper of libpq.

What the driver offers as a pipeline waits for the server a dozen times where once will do.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection, OperationalError, adapt
from psycopg.abc import PQGen, Transformer
from psycopg.adapt import PyFormat
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

from db.queries.statements.prepared import Sent

Row = tuple[Any, ...]

OUTDATED = (FeatureNotSupported, InvalidSqlStatementName)
"""What the server says of a name where a table has changed since it was given, or where it was forgotten. It is given anew."""

KEPT = 100
"""Statements that a connection has the server keep by a name; those sent least lately go first."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a statement in the driver's values, and the numbers that the server has for the types of its columns."""

    rows: list[Row]
    types: list[int]


Key = tuple[bytes, tuple[int, ...]]
"""What the server takes for one statement: its text, and the types of its values."""

_ROWS, _NOTHING = "rows", "nothing"
"""What a result can be besides that of giving a statement, a `Key`, its name."""


@dataclass(slots=True)
class _Names:
    """By which names the server keeps the statements of one connection."""

    known: OrderedDict[Key, bytes] = field(default_factory=OrderedDict)
    given: int = 0

    def give(self, key: Key) -> bytes:
        """Give a statement a name."""
        self.given += 1
        self.known[key] = b"asked_%d" % self.given
        return self.known[key]


_names: WeakKeyDictionary[Connection[Any], _Names] = WeakKeyDictionary()


def send_together(driver: Connection[Any], statements: Sequence[Sent]) -> list[Found]:
    """Send statements in one go, and return what each has found.

    A connection that is left in the middle of it is closed, for nobody could tell what its next answer answers.

    Raises:
        psycopg.Error: the first that the server tells, or that it is gone.
    """
    names, transformer = _names.setdefault(driver, _Names()), adapt.Transformer(driver)
    expected: list[Key | str] = []
    try:
        driver.pgconn.enter_pipeline_mode()
        for statement in statements:
            expected += _send(driver.pgconn, names, transformer, *statement)
        driver.pgconn.pipeline_sync()
        results = driver.wait(_results(driver.pgconn))
        driver.pgconn.exit_pipeline_mode()
    except BaseException:
        driver.close()
        raise
    failed = [result for result in results if result.status == ExecStatus.FATAL_ERROR]
    for what, result in zip(expected, results, strict=not failed):
        if isinstance(what, tuple) and result.status != ExecStatus.COMMAND_OK:
            names.known.pop(what, None)
    if failed:
        error = error_from_result(failed[0], encoding=transformer.encoding)
        if isinstance(error, OUTDATED):
            names.known.clear()
        raise error
    return [_found(transformer, result) for what, result in zip(expected, results, strict=True) if what is _ROWS]


def _send(
    pgconn: PGconn, names: _Names, transformer: Transformer, text: bytes, values: Sequence[Any]
) -> Iterator[Key | str]:
    """Send a statement, and say which results will come of it."""
    bound = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
    types, formats = (transformer.types or (), transformer.formats) if values else ((), None)
    key = (text, types)
    if key not in names.known:
        if len(names.known) >= KEPT:
            pgconn.send_close_prepared(names.known.popitem(last=False)[1])
            yield _NOTHING
        pgconn.send_prepare(names.give(key), text, types)
        yield key
    names.known.move_to_end(key)
    pgconn.send_query_prepared(names.known[key], bound, formats)
    yield _ROWS


def _results(pgconn: PGconn) -> PQGen[list[PGresult]]:
    """Read until all that was sent is answered; yields what to wait for, as the driver's own generators do."""
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R:
            pgconn.consume_input()
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            yield Wait.R
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # the end of what a statement found
            if pgconn.status != ConnStatus.OK:
                raise OperationalError("the connection is lost")
        elif result.status == ExecStatus.PIPELINE_SYNC:
            return results
        else:
            results.append(result)


def _found(transformer: Transformer, result: PGresult) -> Found:
    transformer.set_pgresult(result)
    types = [result.ftype(column) for column in range(result.nfields)]
    return Found(transformer.load_rows(0, result.ntuples, tuple) if types else [], types)
