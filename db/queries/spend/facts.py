"""Statements of spend over the facts themselves, for questions that no summary answers; the money of whole projects too."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, func, literal, not_, or_, select, true

from db import tables
from db.queries.filtering import conditions, dimension_column, fact, facts, high, in_prices, price_rows, unindexed
from models.filters import Dimension, Filters, SpendQuery
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS
from models.vocabulary import LOW_CONFIDENCE, Basis, Granularity, Method, Relevance

METHODS = (Method.DERIVED, Method.REVIEW, Method.RULES)
METHOD_FIGURES = tuple(f"{figure}_{method}" for method in METHODS for figure in ("facts", "amount", "partial"))
"""What was classified in each way: facts, money in full, money in part; columns of the answer as a whole only."""


def tells_methods(query: SpendQuery) -> bool:
    """Whether an answer tells how much was classified in each way: as a whole, and of rows, for projects are of several."""
    return not query.group_by and query.basis is Basis.COMPONENT


def figures_of(query: SpendQuery) -> tuple[str, ...]:
    """The columns of an answer's statement after those that it is grouped by."""
    return (*MONEY_COLUMNS, *COUNT_COLUMNS, *(METHOD_FIGURES if tells_methods(query) else ()))


def group_columns(query: SpendQuery) -> list[ColumnElement[Any]]:
    """The columns of facts that an answer is grouped by, under the names of its dimensions.

    No index serves to group: to look every fact up in its order takes twice as long as to sort what meets the filter.
    """
    return [
        unindexed(dimension_column(dimension, query.filters)).label(dimension.value) for dimension in query.group_by
    ]


def _facts(query: SpendQuery) -> FromClause:
    return facts(query.filters, by_set=Dimension.SET in query.group_by)


def sum_of(amount: ColumnElement[Any], *when: ColumnElement[bool]) -> ColumnElement[Any]:
    """The sum of an amount over the rows where some conditions hold; zero where there are none."""
    return func.coalesce(func.sum(case((and_(*when), amount), else_=0) if when else amount), 0)


def from_facts(query: SpendQuery, by: str | None = None, spread: bool = True) -> Select[Any]:
    """The rows of an answer, with the columns of `spend`, and no order.

    `by`: see `conditions`. `spread`: whether components whose money is spread over several projects are counted.
    """
    rows = component_basis(query, by, spread)
    return _with_whole_projects(query, rows) if query.basis is Basis.PROJECT else rows


def component_basis(query: SpendQuery, by: str | None = None, spread: bool = True, counted: bool = True) -> Select[Any]:
    """The figures of each group from its facts, or with `counted` false no more than their money; see `from_facts`."""
    groups = group_columns(query)
    money, prices = [], [in_prices(cents, query.filters) for cents in (fact.c.amount_cents, fact.c.partial_cents)]
    for priced, name in zip(prices, ("", "_partial"), strict=True):
        money += [
            sum_of(priced).label("amount_usd" if not name else "partial_usd"),
            sum_of(priced, fact.c.granularity == Granularity.PROJECT).label(f"whole_project{name}_usd"),
            sum_of(priced, fact.c.granularity == Granularity.REMAINDER).label(f"remainder{name}_usd"),
            sum_of(priced, fact.c.confidence < LOW_CONFIDENCE).label(f"low_confidence{name}_usd"),
        ]
    methods = _by_method([literal(1), *prices]) if tells_methods(query) else ()
    counts = distinct_counts(spread) if counted else ()
    statement = select(*groups, *money, *counts, *methods).select_from(_facts(query))
    return statement.where(*conditions(query.filters, by)).group_by(*groups)


def _by_method(figures: Sequence[ColumnElement[Any]]) -> Iterator[ColumnElement[Any]]:
    sums = (sum_of(figure, fact.c.method == method) for method in METHODS for figure in figures)
    return (figure.label(name) for figure, name in zip(sums, METHOD_FIGURES, strict=True))


def distinct_counts(spread: bool = True) -> list[ColumnElement[int]]:
    """The columns of counts, each project and component once; without `spread` those components that have one project."""
    return [func.count(what.distinct()).label(name) for name, what in _counted(spread).items()]


def counted_again() -> list[ColumnElement[int]]:
    """How often each is counted again, below zero, where it is counted once in every place: components that have one project."""
    return [again(what).label(name) for name, what in _counted(spread=False).items()]


def again(what: ColumnElement[str]) -> ColumnElement[int]:
    """How often an id is counted again, below zero, where it is counted once in every place."""
    in_place = what.concat(" ").concat(fact.c.country)
    return func.count(what.distinct()) - func.count(in_place.distinct())


