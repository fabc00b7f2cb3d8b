"""Rows some at a time, held column by column: what the values of a column need is then done for all of them at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, ParamSpec

from db.queries.statements.ordering import plain
from db.queries.statements.prepared import CHUNK, Row

Asked = ParamSpec("Asked")
Piece = dict[str, Sequence[Any]]
"""Some rows, as the values of each column by its name. `position` says where each row stands in its list."""

EVERY = "every"
"""The column of a page whose rows know how many rows there are in all."""

JSON = "json"
"""The column of rows that are there as JSON already, each a text with all its columns."""


def pieces_of(names: Sequence[str], lots: Iterable[Sequence[Row]], marks: int) -> Iterator[Piece]:
    """Turn rows of an ordered statement into columns of these names; their last values, so many, are where they stand."""
    for rows in lots:
        if rows:
            columns = list(zip(*rows, strict=True))
            place = len(columns) - marks
            # Between what is shown and where it stands there may be what it is ordered by.
            piece: Piece = dict(zip(names, columns[:place], strict=False))
            piece["position"] = list(zip(*map(_plain, columns[place:]), strict=True))
            yield piece


def pieces_of_rows(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[Piece]:
    """Turn rows that know their columns by name into pieces; what a row lacks is null."""
    source = iter(rows)
    while some := list(islice(source, CHUNK)):
        yield {name: [row.get(name) for row in some] for name in (*names, "position")}


def rows_of(pieces: Iterable[Piece]) -> Iterator[dict[str, Any]]:
    """Iterate over the rows of pieces, each by the names of its columns, but for how many there are in all."""
    for piece in pieces:
        columns = {name: values for name, values in piece.items() if name != EVERY}
        for row in zip(*columns.values(), strict=True):
            yield dict(zip(columns, row, strict=True))


def by_row(read: Callable[Asked, Iterator[Piece]]) -> Callable[Asked, Iterator[dict[str, Any]]]:
    """What reads the same list row by row."""

    def rows(*args: Asked.args, **kwargs: Asked.kwargs) -> Iterator[dict[str, Any]]:
        return rows_of(read(*args, **kwargs))

    return rows


def mapped(piece: Piece, **changes: Callable[[Any], Any]) -> Piece:
    """The same piece, with a function applied to each value of some columns."""
    return piece | {name: list(map(change, piece[name])) for name, change in changes.items()}


def _plain(values: Sequence[Any]) -> Sequence[Any]:
    """Values of a column as they fit into JSON."""
    if {date, Decimal}.isdisjoint(map(type, values)):
        return values
    return list(map(plain, values))
