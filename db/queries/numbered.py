"""Lists that have one order, that of a number which each of their rows has: releases, runs, and what a run refused."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Column, Connection, Select

from db.queries.statements.asking import in_pieces
from db.queries.statements.ordering import Position, in_order, known_position
from db.queries.statements.pieces import pieces_of, rows_of
from db.queries.statements.prepared import Question, limits
from db.queries.statements.templates import Values, position_slots, slot
from models.filters import SortKey


def numbered_question(
    build: Callable[[], Select[Any]],
    number: Column[Any],
    after: Position | None,
    limit: int | None,
    descending: bool = True,
    values: Values | None = None,
) -> Question:
    """The question for the rows of a list, those after a position.

    Args:
        build: makes the statement that has the rows, in no order yet.
        number: what it is ordered by.
        after: the position.
        limit: how many rows at most.
        descending: whether the last number comes first.
        values: what fills the slots of the statement.

    Raises:
        BadPositionError: if the position does not fit the order.
    """
    key = SortKey(number.name, descending)
    place, more = position_slots(known_position({key.column: number}, [key], after))
    return Question(_numbered, (build, number, key, place, limit is not None), (values or {}) | more | limits(limit))


def _numbered(
    build: Callable[[], Select[Any]], number: Column[Any], key: SortKey, after: Position | None, limited: bool
) -> Select[Any]:
    found = in_order(build(), {key.column: number}, [key], after, bytewise=False)
    return found.limit(slot("limit")) if limited else found


def numbered_rows(connection: Connection, question: Question, limit: int | None) -> Iterator[dict[str, Any]]:
    """Iterate over the rows that such a question has, each with its own `position`."""
    names = question.prepared(connection.dialect).columns
    return rows_of(pieces_of(names, in_pieces(connection, limit, [question]), marks=1))
