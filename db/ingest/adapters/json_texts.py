"""Reads JSON and JSON lines value by value, and marks what JSON has no rule for, so that it is told and never guessed."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from db.errors import FileRefusedError
from db.ingest.adapters.text_files import fault_of_bytes, text_file
from models.words import told_of_json

BLANKS = " \t\r\n"
"""What may stand between the parts of a JSON text (RFC 8259, section 2)."""

NO_BLANK = re.compile(f"[^{BLANKS}]")

GOING_ON = ("", *"0123456789.eE+-")
"""What may stand behind a number of which only the beginning was read."""

OPEN = "Unterminated string"
"""What is said, by its beginning, of a text whose end may be still to come. All else that a cut can cause is told near it."""

LONGEST = 16
"""Characters that belong together at most, as two halves of a character, `\\ud83c\\udfeb`, or a constant."""

PIECE = 1 << 20
"""Characters of a document that are read at once."""

EXPECTED = "expected a list of objects, or one object"
TOO_DEEP = "has lists or objects that stand too deep in one another: expected flat records"


class Repeating(dict[str, Any]):
    """An object that names a key more than once: which of the values was meant nobody knows."""

    repeated: str


class Constant(str):
    """`NaN`, `Infinity` or `-Infinity`, which Python reads as numbers and JSON does not have."""


class Value(NamedTuple):
    """A value, and whether it may hold marks: a `Repeating` or a `Constant`."""

    value: Any
    marked: bool


def _marked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs, marked where they repeat a key. JSON itself would take the last in silence."""
    found = dict(pairs)
    if len(found) < len(pairs):
        found = Repeating(found)
        found.repeated = Counter(key for key, _ in pairs).most_common(1)[0][0]
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("repeats a key")
    return found


def _no_constant(constant: str) -> None:
    raise ValueError(f"holds {constant}")


# One of each for all values: to make one for each takes longer than most do. Numbers stay as they are written, as in CSV.
_SOUND = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_no_constant, object_pairs_hook=_once)
_FAULTY = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=Constant, object_pairs_hook=_marked)
"""Reads what the other refuses, and marks why: to look for marks in every record takes as long as to read it."""


def value_of_line(line: str) -> Value:
    """Read a line that is a JSON text.

    Raises:
        ValueError: says why it is none.
    """
    try:
        value, end = _SOUND.raw_decode(line)
        if not line[end:].strip(BLANKS):
            return Value(value, False)
    except (ValueError, RecursionError):
        pass
    try:  # what lacks its end is told where the text ends, not on a line below
        return Value(_FAULTY.decode(line.rstrip()), True)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON at column {error.colno:,}: {told_of_json(error.msg)}") from None


def values_of_document(path: Path) -> Iterator[tuple[str, Value]]:
    """Yield the values of a list, or the one object that a file holds, each with the pointer to it (RFC 6901).

    No more is held of a list than a piece, or the longest of its values.

    Raises:
        FileRefusedError: where the file is no JSON any more, or holds something else; it names the line.
    """
    with text_file(path, "JSON") as file:
        document = _Document(path.name, file)
        first = document.next_character()
        if first is None:
            raise FileRefusedError(f"{path.name} is empty: {EXPECTED}")
        if first == "[":
            yield from document.items()
        else:
            found = document.value()
            if not isinstance(found.value, dict):
                raise FileRefusedError(f"{path.name} holds one JSON value: {EXPECTED}")
            document.require_end()
            yield "", found


class _Decoded(NamedTuple):
    """A value that begins at some place, and where it ends; else what is wrong with it. `sure`: what follows changes nothing."""

    fault: FileRefusedError
    sure: bool
    found: Value | None = None
    end: int = 0


class _Document:
    """A JSON text of which only the piece is held that is looked at."""

    def __init__(self, name: str, file: TextIO) -> None:
        self.name, self.file = name, file
        self.piece, self.place, self.ended = "", 0, False
        self.line, self.column, self.byte = 1, 0, 0  # of the first character of the piece: what stands before it

    def items(self) -> Iterator[tuple[str, Value]]:
        """The values of a list, which begins here."""
        self._passes("[")
        numbers = count()
        more = self.next_character() != "]"
        while more:
            yield f"/{next(numbers)}", self.value()
            more = self._passes(",")
        if not self._passes("]"):
            raise self._fault("Expecting ',' delimiter", self.place)
        self.require_end()

    def next_character(self) -> str | None:
        """Go on to what is no blank, and return it; none at the end."""
        while True:
            if found := NO_BLANK.search(self.piece, self.place):
                self.place = found.start()
                return found[0]
            self.place = len(self.piece)
            if self.ended:
                return None
            self._read_on()

    def _passes(self, mark: str) -> bool:
        """Go on behind a mark, if it comes next."""
        found = self.next_character() == mark
        self.place += found
        return found

    def value(self) -> Value:
        """Read a value, and as much of the file as it takes."""
        self.next_character()
        while not (here := self._decoded()).sure and not self.ended:
            self._read_on()
        if not here.found:
            raise here.fault
        self.place = here.end
        return here.found

    def require_end(self) -> None:
        """Refuse what stands behind the end."""
        if self.next_character() is not None:
            raise self._fault("Extra data", self.place)

    def _decoded(self) -> "_Decoded":
        fault, sure = FileRefusedError(f"{self.name} {TOO_DEEP}"), True
        for decoder, marked in ((_SOUND, False), (_FAULTY, True)):
            try:
                value, end = decoder.raw_decode(self.piece, self.place)
                return _Decoded(fault, self.piece[end : end + 1] not in GOING_ON, Value(value, marked), end)
            except json.JSONDecodeError as error:
                fault = self._fault(error.msg, error.pos)
                sure = not error.msg.startswith(OPEN) and error.pos + LONGEST < len(self.piece)
            except (ValueError, RecursionError):
                pass
        return _Decoded(fault, sure)

    def _read_on(self) -> None:
        """Hold more of the file, twice as much where a value takes more than a piece."""
        more = self.file.read(max(PIECE, len(self.piece) - self.place))
        done = self.piece[: self.place]
        last = done[done.rfind("\n") + 1 :]
        if len(last) < len(done):
            self.line, self.column, self.byte = self.line + done.count("\n"), 0, 0
        self.column += len(last)
        self.byte += len(last.encode())
        self.piece, self.place = self.piece[self.place :] + more, 0
        if not more:  # what lacks its end is told where the text ends, not on a line below
            self.piece, self.ended = self.piece.rstrip(BLANKS), True
        elif not more.isascii():
            self._refuse_other_bytes()

    def _refuse_other_bytes(self) -> None:
        for number, line in enumerate(self.piece.split("\n")):
            if fault := fault_of_bytes(line, self.byte if number == 0 else 0):
                raise FileRefusedError(f"{self.name}, line {self.line + number:,}, {fault}")

    def _fault(self, message: str, place: int) -> FileRefusedError:
        """What is wrong at a place of the piece."""
        before = self.piece[:place]
        line = self.line + before.count("\n")
        column = place - before.rfind("\n") + (self.column if "\n" not in before else 0)
        return FileRefusedError(f"{self.name} is not JSON at line {line:,}, column {column:,}: {told_of_json(message)}")
