"""Cells of CSV are what each value by itself would be written as, whatever stands beside it in its column."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from api.answers.shape import in_columns
from api.exports.columns import Column, Kind
from api.exports.csv import csv_chunks
from models.vocabulary import Relevance

texts = st.one_of(st.text("=+-@\t\r\n;,\"a'１＝", max_size=4), st.none())  # wide forms
values = st.one_of(
    texts,
    st.integers(-5, 5),
    st.booleans(),
    st.decimals(-5, 5, places=2),
    st.floats(-1, 1),
    st.sampled_from([Relevance.NONE, date(2025, 1, 31), datetime(2025, 1, 31, 1, 2, 3, tzinfo=UTC)]),
    st.lists(texts, max_size=2),
    st.just([{"rule": "synthetic"}]),
    st.just({"amount": Decimal("1.50")}),
)
tables = st.sampled_from([texts, values, st.lists(texts.filter(bool)), st.integers(), st.booleans()]).flatmap(
    lambda cells: st.lists(st.tuples(cells, values), max_size=6)
)
COLUMNS = [Column("first", Kind.TEXT), Column("second", Kind.OBJECT)]


def written(rows):
    named = [dict(zip(("first", "second"), row, strict=True)) for row in rows]
    return b"".join(csv_chunks(COLUMNS, in_columns(COLUMNS, named)))


@given(rows=tables)
def test_a_table_is_the_lines_of_its_rows(rows):
    header = written([])
    assert written(rows) == header + b"".join(written([row]).removeprefix(header) for row in rows)


@given(rows=tables)
def test_no_text_of_a_table_is_a_formula_of_a_spreadsheet(rows):
    read = list(csv.reader(io.StringIO(written(rows).decode(), newline="")))[1:]
    for row, cells in zip(rows, read, strict=True):
        for value, cell in zip(row, cells, strict=True):
            numbers = (int, float, Decimal)
            assert isinstance(value, numbers) or cell[:1] not in set("=+-@\t\r\n＝＋－＠")


@given(cells=st.lists(st.lists(st.text("a'\" ,;\t\r\n\x00\u2028é", max_size=4), min_size=1, max_size=3), max_size=6))
def test_the_bytes_are_those_of_the_standard_library(cells):
    """Both write the same texts; with a letter before them there is nothing to make harmless."""
    width = min(map(len, cells), default=1)
    columns = [Column(f"column {place}", Kind.TEXT) for place in range(width)]
    rows = [[text and f"a{text}" for text in row[:width]] for row in cells]
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([[column.name for column in columns], *rows])
    named = [dict(zip((column.name for column in columns), row, strict=True)) for row in rows]
    assert b"".join(csv_chunks(columns, in_columns(columns, named))) == out.getvalue().encode()
