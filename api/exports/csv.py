"""CSV as RFC 4180 describes it, in UTF-8. The header is there even without rows."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from types import NoneType
from typing import Any

from api.encoding import to_json
from api.exports.columns import Column

CHUNK_ROWS = 1000
RISKY = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""First characters by which a spreadsheet takes a text for a formula; the last four are wide forms of the first four."""
NUMBERS, TEXTS = frozenset({int, float, Decimal, NoneType}), frozenset({str, NoneType})
"""Types of values that are written as they are; of nothing, nothing is written."""


def csv_chunks(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the file in pieces of many rows.

    Lists are joined by ";", objects are JSON. A text that a spreadsheet would run as a formula gets an apostrophe
    before it; numbers stay numbers.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    names = [column.name for column in columns]
    writer.writerow(names)
    source = iter(rows)
    while piece := list(islice(source, CHUNK_ROWS)):
        # Column by column: the values of one are alike, so what they need is asked once for all of them.
        writer.writerows(zip(*(_cells([row.get(name) for row in piece]) for name in names), strict=True))
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def _cells(values: list[Any]) -> Sequence[object]:
    """The values of a column as they are written."""
    types = set(map(type, values))
    if types <= NUMBERS:
        return values
    if types <= TEXTS:
        return [f"'{text}" if text is not None and text[:1] in RISKY else text for text in values]
    if types == {list} and all(set(map(type, value)) <= {str} for value in values):
        return _cells([";".join(value) for value in values])
    return list(map(_cell, values))


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | int | float):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    text = value if isinstance(value, str) else flat_text(value)
    return f"'{text}" if text[:1] in RISKY else text


def flat_text(value: object) -> str:
    """Write a value that is no number as text: lists of words joined by ";", anything nested as JSON."""
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
        return to_json(value).decode()
    return ";".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
