"""Projects: lists, one, in keyset order of their ids."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from db import tables
from db.errors import NotFoundError
from db.queries.filtering import matching_projects
from db.queries.suggest import nearest_id
from models.filters import Filters
from models.project import fiscal_year

project = tables.project


def count_projects(connection: Connection, filters: Filters) -> int:
    """Count the projects with at least one row in the filter."""
    return connection.scalar(select(func.count()).select_from(matching_projects(filters).subquery())) or 0


def list_projects(connection: Connection, filters: Filters, after: str | None, limit: int) -> list[dict[str, Any]]:
    """Return a page of projects in the order of their ids, those after a given id."""
    statement = select(project).where(project.c.project_id.in_(matching_projects(filters)))
    if after is not None:
        statement = statement.where(project.c.project_id > after)
    return _shown(connection, statement.order_by(project.c.project_id).limit(limit))


def get_project(connection: Connection, project_id: str) -> dict[str, Any]:
    """Return one project.

    Raises:
        NotFoundError: with the nearest id that exists.
    """
    found = _shown(connection, select(project).where(project.c.project_id == project_id))
    if not found:
        raise NotFoundError("project", project_id, nearest_id(connection, project.c.project_id, project_id))
    return found[0]


def _shown(connection: Connection, statement: Select[Any]) -> list[dict[str, Any]]:
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    places = _places(connection, [row["project_id"] for row in rows])
    for row in rows:
        row["countries"] = places.get(row["project_id"], [])
        day = row["approval_date"]
        row["year"], row["fiscal_year"] = (day.year if day else None), fiscal_year(day)
        for name in [name for name in row if name.endswith("_cents")]:
            row[name.replace("_cents", "_usd")] = row.pop(name)
    return rows


def _places(connection: Connection, project_ids: Sequence[str]) -> dict[str, list[str]]:
    table = tables.project_country
    query = select(table.c.project_id, table.c.country_code).where(
        table.c.project_id.in_(project_ids), table.c.share_ppm.is_not(None)
    )
    found: dict[str, list[str]] = {}
    for project_id, code in connection.execute(query.order_by(table.c.project_id, table.c.country_code)):
        found.setdefault(project_id, []).append(code)
    return found


def all_projects(connection: Connection, filters: Filters, page: int = 1000) -> Iterator[dict[str, Any]]:
    """Yield every project in the filter, page by page."""
    after = None
    while rows := list_projects(connection, filters, after, page):
        yield from rows
        after = rows[-1]["project_id"]
