"""JSON lines: one object a row, the same as in `data` of the JSON answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from api.encoding import to_json_lines
from api.exports.columns import Column

CHUNK_ROWS = 1000


def jsonl_chunks(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the file in pieces of many rows; without rows it is empty."""
    names = [column.name for column in columns]
    source = iter(rows)
    while piece := list(islice(source, CHUNK_ROWS)):
        yield to_json_lines([{name: row.get(name) for name in names} for row in piece])
