"""Bulk files: the whole tables of a release, made once, kept in a folder, and the same bytes wherever they are made."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from api.answers.files import about_of, writer_of
from api.answers.negotiation import Format
from api.bulk.tables import TABLES, Table
from api.deps import Snapshot
from api.exports.columns import Column, Kind
from db.errors import UnwritableError
from db.queries.statements.pieces import Piece
from models.release import Release

FORMATS = (Format.CSV, Format.JSONL, Format.PARQUET)
INDEX = "index.json"
PASSING = ".making-"
LEFT_SECONDS = 86_400
"""Age at which a folder with a passing name is of a process that was killed: files are made in minutes."""


class FilesGoneError(Exception):
    """The files of a release are not kept, and cannot be made again because the data have moved on."""

    def __init__(self, release_id: int | None) -> None:
        super().__init__(f"the files of release {release_id} are not kept any more")


class FilesUnwritableError(UnwritableError):
    """The folder of the files cannot be made, read or written, or its disk is full."""

    told = "the files of releases cannot be kept just now"
    part = "files"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that lies in a folder of `ReleaseFiles`; `sha256` is hexadecimal.

    `columns` are those that its table had when it was written; `None` where the index of the folder does not name them, or
    not in words that this program knows.
    """

    name: str
    table: str
    format: Format
    rows: int
    bytes: int
    sha256: str
    columns: tuple[Column, ...] | None = None


class ReleaseFiles:
    """The bulk files of one database's releases, in a folder that several processes may share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._making = threading.Lock()

    def folder_of(self, release: Release) -> Path:
        """Where the files of a release lie, or would: those with the columns of this program, for want of them with others.

        The name holds what the bytes follow from, so versions of the program that share a folder leave each other's alone.
        """
        own = self._own(release)
        return own if (own / INDEX).is_file() else next(self._others(release), own)

    def _own(self, release: Release) -> Path:
        return self.folder / f"{_name_of(release)}-{_shape_of_today()}"

    def _others(self, release: Release) -> Iterator[Path]:
        """Folders of a release with other columns, the youngest first."""
        own, name = self._own(release), _name_of(release)
        found = [path for path in self.folder.glob(f"{name}*") if path != own and (path / INDEX).is_file()]
        yield from sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)

    def find(self, release: Release) -> list[KeptFile] | None:
        """List the files of a release, or `None` if they are not there, all of them."""
        return _listed(self.folder_of(release))

    def get(self, release: Release, newest: Callable[[], AbstractContextManager[Snapshot]]) -> list[KeptFile]:
        """List the files of a release, and make them first where they are not there and it is the newest.

        Those of the newest have the columns of this program; of older ones there may only be files with others.

        Args:
            release: whose files.
            newest: opens a reading of the data; it is called only if files may have to be made.

        Raises:
            FilesGoneError: if they are not there and the data have moved on.
            FilesUnwritableError: if the folder cannot be used.
        """
        try:
            return self._get(release, newest)
        except OSError as error:
            raise FilesUnwritableError(f"{self.folder} cannot be used: {error}") from error

    def _get(self, release: Release, newest: Callable[[], AbstractContextManager[Snapshot]]) -> list[KeptFile]:
        own = _listed(self._own(release))
        if own is not None:
            return own
        other = self.find(release)
        if other is not None and not _is_newest(release, newest):
            return other
        with self._making:  # who waited here finds them made
            own = _listed(self._own(release))
            if own is not None:
                return own
            with newest() as snapshot:
                if snapshot.release.release_id == release.release_id:
                    self._make(snapshot)
            found = self.find(release)
        if found is None:
            raise FilesGoneError(release.release_id)
        return found

    def _make(self, snapshot: Snapshot) -> None:
        """Write all files under a passing name, then give the folder its own: it is there whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _sweep(self.folder)
        passing = Path(tempfile.mkdtemp(prefix=PASSING, dir=self.folder))
        try:
            files = [_write(passing, snapshot, table, form) for table in TABLES.values() for form in FORMATS]
            index = {
                "release": snapshot.release.release_id,
                "content_sha256": snapshot.release.content_sha256,
                "files": [_entry(file) for file in files],
                "columns": {table.name: [asdict(column) for column in table.columns] for table in TABLES.values()},
            }
            _keep(passing / INDEX, iter([json.dumps(index, indent=1).encode()]))
            passing.chmod(0o755)  # it was made for its owner alone; others may share the folder
            _rename(passing, self._own(snapshot.release))
        finally:
            shutil.rmtree(passing, ignore_errors=True)


