"""The file of a backup: a ZIP with a member of JSON lines for each table, and a manifest with counts and hashes.

A row is a JSON list in the order of the manifest's columns. Moments are RFC 3339 in UTC, days ISO 8601.
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import JSON, Table
from sqlalchemy.types import TypeDecorator, TypeEngine

from db import tables
from db.errors import FileRefusedError
from db.store import BATCH

FORMAT = "migration-finance-backup/1"
MANIFEST = "manifest.json"
QUICK = 1  # how hard zlib tries: text shrinks to a fifth already, and harder takes several times as long
PRIVATE = 0o600  # hashes of keys, and names of who holds them, are nobody else's business


class Part(msgspec.Struct):
    """A table in the file: its columns in their order, how many rows, and the SHA-256 of its member, unpacked."""

    name: str
    columns: list[str]
    rows: int
    sha256: str


class Manifest(msgspec.Struct):
    """What a file holds. `release` is the newest one in it, `made_at` when its state was read, in UTC."""

    format: str
    program_version: str
    revision: str
    made_at: datetime
    release: int
    tables: list[Part]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(part.rows for part in self.tables)


Row = tuple[Any, ...]


class Writing:
    """A file that is being written; it has its name only once it is whole."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self.parts: list[Part] = []

    def table(self, table: Table, rows: Iterable[Row]) -> None:
        """Write a table, row by row."""
        digest, number = hashlib.sha256(), 0
        encode = msgspec.json.Encoder().encode
        with self._file.open(_member(table.name), "w", force_zip64=True) as member:
            for batch in _batches(rows):
                lines = b"".join(encode(row) + b"\n" for row in batch)
                digest.update(lines)
                member.write(lines)
                number += len(batch)
        self.parts.append(Part(str(table.name), list(map(str, table.columns.keys())), number, digest.hexdigest()))

    def manifest(self, manifest: Manifest) -> None:
        """Write the manifest, when all tables are written."""
        self._file.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))


@contextmanager
def new_archive(path: Path) -> Iterator[Writing]:
    """Write a file that only its owner may read: whole and safe on the disk, or not at all.

    Raises:
        FileRefusedError: if it is there already, or cannot be written.
    """
    if path.exists():
        raise FileRefusedError(f"{path} is there already: name a file that is not, so that no backup is lost")
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE)
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK) as archive:
                yield Writing(archive)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike renaming, it does not replace a file that came meanwhile
    except OSError as error:
        raise FileRefusedError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _member(name: str) -> str:
    return f"tables/{name}.jsonl"


def read_manifest(path: Path) -> Manifest:
    """Read what a file says of itself.

    Raises:
        FileRefusedError: if it is no backup, or a damaged one.
    """
    with _opened(path) as archive:
        return msgspec.json.decode(archive.read(MANIFEST), type=Manifest)


def verify(path: Path, manifest: Manifest) -> None:
    """Read a file to its end, and compare every count and hash.

    Raises:
        FileRefusedError: names the first table that is not as the manifest says.
    """
    for part in manifest.tables:
        for _ in read_table(path, part):
            pass


def read_table(path: Path, part: Part) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a table, some at a time, as they are inserted.

    Raises:
        FileRefusedError: at the latest after its last row, if they are not as the manifest says.
    """
    table = tables.metadata.tables[part.name]
    decode = msgspec.json.Decoder(_row_type(table)).decode
    digest, number = hashlib.sha256(), 0
    with _opened(path) as archive, archive.open(_member(part.name)) as member:
        while lines := list(islice(member, BATCH)):
            digest.update(b"".join(lines))
            number += len(lines)
            yield [dict(zip(part.columns, decode(line), strict=True)) for line in lines]
    if (number, digest.hexdigest()) != (part.rows, part.sha256):
        raise FileRefusedError(
            f"{path} is damaged: table {part.name} is not as its manifest says; nothing was restored"
        )


def _row_type(table: Table) -> Any:
    return tuple[tuple(_kind(column.type) for column in table.columns)]  # type: ignore[misc]  # one for each column


def _kind(column_type: TypeEngine[Any]) -> Any:
    """The type of a column's values. One that is built upon another does not say so itself."""
    inner = column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type
    return Any if isinstance(inner, JSON) else inner.python_type | None


DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    msgspec.DecodeError,
    KeyError,
    EOFError,
    ValueError,
    NotImplementedError,  # a changed byte can make a member look encrypted, or compressed in another way
    RuntimeError,
)
"""What reading a damaged file can end in."""


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    if path.exists() and not path.is_file():  # what is none, as a pipe, may let nobody go who opens it
        raise FileRefusedError(f"{path} is not a file")
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DAMAGE as error:
        raise FileRefusedError(f"{path} is no backup, or a damaged one: {error}; nothing was restored") from None
    except OSError as error:
        raise FileRefusedError(f"{path} cannot be read: {error.strerror or error}") from None
