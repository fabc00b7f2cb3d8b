"""Components with the money they carry in a filter, and the single one with its reasons."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, Subquery, and_, case, cast, func, select

from db import tables
from db.errors import NotFoundError
from db.queries.filtering import conditions, fact, facts, in_prices, require_prices
from db.queries.ordering import Position, in_order, is_bytewise, known_position, parted
from db.queries.prepared import Row, fetch, fetch_dicts, in_pieces, position_slots, slot, slots_of, template_of
from db.queries.releases import in_utc
from db.queries.reviews import review_history
from db.queries.search import hits
from db.queries.suggest import nearest_id, printable
from db.queries.summaries import count_rows_of, is_common, on_page
from models.filters import Filters, SortKey
from models.search import SearchQuery
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

LISTED = (
    "component_id",
    "project_id",
    "project_name",
    "title",
    "granularity",
    "amount_usd",
    "partial_usd",
    "scaled",
    "exceeds_total",
    "stated_usd",
    "stated_measure",
    "approval_date",
    "source_id",
    "source_url",
    "as_of",
)
"""What a list reads of each row. The rest of a component's own is long, and all of it would pass through the sorting."""

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
    template, values = template_of(filters)
    return int(fetch(connection, _counting, template, values=values)[0][0])


def _counting(filters: Filters) -> Select[Any]:
    return select(func.count(fact.c.component_id.distinct())).where(*conditions(filters))


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
        BadPositionError: if the position does not fit the order.
    """
    require_prices(connection, filters)
    keys = tuple(sort_keys(filters, sort))
    walk = limit is not None and keys == ORDER and is_common(connection, filters, count_rows_of)
    template, values = template_of(filters)
    place, more = position_slots(known_position(_sortable(), keys, after))
    asked = (template, keys, place, limit is not None, walk, is_bytewise(connection))
    values |= more
    pieces = in_pieces(connection, limit, _ordered, *asked, values=values)
    return (row for piece in pieces for row in _shown(connection, piece, keys))


def _ordered(
    filters: Filters, keys: Sequence[SortKey], after: Position | None, limited: bool, walk: bool, bytewise: bool
) -> Select[Any]:
    """The statement behind a list. `walk`: find the ids of a page first, by going along their order."""
    page = None
    if walk:
        matching = select(fact.c.component_id).where(fact.c.component_id == component.c.component_id)
        ids = select(component.c.component_id).where(matching.where(*conditions(filters)).exists())
        page = in_order(ids, dict(component.c.items()), keys, after, bytewise).limit(slot("limit")).subquery("page")
        after = None
    statement, columns = _listing(filters, frozenset(key.column for key in keys), page)
    statement = in_order(statement, columns, keys, after, bytewise)
    return statement.limit(slot("limit")) if limited else statement


@cache
def _sortable() -> dict[str, ColumnElement[Any]]:
    """What lists can be ordered by, to check positions against."""
    return _listing(Filters(search=SearchQuery((("any",),))), frozenset({"rank"}))[1]


def _listing(
    filters: Filters, sorted_by: frozenset[str], page: Subquery | None = None
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
    columns: dict[str, ColumnElement[Any]] = {
        **dict(component.c.items()),
        "project_name": project.c.name,
        "stated_usd": component.c.stated_cents,
        "approval_date": project.c.approval_date,
        "year": cast(func.extract("year", project.c.approval_date), Integer),
        "category": verdict.c.category_code,
        "confidence": verdict.c.confidence,
        **{item.name: item for item in money.c if item.name != "component_id"},
    }
    joined = component.join(money, money.c.component_id == component.c.component_id)
    joined = joined.join(project, project.c.project_id == component.c.project_id)
    if sorted_by & {"category", "confidence"}:
        joined = joined.outerjoin(verdict, and_(_is_effective(), verdict.c.position == 0))
    if "rank" in sorted_by and filters.search is not None:
        found = hits(filters.search)
        joined = joined.join(found, found.c.component_id == component.c.component_id)
        columns["rank"] = found.c.rank
    return select(*(columns[name].label(name) for name in LISTED)).select_from(joined), columns


def _is_effective() -> ColumnElement[bool]:
    verdict = tables.classification
    return and_(verdict.c.component_id == component.c.component_id, verdict.c.effective.is_(True))


def get_component(connection: Connection, component_id: str, filters: Filters) -> dict[str, Any]:
    """Return one component with its reasons (`why`) and its rows of money (`amounts`).

    Raises:
        NotFoundError: with the nearest id that exists.
    """
    found = fetch_dicts(connection, _one, values={"component_id": printable(component_id)})
    if not found:
        raise NotFoundError("component", component_id, nearest_id(connection, component.c.component_id, component_id))
    row = found[0]
    amounts = fetch_dicts(connection, _amounts, values={"component_id": component_id})
    mine = [line for line in amounts if line["measure"] == filters.measure]
    reasons = fetch_dicts(connection, _reasons, values={"component_id": component_id})
    row |= _sums(mine) | {"stated_usd": row["stated_cents"]}
    shares = [tuple(share[name] for name in OF_SHARES) for share in reasons if share["effective"]]
    places = sorted({line["country"] for line in amounts})
    row |= _listed(tuple(row[name] for name in LISTED), shares, places)
    row["retrieved_at"] = row["started_at"] and in_utc(row["started_at"])
    history = review_history(connection, component_id, row["project_id"])
    return row | {"amounts": amounts, "why": _why(reasons), "review_history": history}


def _one() -> Select[Any]:
    run = tables.ingest_run
    return (
        select(component, project.c.name.label("project_name"), project.c.approval_date, run.c.started_at)
        .join(project, project.c.project_id == component.c.project_id)
        .outerjoin(run, run.c.run_id == component.c.run_id)
        .where(component.c.component_id == slot("component_id"))
    )


def _sums(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    known = [line for line in lines if line["amount_usd"] is not None]
    return {
        "amount_usd": sum(line["amount_usd"] for line in known) if known else None,
        "partial_usd": sum(line["partial_usd"] for line in known) if known else None,
        "scaled": any(line["scaled"] for line in lines),
        "exceeds_total": any(line["exceeds_total"] for line in lines),
    }


def _shown(connection: Connection, rows: Sequence[Row], keys: Sequence[SortKey]) -> Iterator[dict[str, Any]]:
    """Rows of a list with their classification and their places, in the order in which they are shown."""
    if not rows:
        return
    ids, values = slots_of("id", [row[0] for row in rows])
    shares, places = defaultdict(list), defaultdict(list)
    for share in fetch(connection, _effective, ids, values=values):
        shares[share[0]].append(share[1:])
    for component_id, country in fetch(connection, _places, ids, values=values):
        places[component_id].append(country)
    for row in rows:
        cells, position = parted(row, keys)
        yield _listed(cells, shares.get(row[0], ()), places.get(row[0], [])) | {"position": position}


def _listed(cells: Sequence[Any], shares: Sequence[Row], places: list[str]) -> dict[str, Any]:
    component_id, project_id, project_name, title, granularity, low, more, scaled, exceeds, stated, *rest = cells
    measure, approved, source_id, source_url, as_of = rest
    category, categories, secondary, relevance, method, confidence = _classified(shares)
    return {
        "component_id": component_id,
        "project_id": project_id,
        "project_name": project_name,
        "title": title,
        "granularity": granularity,
        "category": category,
        "categories": categories,
        "secondary_categories": secondary,
        "relevance": relevance,
        "amount_usd": None if low is None else int(low),
        "partial_usd": None if more is None else int(more),
        "scaled": bool(scaled),
        "exceeds_total": bool(exceeds),
        "stated_usd": stated,
        "stated_measure": measure,
        "countries": places,
        "year": approved.year if approved else None,
        "method": method,
        "confidence": confidence,
        "source_id": source_id,
        "source_url": source_url,
        "as_of": as_of,
    }


RELEVANCES = tuple(map(str, Relevance))
"""From the strongest to the weakest."""

OF_SHARES = ("category_code", "secondary", "relevance", "method", "confidence")
"""What a list needs of classifications: not the long evidence."""


def _classified(shares: Sequence[Row]) -> tuple[str | None, list[str], list[str], str | None, str | None, float | None]:
    """What a row shows of the shares of the classification that counts: category, all categories, secondary ones,
    relevance, method and confidence."""
    if not shares:
        return None, [], [], None, None, None
    category, secondary, relevance, method, confidence = shares[0]
    if len(shares) > 1:
        among = {share[2] for share in shares}
        relevance = next(one for one in RELEVANCES if one in among)
    return category, [share[0] for share in shares], secondary, relevance, method, confidence


def _effective(ids: Sequence[Any]) -> Select[Any]:
    table = tables.classification
    query = select(table.c.component_id, *(table.c[name] for name in OF_SHARES))
    query = query.where(table.c.component_id.in_(ids), table.c.effective.is_(True))
    return query.order_by(table.c.component_id, table.c.position)


def _places(ids: Sequence[Any]) -> Select[Any]:
    query = select(fact.c.component_id, fact.c.country).where(fact.c.component_id.in_(ids)).distinct()
    return query.order_by(fact.c.component_id, fact.c.country)


def _amounts() -> Select[Any]:
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
    query = select(*columns).where(fact.c.component_id == slot("component_id"))
    return query.order_by(fact.c.measure, fact.c.project_id, fact.c.category, fact.c.country)


def _reasons() -> Select[Any]:
    """The effective classification first, then the others; each with all its shares."""
    table = tables.classification
    query = select(table).where(table.c.component_id == slot("component_id"))
    return query.order_by(table.c.effective.desc(), table.c.method, table.c.position)


def _why(shares: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in shares:
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
