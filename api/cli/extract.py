"""`python -m api extract`: read project components with amounts out of report texts, printed as JSON."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.examples import example
from models.encoding import to_json
from models.extraction import Extraction
from models.extraction import extract as extract_components
from models.money import usd

app = typer.Typer(add_completion=False)

FALLBACK = "read_as_windows_1252"
"""Warning on a file that is not UTF-8 and was read as Windows-1252, which older text exports use."""

_CONTROL = frozenset(chr(code) for code in (*range(9), *range(14, 27), *range(28, 32), 127))
_MAGIC = {b"%PDF": "a PDF file", b"PK\x03\x04": "a zip or Office file", b"\xd0\xcf\x11\xe0": "an old Office file"}


class UnreadableFileError(Exception):
    """A file that holds no text; the message says why."""


@app.command(epilog=example("extract report.txt"))
def extract(
    files: Annotated[list[Path], typer.Argument(help="Text files of reports, UTF-8.", show_default=False)],
) -> None:
    """Read components with titles and amounts out of report texts: an object, or a list of them for several files."""
    documents, errors = [], []
    for file in files:
        try:
            documents.append(_document(file))
        except UnreadableFileError as error:
            errors.append(f"error: {file}: {error}")
    if errors:  # a list with holes would be matched to the wrong files
        typer.echo("\n".join(errors), err=True)
        raise typer.Exit(1)
    sys.stdout.buffer.write(to_json(documents[0] if len(files) == 1 else documents) + b"\n")
    sys.stdout.buffer.flush()


def _document(file: Path) -> dict[str, Any]:
    text, warnings = read_text(file)
    return to_document(extract_components(text), warnings)


def to_document(extraction: Extraction, warnings: tuple[str, ...] = ()) -> dict[str, Any]:
    """Write an extraction in the form that is printed: amounts in dollars with two decimals."""
    components = [
        {
            "ordinal": item.ordinal,
            "title": item.title,
            "amount_usd": usd(item.amount_cents),
            "basis": item.basis,
            "confidence": item.confidence,
            "passage": item.passage,
            "flags": item.flags,
        }
        for item in extraction.components
    ]
    return {
        "project_id": extraction.project_id,
        "components": components,
        "warnings": [*warnings, *extraction.warnings],
    }


def read_text(file: Path) -> tuple[str, tuple[str, ...]]:
    """Read a file as UTF-8, else as Windows-1252 with a warning.

    Raises:
        UnreadableFileError: if the file is missing, empty, binary or in no encoding that is known.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"cannot be read: {error.strerror or error}") from None
    if not data.strip():
        raise UnreadableFileError("is empty")
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise UnreadableFileError(f"is {kind}, not text; convert it to text first")
    text, warnings = _decode(data)
    if not text.replace("\ufeff", "").strip():
        raise UnreadableFileError("is empty")
    if sum(map(text.count, _CONTROL)) * 100 > len(text):
        raise UnreadableFileError("is binary, not text")
    return text, warnings


def _decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError as error:
        place = error.start
    try:
        return data.decode("cp1252"), (FALLBACK,)
    except UnicodeDecodeError:
        raise UnreadableFileError(f"is neither UTF-8 (see byte {place}) nor Windows-1252 text") from None
