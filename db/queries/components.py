"""Components with the money they carry in a filter, and the single one with its reasons."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, Subquery, and_, case, cast, func, select

from db import tables
from db.errors import NotFoundError
from db.queries.filtering import conditions, fact, facts, in_prices, require_prices
from db.queries.ordering import Position, in_chunks, ordered, placed
from db.queries.releases import in_utc
from db.queries.reviews import review_history
from db.queries.search import hits
from db.queries.suggest import nearest_id, printable
from db.queries.summaries import count_rows_of, is_common, on_page
from models.filters import Filters, SortKey
from models.vocabulary import Relevance

component, project = tables.component, tables.project

SORTABLE = (
    "component_id",
    "project_id",
    "project_name",
    "title",
    "granularity",
    "category",
    "amount_usd",
    "partial_usd",
    "stated_usd",
    "year",
    "confidence",
    "source_id",
    "as_of",
)
"""Columns that a list can be ordered by; `rank` too, where words are searched for."""

SHOWN = (
    "component_id",
    "project_id",
    "granularity",
    "title",
    "stated_cents",
    "stated_measure",
    "source_id",
    "source_url",
    "as_of",
)
"""What a list shows of a component's own row. The rest is long, and all of it would pass through the sorting."""

ORDER = (SortKey("project_id"), SortKey("number"))
"""The order of component ids, and what tells two rows apart."""


def sort_keys(filters: Filters, asked: Sequence[SortKey]) -> list[SortKey]:
    """Return the whole order of a list: as asked, else the best matches of a search first, then by id."""
    if not asked and filters.search is not None:
        asked = (SortKey("rank", descending=True),)
    keys: list[SortKey] = []
    for key in asked:
        keys += [replace(part, descending=key.descending) for part in ORDER] if key.column == "component_id" else [key]
    named = {key.column for key in keys}
    return keys + [key for key in ORDER if key.column not in named]


def count_components(connection: Connection, filters: Filters) -> int:
    """Count the rows of a list: components, remainders and whole projects with a fact in the filter."""
    known = count_rows_of(connection, filters)
    if known is not None:
        return known
    statement = select(func.count(fact.c.component_id.distinct())).where(*conditions(filters))
    return connection.scalar(statement) or 0


def list_components(
    connection: Connection,
    filters: Filters,
    sort: Sequence[SortKey] = (),
    after: Position | None = None,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Iterate over components in the order asked for (see `sort_keys`), those after a position, each with its own `position`.

    Amounts are what the filter counts of each, so that a whole list sums to the spend of the same filter.

    Raises:
        PricesMissingError: if constant prices are asked for over years that have no index.
    """
    require_prices(connection, filters)
    keys = sort_keys(filters, sort)
    page = None
    if limit is not None and tuple(keys) == ORDER and is_common(connection, filters, count_rows_of):
        matching = select(fact.c.component_id).where(fact.c.component_id == component.c.component_id)
        ids = select(component.c.component_id).where(matching.where(*conditions(filters)).exists())
        page = ordered(connection, ids, dict(component.c.items()), keys, after).limit(limit).subquery("page")
        after = None
    statement, columns = _listing(filters, any(key.column == "rank" for key in keys), page)
    statement = ordered(connection, statement, columns, keys, after)
    if limit is not None:
        statement = statement.limit(limit)
    pieces = in_chunks(connection, statement)
    return (row for piece in pieces for row in _with_classification(connection, [placed(row) for row in piece]))


def _listing(
    filters: Filters, with_rank: bool, page: Subquery | None = None
) -> tuple[Select[Any], dict[str, ColumnElement[Any]]]:
    """The statement behind a list, or only of the ids on a page, and the columns that it can be ordered by."""
    low, more = (in_prices(cents, filters) for cents in (fact.c.amount_cents, fact.c.partial_cents))
    money = (
        select(
            fact.c.component_id,
            func.sum(low).label("amount_usd"),
            func.sum(more).label("partial_usd"),
            func.max(case((fact.c.scaled, 1), else_=0)).label("scaled"),
            func.max(case((fact.c.exceeds_total, 1), else_=0)).label("exceeds_total"),
        )
        .select_from(facts(filters))
        .where(*conditions(filters), *on_page(fact.c.component_id, page))
        .group_by(fact.c.component_id)
        .subquery("money")
    )
    verdict = tables.classification
    effective = and_(
        verdict.c.component_id == component.c.component_id, verdict.c.effective.is_(True), verdict.c.position == 0
    )
    year = cast(func.extract("year", project.c.approval_date), Integer)
    more_columns = {
        "project_name": project.c.name,
        "category": verdict.c.category_code,
        "confidence": verdict.c.confidence,
        "amount_usd": money.c.amount_usd,
        "partial_usd": money.c.partial_usd,
        "stated_usd": component.c.stated_cents,
        "year": year,
    }
    joined = (
        component.join(money, money.c.component_id == component.c.component_id)
        .join(project, project.c.project_id == component.c.project_id)
        .outerjoin(verdict, effective)
    )
    if with_rank and filters.search is not None:
        found = hits(filters.search)
        joined = joined.join(found, found.c.component_id == component.c.component_id)
        more_columns["rank"] = found.c.rank
    shown = [item.label(name) for name, item in more_columns.items()]
    extra = [money.c.scaled, money.c.exceeds_total, project.c.approval_date]
    statement = select(*(component.c[name] for name in SHOWN), *shown, *extra).select_from(joined)
    return statement, {item.name: item for item in component.c} | more_columns


def get_component(connection: Connection, component_id: str, filters: Filters) -> dict[str, Any]:
    """Return one component with its reasons (`why`) and its rows of money (`amounts`).

    Raises:
        NotFoundError: with the nearest id that exists.
    """
    run = tables.ingest_run
    statement = (
        select(component, project.c.name.label("project_name"), project.c.approval_date, run.c.started_at)
        .join(project, project.c.project_id == component.c.project_id)
        .outerjoin(run, run.c.run_id == component.c.run_id)
        .where(component.c.component_id == printable(component_id))
    )
    row = connection.execute(statement).mappings().first()
    if row is None:
        raise NotFoundError("component", component_id, nearest_id(connection, component.c.component_id, component_id))
    amounts = _amounts(connection, component_id)
    mine = [line for line in amounts if line["measure"] == filters.measure]
    shown = _with_classification(connection, [dict(row) | _sums(mine)])[0]
    history = review_history(connection, component_id, row["project_id"])
    shown["retrieved_at"] = row["started_at"] and in_utc(row["started_at"])
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
        row["stated_usd"] = row["stated_cents"]
        for name in ("amount_usd", "partial_usd"):
            row[name] = None if row[name] is None else int(row[name])
        for name in ("scaled", "exceeds_total"):
            row[name] = bool(row[name])
    return rows


def _effective(connection: Connection, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    table = tables.classification
    shown = ("component_id", "category_code", "secondary", "relevance", "method", "confidence")  # not the long evidence
    query = select(*(table.c[name] for name in shown))
    query = query.where(table.c.component_id.in_(ids), table.c.effective.is_(True))
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
