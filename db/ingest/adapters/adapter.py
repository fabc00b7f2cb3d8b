"""What an adapter is: it reads the bytes of one kind of source and yields plain records, and does nothing else."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from db.errors import FileRefusedError
from db.ingest.adapters.quotes import MAX_CELL, LongRow, taken_apart, told_of_csv, took_in_rows
from models.records import AnyRecord
from models.words import counted


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
            f"{path.name} is broken as CSV in the row that begins on line {first_line}: {told_of_csv(error)}"
        ) from None
    except OSError as error:
        raise FileRefusedError(f"{path.name} cannot be read: {error.strerror}") from None


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
        if isinstance(row, LongRow) and took_in_rows(row, least, key):
            for place, cells, fault in taken_apart(number, row):
                yield place, cells, fault or _fault_of_width(cells, width, least)
        else:
            yield number, row, _fault_of_width(row, width, least)


def _fault_of_width(row: Sequence[str], width: int, least: int) -> str | None:
    if least <= len(row) <= width:
        return None
    expected = width if least == width else f"{least} to {width}"
    return f"{counted(len(row), 'column')}, expected {expected} as in the header"
