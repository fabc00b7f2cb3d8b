"""Keeps the texts of documents on disk, by their addresses: a text that is there is not asked for again."""

import hashlib
import json
from pathlib import Path

from db.errors import FileRefusedError, SourceAnswerError
from db.ingest.spool import writable, write_whole
from db.ingest.web import NOT_FOUND, Answer, WebClient, WrongAnswerError

EXPECTED = "a text"
BINARY = {b"%PDF": "a PDF file", b"PK\x03\x04": "a zip or Office file", b"\xd0\xcf\x11\xe0": "an old Office file"}
BOUND = 20_000_000
"""Characters of a text that are kept: the longest reports have some millions."""


class TextStore:
    """Texts in a folder, each in a file of its own with the hash that proves that it is whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, address: str) -> str | None:
        """Return a text that is kept, or `None`."""
        try:
            content = json.loads(self._path(address).read_bytes())
            text = content["text"]
            return str(text) if content["address"] == address and content["sha256"] == text_hash(text) else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def read(self, address: str, sha256: str) -> str:
        """Return the very text that a run has seen.

        Raises:
            FileRefusedError: if it is not there, or another one.
        """
        text = self.find(address)
        if text is None or text_hash(text) != sha256:
            raise FileRefusedError(f"the text of {address} is not what was kept: fetch anew")
        return text

    def keep(self, answer: Answer, address: str, text: str) -> None:
        """Keep a text. Once this returns it outlives the process."""
        with writable(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        content = {
            "address": address,
            "retrieved_at": answer.retrieved_at.isoformat(),
            "sha256": text_hash(text),
            "text": text,
        }
        write_whole(self._path(address), json.dumps(content, ensure_ascii=False).encode())

    def _path(self, address: str) -> Path:
        return self.folder / f"{hashlib.sha256(address.encode('utf-8', 'replace')).hexdigest()[:32]}.json"


def text_hash(text: str) -> str:
    """Hash a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def fetch_text(client: WebClient, store: TextStore, address: str) -> tuple[str | None, str]:
    """Get a text from the store, else from the web, and keep it.

    Returns:
        The text and "", or `None` and why there is none.

    Raises:
        SourceUnavailableError: if nothing answers.
    """
    if (text := store.find(address)) is not None:
        return text, ""
    try:
        answer, text, problem = client.get({}, _read, EXPECTED, address=address)
    except SourceAnswerError as error:
        return None, f"answered {error.status} with {error.found}; expected {error.expected}"
    if text is not None:
        store.keep(answer, address, text)
    return text, problem


def _read(answer: Answer) -> tuple[Answer, str | None, str]:
    if answer.status == NOT_FOUND:
        return answer, None, "answered 404: it is not there"
    for magic, kind in BINARY.items():
        if answer.body.startswith(magic):
            return answer, None, f"is {kind}, not a text"
    text = decode(answer.body)
    if not text.strip():
        raise WrongAnswerError("an empty body")
    if text.lstrip()[:15].casefold().startswith(("<!doctype html", "<html")):
        raise WrongAnswerError("a page for browsers")
    return answer, text, ""


def decode(body: bytes) -> str:
    """Read bytes as UTF-8 (or UTF-16 with its mark), else as Windows-1252, which older texts use. NUL becomes a blank."""
    encoding = "utf-16" if body.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    return text[:BOUND].replace("\x00", " ")
