"""The database of a command: opened, checked, and with clear words where it cannot be used."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, OperationalError

from api.cli.reporting import err, print_report, progress_bar
from db.engine import make_engine, missing_file
from db.errors import DatabaseFileError, DataError, SchemaOutdatedError, is_damaged
from db.ingest.adapters.adapter import Adapter
from db.ingest.pipeline import ingest
from db.revision import require_current
from db.settings import get_settings

NO_DATABASE = 3
"""Exit code where the database is missing, damaged, does not answer or is of another revision."""


LINED = {".csv", ".jsonl"}
"""Endings of files that have about a record a line."""


@contextmanager
def ready_engine(needs_schema: bool = True, url: str | None = None) -> Iterator[Engine]:
    """Open the database, and turn what goes wrong into one clear line and exit code 1, or 3 where there is no database to use.

    It is the one that is written to, which holds whatever was written before, unless `url` names another.
    """
    engine = make_engine(url or get_settings().database_url)
    try:
        if needs_schema:
            _require_file(engine)
            require_current(engine)
        yield engine
    except DataError as error:
        err.print(f"error: {error}", style="red", markup=False, highlight=False)
        unusable = isinstance(error, SchemaOutdatedError | DatabaseFileError)
        raise typer.Exit(NO_DATABASE if unusable else 1) from None
    except OperationalError as error:
        err.print(f"error: the database does not answer: {error.orig}", style="red", markup=False, highlight=False)
        raise typer.Exit(NO_DATABASE) from None
    except DatabaseError as error:
        if not is_damaged(error.orig):
            raise
        where = engine.url.render_as_string()
        text = f"error: the database {where} is damaged, or is none: {error.orig}"
        err.print(text, style="red", markup=False, highlight=False)
        raise typer.Exit(NO_DATABASE) from None
    finally:
        engine.dispose()


def _require_file(engine: Engine) -> None:
    """Refuse a path without a file: it may be mistyped, and is not for whoever only looks to make.

    Raises:
        SchemaOutdatedError: names the path.
    """
    path = missing_file(engine)
    if path is not None:
        raise SchemaOutdatedError(
            f"there is no database file {path}: correct the path in DATABASE_URL, or make it by `python -m api migrate`"
        )


def ingest_file(adapter: Adapter, file: Path) -> None:
    """Take a file in and print the report."""
    with ready_engine() as engine, progress_bar(file.name, records_in(file)) as advance:
        report = ingest(engine, adapter, [file], advance)
    print_report(report)


def records_in(*files: Path) -> int | None:
    """Count the lines of tables, which are about as many as their records; `None` where a form has no such lines."""
    if any(file.suffix.lower() not in LINED or not os.path.isfile(file) for file in files):
        return None
    lines = 0
    for file in files:
        with file.open("rb") as source:
            lines += sum(block.count(b"\n") for block in iter(lambda: source.read(1 << 20), b""))
    return lines or None
