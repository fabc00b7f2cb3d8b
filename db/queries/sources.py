"""The sources that rows come from."""

from sqlalchemy import Connection, select

from db import tables
from db.queries.filtering import conditions, fact
from models.filters import Filters
from models.source import Source


def all_sources(connection: Connection) -> list[Source]:
    """Return all sources in the order of their codes."""
    query = select(tables.source).order_by(tables.source.c.source_id)
    return [Source(**row) for row in connection.execute(query).mappings()]


def sources_of(connection: Connection, filters: Filters) -> list[Source]:
    """Return the sources of the project records whose money a filter chooses, in the order of their codes."""
    named = select(fact.c.source_id).where(*conditions(filters))
    query = select(tables.source).where(tables.source.c.source_id.in_(named)).order_by(tables.source.c.source_id)
    return [Source(**row) for row in connection.execute(query).mappings()]
