"""What an adapter is: it reads the bytes of one kind of source and yields plain records, and does nothing else."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TextIO

from db.errors import FileRefusedError
from db.ingest.adapters.quotes import MAX_CELL, LongRow, taken_apart, told_of_csv, took_in_rows
from db.ingest.adapters.text_files import fault_of_bytes, text_file
from models.records import AnyRecord
from models.words import counted


class RawRecord(NamedTuple):
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


def file_date(path: Path) -> str:
    """The day (UTC) on which a file was written last: as of when it speaks where it does not say so itself."""
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).date().isoformat()


def read_csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file with their line numbers; those over several lines as a `LongRow`.

    Raises:
        FileRefusedError: if it is empty, no text, not parted by commas, broken, or its first row is not UTF-8; of others
            `check_rows` tells that.
    """
    first_line = 1
    try:
        with text_file(path, "CSV") as file:
            blank = _pass_blank_lines(path, file)
            lines: list[str] = []
            csv.field_size_limit(MAX_CELL)  # of the whole process, so others may have set it
            reader = csv.reader(_noted(file, lines), strict=True)
            first_line = blank + 1
            for row in reader:
                if first_line == blank + 1 and (fault := _fault_of_bytes(row)):
                    raise FileRefusedError(f"{path.name}, line {first_line}: {fault}")
                if row:
                    yield first_line, LongRow(row, lines) if len(lines) > 1 else row
                lines.clear()
                first_line = blank + reader.line_num + 1
    except csv.Error as error:
        raise FileRefusedError(
            f"{path.name} is broken as CSV in the row that begins on line {first_line}: {told_of_csv(error)}"
        ) from None


def _pass_blank_lines(path: Path, file: TextIO) -> int:
    """Go to the first line that is not blank, and return how many stand before it.

    Raises:
        FileRefusedError: if there is none, or something else than commas parts its columns.
    """
    start, blank, first = file.tell(), 0, file.readline(MAX_CELL)
    while first.isspace():
        start, blank, first = file.tell(), blank + 1, file.readline(MAX_CELL)
    if not first:
        raise FileRefusedError(f"{path.name} is empty: expected a header line and records")
    if "," not in first and (";" in first or "\t" in first):
        found = "';'" if ";" in first else "a tab"
        raise FileRefusedError(f"{path.name} parts its columns by {found}: expected a comma")
    file.seek(start)
    return blank


def _noted(file: Iterable[str], lines: list[str]) -> Iterator[str]:
    for line in file:
        lines.append(line)
        yield line


def check_rows(
    rows: Iterable[tuple[int, list[str]]], titles: Sequence[str], least: int | None = None, key: int = 0
) -> Iterator[tuple[int, list[str], str | None]]:
    """Yield the rows below a header, each with its line number and with why it cannot be used, or `None`.

    Where a stray quote took in whole lines as the text of one cell, that row cannot be used, and the lines are read anew.

    Args:
        rows: the rows below the header.
        titles: the header.
        least: how many columns a row has at least; by default as many as the header.
        key: which column has the identifiers that rows are told by, from 0.
    """
    least = len(titles) if least is None else least
    header = bare(titles)[:least]
    for number, row in rows:
        if isinstance(row, LongRow) and took_in_rows(row, least, key):
            found = taken_apart(number, row)
        else:
            found = iter([(number, row, None)])
        for place, cells, fault in found:
            fault = fault or _fault_of_bytes(cells) or _fault_of_width(cells, len(titles), least)
            yield place, cells, fault or ("is the header again" if _is_header(cells, header) else None)


def _is_header(row: Sequence[str], header: Sequence[str]) -> bool:
    return bare(row[:1]) == header[:1] and bare(row[: len(header)]) == header


def bare(cells: Sequence[str]) -> list[str]:
    """Cells as titles are compared; a file that was joined to another may have brought its mark of UTF-8 along."""
    return [cell.removeprefix("\ufeff").strip().casefold() for cell in cells]


def _fault_of_bytes(row: Sequence[str]) -> str | None:
    if fault_of_bytes("".join(row)) is None:
        return None
    faults = (fault_of_bytes(cell) for cell in row)
    return next(f"column {column} {fault}" for column, fault in enumerate(faults, start=1) if fault)


def _fault_of_width(row: Sequence[str], width: int, least: int) -> str | None:
    if least <= len(row) <= width:
        return None
    expected = width if least == width else f"{least} to {width}"
    return f"{counted(len(row), 'column')}, expected {expected} as in the header"
