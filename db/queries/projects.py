"""Projects: lists in any order, and one with what is counted of it."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, Subquery, cast, func, select

from db import tables
from db.errors import NotFoundError
from db.queries.filtering import conditions, fact, facts, in_prices, matching_projects, require_prices
from db.queries.ordering import Position, in_chunks, ordered, placed
from db.queries.releases import in_utc
from db.queries.search import hits
from db.queries.suggest import nearest_id, printable
from db.queries.summaries import count_projects_of, is_common, on_page
from models.filters import STATUSES, Filters, SortKey
from models.project import ProjectStatement, fiscal_year, in_order

project = tables.project

SORTABLE = (
    "project_id",
    "name",
    "status",
    "approval_date",
    "closing_date",
    "year",
    "instrument",
    "region",
    "category",
    "amount_usd",
    "partial_usd",
    "ibrd_usd",
    "ida_usd",
    "grant_usd",
    "commitment_usd",
    "counted_usd",
    "cost_usd",
    "as_of",
)
"""Columns that a list can be ordered by; `rank` too, where words are searched for."""


def sort_keys(filters: Filters, asked: Sequence[SortKey]) -> list[SortKey]:
    """Return the whole order of a list: as asked, else the best matches of a search first, then by id."""
    if not asked and filters.search is not None:
        asked = (SortKey("rank", descending=True),)
    return [*asked] + [SortKey("project_id")] * all(key.column != "project_id" for key in asked)


def count_projects(connection: Connection, filters: Filters) -> int:
    """Count the projects with at least one row in the filter."""
    known = count_projects_of(connection, filters)
    if known is not None:
        return known
    return connection.scalar(select(func.count()).select_from(matching_projects(filters).subquery())) or 0


def list_projects(
    connection: Connection,
    filters: Filters,
    sort: Sequence[SortKey] = (),
    after: Position | None = None,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Iterate over projects in the order asked for (see `sort_keys`), those after a position, each with its own `position`.

    `amount_usd` and `partial_usd` are what the filter counts of each, so that a list sums to the spend of its filter.

    Raises:
        PricesMissingError: if constant prices are asked for over years that have no index.
    """
    require_prices(connection, filters)
    keys = sort_keys(filters, sort)
    page = None
    if limit is not None and keys == [SortKey("project_id")] and is_common(connection, filters, count_projects_of):
        matching = select(fact.c.project_id).where(fact.c.project_id == project.c.project_id)
        ids = select(project.c.project_id).where(matching.where(*conditions(filters)).exists())
        page = ordered(connection, ids, dict(project.c.items()), keys, after).limit(limit).subquery("page")
        after = None
    statement, columns = _listing(filters, any(key.column == "rank" for key in keys), page)
    statement = ordered(connection, statement, columns, keys, after)
    if limit is not None:
        statement = statement.limit(limit)
    pieces = in_chunks(connection, statement)
    return (row for piece in pieces for row in _shown(connection, [placed(row) for row in piece]))


def get_project(connection: Connection, project_id: str) -> dict[str, Any]:
    """Return one project with what is counted of it, as a commitment, for migration.

    Raises:
        NotFoundError: with the nearest id that exists.
    """
    filters = Filters(projects=(printable(project_id),), statuses=STATUSES)
    if counted := next(list_projects(connection, filters), None):
        return counted
    query = select(project).where(project.c.project_id == printable(project_id))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFoundError("project", project_id, nearest_id(connection, project.c.project_id, project_id))
    return _shown(connection, [dict(row) | {"amount_usd": 0, "partial_usd": 0}])[0]


SAID = ("name", "status", "approval_date", "closing_date")
SAID_CENTS = (
    *("ibrd_cents", "ida_cents", "grant_cents", "other_cents", "commitment_cents", "cost_cents"),
    "disbursement_cents",
)
SAID_BESIDE = ("source_url", "reporting_org", "reported_id", "note")


def project_statements(connection: Connection, project_id: str) -> list[dict[str, Any]]:
    """Return what each source said of a project, the one that overrules the others first; cents under `…_usd` names."""
    table = tables.project_statement
    query = select(table).where(table.c.project_id == printable(project_id))
    found = [ProjectStatement(**row) for row in connection.execute(query).mappings()]
    return [_said(statement) for statement in reversed(in_order(found))]


def _said(statement: ProjectStatement) -> dict[str, Any]:
    record = statement.record
    row: dict[str, Any] = {
        "source_id": statement.source_id,
        "origin": statement.origin,
        "as_of": statement.as_of or None,
        "retrieved_at": in_utc(statement.retrieved_at),
        "run_id": statement.run_id,
        "purpose_codes": record.get("purpose_codes", []),
        "conversions": record.get("conversions", []),
    }
    row |= {name: record.get(name) for name in (*SAID, *SAID_BESIDE)}
    return row | {name.replace("_cents", "_usd"): record.get(name) for name in SAID_CENTS}


def differing(statements: Sequence[dict[str, Any]]) -> list[str]:
    """Name the columns in which statements that say something say different things."""
    names = (*SAID, *(name.replace("_cents", "_usd") for name in SAID_CENTS))
    return [name for name in names if len({row[name] for row in statements if row[name] is not None}) > 1]


def unknown_projects(connection: Connection, project_ids: Sequence[str]) -> dict[str, str | None]:
    """Return the ids that are not stored, each with the nearest that is."""
    query = select(project.c.project_id).where(project.c.project_id.in_(map(printable, project_ids)))
    known = set(connection.scalars(query))
    missing = [project_id for project_id in project_ids if project_id not in known]
    return {wrong: nearest_id(connection, project.c.project_id, wrong) for wrong in missing}


def _listing(
    filters: Filters, with_rank: bool, page: Subquery | None = None
) -> tuple[Select[Any], dict[str, ColumnElement[Any]]]:
    """The statement behind a list, or only of the ids on a page, and the columns that it can be ordered by."""
    low, more = (in_prices(cents, filters) for cents in (fact.c.amount_cents, fact.c.partial_cents))
    figures = [func.sum(low).label("amount_usd"), func.sum(more).label("partial_usd")]
    rows = facts(filters)
    if with_rank and filters.search is not None:
        found = hits(filters.search)
        rows = rows.join(found, found.c.component_id == fact.c.component_id)
        figures.append(func.max(found.c.rank).label("rank"))
    counted = (
        select(fact.c.project_id, *figures)
        .select_from(rows)
        .where(*conditions(filters), *on_page(fact.c.project_id, page))
        .group_by(fact.c.project_id)
        .subquery("counted")
    )
    figures_shown = [item for item in counted.c if item.name != "project_id"]
    statement = select(project, *figures_shown).join(counted, counted.c.project_id == project.c.project_id)
    columns = {item.name.replace("_cents", "_usd"): item for item in (*project.c, *figures_shown)}
    return statement, columns | {"year": cast(func.extract("year", project.c.approval_date), Integer)}


def _shown(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    places = _places(connection, [row["project_id"] for row in rows])
    for row in rows:
        row["countries"] = places.get(row["project_id"], [])
        day = row["approval_date"]
        row["year"], row["fiscal_year"] = (day.year if day else None), fiscal_year(day)
        for name in [name for name in row if name.endswith("_cents")]:
            row[name.replace("_cents", "_usd")] = row.pop(name)
        for name in ("amount_usd", "partial_usd"):
            row[name] = None if row[name] is None else int(row[name])
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
