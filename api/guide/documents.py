"""Which documents there are, and under which names they are shown. One that is added to `docs/` is there by itself."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from db.settings import ROOT

DOCS = ROOT / "docs"
BESIDE = {
    "readme": ROOT / "README.md",
    "data": ROOT / "data" / "README.md",
    "changelog": ROOT / "CHANGELOG.md",
    "contributing": ROOT / "CONTRIBUTING.md",
}
"""Documents that lie elsewhere, by the name of their page."""

MEDIA_TYPES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".ipynb": "application/x-ipynb+json",
    ".cff": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}
"""Files that documents lead to, by how their names end."""

FIRST = ("tutorial", "add-data", "cite", "method", "data", "classification", "stability")
"""Where to begin; what is not named follows by its title."""

DECISIONS = "adr/"


@dataclass(frozen=True, slots=True)
class Document:
    """A document: the last part of its page's address, its title and its file."""

    name: str
    title: str
    path: Path


@lru_cache
def documents() -> dict[str, Document]:
    """Every document by its name, in the order in which they are listed."""
    paths = {str(path.relative_to(DOCS).with_suffix("")): path for path in DOCS.rglob("*.md")}
    paths |= {name: path for name, path in BESIDE.items() if path.exists()}
    found = [Document(name, _title(path), path) for name, path in paths.items()]
    found.sort(key=_rank)
    return {one.name: one for one in found}


def guides() -> list[Document]:
    """The documents for who uses the service, without the decisions behind it."""
    return [one for one in documents().values() if not one.name.startswith(DECISIONS)]


def decisions() -> list[Document]:
    """The decisions with their reasons."""
    return [one for one in documents().values() if one.name.startswith(DECISIONS)]


@lru_cache
def files() -> dict[str, tuple[Path, str]]:
    """Files beside the documents, by name, each with its media type."""
    beside = [*DOCS.iterdir(), ROOT / "LICENSE", ROOT / "CITATION.cff"]
    kept = [path for path in beside if path.is_file() and path.suffix in MEDIA_TYPES]
    return {path.name: (path, MEDIA_TYPES[path.suffix]) for path in kept}


@lru_cache
def addresses() -> dict[Path, str]:
    """What a link to a file becomes: its name under `/docs/`."""
    return {path: name for name, (path, _) in files().items()} | {one.path: one.name for one in documents().values()}


def _title(path: Path) -> str:
    found = re.search(r"^# (.+)$", path.read_text(encoding="utf-8"), re.M)
    return found[1].strip() if found else path.stem


def _rank(document: Document) -> tuple[bool, int, str]:
    named = FIRST.index(document.name) if document.name in FIRST else len(FIRST)
    key = document.name if document.name.startswith(DECISIONS) else document.title.casefold()
    return document.name.startswith(DECISIONS), named, key
