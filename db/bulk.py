"""Writes many rows at once by the database driver's own means; the caller's transaction commits them.

To hand rows to a statement of SQLAlchemy's one by one costs more than the database itself does. The text of a statement
is made once for each table and list of columns; then SQLite takes tuples, and PostgreSQL takes a stream of rows (COPY).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Column, Connection, Dialect, RootTransaction, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

Row = Mapping[str, Any]

FEW = 20
"""Rows up to which PostgreSQL is sent a statement for each: to stage a table costs as much as they do."""

STAGED = "incoming_"
"""How tables begin in which PostgreSQL holds rows that replace others, one for each table and transaction. A run writes
thousands of times, and a table that is made anew each time leaves its locks behind until the run ends: a server has room for
some thousands."""


ANALYSED_AT = 50_000
"""Rows written to a table of PostgreSQL in one transaction at which it is analysed, and again whenever they have doubled. The
server does so by itself only where a transaction has ended: until then it takes a table for as good as empty or, where it
sees that it is not, a few values for most of its rows, and reads it from end to end for each of a run's thousands of looks."""

_written: WeakKeyDictionary[RootTransaction, Counter[str]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Writer:
    """How rows of some columns get into a table: as a statement for one row, and on PostgreSQL as a stream of many."""

    one_row: str
    names: tuple[str, ...]
    positional: bool
    defaults: Mapping[str, Any]
    processors: tuple[tuple[int, Callable[[Any], Any]], ...]
    copy: str
    staged: tuple[str, ...] | None

    def write(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Write rows that all have these columns.

        Raises:
            DBAPIError: if the database refuses them.
        """
        if connection.dialect.name == "postgresql" and len(rows) > FEW:
            self._stream(connection, rows)
            return
        found: Iterable[Any] = self._values(rows)
        if not self.positional:
            found = (dict(zip(self.names, values, strict=True)) for values in found)
        connection.exec_driver_sql(self.one_row, list(found))

    def _values(self, rows: Sequence[Row]) -> Iterator[Sequence[Any]]:
        """The values of each row in the order of the columns, in the driver's types."""
        get = _getter(self.names)
        if self.defaults:
            rows = [{**self.defaults, **row} for row in rows]
        if not self.processors:
            return map(get, rows)
        columns: list[Iterable[Any]] = list(zip(*map(get, rows), strict=True))
        for place, process in self.processors:
            columns[place] = map(process, columns[place])
        return zip(*columns, strict=True)

    def _stream(self, connection: Connection, rows: Sequence[Row]) -> None:
        if self.staged is None:
            self._copy(connection, rows)
            return
        stage, take_over, empty = self.staged
        connection.exec_driver_sql(stage)
        self._copy(connection, rows)
        connection.exec_driver_sql(take_over)
        connection.exec_driver_sql(empty)

    def _copy(self, connection: Connection, rows: Sequence[Row]) -> None:
        copy_rows(connection, self.copy, self._values(rows))


def copy_rows(connection: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Stream rows to PostgreSQL: `statement` is a COPY from STDIN, and rows hold the driver's types in its order.

    Raises:
        DBAPIError: if the database refuses them.
    """
    driver: Any = connection.connection.driver_connection
    refused: Any = connection.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for values in rows:
                copy.write_row(values)
    except refused as error:
        raise DBAPIError.instance(statement, None, error, refused, dialect=connection.dialect) from error


def _getter(names: tuple[str, ...]) -> Callable[[Row], tuple[Any, ...]]:
    return itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)


@lru_cache(200)
def writer(dialect: Dialect, table: Table, names: tuple[str, ...], replaces: bool) -> Writer:
    """Make the statements that insert rows with these columns, or with `replaces` update those whose key is there.

    The keys of rows that are written together must differ.
    """
    statement: Any = (
        (postgresql if dialect.name == "postgresql" else sqlite).insert(table) if replaces else insert(table)
    )
    keys = [column.name for column in table.primary_key]
    if replaces:
        columns = {name: statement.excluded[name] for name in names if name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=columns)
    defaults = {
        column.name: _default(column) for column in table.columns if column.default and column.name not in names
    }
    compiled = statement.compile(dialect=dialect, column_keys=[*names, *defaults])
    names = tuple(compiled.positiontup or (*names, *defaults))
    kinds = ((place, table.c[name].type.dialect_impl(dialect)) for place, name in enumerate(names))
    processors = ((place, kind.bind_processor(dialect)) for place, kind in kinds)
    quote, target = dialect.identifier_preparer.quote, dialect.identifier_preparer.format_table(table)
    listed = ", ".join(map(quote, names))
    _, conflict, rest = str(compiled).partition("ON CONFLICT")
    # The names are our own.
    staged = quote(STAGED + table.name)
    stage = f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged} ON COMMIT DROP AS SELECT * FROM {target} LIMIT 0"  # noqa: S608
    take_over = f"INSERT INTO {target} ({listed}) SELECT {listed} FROM {staged} {conflict}{rest}"  # noqa: S608
    return Writer(
        one_row=str(compiled),
        names=names,
        positional=compiled.positiontup is not None,
        defaults=defaults,
        processors=tuple((place, process) for place, process in processors if process is not None),
        copy=f"COPY {staged if replaces else target} ({listed}) FROM STDIN",
        staged=(stage, take_over, f"TRUNCATE {staged}") if replaces else None,
    )


def _default(column: Column[Any]) -> Any:
    """What stands in a column of ours where a row says nothing of it."""
    given: Any = column.default
    return given.arg(None) if given.is_callable else given.arg


def write_rows(connection: Connection, table: Table, rows: Sequence[Row], replaces: bool = False) -> None:
    """Insert rows, which all have the columns of the first; `replaces`: or update those whose key is there already.

    Raises:
        DBAPIError: if the database refuses them.
    """
    if rows:
        writer(connection.dialect, table, tuple(rows[0]), replaces).write(connection, rows)
        if connection.dialect.name == "postgresql":
            _keep_known(connection, table, len(rows))


def _keep_known(connection: Connection, table: Table, rows: int) -> None:
    """Have a server look at a table anew where many rows were written since it did."""
    transaction = connection.get_transaction()
    assert transaction is not None
    written = _written.setdefault(transaction, Counter())
    before = written[table.name]
    written[table.name] = now = before + rows
    if (now // ANALYSED_AT).bit_length() > (before // ANALYSED_AT).bit_length():
        connection.exec_driver_sql(f"ANALYZE {connection.dialect.identifier_preparer.format_table(table)}")
