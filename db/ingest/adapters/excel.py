"""Reads the rows of a sheet of Excel, after a look at what it would take to read them.

The library keeps a sheet as the whole rectangle from its first cell to its last, however few are filled, and unpacks
whatever it is given. So an `.xlsx` file, which is a zip file of XML, is looked over first as a stream. That look also
tells of errors such as #DIV/0!, which the library gives as empty cells; an `.xls` file is small by its form and not looked over.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from xml.parsers import expat

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from db.errors import FileRefusedError
from models.texts import storable

EXCEL = {".xlsx", ".xls"}
ERRORS = frozenset({"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"})
"""What Excel shows where a formula has no value."""

MAX_CELLS = 20_000_000
"""Cells of a sheet's rectangle: the export of all projects has about a million."""
MAX_UNPACKED = 512 * 1024 * 1024
"""Bytes of a file after unpacking: the export of all projects has about a hundred million."""
PIECE = 1 << 16

UNREADABLE = (
    *(CalamineError, zipfile.BadZipFile, zlib.error, NotImplementedError),
    *(OSError, EOFError, IndexError, KeyError, ValueError),
)
"""What comes of a file that is no Excel file, or a broken one."""

Place = tuple[int, int]
Attributes = dict[str, str]


def read_excel(path: Path, preferred: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a sheet that are not blank, with their numbers: of the sheet of a name, else of the first one.

    Raises:
        FileRefusedError: if it is no Excel file, unpacks to too much, or has a cell too far off.
    """
    try:
        sheet, errors = _open(path, preferred)
    except UNREADABLE as error:
        raise FileRefusedError(f"{path.name} cannot be read as an Excel file: {error}") from None
    first_column = sheet.start[1] + 1 if sheet.start else 1
    for number, row in enumerate(sheet.iter_rows(), start=1):
        texts = [_text(value) or errors.get((number, column)) or "" for column, value in enumerate(row, first_column)]
        if any(map(str.strip, texts)):
            yield number, texts


def _open(path: Path, preferred: str) -> tuple[CalamineSheet, dict[Place, str]]:
    """Open a sheet; with it come the errors that stand in it, by row and column."""
    if storable(path, 10_000) != str(path):
        raise ValueError(
            "its name, or that of its folder, is no UTF-8: give it another"
        )  # the library would not find it
    packed = path.suffix.lower() == ".xlsx"
    if packed:
        _bound(path)
    workbook = CalamineWorkbook.from_path(path)
    name = next((n for n in workbook.sheet_names if n.casefold() == preferred), workbook.sheet_names[0])
    errors = _look_over(path, name) if packed else {}
    return workbook.get_sheet_by_name(name), errors


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _bound(path: Path) -> None:
    """Unpack all parts once, keeping nothing: how long they are is not believed, but counted."""
    size = 0
    with zipfile.ZipFile(path) as archive:
        names = [part.filename.lower() for part in archive.infolist()]
        if len(set(names)) < len(names):
            raise ValueError("two of its parts have one name")
        for part in archive.infolist():
            for piece in _pieces(archive, part):
                size += len(piece)
                if size > MAX_UNPACKED:
                    raise FileRefusedError(f"{path.name} unpacks to more than {MAX_UNPACKED:,} bytes")


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    if part.flag_bits & 1 or part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ValueError(f"its part {part.filename[:100]} is encrypted or packed in a way that Excel does not use")
    part.file_size = 1 << 62  # what it says of itself would end the reading there, and not that of the library
    with archive.open(part) as file:
        while piece := file.read(PIECE):
            yield piece


def _look_over(path: Path, sheet: str) -> dict[Place, str]:
    """Find the errors in a sheet, and refuse one with a cell too far off."""
    with zipfile.ZipFile(path) as archive:
        parts = {part.filename.lower(): part for part in archive.infolist()}
        ids: dict[str, str] = {}
        targets: dict[str, str] = {}

        def take_sheet(name: str, attributes: Attributes) -> None:
            if name == "sheet":
                ids.setdefault(attributes["name"], next((v for k, v in attributes.items() if k.endswith(":id")), ""))

        def take_target(name: str, attributes: Attributes) -> None:
            if name == "Relationship":
                targets[attributes["Id"]] = attributes["Target"]

        _parse(_pieces(archive, parts["xl/workbook.xml"]), take_sheet)
        _parse(_pieces(archive, parts["xl/_rels/workbook.xml.rels"]), take_target)
        target = targets[ids[sheet]].removeprefix("/")
        scan = _Scan(f"{path.name}, sheet {sheet!r}")
        part = parts[(target if target.startswith("xl/") else f"xl/{target}").lower()]
        _parse(_pieces(archive, part), scan.start, scan.text)
    return scan.errors


def _parse(
    pieces: Iterator[bytes], start: Callable[[str, Attributes], None], text: Callable[[str], None] | None = None
) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ValueError(f"not well-formed XML ({error})") from None


def _refuse_document_type(*_: object) -> None:
    raise ValueError("a document type (DOCTYPE), which could declare entities")


class _Scan:
    """Follows the cells of a sheet as the library will: which are filled, how far they reach, which hold an error."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.errors: dict[Place, str] = {}
        self.tag = ""
        self.row, self.column = 0, 0
        self.is_error = False
        self.lowest: Place = (0, 0)
        self.widest: Place = (0, 0)

    def start(self, name: str, attributes: Attributes) -> None:
        self.tag = name
        if name == "c":
            if place := attributes.get("r"):
                letters = place.rstrip("0123456789")
                self.row, self.column = int(place[len(letters) :]), _column(letters)
            else:
                self.column += 1
            self.is_error = attributes.get("t") == "e"
        elif name == "row":
            self.row, self.column = int(attributes.get("r") or self.row + 1), 0

    def text(self, text: str) -> None:
        """Take a cell's value: whatever stands after the beginning of one; formulas are none."""
        if self.tag not in {"v", "t"}:
            return
        place = (self.row, self.column)
        if self.row > self.lowest[0] or self.column > self.widest[1]:
            self._reach(place)
        if self.is_error:
            self.errors.setdefault(place, text)

    def _reach(self, place: Place) -> None:
        self.lowest, self.widest = max(self.lowest, place), max(self.widest, place, key=lambda cell: cell[1])
        cells = self.lowest[0] * self.widest[1]
        if cells > MAX_CELLS:
            far = " and ".join(dict.fromkeys(_name(cell) for cell in (self.widest, self.lowest)))
            raise FileRefusedError(
                f"{self.name}: its cells reach as far as {far}, a rectangle of {cells:,}, more than the {MAX_CELLS:,} "
                f"that are read; delete what stands there by mistake"
            )


@cache
def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _name(place: Place) -> str:
    row, column = place
    letters = ""
    while column > 0:
        column, left = divmod(column - 1, 26)
        letters = chr(65 + left) + letters
    return f"{letters}{row}"
