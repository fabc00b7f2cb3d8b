"""The revision that a database is at, and the one that this version of the program needs."""

from functools import cache

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from db.engine import reading
from db.errors import SchemaOutdatedError
from db.settings import ROOT


def alembic_config(connection: Connection | None = None) -> Config:
    """Say where the migrations lie, and on which connection they work."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["connection"] = connection
    return config


@cache
def known_revisions() -> frozenset[str]:
    """Name the revisions that this version of the program knows the way to."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions())


@cache
def newest_revision() -> str | None:
    """Name the revision that this version of the program needs.

    It is read once: the files of a process that runs may be those of a newer version by now, its code is not.
    """
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def current_revision(engine: Engine) -> str | None:
    """Name the revision that the database is at; `None` for an empty one."""
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


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
