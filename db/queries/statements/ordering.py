"""Orders rows by any columns, and goes on after a given row: keyset paging with a defined place for nulls."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, FromClause, Integer, Select, String, and_, false, or_
from sqlalchemy.sql import collate
from sqlalchemy.types import TypeDecorator, TypeEngine

from db.errors import BadPositionError
from models.filters import SortKey
from models.types import Code

MARK = "sort_"
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Position = Sequence[Any]
"""Where a row stands: its values in the columns that it is ordered by. `None` comes last in either direction."""


def in_order(
    statement: Select[Any],
    columns: Mapping[str, ColumnElement[Any]],
    keys: Sequence[SortKey],
    after: Position | None,
    bytewise: bool,
) -> Select[Any]:
    """Order a statement by keys, which together must tell any two rows apart, and leave out what is not after a position.

    Args:
        statement: what to order.
        columns: what can be ordered by, by name.
        keys: the order.
        after: the position, as `known_position` checked it, or slots in its place.
        bytewise: whether text is to be compared byte by byte; see `is_bytewise`.
    """
    found = [(_bytewise(columns[key.column]) if bytewise else columns[key.column], key.descending) for key in keys]
    if after is not None:
        statement = statement.where(_beyond(found, after))
    marks = [column.label(f"{MARK}{place}") for place, (column, _) in enumerate(found)]
    return statement.add_columns(*marks).order_by(*(_direction(*one) for one in found))


def parts_after(
    columns: Mapping[str, ColumnElement[Any]], keys: Sequence[SortKey], after: Position | None
) -> list[list[ColumnElement[bool]]]:
    """Part the rows that come after a position, so that an index finds where each part begins: those with a value in the first
    column of the order, and those without.

    Returns:
        The conditions of each part, in the order of the parts; `in_order` still tells what comes after the position.
    """
    column, descending = columns[keys[0].column], keys[0].descending
    if after is None or not _can_be_null(column):
        return [[]]
    without: list[ColumnElement[bool]] = [column.is_(None)]
    if after[0] is not None:
        return [[column <= after[0] if descending else column >= after[0]], without]
    following, second = columns[keys[1].column], keys[1]
    if not _can_be_null(following):
        without.append(following <= after[1] if second.descending else following >= after[1])
    return [without]


def as_ordered(rows: FromClause, keys: Sequence[SortKey]) -> list[ColumnElement[Any]]:
    """The order of rows that were ordered by keys, as it is read from them."""
    return [_direction(rows.c[f"{MARK}{place}"], key.descending) for place, key in enumerate(keys)]


def _direction(column: ColumnElement[Any], descending: bool) -> ColumnElement[Any]:
    """Nulls come last, which is said only where there can be any: an order that says it is not that of an index."""
    found = column.desc() if descending else column.asc()
    return found.nulls_last() if _can_be_null(column) else found


def _can_be_null(column: ColumnElement[Any]) -> bool:
    return bool(getattr(column, "nullable", True))


def known_position(
    columns: Mapping[str, ColumnElement[Any]], keys: Sequence[SortKey], after: Position | None
) -> list[Any] | None:
    """Check a position, which came over the wire, against the columns that it is compared with.

    Raises:
        BadPositionError: if it does not fit the keys.
    """
    if after is None:
        return None
    if len(after) != len(keys):
        raise BadPositionError("the place to go on from was given for another order")
    return [_value(columns[key.column], value) for key, value in zip(keys, after, strict=True)]


def is_bytewise(connection: Connection) -> bool:
    """Whether a database must be told to compare text byte by byte, so that both give one order."""
    return connection.dialect.name == "postgresql"


def plain(value: Any) -> Any:
    """A value of a position as it fits into JSON."""
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, Decimal) else value  # PostgreSQL sums cents as decimals


def _bytewise(column: ColumnElement[Any]) -> ColumnElement[Any]:
    has_it = isinstance(column.type, Code)
    return collate(column, "C") if _is_text(column.type) and not has_it else column


def _is_text(kind: TypeEngine[Any]) -> bool:
    """Whether a type holds text, be it one of our own or of SQLModel's that only wraps one."""
    return isinstance(kind.impl_instance if isinstance(kind, TypeDecorator) else kind, String)


def _value(column: ColumnElement[Any], value: Any) -> Any:
    """Check a value of a position, which came over the wire, against the column that it is compared with."""
    wanted = _python_type(column.type)
    if wanted is date and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif _can_be_null(column) if value is None else (isinstance(value, wanted) and _fits(column.type, value)):
        return value
    raise BadPositionError(f"{str(value)[:50]!r} is no value to go on from in this order")


def _fits(kind: TypeEngine[Any], value: Any) -> bool:
    """Whether both databases can take a value of a type: no null characters, no halves of surrogate pairs, which JSON can hold,
    no numbers beyond the bits that a column has on PostgreSQL, nothing that is no number."""
    if isinstance(value, str):
        return UNSTORABLE.search(value) is None
    bits = 31 if isinstance(kind, Integer) and not isinstance(kind, BigInteger) else 63
    return not isinstance(value, bool) and -(2**bits) <= value < 2**bits


def _python_type(kind: TypeEngine[Any]) -> type | tuple[type, ...]:
    found = str if _is_text(kind) else kind.python_type
    return found if found in (str, date, int) else (int, float)


def _beyond(columns: Sequence[tuple[ColumnElement[Any], bool]], after: Position) -> ColumnElement[bool]:
    """What comes after a position: equal in the first columns, and past it in the next."""
    choices = []
    for index, (column, descending) in enumerate(columns):
        value = after[index]
        if value is None:
            continue  # nothing comes after no value
        past = column < value if descending else column > value
        same = [_equal(earlier, after[place]) for place, (earlier, _) in enumerate(columns[:index])]
        choices.append(and_(*same, or_(past, column.is_(None)) if _can_be_null(column) else past))
    beyond = or_(false(), *choices)
    column, descending = columns[0]
    if after[0] is None or _can_be_null(column):
        return beyond
    return and_(column <= after[0] if descending else column >= after[0], beyond)  # by which an index finds the place


def _equal(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value
