"""The sources that rows come from."""

from typing import Any

from sqlalchemy import Connection, Select, exists, select, union

from db import tables
from db.queries.filtering import conditions, fact
from db.queries.statements.asking import ask_dicts
from db.queries.statements.prepared import Question
from db.queries.statements.templates import template_of
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
    return [Source(**row) for row in ask_dicts(connection, sources_question(filters))]


def sources_question(filters: Filters) -> Question:
    """The question behind `sources_of`."""
    template, values = template_of(filters)
    return Question(_sources_of, (template,), values)


def _sources_of(filters: Filters) -> Select[Any]:
    source, component, met = tables.source, tables.component, conditions(filters)
    of_projects = exists().where(fact.c.source_id == source.c.source_id, *met)
    of_rows = exists().where(
        component.c.source_id == source.c.source_id, fact.c.component_id == component.c.component_id, *met
    )
    query = select(source).where(of_projects | of_rows)
    return query.order_by(source.c.source_id == SECONDARY_COPIES, source.c.source_id)
