"""Finds the IATI files that are meant by files, folders and addresses, and takes them in, each as a run of its own."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import Engine

from db.errors import DataError, FileRefusedError
from db.ingest.adapters.iati import SOURCE, IatiAdapter
from db.ingest.adapters.iati_xml import MAX_FILE
from db.ingest.pipeline import Progress, ingest
from db.ingest.report import Report
from db.ingest.spool import writable
from db.ingest.web import Manners, WebClient

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


Opener = Callable[[str], WebClient]


def open_client(address: str) -> WebClient:
    """Open a client for one file."""
    return WebClient(address, SLOW)


def ingest_iati(
    engine: Engine,
    places: Sequence[str],
    spool_dir: Path,
    progress: Progress = lambda _: None,
    opener: Opener = open_client,
) -> Iterator[Outcome]:
    """Take in every file meant, one after another; one that is refused does not keep the others out.

    Yields:
        What became of each file, as soon as it is done.
    """
    for name in _names(places):
        try:
            with _fetched(name, spool_dir, opener) as path:
                report = ingest(engine, IatiAdapter(name if _is_address(name) else None), [path], progress)
            yield Outcome(name, report)
        except DataError as error:
            yield Outcome(name, error=str(error))


def _is_address(name: str) -> bool:
    return name.lower().startswith(("http://", "https://"))


def _names(places: Sequence[str]) -> Iterator[str]:
    """Name files and addresses as they are, and the IATI files of a folder in the order of their names.

    Raises:
        FileRefusedError: if a folder holds no such file.
    """
    for place in places:
        if _is_address(place) or not Path(place).is_dir():
            yield place
            continue
        found = sorted(str(path) for path in Path(place).rglob("*") if path.name.lower().endswith(ENDINGS))
        if not found:
            raise FileRefusedError(f"{place} holds no file that ends in {' or '.join(ENDINGS)}")
        yield from found


@contextmanager
def _fetched(name: str, spool_dir: Path, opener: Opener) -> Iterator[Path]:
    """Give a file of this machine: of an address a copy that is deleted afterwards."""
    if not _is_address(name):
        yield Path(name)
        return
    folder = spool_dir / SOURCE
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(dir=folder)
    with temporary as copies, opener(name) as client:
        path = Path(copies) / _file_name(name)
        with writable(folder):
            client.download(path, ACCEPT, EXPECTED, MAX_FILE)
        yield path


def _file_name(address: str) -> str:
    """Name a copy after its address, so that messages name it."""
    last = unquote(urlsplit(address).path).rstrip("/").rpartition("/")[2]
    plain = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in last)[:80]
    return plain.strip(".") or "activities.xml"
