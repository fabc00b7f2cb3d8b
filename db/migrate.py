"""Brings a database to the revision that this version of the program needs, while no run is at work."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine

from db.engine import make_file, writing
from db.ingest.figures.hashing import hash_if_missing
from db.ingest.figures.listing import list_if_missing
from db.ingest.figures.summaries import summarise_if_missing
from db.revision import newest_revision
from db.run_lock import alone
from db.settings import ROOT


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate forward, in one transaction; at the newest revision what ingest keeps and is missing is computed.

    An SQLite file that is not there is made.
    """
    make_file(engine)
    with alone(engine), writing(engine) as connection:
        command.upgrade(_config(connection), revision)
        compute_missing(connection)


def compute_missing(connection: Connection) -> None:
    """Compute what ingest keeps and a database of before has not, if this one is at the newest revision."""
    if MigrationContext.configure(connection).get_current_revision() == newest_revision():
        summarise_if_missing(connection)
        list_if_missing(connection)
        hash_if_missing(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate backward, in one transaction."""
    with alone(engine), writing(engine) as connection:
        command.downgrade(_config(connection), revision)


def check(engine: Engine) -> None:
    """Raise alembic's error if the models and the database differ."""
    with writing(engine) as connection:
        command.check(_config(connection))


def _config(connection: Connection) -> Config:
    """Say where the migrations lie, and on which connection they work."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["connection"] = connection
    return config
