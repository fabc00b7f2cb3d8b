"""The database of a command: opened, checked, and with clear words where it cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, OperationalError

from api.cli.refusing import print_error
from db.engine import make_engine, missing_file
from db.errors import DatabaseFileError, DataError, SchemaOutdatedError, is_damaged, is_out_of_room
from db.revision import require_current
from db.settings import get_settings

NO_DATABASE = 3
"""Exit code where the database is missing, damaged, has no room to write, does not answer or is of another revision."""


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
        print_error(str(error))
        unusable = isinstance(error, SchemaOutdatedError | DatabaseFileError)
        raise typer.Exit(NO_DATABASE if unusable else 1) from None
    except OperationalError as error:
        what = "there is no room to write" if is_out_of_room(error.orig) else "the database does not answer"
        print_error(f"{what}: {error.orig}")
        raise typer.Exit(NO_DATABASE) from None
    except DatabaseError as error:
        if not is_damaged(error.orig):
            raise
        where = engine.url.render_as_string()
        print_error(f"the database {where} is damaged, or is none: {error.orig}")
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