def _counted(spread: bool) -> dict[str, ColumnElement[str]]:
    """The ids of what is counted, null where it is not, by the names of the columns of counts."""
    of_component = [fact.c.granularity == Granularity.COMPONENT, *([] if spread else [fact.c.spread.is_(False)])]
    listed = case((and_(*of_component), fact.c.component_id))
    unknown = case((and_(*of_component, fact.c.amount_cents.is_(None)), fact.c.component_id))
    return dict(zip(COUNT_COLUMNS, (fact.c.project_id, listed, unknown), strict=True))


def projects_and_money(basis: Basis, *where: ColumnElement[bool]) -> Select[Any]:
    """One row of the projects with facts that meet some conditions, and the upper end of their money in current prices: that of
    these facts, or of the whole projects."""
    if basis is Basis.COMPONENT:
        return select(func.count(fact.c.project_id.distinct()), sum_of(high)).where(*where)
    parts = (fact.c.project_id, fact.c.country, fact.c.lender, fact.c.measure)
    matched, whole = select(*parts).where(*where).distinct().subquery("matched"), tables.project_amount
    same = [
        whole.c.project_id == matched.c.project_id,
        whole.c.country_code == matched.c.country,
        whole.c.lender == matched.c.lender,
        whole.c.measure == matched.c.measure,
    ]
    projects = func.count(matched.c.project_id.distinct())
    return select(projects, sum_of(whole.c.amount_cents)).select_from(matched.outerjoin(whole, and_(*same)))


def _with_whole_projects(query: SpendQuery, rows: Select[Any]) -> Select[Any]:
    """Keep the counts of the rows, and take the money from whole projects."""
    counted, whole = rows.subquery("counted"), _project_basis(query).subquery("whole")
    names = [d.value for d in query.group_by]
    same = [counted.c[name].is_not_distinct_from(whole.c[name]) for name in names]
    money = [func.coalesce(whole.c[name], 0).label(name) for name in MONEY_COLUMNS]
    columns = [*(counted.c[name] for name in names), *money, *(counted.c[name] for name in COUNT_COLUMNS)]
    return select(*columns).select_from(counted.outerjoin(whole, and_(true(), *same)))


def _project_basis(query: SpendQuery) -> Select[Any]:
    """Count the whole of each project once in each group: in full if any of its rows there is direct, and then as surely as the
    surest of these, or if none of them serves migration, which was asked for then; else in part."""
    is_direct, is_partial = (fact.c.relevance == one for one in (Relevance.DIRECT, Relevance.PARTIAL))
    has_direct, has_partial = (func.max(case((which, 1), else_=0)) == 1 for which in (is_direct, is_partial))
    surest = func.coalesce(func.max(case((is_direct, fact.c.confidence))), func.max(fact.c.confidence))
    groups = group_columns(query)
    parts = project_parts(query)
    matched = (
        select(
            *parts,
            *groups,
            case((or_(has_direct, not_(has_partial)), 1), else_=0).label("in_full"),
            func.max(case((fact.c.granularity == Granularity.PROJECT, 1), else_=0)).label("whole"),
            surest.label("confidence"),
        )
        .select_from(_facts(query))
        .where(*conditions(query.filters))
        .group_by(*parts, *groups)
        .subquery("matched")
    )
    joined, amount = with_whole_amounts(matched, query.filters)
    money = []
    for in_full, name in ((1, ""), (0, "_partial")):
        side = matched.c.in_full == in_full
        money += [
            sum_of(amount, side).label("amount_usd" if not name else "partial_usd"),
            sum_of(amount, side, matched.c.whole == 1).label(f"whole_project{name}_usd"),
            literal(0).label(f"remainder{name}_usd"),
            sum_of(amount, side, matched.c.confidence < LOW_CONFIDENCE).label(f"low_confidence{name}_usd"),
        ]
    columns = [matched.c[dimension.value] for dimension in query.group_by]
    return select(*columns, *money).select_from(joined).group_by(*columns)


def project_parts(query: SpendQuery) -> list[ColumnElement[Any]]:
    """The columns of facts by which the money of whole projects is parted, for `with_whole_amounts`."""
    parts: list[ColumnElement[Any]] = [
        fact.c.project_id,
        fact.c.country.label("counted_in"),
        fact.c.lender.label("lent_by"),
    ]
    return parts if query.filters.base_year is None else [*parts, price_rows().c.thousandths.label("index")]


def with_whole_amounts(matched: FromClause, filters: Filters) -> tuple[FromClause, ColumnElement[int]]:
    """Join rows that have `project_parts` with the whole of their projects' money; and its amount, in the prices asked for."""
    whole = tables.project_amount
    same = and_(
        whole.c.project_id == matched.c.project_id,
        whole.c.country_code == matched.c.counted_in,
        whole.c.lender == matched.c.lent_by,
        whole.c.measure == filters.measure,
    )
    return matched.join(whole, same), in_prices(whole.c.amount_cents, filters, matched.c.get("index"))
