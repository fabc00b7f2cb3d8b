"""The sources that rows come from."""

from sqlalchemy import Connection, exists, select, union

from db import tables
from db.queries.filtering import conditions, fact
from models.filters import Filters
from models.source import SECONDARY_COPIES, Source


def all_sources(connection: Connection) -> list[Source]:
    """Return all sources in the order of their codes."""
    query = select(tables.source).order_by(tables.source.c.source_id)
    return [Source(**row) for row in connection.execute(query).mappings()]


def loaded_sources(connection: Connection) -> list[Source]:
    """Return the sources of which anything is loaded, projects or rows of them, in the order of their codes."""
    source = tables.source
    of = (select(table.c.source_id).distinct() for table in (tables.project, tables.component))
    query = select(source).where(source.c.source_id.in_(union(*of))).order_by(source.c.source_id)
    return [Source(**row) for row in connection.execute(query).mappings()]


def sources_of(connection: Connection, filters: Filters) -> list[Source]:
    """Return the sources of the rows whose money a filter chooses, and of their projects, in the order of their codes;
    what are copies comes last."""
    source, component, met = tables.source, tables.component, conditions(filters)
    of_projects = exists().where(fact.c.source_id == source.c.source_id, *met)
    of_rows = exists().where(
        component.c.source_id == source.c.source_id, fact.c.component_id == component.c.component_id, *met
    )
    query = select(source).where(of_projects | of_rows)
    query = query.order_by(source.c.source_id == SECONDARY_COPIES, source.c.source_id)
    return [Source(**row) for row in connection.execute(query).mappings()]
