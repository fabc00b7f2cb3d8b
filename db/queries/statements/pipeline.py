"""Sends statements to a PostgreSQL together, and waits once: libpq's pipeline mode, by the driver's own wrapper of libpq.

What the driver offers as a pipeline waits for the server a dozen times where once will do.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection, OperationalError, adapt
from psycopg.abc import PQGen, Transformer
from psycopg.adapt import PyFormat
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

Row = tuple[Any, ...]
Sent = tuple[bytes, Sequence[Any]]
"""A statement with `$1`, `$2`, … in the places of its values, and the values."""

KEPT = 100
"""Statements that a connection has the server keep by a name; those sent least lately go first."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a statement in the driver's values, and the numbers that the server has for the types of its columns."""

    rows: list[Row]
    types: list[int]


@dataclass(slots=True)
class _Names:
    """By which names the server keeps the statements of one connection; a statement is another with other types of values.

    `new` are those that are being given, of which nobody knows yet whether the server takes them.
    """

    known: OrderedDict[tuple[bytes, tuple[int, ...]], bytes] = field(default_factory=OrderedDict)
    new: list[tuple[bytes, tuple[int, ...]]] = field(default_factory=list)
    given: int = 0


_names: WeakKeyDictionary[Connection[Any], _Names] = WeakKeyDictionary()


def send_together(driver: Connection[Any], statements: Sequence[Sent]) -> list[Found]:
    """Send statements in one go, and return what each has found.

    A connection that is left in the middle of it is closed, for nobody could tell what its next answer answers.

    Raises:
        psycopg.Error: the first that the server tells, or that it is gone.
    """
    names, transformer = _names.setdefault(driver, _Names()), adapt.Transformer(driver)
    names.new.clear()
    try:
        driver.pgconn.enter_pipeline_mode()
        numbers = [_send(driver.pgconn, names, transformer, *statement) for statement in statements]
        driver.pgconn.pipeline_sync()
        results = driver.wait(_results(driver.pgconn))
        driver.pgconn.exit_pipeline_mode()
    except BaseException:
        driver.close()
        raise
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            for key in names.new:
                names.known.pop(key, None)
            raise error_from_result(result, encoding=transformer.encoding)
    return [_found(transformer, results[number - 1]) for number in accumulate(numbers)]


def _send(pgconn: PGconn, names: _Names, transformer: Transformer, text: bytes, values: Sequence[Any]) -> int:
    """Send a statement, and return how many results will come of it: the last is its own."""
    bound = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
    types, formats = (transformer.types or (), transformer.formats) if values else ((), None)
    sent, key = 1, (text, types)
    if key not in names.known:
        if len(names.known) >= KEPT:
            pgconn.send_query_params(b"DEALLOCATE " + names.known.popitem(last=False)[1], None)
            sent += 1
        names.given += 1
        names.known[key] = b"asked_%d" % names.given
        names.new.append(key)
        pgconn.send_prepare(names.known[key], text, types)
        sent += 1
    names.known.move_to_end(key)
    pgconn.send_query_prepared(names.known[key], bound, formats)
    return sent


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
