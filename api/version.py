"""What answers follow from beside the data and the question."""

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from models.versions import PROGRAM_VERSION

LAYERS = [Path(__file__).parents[1] / name for name in ("api", "db", "models", "data")]
ENDINGS = (".py", ".html", ".js", ".css", ".svg", ".toml", ".csv")


def digest_of(folders: Iterable[Path]) -> str:
    """Name the content of all source files and templates of folders; a moved or renamed file counts as another."""
    found = sha256()
    for folder in folders:
        for path in sorted(_sources(folder)):
            content = Path(path).read_bytes()
            name = path.removeprefix(str(folder.parent)).replace(os.sep, "/")
            found.update(f"{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()[:12]


def _sources(folder: Path) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        if "__pycache__" in folders:
            folders.remove("__pycache__")
        yield from (os.path.join(place, name) for name in names if name.endswith(ENDINGS))


ANSWERS_VERSION = f"{PROGRAM_VERSION}+{digest_of(LAYERS)}"
"""The program and the sources that it is made of, its pages too: part of every entity tag, so that no code that changes
answers, nor a page whose scripts are gone, stands in a cache as unchanged."""
