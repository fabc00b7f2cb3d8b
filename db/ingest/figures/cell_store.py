"""Adds changes to the cells of the summaries and removes those that nothing is left in; on PostgreSQL many changes at once."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    Table,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from db import tables
from db.bulk import copy_rows
from models.groupings import MEMBERS
from models.summary import BY_METHOD, FIGURES

MANY_WAITING = 500_000
"""Rows that PostgreSQL keeps until it adds them to the cells. To change a row leaves the old one there as long as the transaction
lasts, and a run changes the common cells thousands of times."""

summary = tables.spend_summary

Row = tuple[Any, ...]
"""A change of a cell: the values of `ORDER`."""


class CellStore:
    """Takes changes; those that it has not added yet it adds at the end. All of it is the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._waiting = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Take some changes, of cells that differ."""
        if not rows:
            return
        if self.connection.dialect.name == "postgresql":
            _copy(self.connection, rows)
            self._waiting += len(rows)
            if self._waiting >= MANY_WAITING:
                self.finish()
            return
        _run(self.connection, _ADDITION, ORDER, rows)
        less = [row[: len(_KEY)] for row in rows if min(_counted(row)) < 0]
        _run(self.connection, _REMOVAL, _KEY, less)

    def finish(self) -> None:
        """Add what waits to the cells."""
        if self._waiting:
            for statement in (_ADDITION_OF_WAITING, _REMOVAL_OF_WAITING):
                self.connection.execute(statement)
            self.connection.exec_driver_sql(f"TRUNCATE {waiting.name}")
        self._waiting = 0


_KEY = [column.name for column in summary.primary_key]
ORDER = [*_KEY, *MEMBERS, *FIGURES]
"""The columns of a row that is written."""

_COUNTED = [ORDER.index(name) for name in ("projects", "rows", *BY_METHOD)]
"""What is zero in a cell that nothing is left in: a row may touch less than its project, and money be less sure than other
money of its row and project."""

_counted = itemgetter(*_COUNTED)

_REMOVAL = delete(summary).where(
    *(summary.c[name] == bindparam(name) for name in _KEY),
    *(summary.c[ORDER[place]] == literal_column("0") for place in _COUNTED),
)


def _adding(insert: Any) -> Any:
    sums = {name: summary.c[name] + insert.excluded[name] for name in FIGURES}
    return insert.on_conflict_do_update(index_elements=_KEY, set_=sums)


_ADDITION = _adding(sqlite.insert(summary))

waiting = Table(
    "waiting_summary",
    MetaData(),
    *(Column(name, summary.c[name].type) for name in ORDER),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
"""What waits on PostgreSQL to be added to the cells."""

_SAME = [waiting.c[name] for name in _KEY]
_SUMS = {name: cast(func.sum(waiting.c[name]), summary.c[name].type) for name in FIGURES}
_COLUMNS = [_SUMS.get(name, column if name in _KEY else func.min(column)) for name, column in waiting.c.items()]
# In their order, so that the cells of a grouping lie beside each other: a question reads those of one or two.
_ADDITION_OF_WAITING = _adding(
    postgresql.insert(summary).from_select(ORDER, select(*_COLUMNS).group_by(*_SAME).order_by(*_SAME))
)
_LESS = select(*_SAME).where(or_(*(waiting.c[ORDER[place]] < 0 for place in _COUNTED)))
_REMOVAL_OF_WAITING = delete(summary).where(
    tuple_(*(summary.c[name] for name in _KEY)).in_(_LESS), *(summary.c[ORDER[place]] == 0 for place in _COUNTED)
)


def _copy(connection: Connection, rows: Sequence[Row]) -> None:
    connection.execute(CreateTable(waiting, if_not_exists=True))
    columns = ", ".join(map(connection.dialect.identifier_preparer.quote, ORDER))
    copy_rows(connection, f"COPY {waiting.name} ({columns}) FROM STDIN", rows)


def _run(connection: Connection, statement: Any, names: Sequence[str], rows: Sequence[Row]) -> None:
    """Run a statement on SQLite's driver, once for each row: there are many, and nothing in them needs converting."""
    if rows:
        compiled = statement.compile(dialect=connection.dialect, column_keys=names)
        values = map(itemgetter(*map(names.index, compiled.positiontup)), rows)
        connection.exec_driver_sql(str(compiled), list(values))
