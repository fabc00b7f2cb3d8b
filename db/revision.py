"""The revision that a database is at, and the one that this version of the program needs."""

from functools import cache

from sqlalchemy import Engine, inspect, text

from db.engine import reading
from db.errors import SchemaOutdatedError
from db.settings import ROOT

MIGRATIONS = ROOT / "db" / "migrations" / "versions"
"""The migrations: the name of each file begins with its revision, a number of four digits."""


@cache
def known_revisions() -> tuple[str, ...]:
    """Name the revisions that this version of the program knows the way to, oldest first.

    They are read once: the files of a process that runs may be those of a newer version by now, its code is not. Names of files
    are enough: Alembic takes a tenth of the service's start to load, and only migrating needs it.
    """
    return tuple(sorted(file.name[:4] for file in MIGRATIONS.glob("[0-9]*_*.py")))


def newest_revision() -> str:
    """Name the revision that this version of the program needs."""
    return known_revisions()[-1]


def current_revision(engine: Engine) -> str | None:
    """Name the revision that the database is at; `None` for an empty one."""
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def require_current(engine: Engine) -> None:
    """Refuse a database that is not at the newest revision.

    Raises:
        SchemaOutdatedError: names both revisions and the command that helps.
    """
    current, newest = current_revision(engine), newest_revision()
    require_known(current)
    if current != newest:
        raise SchemaOutdatedError(
            f"the database is at revision {current or 'none'}, this version needs {newest}: run `python -m api migrate`"
        )


def require_known(current: str | None) -> None:
    """Refuse a database of a later version of the program.

    Raises:
        SchemaOutdatedError: names both revisions.
    """
    if current is not None and current not in known_revisions():
        raise SchemaOutdatedError(
            f"the database is at revision {current}, which a later version of the program made: this one knows none after "
            f"{newest_revision()}; run the later one, or restore a backup from before"
        )
