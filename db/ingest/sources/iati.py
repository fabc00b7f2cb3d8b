"""Finds the IATI files that are meant by files, folders and addresses, and takes them in, each as a run of its own."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from sqlalchemy import Engine

from db.addresses import place_of, without_user
from db.errors import DataError, FileRefusedError
from db.ingest.adapters.iati import SOURCE, IatiAdapter
from db.ingest.adapters.iati_xml import MAX_FILE
from db.ingest.pipeline import fetching, ingest
from db.ingest.report import Report
from db.ingest.sources.manners import Manners
from db.ingest.sources.spool import writable
from db.ingest.sources.web import WebClient
from db.progress import Part, Positions, Progress, unseen

ENDINGS = (".xml", ".xml.gz")
ACCEPT = "application/xml, text/xml;q=0.9, */*;q=0.1"
EXPECTED = "a file of IATI activities"
SLOW = Manners(longest_answer=3600.0)
"""A gigabyte may take its time."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: the report of its run, or why there is none."""

    name: str
    report: Report | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Input:
    """A file or an address, and how far it has come: `fetched` is of an address alone, `read` of the file or its copy."""

    name: str
    fetched: Part | None
    read: Part

    @property
    def shown(self) -> str:
        """Its name for anyone to see."""
        return without_user(self.name) if self.fetched else self.name

    def coming(self, position: int, size: int | None) -> None:
        """Take note of how much has come; a copy will be about as long as what the source says."""
        assert self.fetched is not None
        if size is not None:
            self.read.resize(size)
        self.fetched(position, size)

    def leave(self) -> None:
        """Be done with it, read to its end or not."""
        for part in filter(None, (self.fetched, self.read)):
            part.leave()


Opener = Callable[[str], WebClient]


def open_client(address: str) -> WebClient:
    """Open a client for one file."""
    return WebClient(address, SLOW)


def ingest_iati(
    engine: Engine,
    places: Sequence[str],
    spool_dir: Path,
    progress: Progress = unseen,
    opener: Opener = open_client,
) -> Iterator[Outcome]:
    """Take in every file meant, one after another; one that is refused does not keep the others out.

    The progress is one in bytes of the files as they lie there: those of an address count as they come and as they are read.

    Yields:
        What became of each file, as soon as it is done.
    """
    whole = Positions(progress)
    for one in [_input(name, whole) for name in _names(places)]:
        try:
            if one.fetched is None and os.path.isdir(one.name):
                _refuse_folder(engine, one.name)
            with _at_hand(one, spool_dir, opener) as path:
                report = ingest(engine, IatiAdapter(place_of(one.name) if one.fetched else None, one.read), [path])
            yield Outcome(one.shown, report)
        except DataError as error:
            yield Outcome(one.shown, error=str(error))


def _input(name: str, whole: Positions) -> _Input:
    if _is_address(name):
        return _Input(name, whole.part(None), whole.part(None))
    return _Input(name, None, whole.part(Path(name).stat().st_size if os.path.isfile(name) else 0))


def _is_address(name: str) -> bool:
    return name.lower().startswith(("http://", "https://"))


def _names(places: Sequence[str]) -> Iterator[str]:
    """Name files and addresses as they are, and the IATI files of a folder in the order of their names. A folder that gives
    none, or cannot be read, stands for itself."""
    for place in places:
        if _is_address(place) or not os.path.isdir(place):
            yield place
        else:
            yield from _files_of(place) or [place]


def _files_of(folder: str) -> list[str]:
    closed: list[str] = []
    walk = os.walk(folder, onerror=lambda error: closed.append(str(error.filename)))
    found = sorted(
        os.path.join(path, name) for path, _, names in walk for name in names if name.lower().endswith(ENDINGS)
    )
    return closed + found


def _refuse_folder(engine: Engine, folder: str) -> NoReturn:
    """Write down as a run that a folder gives no file.

    Raises:
        FileRefusedError: says why.
    """
    with fetching(engine, IatiAdapter()):
        try:
            os.listdir(folder)
        except OSError as error:
            raise FileRefusedError(f"{folder} cannot be read: {error.strerror}") from None
        raise FileRefusedError(f"{folder} holds no file that ends in {' or '.join(ENDINGS)}")


@contextmanager
def _at_hand(one: _Input, spool_dir: Path, opener: Opener) -> Iterator[Path]:
    """Give a file of this machine: of an address a copy that is deleted afterwards."""
    try:
        if one.fetched is None:
            yield Path(one.name)
            return
        folder = spool_dir / SOURCE
        with writable(folder):
            folder.mkdir(parents=True, exist_ok=True)
            temporary = tempfile.TemporaryDirectory(dir=folder)
        with temporary as copies, opener(one.name) as client:
            path = Path(copies) / _file_name(one.name)
            with writable(folder):
                client.download(path, ACCEPT, EXPECTED, MAX_FILE, one.coming)
            one.fetched.leave()
            yield path
    finally:
        one.leave()


def _file_name(address: str) -> str:
    """Name a copy after its address, so that messages name it."""
    try:
        path = urlsplit(address).path
    except ValueError:
        path = ""  # asking for it will tell what it is
    last = unquote(path).rstrip("/").rpartition("/")[2]
    plain = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in last)[:80]
    return plain.strip(".") or "activities.xml"
