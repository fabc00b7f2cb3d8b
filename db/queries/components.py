"""Components with the money they carry in a filter, and the single one with its reasons."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from db import tables
from db.errors import NotFoundError
from db.queries.filtering import conditions, fact
from db.queries.reviews import review_history
from db.queries.suggest import nearest_id
from models.filters import Filters
from models.vocabulary import Relevance

component, project = tables.component, tables.project

Position = tuple[str, int]
"""Where a component stands in lists: its project's id and its number."""


def count_components(connection: Connection, filters: Filters) -> int:
    """Count the rows of a list: components, remainders and whole projects with a fact in the filter."""
    statement = select(func.count(fact.c.component_id.distinct())).where(*conditions(filters))
    return connection.scalar(statement) or 0


def list_components(
    connection: Connection, filters: Filters, after: Position | None, limit: int
) -> list[dict[str, Any]]:
    """Return a page of components in the order of project and number.

    Amounts are what the filter counts of each, so that a whole list sums to the spend of the same filter.
    """
    money = (
        select(
            fact.c.component_id,
            func.sum(fact.c.amount_cents).label("amount_usd"),
            func.sum(fact.c.partial_cents).label("partial_usd"),
            func.max(case((fact.c.scaled, 1), else_=0)).label("scaled"),
            func.max(case((fact.c.exceeds_total, 1), else_=0)).label("exceeds_total"),
        )
        .where(*conditions(filters))
        .group_by(fact.c.component_id)
        .subquery()
    )
    statement = (
        select(
            component,
            money.c.amount_usd,
            money.c.partial_usd,
            money.c.scaled,
            money.c.exceeds_total,
            project.c.name.label("project_name"),
            project.c.approval_date,
        )
        .join(money, money.c.component_id == component.c.component_id)
        .join(project, project.c.project_id == component.c.project_id)
    )
    if after is not None:
        beyond = and_(component.c.project_id == after[0], component.c.number > after[1])
        statement = statement.where(or_(component.c.project_id > after[0], beyond))
    statement = statement.order_by(component.c.project_id, component.c.number).limit(limit)
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    return _with_classification(connection, rows)


def all_components(connection: Connection, filters: Filters, page: int = 1000) -> Iterator[dict[str, Any]]:
    """Yield every component in the filter, page by page."""
    after: Position | None = None
    while rows := list_components(connection, filters, after, page):
        yield from rows
        after = (rows[-1]["project_id"], rows[-1]["number"])


def get_component(connection: Connection, component_id: str, filters: Filters) -> dict[str, Any]:
    """Return one component with its reasons (`why`) and its rows of money (`amounts`).

    Raises:
        NotFoundError: with the nearest id that exists.
    """
    statement = (
        select(component, project.c.name.label("project_name"), project.c.approval_date)
        .join(project, project.c.project_id == component.c.project_id)
        .where(component.c.component_id == component_id)
    )
    row = connection.execute(statement).mappings().first()
    if row is None:
        raise NotFoundError("component", component_id, nearest_id(connection, component.c.component_id, component_id))
    amounts = _amounts(connection, component_id)
    mine = [line for line in amounts if line["measure"] == filters.measure]
    shown = _with_classification(connection, [dict(row) | _sums(mine)])[0]
    history = review_history(connection, component_id, row["project_id"])
    return shown | {"amounts": amounts, "why": _why(connection, component_id), "review_history": history}


def _sums(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    known = [line for line in lines if line["amount_usd"] is not None]
    return {
        "amount_usd": sum(line["amount_usd"] for line in known) if known else None,
        "partial_usd": sum(line["partial_usd"] for line in known) if known else None,
        "scaled": any(line["scaled"] for line in lines),
        "exceeds_total": any(line["exceeds_total"] for line in lines),
    }


def _with_classification(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = [row["component_id"] for row in rows]
    verdicts = _effective(connection, ids)
    places = _places(connection, ids)
    for row in rows:
        shares = verdicts.get(row["component_id"], [])
        row["category"] = shares[0]["category_code"] if shares else None
        row["categories"] = [share["category_code"] for share in shares]
        row["secondary_categories"] = shares[0]["secondary"] if shares else []
        relevances = {share["relevance"] for share in shares}
        row["relevance"] = next((r.value for r in Relevance if r.value in relevances), None)
        row["method"] = shares[0]["method"] if shares else None
        row["confidence"] = shares[0]["confidence"] if shares else None
        row["countries"] = places.get(row["component_id"], [])
        row["year"] = row["approval_date"].year if row["approval_date"] else None
        row["stated_usd"] = row.pop("stated_cents")
        for name in ("amount_usd", "partial_usd"):
            row[name] = None if row[name] is None else int(row[name])
        for name in ("scaled", "exceeds_total"):
            row[name] = bool(row[name])
    return rows


def _effective(connection: Connection, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    table = tables.classification
    query = select(table).where(table.c.component_id.in_(ids), table.c.effective.is_(True))
    found = defaultdict(list)
    for row in connection.execute(query.order_by(table.c.component_id, table.c.position)).mappings():
        found[row["component_id"]].append(dict(row))
    return found


def _places(connection: Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    query = select(fact.c.component_id, fact.c.country).where(fact.c.component_id.in_(ids)).distinct()
    found = defaultdict(list)
    for component_id, code in connection.execute(query.order_by(fact.c.component_id, fact.c.country)):
        found[component_id].append(code)
    return found


def _amounts(connection: Connection, component_id: str) -> list[dict[str, Any]]:
    columns = (
        fact.c.measure,
        fact.c.project_id,
        fact.c.category,
        fact.c.country,
        fact.c.amount_cents.label("amount_usd"),
        fact.c.partial_cents.label("partial_usd"),
        fact.c.scaled,
        fact.c.exceeds_total,
    )
    query = select(*columns).where(fact.c.component_id == component_id)
    query = query.order_by(fact.c.measure, fact.c.project_id, fact.c.category, fact.c.country)
    return [dict(row) for row in connection.execute(query).mappings()]


def _why(connection: Connection, component_id: str) -> list[dict[str, Any]]:
    """The effective classification first, then the others; each with all its shares."""
    table = tables.classification
    query = select(table).where(table.c.component_id == component_id)
    query = query.order_by(table.c.effective.desc(), table.c.method, table.c.position)
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query).mappings():
        answer = found.setdefault(
            row["method"],
            {
                "method": row["method"],
                "effective": bool(row["effective"]),
                "shares": [],
                "secondary_categories": row["secondary"],
                "confidence": row["confidence"],
                "certainty": row["certainty"],
                "reason": row["reason"],
                "reviewer": row["reviewer"],
                "reviewed_on": row["reviewed_on"].isoformat() if row["reviewed_on"] else None,
                "evidence": row["evidence"],
                "taxonomy_version": row["taxonomy_version"],
                "rules_version": row["rules_version"],
            },
        )
        share = {"category": row["category_code"], "share_percent": row["share_ppm"] / 10_000}
        answer["shares"].append(share | {"share_known": bool(row["share_known"]), "relevance": row["relevance"]})
    return list(found.values())
