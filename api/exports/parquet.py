"""Apache Parquet, typed: amounts are exact decimals, and the schema carries descriptions, units, release and licence."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from threading import Timer
from typing import TYPE_CHECKING, Any

from api.exports.columns import About, Column, Kind
from db.queries.statements.pieces import Piece
from models.encoding import to_json

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 8_000
"""Rows that are written as one row group. Packed by Arrow, they take a tenth of the memory."""

WHOLE_DIGITS = 18
"""Digits of a decimal before its point: as many as dollars can have of which 64 bits hold the cents."""


LOAD_AFTER_SECONDS = 1.0


def load_soon() -> Timer:
    """Load Arrow a moment later, beside whatever else is done: nobody's first file waits for it, nor the first answer."""
    timer = Timer(LOAD_AFTER_SECONDS, import_module, ("pyarrow.parquet",))
    timer.name = "load-arrow"
    timer.start()
    return timer


@lru_cache
def _types() -> dict[Kind, Any]:
    """The type of each kind of column. Arrow is loaded where it is needed: the command line seldom needs it."""
    import pyarrow as pa

    return {
        Kind.TEXT: pa.string(),
        Kind.INTEGER: pa.int64(),
        Kind.NUMBER: pa.float64(),
        Kind.BOOLEAN: pa.bool_(),
        Kind.DATE: pa.date32(),
        Kind.TIME: pa.timestamp("s", tz="UTC"),
        Kind.LIST: pa.list_(pa.string()),
        Kind.OBJECT: pa.string(),
    }


class _Sink(io.RawIOBase):
    """Takes what the writer writes and gives it on in pieces; nothing is kept."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(self.pieces[-1])

    def taken(self) -> bytes:
        found = b"".join(self.pieces)
        self.pieces.clear()
        return found


def parquet_chunks(columns: Sequence[Column], pieces: Iterable[Piece], about: About) -> Iterator[bytes]:
    """Yield the file piece by piece: its first bytes at once, then one row group at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = schema_of(columns, about)
    sink = _Sink()
    batches = (_batch(columns, piece, schema) for piece in pieces)
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        yield sink.taken()
        for group in _groups(batches):
            # Arrow cuts pages where batches end, and databases hand on rows in lots of different sizes
            writer.write_table(pa.Table.from_batches(group).combine_chunks())
            yield sink.taken()
    yield sink.taken()


def _groups(batches: Iterable[Any]) -> Iterator[list[Any]]:
    """Batches of rows, so many together as make a row group."""
    group: list[Any] = []
    for batch in batches:
        group.append(batch)
        if sum(map(len, group)) >= GROUP_ROWS:
            yield group
            group = []
    if group:
        yield group


def _batch(columns: Sequence[Column], piece: Piece, schema: pa.Schema) -> Any:
    import pyarrow as pa

    arrays = [_array(column, field.type, piece[column.name]) for column, field in zip(columns, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)


def schema_of(columns: Sequence[Column], about: About) -> pa.Schema:
    """Return the schema with what each column and the file as a whole mean."""
    import pyarrow as pa

    fields = []
    for column in columns:
        kind = (
            pa.decimal128(WHOLE_DIGITS + column.places, column.places)
            if column.kind is Kind.DECIMAL
            else _types()[column.kind]
        )
        notes = {"description": column.description} | ({"unit": column.unit} if column.unit else {})
        fields.append(pa.field(column.name, kind, metadata=notes))
    return pa.schema(fields, metadata={"title": about.title, **about.facts})


def _array(column: Column, kind: Any, values: Sequence[Any]) -> Any:
    import pyarrow as pa

    if column.kind is Kind.OBJECT:
        values = [None if value is None else to_json(value).decode() for value in values]
    return pa.array(values, type=kind)
