"""CSV as RFC 4180 describes it, in UTF-8. The header is there even without rows."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from api.encoding import to_json
from api.exports.columns import Column, cells_of

CHUNK_ROWS = 1000
RISKY = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""First characters by which a spreadsheet takes a text for a formula; the last four are wide forms of the first four."""

AS_IT_IS = frozenset({int, float, Decimal, type(None)})
"""What the writer of CSV turns into text by itself; it leaves nothing empty."""


def csv_chunks(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the file in pieces of many rows.

    Lists are joined by ";", objects are JSON. A text that a spreadsheet would run as a formula gets an apostrophe
    before it; numbers stay numbers.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    cells = cells_of(columns)
    for number, row in enumerate(rows, start=1):
        writer.writerow([value if type(value) in AS_IT_IS else _cell(value) for value in cells(row)])
        if number % CHUNK_ROWS == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value[:1] in RISKY else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | int | float):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    text = flat_text(value)
    return f"'{text}" if text[:1] in RISKY else text


def flat_text(value: object) -> str:
    """Write a value that is no number as text: lists of words joined by ";", anything nested as JSON."""
    if isinstance(value, list):
        try:
            return ";".join(value)
        except TypeError:
            pass  # not words alone
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
        return to_json(value).decode()
    return ";".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
