"""Brings a database to the revision that this version of the program needs, or says that it is not there."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from db.engine import reading, writing
from db.errors import SchemaOutdatedError
from db.ingest.listing import list_if_missing
from db.ingest.summaries import summarise_if_missing
from db.settings import ROOT


def _config(connection: Connection | None = None) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str | None:
    """Name the revision that this version of the program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current_revision(engine: Engine) -> str | None:
    """Name the revision that the database is at; `None` for an empty one."""
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate forward, in one transaction; at the newest revision what is computed from facts is, where it is missing."""
    with writing(engine) as connection:
        command.upgrade(_config(connection), revision)
        if revision == "head":
            summarise_if_missing(connection)
            list_if_missing(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate backward, in one transaction."""
    with writing(engine) as connection:
        command.downgrade(_config(connection), revision)


def check(engine: Engine) -> None:
    """Raise alembic's error if the models and the database differ."""
    with writing(engine) as connection:
        command.check(_config(connection))


def require_current(engine: Engine) -> None:
    """Refuse a database that is not at the newest revision.

    Raises:
        SchemaOutdatedError: names both revisions and the command that helps.
    """
    current, newest = current_revision(engine), newest_revision()
    if current != newest:
        raise SchemaOutdatedError(
            f"the database is at revision {current or 'none'}, this version needs {newest}: run `python -m api migrate`"
        )