def _listed(folder: Path) -> list[KeptFile] | None:
    try:
        index = json.loads((folder / INDEX).read_bytes())
    except FileNotFoundError:
        return None
    columns = {name: _columns(found) for name, found in index.get("columns", {}).items()}
    files = [_file(entry, columns) for entry in index["files"]]
    return files if all((folder / file.name).is_file() for file in files) else None


def _entry(file: KeptFile) -> dict[str, Any]:
    """A file in the index, which names the columns of each table once."""
    return {name: value for name, value in asdict(file).items() if name != "columns"}


def _file(entry: Mapping[str, Any], columns: Mapping[str, tuple[Column, ...] | None]) -> KeptFile:
    return KeptFile(**{**entry, "format": Format(entry["format"])}, columns=columns.get(entry["table"]))


def _columns(entries: Sequence[Mapping[str, Any]]) -> tuple[Column, ...] | None:
    """The columns of a table, or `None` where another version of the program describes them in a way unknown to this one."""
    try:
        return tuple(map(_column, entries))
    except (KeyError, TypeError, ValueError):
        return None


def _column(entry: Mapping[str, Any]) -> Column:
    return Column(**{**entry, "kind": Kind(entry["kind"])})


def _name_of(release: Release) -> str:
    return f"{release.release_id}-{release.content_sha256[:12]}"


def _shape_of_today() -> str:
    """Name the tables and columns of this program, whatever the columns' descriptions."""
    shape = {
        table.name: [asdict(replace(column, description="")) for column in table.columns] for table in TABLES.values()
    }
    return hashlib.sha256(json.dumps(shape).encode()).hexdigest()[:8]


def _is_newest(release: Release, newest: Callable[[], AbstractContextManager[Snapshot]]) -> bool:
    with newest() as snapshot:
        return snapshot.release.release_id == release.release_id


def _rename(passing: Path, final: Path) -> None:
    """Give a folder its name; what has it already stays if it is whole: it is of the same release and columns."""
    with _alone(final.parent):
        if _listed(final) is not None:
            return  # another process was faster
        if final.exists():  # a part of it was taken away
            aside = Path(tempfile.mkdtemp(prefix=PASSING, dir=final.parent))
            final.rename(aside / final.name)
            shutil.rmtree(aside, ignore_errors=True)
        passing.rename(final)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from giving names in a folder."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _sweep(folder: Path) -> None:
    """Remove what processes left that were killed while they made files."""
    for left in folder.glob(f"{PASSING}*"):
        with suppress(FileNotFoundError):  # others sweep the same folder, or give theirs its name meanwhile
            if left.stat().st_mtime < time.time() - LEFT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _write(folder: Path, snapshot: Snapshot, table: Table, form: Format) -> KeptFile:
    count = 0

    def counted() -> Iterator[Piece]:
        nonlocal count
        for piece in table.read(snapshot, form):
            count += len(piece["position"])
            yield piece

    about = about_of(snapshot, table.title, table.query)
    name = f"{table.name}.{form}"
    length, digest = _keep(folder / name, writer_of(form, about)(table.columns, counted()))
    return KeptFile(name, table.name, form, count, length, digest)


def _keep(path: Path, pieces: Iterator[bytes]) -> tuple[int, str]:
    """Write a file piece by piece, and return its length and the hash of its bytes."""
    digest, length = hashlib.sha256(), 0
    with path.open("wb") as file:
        for piece in pieces:
            digest.update(piece)
            length += file.write(piece)
        file.flush()
        os.fsync(file.fileno())  # the folder gets its name only when all of it is on the disk
    return length, digest.hexdigest()
