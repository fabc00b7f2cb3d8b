"""Rows in, bytes out: JSON with amounts as numbers of two decimals, and CSV with the same rows."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from models.money import usd

_encoder = msgspec.json.Encoder(decimal_format="number")
CHUNK_ROWS = 1000
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""First characters by which a spreadsheet takes a text for a formula."""


def to_json(document: object) -> bytes:
    """Encode a document; decimals become JSON numbers with all their digits."""
    return _encoder.encode(document)


def with_dollars(row: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the cents under `…_usd` names into dollars with two decimals."""
    return {name: usd(value) if name.endswith("_usd") else value for name, value in row.items()}


def csv_chunks(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield CSV text: the header, which is there even without rows, then the rows in large pieces.

    Lists are joined by ";". A text that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    for number, row in enumerate(rows, start=1):
        writer.writerow([_cell(row.get(name)) for name in columns])
        if number % CHUNK_ROWS == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int | float | Decimal):
        return "" if value is None else value
    if isinstance(value, date | datetime):
        return value.isoformat()
    text = ";".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text.startswith(RISKY) else text
