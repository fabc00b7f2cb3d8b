"""Aggregate spend, in integer cents. Rows of an additive answer sum to its totals, in both money columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, select

from db import tables
from db.queries.filtering import conditions, dimension_column, fact
from db.queries.warnings import spend_warnings
from models.filters import Dimension, SpendQuery
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS
from models.vocabulary import LOW_CONFIDENCE, Basis, Granularity, Relevance


@dataclass(frozen=True, slots=True)
class SpendResult:
    """Rows and totals with money in cents under the names of their dollar columns, and what a reader must know."""

    rows: list[dict[str, Any]]
    totals: dict[str, Any]
    warnings: list[str]


def spend(connection: Connection, query: SpendQuery) -> SpendResult:
    """Answer a question about spend.

    Rows come in the order of the dimensions asked for, nulls last. Totals are over the whole filter and count each
    project and component once.
    """
    rows = _figures(connection, query, query.group_by)
    rows.sort(key=lambda row: [(row[d] is None, row[d]) for d in query.group_by])
    totals = _figures(connection, query, ())[0]
    one_row = dict(totals)
    totals["by_method"] = _by_method(connection, query)
    totals["rows"] = len(rows) if query.group_by else 1
    return SpendResult(rows if query.group_by else [one_row], totals, spend_warnings(connection, query))


def _by_method(connection: Connection, query: SpendQuery) -> list[dict[str, Any]]:
    """How much of the money rests on which way of classifying."""
    if query.basis is Basis.PROJECT:
        return []
    statement = (
        select(fact.c.method, _sum(fact.c.amount_cents), _sum(fact.c.partial_cents))
        .where(*conditions(query.filters))
        .group_by(fact.c.method)
        .order_by(fact.c.method)
    )
    rows = connection.execute(statement)
    return [
        {"method": method, "amount_usd": int(amount), "partial_usd": int(partial)} for method, amount, partial in rows
    ]


def _figures(connection: Connection, query: SpendQuery, group_by: Sequence[Dimension]) -> list[dict[str, Any]]:
    rows = [dict(row) for row in connection.execute(_component_basis(query, group_by)).mappings()]
    if query.basis is Basis.PROJECT:
        money = {
            tuple(row[d] for d in group_by): dict(row)
            for row in connection.execute(_project_basis(query, group_by)).mappings()
        }
        for row in rows:
            row.update(money.get(tuple(row[d] for d in group_by), dict.fromkeys(MONEY_COLUMNS, 0)))
    names = (*MONEY_COLUMNS, *COUNT_COLUMNS)
    return [{d.value: row[d] for d in group_by} | {name: int(row[name] or 0) for name in names} for row in rows]


def _group_columns(query: SpendQuery, group_by: Sequence[Dimension]) -> list[ColumnElement[Any]]:
    return [dimension_column(dimension, query.filters).label(dimension.value) for dimension in group_by]


def _sum(amount: ColumnElement[Any], *when: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(case((and_(*when), amount), else_=0) if when else amount), 0)


def _component_basis(query: SpendQuery, group_by: Sequence[Dimension]) -> Select[Any]:
    groups = _group_columns(query, group_by)
    listed = case((fact.c.granularity == Granularity.COMPONENT, fact.c.component_id))
    unknown = case(
        (and_(fact.c.granularity == Granularity.COMPONENT, fact.c.amount_cents.is_(None)), fact.c.component_id)
    )
    money = []
    for column, name in ((fact.c.amount_cents, ""), (fact.c.partial_cents, "_partial")):
        money += [
            _sum(column).label("amount_usd" if not name else "partial_usd"),
            _sum(column, fact.c.granularity == Granularity.PROJECT).label(f"whole_project{name}_usd"),
            _sum(column, fact.c.granularity == Granularity.REMAINDER).label(f"remainder{name}_usd"),
            _sum(column, fact.c.confidence < LOW_CONFIDENCE).label(f"low_confidence{name}_usd"),
        ]
    counts = [
        func.count(fact.c.project_id.distinct()).label("projects"),
        func.count(listed.distinct()).label("components"),
        func.count(unknown.distinct()).label("components_without_amount"),
    ]
    return select(*groups, *money, *counts).where(*conditions(query.filters)).group_by(*groups)


def _project_basis(query: SpendQuery, group_by: Sequence[Dimension]) -> Select[Any]:
    """Count the whole of each project once in each group: in full if any of its rows there is direct, else in part."""
    groups = _group_columns(query, group_by)
    matched = (
        select(
            fact.c.project_id,
            fact.c.country.label("counted_in"),
            *groups,
            func.max(case((fact.c.relevance == Relevance.DIRECT, 1), else_=0)).label("direct"),
            func.max(case((fact.c.granularity == Granularity.PROJECT, 1), else_=0)).label("whole"),
            func.max(fact.c.confidence).label("confidence"),
        )
        .where(*conditions(query.filters))
        .group_by(fact.c.project_id, fact.c.country, *groups)
        .subquery()
    )
    whole = tables.project_amount
    joined = matched.join(
        whole,
        and_(
            whole.c.project_id == matched.c.project_id,
            whole.c.country_code == matched.c.counted_in,
            whole.c.measure == query.filters.measure,
        ),
    )
    money = []
    for direct, name in ((1, ""), (0, "_partial")):
        side = matched.c.direct == direct
        money += [
            _sum(whole.c.amount_cents, side).label("amount_usd" if not name else "partial_usd"),
            _sum(whole.c.amount_cents, side, matched.c.whole == 1).label(f"whole_project{name}_usd"),
            literal(0).label(f"remainder{name}_usd"),
            _sum(whole.c.amount_cents, side, matched.c.confidence < LOW_CONFIDENCE).label(f"low_confidence{name}_usd"),
        ]
    columns = [matched.c[dimension.value] for dimension in group_by]
    return select(*columns, *money).select_from(joined).group_by(*columns)


def projects_with_component_amounts(connection: Connection, query: SpendQuery) -> int:
    """Count the projects in the filter that have at least one component with an amount."""
    filters = replace(query.filters, granularity=(Granularity.COMPONENT,))
    statement = select(func.count(fact.c.project_id.distinct())).where(
        *conditions(filters), fact.c.amount_cents.is_not(None)
    )
    return connection.scalar(statement) or 0
