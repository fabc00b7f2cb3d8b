"""Quotes in CSV files: what is wrong where one is not closed, and which rows a stray one took in as the text of one cell."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from models.words import counted

MAX_CELL = 16 * 1024 * 1024
"""Characters of one cell that are read at all; what is longer than a field allows is refused record by record."""

CSV_FAULTS = {
    "unexpected end of data": "a quote that opens a cell there is closed nowhere",
    "field larger than field limit": f"a cell has more than {MAX_CELL:,} characters; is a quote there not closed?",
    "expected after": "text follows the quote that closes a cell; a quote within a cell is doubled",
}
"""What Python's reader of CSV says, and what it means to who wrote the file."""

WORLD_BANK_FORM = "p9"
"""The form (see `_form`) of the World Bank's numbers, which begin a row whatever form the others in the file have."""


class LongRow(list[str]):
    """A row of a CSV file over several lines, with these as they stand there."""

    def __init__(self, cells: Iterable[str], lines: Sequence[str]) -> None:
        super().__init__(cells)
        self.lines = tuple(lines)


def told_of_csv(error: csv.Error) -> str:
    """Say what is wrong with a CSV file in the words of who wrote it."""
    return next((told for said, told in CSV_FAULTS.items() if said in str(error)), str(error))


def took_in_rows(row: LongRow, least: int, key: int) -> bool:
    """True where a further line has an identifier where the first line has the row's own, and the commas of a row: prose over
    several lines has commas too, with a blank after the first, and no line of it has an identifier where a row does, unless it
    lists nothing but identifiers.
    """
    own = _form(_cells_of_line(row.lines[0], key + 1)[key:])
    if "9" not in own:
        return False
    full = (_cells_of_line(line, least) for line in row.lines[1:] if line.count(",") >= least - 1)
    as_rows = (cells for cells in full if not "".join(cells[1:2]).startswith(" "))
    known = (own, WORLD_BANK_FORM)
    return any(_form(cells[key:]) in known and not _is_list_of(known, cells) for cells in as_rows)


def _is_list_of(known: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether the cells of a line, to where a quote closes, are identifiers and nothing else."""
    closes = next((place for place, cell in enumerate(cells, start=1) if '"' in cell), len(cells))
    return all(_form([cell]) in known for cell in cells[:closes])


def _cells_of_line(line: str, least: int) -> list[str]:
    """The cells of a line by itself; where a stray quote makes them fewer than so many, what stands between its commas."""
    try:
        cells = next(csv.reader([line]), [])
    except csv.Error:
        cells = []
    return cells if len(cells) >= least else line.split(",")


def _form(cells: Sequence[str]) -> str:
    """What identifiers of one kind have in common, by the first of some cells: `P174085`, `p090644` and `P090644-1` are `p9`."""
    cell = cells[0].strip().strip('"').casefold() if cells else ""
    return re.sub(r"(?<=9)-9$", "", re.sub(r"[0-9]+", "9", cell))


def taken_apart(number: int, row: LongRow) -> Iterator[tuple[int, list[str], str | None]]:
    """Yield what a stray quote made one row of, each with its line number and with why it cannot be used, or `None`: the row
    itself, which cannot, and its further lines, read anew."""
    last = number + len(row.lines) - 1
    yield (
        number,
        row,
        (
            f"a quote that opens a cell in this row, which begins on line {number}, is closed on line {last} only: it "
            f"took in {counted(len(row.lines) - 1, 'line')}, which are read anew; close the quote, or take it out"
        ),
    )
    for place, line in enumerate(row.lines[1:], start=number + 1):
        yield from _read_anew(place, line)


def _read_anew(number: int, line: str) -> Iterator[tuple[int, list[str], str | None]]:
    """Read a line that a stray quote took in; one with such a quote itself, as the line that ends it, cannot be used."""
    if line.count('"') % 2:
        yield (
            number,
            [],
            "a quote on this line ends what a quote on an earlier line began: take it out, or add its other",
        )
        return
    try:
        for row in csv.reader([line], strict=True):
            if row:
                yield number, row, None
    except csv.Error as error:
        yield number, [], f"is broken as CSV: {told_of_csv(error)}"
