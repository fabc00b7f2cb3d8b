"""CSV as RFC 4180 describes it, in UTF-8. The header is there even without rows."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any

from api.exports.columns import Column, chosen
from db.queries.statements.pieces import Piece
from models.encoding import to_json

RISKY = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""First characters by which a spreadsheet takes a text for a formula; the last four are wide forms of the first four."""
NUMBERS, TEXTS = frozenset({int, float, Decimal, NoneType}), frozenset({str, NoneType})
"""Types of values that are written as they are; of nothing, nothing is written."""
QUOTED = frozenset(',"\r\n')
"""Characters for which a cell stands in quotes."""


def csv_chunks(columns: Sequence[Column], pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Yield the file piece by piece.

    Lists are joined by ";", objects are JSON. A text that a spreadsheet would run as a formula gets an apostrophe
    before it; numbers stay numbers. The bytes are those that Python's own `csv` would write of the same cells, which
    looks at each character twice: column by column it takes a third of the time.
    """
    yield _lines([[_quoted(column.name)] for column in columns])
    for piece in pieces:
        yield _lines([_cells(values) for values in chosen(columns, piece)])


def _lines(columns: Sequence[Sequence[str]]) -> bytes:
    if len(columns) == 1:  # an empty cell alone would be an empty line, which readers pass over
        columns = [[cell or '""' for cell in columns[0]]]
    return "".join([f"{line}\r\n" for line in map(",".join, zip(*columns, strict=True))]).encode()


def _cells(values: Sequence[Any]) -> Sequence[str]:
    """The values of a column as they are written: they are alike, so what they need is asked once for all of them."""
    types = set(map(type, values))
    if types <= NUMBERS:
        return ["" if value is None else str(value) for value in values]
    if types <= TEXTS:
        return _texts(["" if value is None else value for value in values] if NoneType in types else values)
    if types == {bool}:
        return ["true" if value else "false" for value in values]
    if types == {list}:
        try:
            return _texts(list(map(";".join, values)))
        except TypeError:  # more than words is in them
            pass
    return list(map(_cell, values))


def _texts(texts: Sequence[str]) -> Sequence[str]:
    """Texts as cells. Where none of them needs anything, which a look at all at once tells, they stay as they are."""
    different = set(texts)
    together = "".join(different)
    if RISKY.isdisjoint([text[:1] for text in different]) and not any(mark in together for mark in QUOTED):
        return texts
    cells = {text: _quoted(harmless(text)) for text in different}
    return [cells[text] for text in texts]


def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula."""
    return f"'{text}" if text[:1] in RISKY else text


def _quoted(text: str) -> str:
    if "," in text or '"' in text or "\r" in text or "\n" in text:  # which is quicker than to look at each character
        return '"' + text.replace('"', '""') + '"'
    return text


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | int | float):
        return str(value)
    if isinstance(value, datetime):
        return f"{utc(value).isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    return _quoted(harmless(value if isinstance(value, str) else flat_text(value)))


def utc(moment: datetime) -> datetime:
    """A moment in UTC, without saying so; one that names no zone is in UTC already."""
    return (moment.astimezone(UTC) if moment.tzinfo else moment).replace(tzinfo=None)


def flat_text(value: object) -> str:
    """Write a value that is no number as text: lists of words joined by ";", anything nested as JSON."""
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
        return to_json(value).decode()
    return ";".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
