"""Keeps the pages of a source on disk as they come, so that a run that was killed goes on where it stopped."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from db.errors import FileRefusedError, SpoolError
from db.ingest.sources.validators import Validators

MANIFEST = "manifest.json"
FORM = 2
"""Version of how the manifest and the pages are written; another one is not gone on with."""

YOUNG = timedelta(days=1)
"""A list that is older when a run goes on with it would be stitched together of two that may differ too much."""


class SpoolState(StrEnum):
    """How far a fetch has come."""

    FETCHING = "fetching"
    COMPLETE = "complete"  # every page is here
    TAKEN_IN = "taken_in"  # and what they say is in the database


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page as the manifest lists it: which file, what was asked, when it came, and what proves that it is whole."""

    file: str
    offset: int
    total: int | None
    sha256: str
    retrieved_at: str
    etag: str | None = None
    last_modified: str | None = None
    newest_change: str | None = None

    @property
    def validators(self) -> Validators:
        """What to ask by whether the page is still the same."""
        return Validators(self.etag, self.last_modified)


@dataclass(slots=True)
class Manifest:
    """What a folder of pages is: the source, the question, how far it came. Times are ISO, in UTC.

    `input_sha256` is the hash by which the run that took the pages in knows them: it tells in which database they are.
    `missing` records are counted by the source and on no page: the list is not the whole one.
    """

    source: str
    address: str
    query: dict[str, Any]
    started_at: str
    state: SpoolState = SpoolState.FETCHING
    limit: int | None = None
    newest_change: str | None = None
    missing: int = 0
    notes: list[str] = field(default_factory=list)
    pages: list[PageEntry] = field(default_factory=list)
    input_sha256: str | None = None
    form: int = FORM


@dataclass(slots=True)
class Spool:
    """The pages of one question to one source, in a folder of their own. `previous`: those of the run before."""

    folder: Path
    manifest: Manifest
    previous: dict[int, tuple[PageEntry, Path]]
    resumed: bool = False

    @property
    def path(self) -> Path:
        """The manifest's file: what an adapter is pointed to."""
        return self.folder / MANIFEST

    def add(
        self, offset: int, total: int | None, content: Mapping[str, Any], retrieved_at: datetime, given: Validators
    ) -> None:
        """Keep a page. Once this returns it outlives the process."""
        name = f"page-{len(self.manifest.pages) + 1:05}.json"
        data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        write_whole(self.folder / name, data)
        entry = PageEntry(
            name,
            offset,
            total,
            hashlib.sha256(data).hexdigest(),
            retrieved_at.isoformat(),
            given.etag,
            given.last_modified,
            content.get("newest_change"),
        )
        self.manifest.pages.append(entry)
        self._save()

    def mark(self, state: SpoolState) -> None:
        """Write down how far the run has come, and at its end the date of the newest change that the source told of."""
        self.manifest.state = state
        self.manifest.newest_change = max(
            filter(None, (page.newest_change for page in self.manifest.pages)), default=None
        )
        self._save()

    def _save(self) -> None:
        write_whole(self.path, json.dumps(asdict(self.manifest), ensure_ascii=False, indent=1).encode())


@contextmanager
def open_spool(
    root: Path,
    source: str,
    address: str,
    query: Mapping[str, Any],
    limit: int | None = None,
    fresh: bool = False,
    whole: Callable[[Mapping[str, Any]], bool] = lambda _: True,
) -> Iterator[Spool]:
    """Open the folder for a question, alone: go on with pages that a younger run left, or begin anew.

    `whole` tells whether all that a page stands on is still there.

    Raises:
        SpoolError: if the folder cannot be written, or another run is using it.
    """
    text = json.dumps([address, dict(query), limit], sort_keys=True)
    folder = root / source / hashlib.sha256(text.encode()).hexdigest()[:16]
    with writable(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = folder.with_suffix(".lock").open("w")
    with lock:
        _lock(lock)
        manifest = None if fresh else _to_go_on_with(folder, whole)
        resumed = manifest is not None
        if manifest is None:
            manifest = Manifest(source, address, dict(query), datetime.now(UTC).isoformat(), limit=limit)
            with writable(folder):
                _begin(folder)
        spool = Spool(folder, manifest, _previous_pages(folder.with_suffix(".previous")), resumed)
        spool.mark(manifest.state)
        yield spool


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        FileRefusedError: if it is none, or of another version of this program.
    """
    try:
        content = json.loads(path.read_bytes())
        pages = [PageEntry(**page) for page in content.pop("pages")]
        manifest = Manifest(**content | {"state": SpoolState(content["state"]), "pages": pages})
    except OSError as error:
        raise FileRefusedError(f"{path.name} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise FileRefusedError(f"{path} is no manifest of kept pages") from None
    if manifest.form != FORM:
        raise FileRefusedError(f"{path} was written by another version of this program: fetch anew")
    return manifest


def read_page(folder: Path, entry: PageEntry) -> dict[str, Any]:
    """Read a page that the manifest lists.

    Raises:
        FileRefusedError: if it is not there, or not what was written.
    """
    try:
        data = (folder / entry.file).read_bytes()
    except OSError as error:
        raise FileRefusedError(f"{entry.file} cannot be read: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise FileRefusedError(f"{entry.file} is not what was kept: fetch anew")
    content: dict[str, Any] = json.loads(data)
    return content


def _to_go_on_with(folder: Path, whole: Callable[[Mapping[str, Any]], bool]) -> Manifest | None:
    try:
        manifest = read_manifest(folder / MANIFEST)
        if not all(whole(read_page(folder, entry)) for entry in manifest.pages):
            return None
    except FileRefusedError:
        return None
    too_old = datetime.now(UTC) - datetime.fromisoformat(manifest.started_at) > YOUNG
    return None if manifest.state is SpoolState.TAKEN_IN or too_old else manifest


def _begin(folder: Path) -> None:
    """Set the pages of the run before aside; by them the source can be asked what is still the same."""
    old = folder.with_suffix(".previous")
    if (folder / MANIFEST).exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    folder.mkdir(exist_ok=True)


def _previous_pages(folder: Path) -> dict[int, tuple[PageEntry, Path]]:
    """Find the pages of the run before that are still whole, by the place they began at."""
    found = {}
    try:
        for entry in read_manifest(folder / MANIFEST).pages:
            read_page(folder, entry)
            found[entry.offset] = (entry, folder)
    except FileRefusedError:
        pass  # what is not there is asked for
    return found


def _lock(file: TextIO) -> None:
    """Take a lock that ends with the process, however it ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SpoolError("another run is asking the same of this source: wait for its end") from None


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into words for the user."""
    try:
        yield
    except OSError as error:
        raise SpoolError(f"{error.filename or path} cannot be used to keep answers: {error.strerror}") from None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. Texts are shared by runs, so each process has a draft of its own."""
    draft = path.with_suffix(f".{os.getpid()}.draft")
    with writable(path):
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
