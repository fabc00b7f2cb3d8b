"""Reads what a run needs of the projects and components that are stored."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from db import tables
from models.component import Listed
from models.vocabulary import Granularity


def listed_components(connection: Connection, project_ids: Iterable[str], *order: str) -> Iterator[Listed]:
    """Yield the components that sources list for some projects, withdrawn ones too, in the order of some columns."""
    table = tables.component
    query = select(*(table.c[name] for name in Listed._fields))
    query = query.where(table.c.project_id.in_(project_ids), table.c.granularity == Granularity.COMPONENT)
    for row in connection.execute(query.order_by(*(table.c[name] for name in order))):
        yield Listed(*row)


def known_projects(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Those of some projects of which a source has spoken, also in this run."""
    column = tables.project_statement.c.project_id
    return set(connection.scalars(select(column).where(column.in_(ids)).distinct()))


def projects_of_components(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Those of some ids that are components', rows of whole projects and remainders too, with their projects."""
    table = tables.component
    query = select(table.c.component_id, table.c.project_id).where(table.c.component_id.in_(ids))
    return {row.component_id: row.project_id for row in connection.execute(query)}


_SORTED = json.JSONEncoder(sort_keys=True)
"""One for all records: to make one for each takes as long as to write it does."""


def content_hash(content: Mapping[str, Any]) -> str:
    """Hash what a record says, to find one that says the same again."""
    return hashlib.sha256(_SORTED.encode(content).encode()).hexdigest()
