"""Reads IATI files as a stream: one activity at a time in memory, whatever the size of the file.

The parser is expat, as Python brings it. It opens nothing by itself, neither files nor addresses; a document type, in
which entities would be declared, ends the reading at once. So no entity but the five of XML is ever expanded.
"""

import gzip
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast
from xml.parsers import expat

from db.errors import FileRefusedError
from db.ingest.adapters.text_files import AS_UTF8
from db.progress import Position, anywhere

PIECE = 1 << 16
MAX_ACTIVITY = 16 * 1024 * 1024
"""Bytes of one activity that are read: the longest that were seen have some megabytes."""
MAX_DEPTH = 100
"""Elements inside one another: the standard needs nine."""
MAX_FILE = 16 * 1024**3
"""Bytes of a file after unpacking: the longest that are published have about one gigabyte."""

ACTIVITY = "iati-activity"
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
WANTED = frozenset(
    {"iati-identifier", "other-identifier", "reporting-org", "title", "description", "activity-status", "activity-date"}
    | {"recipient-country", "recipient-region", "sector", "default-finance-type", "transaction"}
)
"""Elements of an activity that are read. What else stands there, among it the names of people, is passed over."""


@dataclass(slots=True)
class Node:
    """An element with its attributes, its own text and the elements in it, and the line where it begins."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def all(self, name: str) -> list["Node"]:
        """The elements of a name that stand directly in this one."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> "Node | None":
        """The first of them."""
        return next((child for child in self.children if child.name == name), None)

    def get(self, name: str) -> str:
        """An attribute without blanks around it, or an empty text."""
        return self.attributes.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity, the day on which its file was made where the file says that, and why it was not read to its end."""

    node: Node
    generated: str
    broken: str | None = None


def read_activities(path: Path, position: Position = anywhere) -> Iterator[Activity]:
    """Yield the activities of a file, XML or XML packed by gzip, in their order.

    `position` learns how far it is read, in bytes of the file as it lies there.

    Raises:
        FileRefusedError: if it is not well-formed XML to its end, has a document type, is nested too deep, unpacks to
            too much, or is no list of IATI activities.
    """
    reader = _Reader(path.name)
    try:
        with path.open("rb") as stored, _unpacked(path.name, stored) as file:
            size, stored_size = 0, path.stat().st_size
            while piece := file.read(PIECE):
                position(stored.tell(), stored_size)
                size += len(piece)
                if size > MAX_FILE:
                    raise FileRefusedError(f"{path.name} holds more than {MAX_FILE:,} bytes")
                reader.feed(piece, size)
                yield from reader.taken()
            reader.end()
            yield from reader.taken()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileRefusedError(f"{path.name} is broken or cut off as a gzip file: {error}") from None


def _unpacked(name: str, stored: BinaryIO) -> BinaryIO:
    magic = stored.read(4)
    stored.seek(0)
    if magic == ZIP:
        raise FileRefusedError(f"{name} is a zip file: unpack it first")
    return cast(BinaryIO, gzip.open(stored)) if magic.startswith(GZIP) else stored


class _Reader:
    """Takes bytes and gives activities."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.done: deque[Activity] = deque()
        self.last = ""
        self.depth = 0
        self.generated = ""
        self.root: Node | None = None
        self.open: list[Node] = []
        self.skipping = 0
        self.begin = 0
        self.broken: str | None = None
        self.encoding = ""
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text, parser.buffer_size = True, 1 << 20
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.XmlDeclHandler = self._declaration
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._document_type

    def feed(self, piece: bytes, size: int) -> None:
        self._parse(piece, False)
        if size - max(self.parser.CurrentByteIndex, 0) > MAX_ACTIVITY:
            raise FileRefusedError(
                f"{self.name}, line {self._line()}: a tag goes on for more than {MAX_ACTIVITY:,} bytes"
            )

    def end(self) -> None:
        self._parse(b"", True)

    def taken(self) -> Iterator[Activity]:
        while self.done:
            yield self.done.popleft()

    def _parse(self, piece: bytes, final: bool) -> None:
        try:
            self.parser.Parse(piece, final)
        except expat.ExpatError as error:
            after = f"; the last whole activity before it is {self.last}" if self.last else ""
            reason = expat.ErrorString(error.code)
            raise FileRefusedError(
                f"{self.name}, line {error.lineno}: not well-formed XML ({reason}){after}; nothing of the file is taken in"
            ) from None
        except (LookupError, ValueError):  # an encoding that Python does not know, or of several bytes a sign
            raise FileRefusedError(f"{self.name} says that its encoding is {self.encoding[:60]!r}: {AS_UTF8}") from None

    def _line(self) -> int:
        return self.parser.CurrentLineNumber

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = encoding or ""

    def _document_type(self, *_: object) -> None:
        raise FileRefusedError(
            f"{self.name}, line {self._line()}: a document type (DOCTYPE), which could declare entities; IATI files have none"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FileRefusedError(f"{self.name}, line {self._line()}: elements are nested more than {MAX_DEPTH} deep")
        if self.depth == 1:
            if name != "iati-activities":
                raise FileRefusedError(f"{self.name} begins with the element {name[:60]!r}: expected 'iati-activities'")
            self.generated = attributes.get("generated-datetime", "")
        elif self.depth == 2 and name.endswith(f":{ACTIVITY}"):
            raise FileRefusedError(
                f"{self.name}, line {self._line()}: the element {name[:60]!r}: expected {ACTIVITY!r}, in no namespace"
            )
        elif self.depth == 2 and name == ACTIVITY:
            self.root = Node(name, attributes, self._line())
            self.open, self.begin, self.broken, self.skipping = [self.root], self.parser.CurrentByteIndex, None, 0
        elif self.root is not None:
            self._inside(name, attributes)

    def _inside(self, name: str, attributes: dict[str, str]) -> None:
        if self.skipping or self._too_long() or (self.depth == 3 and name not in WANTED):
            self.skipping += 1
            return
        node = Node(name, attributes, self._line())
        self.open[-1].children.append(node)
        self.open.append(node)

    def _too_long(self) -> bool:
        """Let go of an activity that is too long, but for its identifier, and read over the rest of it."""
        if self.broken is None and self.root and self.parser.CurrentByteIndex - self.begin > MAX_ACTIVITY:
            self.broken = f"the activity has more than {MAX_ACTIVITY:,} bytes"
            self.root.children = [child for child in self.root.children if child.name == "iati-identifier"]
        return self.broken is not None

    def _text(self, text: str) -> None:
        if self.root is not None and not self.skipping and not self._too_long():
            self.open[-1].text += text

    def _end(self, _: str) -> None:
        if self.root is not None:
            if self.skipping:
                self.skipping -= 1
            else:
                self.open.pop()
            if self.depth == 2:
                identifier = self.root.first("iati-identifier")
                self.last = (
                    repr(" ".join(identifier.text.split())[:100]) if identifier else f"that of line {self.root.line}"
                )
                self.done.append(Activity(self.root, self.generated, self.broken))
                self.root = None
        self.depth -= 1
