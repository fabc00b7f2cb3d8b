"""Which state of the data answers come from."""

from sqlalchemy import Connection, select

from db import tables
from models.release import Release

RELEASE_CHANNEL = "release_made"
"""The channel on which PostgreSQL tells those who listen that there is a new release."""


def latest_release(connection: Connection) -> Release | None:
    """Return the newest release, or `None` before anything is loaded."""
    statement = select(tables.release).order_by(tables.release.c.release_id.desc()).limit(1)
    row = connection.execute(statement).mappings().first()
    return None if row is None else Release(**row)
