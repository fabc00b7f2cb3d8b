"""The sources that rows come from."""

from sqlalchemy import Connection, select

from db import tables
from models.source import Source


def all_sources(connection: Connection) -> list[Source]:
    """Return all sources in the order of their codes."""
    query = select(tables.source).order_by(tables.source.c.source_id)
    return [Source(**row) for row in connection.execute(query).mappings()]
