"""What an adapter is: it reads the bytes of one kind of source and yields plain records, and does nothing else."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from db.errors import FileRefusedError
from models.records import AnyRecord
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


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as read: where it stands, which kind of record it should become, and its fields by our names.

    `broken` says why a record could not even be read (for instance a line that is not JSON). `names` maps our field
    names back to the source's, so that messages speak the language of the file. `set_aside` lists values that the
    adapter could not believe: field, value, reason; the record is kept without them. `retrieved_at` is when the source
    was asked (UTC), where that was before the run that takes the record in. `passed_over` says why a whole document
    gives no record; nothing in it is wrong by that, and it counts as no record. A `remark` is no record either: it tells
    of the way on which records came. `barred` says of what kind a record is and why who sent it may not send that.
    """

    place: str
    kind: type[AnyRecord]
    fields: Mapping[str, Any]
    broken: str | None = None
    names: Mapping[str, str] | None = None
    set_aside: tuple[tuple[str, str, str], ...] = ()
    retrieved_at: datetime | None = None
    passed_over: str | None = None
    remark: str | None = None
    barred: tuple[str, str] | None = None


class Adapter(Protocol):
    """A kind of source. A new source is a new class with these members; CONTRIBUTING.md has the recipe."""

    name: str

    def read(self, path: Path) -> Iterator[RawRecord]:
        """Yield the file's records in their order.

        Raises:
            FileRefusedError: if the file as a whole is not what this adapter reads.
        """
        ...


class LongRow(list[str]):
    """A row of a CSV file over several lines, with these as they stand there."""

    def __init__(self, cells: Iterable[str], lines: Sequence[str]) -> None:
        super().__init__(cells)
        self.lines = tuple(lines)


def read_csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file with their line numbers; those over several lines as a `LongRow`.

    Raises:
        FileRefusedError: if it is empty, not UTF-8, not parted by commas, or broken.
    """
    first_line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            start, blank, first = file.tell(), 0, file.readline(MAX_CELL)
            while first.isspace():
                start, blank, first = file.tell(), blank + 1, file.readline(MAX_CELL)
            if not first:
                raise FileRefusedError(f"{path.name} is empty: expected a header line and records")
            if "\x00" in first:
                raise FileRefusedError(f"{path.name} is not a text file: expected CSV in UTF-8")
            if "," not in first and (";" in first or "\t" in first):
                found = "';'" if ";" in first else "a tab"
                raise FileRefusedError(f"{path.name} parts its columns by {found}: expected a comma")
            file.seek(start)
            lines: list[str] = []
            csv.field_size_limit(MAX_CELL)  # of the whole process, so others may have set it
            reader = csv.reader(_noted(file, lines), strict=True)
            first_line = blank + 1
            for row in reader:
                if row:
                    yield first_line, LongRow(row, lines) if len(lines) > 1 else row
                lines.clear()
                first_line = blank + reader.line_num + 1
    except UnicodeDecodeError:
        raise FileRefusedError(f"{path.name} is not UTF-8: save it as UTF-8") from None
    except csv.Error as error:
        raise FileRefusedError(
            f"{path.name} is broken as CSV in the row that begins on line {first_line}: {_told(error)}"
        ) from None
    except OSError as error:
        raise FileRefusedError(f"{path.name} cannot be read: {error.strerror}") from None


def _told(error: csv.Error) -> str:
    return next((told for said, told in CSV_FAULTS.items() if said in str(error)), str(error))


def _noted(file: Iterable[str], lines: list[str]) -> Iterator[str]:
    for line in file:
        lines.append(line)
        yield line


def check_rows(
    rows: Iterable[tuple[int, list[str]]], width: int, least: int | None = None, key: int = 0
) -> Iterator[tuple[int, list[str], str | None]]:
    """Yield the rows below a header, each with its line number and with why it cannot be used, or `None`.

    Where a stray quote took in whole lines as the text of one cell, that row cannot be used, and the lines are read anew.

    Args:
        rows: the rows below the header.
        width: how many columns the header has.
        least: how many a row has at least; by default as many.
        key: which column has the identifiers that rows are told by, from 0.
    """
    least = width if least is None else least
    for number, row in rows:
        if isinstance(row, LongRow) and _took_in_rows(row, least, key):
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
                yield from _read_anew(place, line, width, least)
        else:
            yield number, row, _fault_of_width(row, width, least)


def _took_in_rows(row: LongRow, least: int, key: int) -> bool:
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


def _read_anew(number: int, line: str, width: int, least: int) -> Iterator[tuple[int, list[str], str | None]]:
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
                yield number, row, _fault_of_width(row, width, least)
    except csv.Error as error:
        yield number, [], f"is broken as CSV: {_told(error)}"


def _fault_of_width(row: Sequence[str], width: int, least: int) -> str | None:
    if least <= len(row) <= width:
        return None
    expected = width if least == width else f"{least} to {width}"
    return f"{counted(len(row), 'column')}, expected {expected} as in the header"
