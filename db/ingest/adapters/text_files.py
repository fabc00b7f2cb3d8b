"""Files of text: what is something else is refused by what it is, and a byte that is no UTF-8 is told by its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from db.errors import FileRefusedError

AS_UTF8 = "save the file as UTF-8"
"""What to do with a file in another encoding."""

NO_TEXT = {
    b"\x1f\x8b": "is packed with gzip: unpack it, or over HTTP say Content-Encoding: gzip",
    b"PK\x03\x04": "is a zip file, as workbooks of Excel are",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "is a file of Microsoft Office, as old workbooks of Excel are",
    b"\xff\xfe": "is UTF-16",
    b"\xfe\xff": "is UTF-16",
}
"""First bytes of what is often sent as text, and what it is (RFC 1952, PKWARE's APPNOTE, [MS-CFB], RFC 2781)."""


@contextmanager
def text_file(path: Path, expected: str) -> Iterator[TextIOWrapper]:
    """Open a file of UTF-8, whose lines keep their ends.

    A byte that is no UTF-8 costs no more than it has to: it comes as what `fault_of_bytes` finds. Commas, quotes and ends of
    lines are the same bytes in all encodings of texts but UTF-16, so that the records beside it are told apart surely.

    Args:
        path: the file.
        expected: what it should hold, for messages.

    Raises:
        FileRefusedError: if it is no text, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            if found := _no_text(file.peek()):
                raise FileRefusedError(f"{path.name} {found}; expected {expected} in UTF-8")
            yield TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise FileRefusedError(f"{path.name} cannot be read: {error.strerror}") from None


def _no_text(start: bytes) -> str | None:
    for first, found in NO_TEXT.items():
        if start.startswith(first):
            return found
    return "is not a text file" if b"\x00" in start.lstrip().partition(b"\n")[0] else None


def fault_of_bytes(text: str, before: int = 0) -> str | None:
    """Say which byte of a piece of a `text_file` is the first that is no UTF-8, or `None`, counted on from those `before` it."""
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError as error:
        place, byte = (
            before + len(text[: error.start].encode()) + 1,
            ord(text[error.start]) - 0xDC00,
        )  # as "surrogateescape" has it
        return f"is not UTF-8 from its byte {place:,} on (0x{byte:02X}): {AS_UTF8}"
    return None
