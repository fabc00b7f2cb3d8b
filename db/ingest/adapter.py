"""What an adapter is: it reads the bytes of one kind of source and yields plain records, and does nothing else."""

import csv
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from db.errors import FileRefusedError
from models.records import AnyRecord

MAX_CELL = 16 * 1024 * 1024
"""Characters of one cell that are read at all; what is longer than a field allows is refused record by record."""

csv.field_size_limit(min(MAX_CELL, sys.maxsize))


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as read: where it stands, which kind of record it should become, and its fields by our names.

    `broken` says why a record could not even be read (for instance a line that is not JSON). `names` maps our field
    names back to the source's, so that messages speak the language of the file. `set_aside` lists values that the
    adapter could not believe: field, value, reason; the record is kept without them. `retrieved_at` is when the source
    was asked (UTC), where that was before the run that takes the record in. `passed_over` says why a whole document
    gives no record; nothing in it is wrong by that, and it counts as no record. A `remark` is no record either: it tells
    of the way on which records came.
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
    """Yield the rows of a CSV file with their line numbers.

    Raises:
        FileRefusedError: if it is empty, not UTF-8, not parted by commas, or broken.
    """
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
            reader = csv.reader(file, strict=True)
            first_line = blank + 1
            for row in reader:
                if row:
                    yield first_line, row
                first_line = blank + reader.line_num + 1
    except UnicodeDecodeError:
        raise FileRefusedError(f"{path.name} is not UTF-8: save it as UTF-8") from None
    except csv.Error as error:
        raise FileRefusedError(f"{path.name} is broken as CSV: {error}") from None
    except OSError as error:
        raise FileRefusedError(f"{path.name} cannot be read: {error.strerror}") from None
