"""The rows that answers are made of, of some projects: as they are stored, or as a run has just made them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from db import tables
from db.bulk import Row
from db.store import batches

CONTENT = (tables.project, tables.component, tables.classification, tables.spend_fact)
"""What answers are made of."""

Content = Mapping[Table, Sequence[Row]]
"""Rows of these tables, with all their columns."""


def stored_content(connection: Connection, project_ids: Sequence[str]) -> Content:
    """Read the content of some projects."""
    return {table: list(stored_rows(connection, table, project_ids)) for table in CONTENT}


def stored_rows(connection: Connection, table: Table, project_ids: Sequence[str]) -> Iterator[Row]:
    """Read what a table of `CONTENT` has of some projects."""
    component, names = tables.component, table.columns.keys()
    query: Select[Any] = select(table)
    if "project_id" not in table.c:
        query = query.join(component, component.c.component_id == table.c.component_id)
    owner = table.c.get("project_id", component.c.project_id)
    for piece in batches(project_ids):
        for row in connection.execute(query.where(owner.in_(piece))):
            yield dict(zip(names, row, strict=True))
