"""Keeps the texts of documents on disk, by their addresses: a text that is there is not asked for again."""

import hashlib
import json
from pathlib import Path

from db.errors import FileRefusedError, SourceAnswerError
from db.ingest.sources.spool import writable, write_whole
from db.ingest.sources.web import NOT_FOUND, Answer, WebClient, WrongAnswerError

EXPECTED = "a text"
BINARY = {b"%PDF": "a PDF file", b"PK\x03\x04": "a zip or Office file", b"\xd0\xcf\x11\xe0": "an old Office file"}
BOUND = 20_000_000
"""Characters of a text that is read: the longest reports have some millions."""

HTML = ("<!doctype html", "<html", "<head", "<?xml", "<!--")
"""How what is no text begins: pages for browsers, and the errors of storage services."""


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

    def has(self, address: str, sha256: str) -> bool:
        """Tell whether the very text that a run has seen is kept."""
        text = self.find(address)
        return text is not None and text_hash(text) == sha256

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
    if text.lstrip()[:15].casefold().startswith(HTML):
        raise WrongAnswerError("a page for browsers or XML")
    if _is_json(text):
        raise WrongAnswerError("JSON")
    if len(text) > BOUND:
        return answer, None, f"has {len(text):,} characters, at most {BOUND:,} are read"
    return answer, text, ""


def _is_json(text: str) -> bool:
    """An error inside a good status. It must not be kept: what is kept is not asked for again."""
    try:
        return text.lstrip().startswith(("{", "[")) and isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def decode(body: bytes) -> str:
    """Read bytes as UTF-8 or UTF-16, else as Windows-1252, which older texts use. NUL becomes a blank.

    A text of UTF-8 with single bytes that are wrong stays one: the bytes become U+FFFD, and the rest is not spoiled.
    """
    if wide := _utf_16(body):
        return body.decode(wide, "replace").replace("\x00", " ")
    text = body.decode("utf-8-sig", "replace")
    wrong = text.count("\ufffd")
    if wrong and wrong >= sum(character > "\x7f" for character in text) - wrong:
        text = body.decode("cp1252", "replace")
    return text.replace("\x00", " ")


def _utf_16(body: bytes) -> str | None:
    """Tell UTF-16 by its mark, or without one by every other byte being NUL, as in any western text."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = body[:1_000]
    high, low = start[::2].count(0), start[1::2].count(0)
    if len(start) < 100 or max(high, low) * 3 < len(start) or min(high, low) * 10 > max(high, low):
        return None
    return "utf-16-be" if high > low else "utf-16-le"
