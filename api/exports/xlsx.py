"""Excel workbooks for people: the rows on one sheet, what they mean on another. Written row by row to a file on disk."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from api.exports.columns import About, Column, Kind, chosen
from api.exports.csv import flat_text, utc
from db.queries.statements.pieces import Piece

MAX_ROWS = 1_048_575
"""Rows that a sheet holds below its header."""

MAX_TEXT = 32_767
"""Characters that a cell holds."""

PIECE = 1 << 20


def xlsx_chunks(columns: Sequence[Column], pieces: Iterable[Piece], about: About) -> Iterator[bytes]:
    """Yield the workbook. Texts are never formulas; amounts are Excel's own numbers, exact to 15 digits."""
    import xlsxwriter  # few ask for workbooks, and the service starts sooner without

    with tempfile.TemporaryFile() as file:
        # The rows go to disk as they come, so that a long sheet needs no more memory than a short one.
        # A full sheet can pass 4 GB before it is packed, for which the archive needs its 64-bit form.
        options = {"constant_memory": True, "use_zip64": True, "default_date_format": "yyyy-mm-dd"}
        book = xlsxwriter.Workbook(file, options)
        book.set_properties({"title": about.title, "created": about.made_at})
        _write_rows(book, columns, pieces)
        _write_about(book, columns, about)
        book.close()
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _write_rows(book: Any, columns: Sequence[Column], pieces: Iterable[Piece]) -> None:
    sheet = book.add_worksheet("data")
    money, bold = book.add_format({"num_format": "#,##0.00"}), book.add_format({"bold": True})
    moment, plain = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}), book.add_format()
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, 18 if column.kind is Kind.DECIMAL else 16)
        sheet.write_string(0, place, column.name, bold)
    rows = (row for piece in pieces for row in zip(*chosen(columns, piece), strict=True))
    for number, row in enumerate(rows, start=1):
        if all(value is None for value in row):  # a sheet ends with its last cell; an empty one needs a format
            sheet.write_blank(number, 0, None, plain)
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            if value is None:
                continue
            if column.kind is Kind.BOOLEAN:
                sheet.write_boolean(number, place, value)
            elif column.kind in (Kind.INTEGER, Kind.NUMBER, Kind.DECIMAL):
                sheet.write_number(number, place, float(value), money if column.unit else None)
            elif column.kind is Kind.DATE:
                sheet.write_datetime(number, place, value)
            elif column.kind is Kind.TIME:
                sheet.write_datetime(number, place, utc(value), moment)
            else:
                sheet.write_string(number, place, flat_text(value)[:MAX_TEXT])


def _write_about(book: Any, columns: Sequence[Column], about: About) -> None:
    sheet = book.add_worksheet("about")
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 110)
    lines = [("title", about.title), *about.facts.items(), ("", ""), ("column", "meaning")]
    lines += [(column.name, column.description) for column in columns]
    for number, (name, text) in enumerate(lines):
        sheet.write_string(number, 0, name)
        sheet.write_string(number, 1, text[:MAX_TEXT])
