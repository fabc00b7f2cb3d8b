"""Answers questions about spend from cells of the summaries that ingest keeps (see `db.queries.spend.cells`)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, func, literal, select, union_all

from db.queries.filtering import DIMENSIONS, conditions, dimension_column, fact, facts, ranges
from db.queries.spend.cells import Cells, Plan, cells_of, kind_of, kinds_of, summary
from db.queries.spend.facts import (
    METHOD_FIGURES,
    again,
    component_basis,
    counted_again,
    distinct_counts,
    figures_of,
    from_facts,
    group_columns,
    projects_and_money,
    tells_methods,
)
from db.queries.statements.asking import ask_standing
from db.queries.statements.prepared import Question
from db.queries.statements.templates import template_of
from models.filters import Dimension, Filters, SpendQuery
from models.groupings import COLUMNS, GROUPINGS, Scope
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS
from models.summary import ENTIRE
from models.vocabulary import Basis, Granularity, Measure


def summarised(plan: Plan, query: SpendQuery) -> Select[Any]:
    """The rows of an answer, with the columns of `spend`, and no order."""
    if stand_ready(plan, query):
        return _as_rows(plan.money, query)
    names = [dimension.value for dimension in query.group_by]
    parts = union_all(*_parts(plan, query)).subquery("parts")
    groups: list[ColumnElement[Any]] = [parts.c[name] for name in names]
    sums = [func.coalesce(func.sum(parts.c[name]), 0).label(name) for name in figures_of(query)]
    return select(*groups, *sums).group_by(*groups)


def stand_ready(plan: Plan, query: SpendQuery) -> bool:
    """Whether the rows of an answer are cells as they are, so that nothing has to be added up."""
    whole = plan.counts == plan.money and not (plan.by_place or plan.in_facts or plan.rest(query.filters))
    return bool(query.group_by) and whole and plan.money.are_rows(kinds_of(query))


def _as_rows(cells: Cells, query: SpendQuery) -> Select[Any]:
    """The same where each cell is a row."""
    spread = _of_facts(query, _counts_of_spread(), *_SPREAD).subquery("spread")
    kinds = (dimension_column(dimension, query.filters) for dimension in query.group_by)
    groups = list(_groups(query))
    same = [_same(group, spread.c[group.name], kind) for group, kind in zip(groups, kinds, strict=True)]
    counts = [_plus(summary.c[name], spread.c.get(name)).label(name) for name in COUNT_COLUMNS]
    statement = select(*groups, *_money(query), *counts).select_from(summary.outerjoin(spread, and_(*same)))
    return statement.where(*cells.conditions(query.filters))


def _same(one: ColumnElement[Any], other: ColumnElement[Any], kind: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether two are of one group; a comparison that is never true of nulls is all that PostgreSQL can look up."""
    return one.is_not_distinct_from(other) if getattr(kind, "nullable", True) else one == other


def _plus(number: ColumnElement[Any], more: ColumnElement[Any] | None) -> ColumnElement[Any]:
    return number if more is None else number + func.coalesce(more, 0)


def _parts(plan: Plan, query: SpendQuery) -> Iterator[Select[Any]]:
    """What is added up, each part with all figures: zeros where it tells nothing of them."""
    money = [*_money(query), *(_methods() if tells_methods(query) else ())]
    counts = [summary.c[name] for name in COUNT_COLUMNS]
    if plan.in_facts:
        yield _of_rows(query, component_basis(query, counted=False))
    elif plan.counts == plan.money:
        yield _of_cells(plan.money, query, _filled(query, [*money, *counts]))
    else:
        yield _of_cells(plan.money, query, _filled(query, money))
    if plan.counts is not None and (plan.in_facts or plan.counts != plan.money):
        yield _of_cells(plan.counts, query, _filled(query, counts))
    for filters in plan.rest(query.filters):
        rest = from_facts(replace(query, filters=filters), by="year", spread=False)
        yield _of_rows(query, rest, () if plan.counts is not None else COUNT_COLUMNS)
    if plan.by_place:
        yield _of_facts(query, _filled(query, counted_again()), *_in_several_places(plan, query.filters))
    if plan.counts is None:
        yield _of_facts(query, _filled(query, distinct_counts()))
    else:
        yield _of_facts(query, _filled(query, _counts_of_spread()), *_SPREAD)


def _of_rows(query: SpendQuery, statement: Select[Any], left_out: Collection[str] = ()) -> Select[Any]:
    """The figures of rows that are added up already, but for those `left_out`, which something else tells."""
    rows = statement.subquery()
    figures = _filled(query, [column for column in rows.c if column.name not in left_out])
    return select(*(rows.c[dimension.value] for dimension in query.group_by), *figures)


def _filled(query: SpendQuery, known: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """All figures of an answer: those that are known, by their names, zeros for all others."""
    by_name = {column.name: column for column in known}
    return [by_name.get(name, literal(0)).label(name) for name in figures_of(query)]


def _in_several_places(plan: Plan, filters: Filters) -> list[ColumnElement[bool]]:
    """What facts of a filter must meet too to be of projects that cells count in several places: cells are of whole years."""
    span = plan.money.span
    years = Filters(year_from=span.first, year_to=span.last, year_basis=filters.year_basis) if span else Filters()
    return [fact.c.several_places, *ranges(years)]


_SPREAD = (fact.c.spread, fact.c.granularity == Granularity.COMPONENT)
"""What facts of components with money in several projects meet: cells hold that money, and these few facts count them."""


def _counts_of_spread() -> list[ColumnElement[Any]]:
    return distinct_counts()[1:]


def _money(query: SpendQuery) -> Iterator[ColumnElement[Any]]:
    """The columns of money: that of the rows themselves, or of whole projects, of which nothing is a remainder."""
    for name in MONEY_COLUMNS:
        column = name.removesuffix("_usd")
        if query.basis is Basis.PROJECT:
            yield (summary.c[ENTIRE[column]] if column in ENTIRE else literal(0)).label(name)
        else:
            yield summary.c[column].label(name)


def _methods() -> list[ColumnElement[Any]]:
    """What of a cell was classified in each way, in the order of `METHOD_FIGURES`."""
    review = (summary.c.by_review, summary.c.by_review_partial)
    rules = (summary.c.by_rules, summary.c.by_rules_partial)
    derived = (summary.c.amount - review[0] - rules[0], summary.c.partial - review[1] - rules[1])
    facts_of = (summary.c.facts_derived, summary.c.facts_by_review, summary.c.facts_by_rules)
    figures = (
        figure for number, money in zip(facts_of, (derived, review, rules), strict=True) for figure in [number, *money]
    )
    return [figure.label(name) for figure, name in zip(figures, METHOD_FIGURES, strict=True)]


def _of_cells(cells: Cells, query: SpendQuery, figures: Sequence[ColumnElement[Any]]) -> Select[Any]:
    return select(*_groups(query), *figures).where(*cells.conditions(query.filters))


def _groups(query: SpendQuery) -> Iterator[ColumnElement[Any]]:
    for dimension in query.group_by:
        relevance = dimension is Dimension.RELEVANCE
        column = summary.c.scope if relevance else summary.c[COLUMNS[kind_of(dimension, query.filters)]]
        yield column.label(dimension.value)


def _of_facts(query: SpendQuery, figures: Sequence[ColumnElement[Any]], *where: ColumnElement[bool]) -> Select[Any]:
    groups = group_columns(query)
    statement = select(*groups, *figures).select_from(facts(query.filters, by_set=Dimension.SET in query.group_by))
    return statement.where(*where, *conditions(query.filters)).group_by(*groups)


def money_of_status(plan: Plan, filters: Filters, basis: Basis, status: str) -> Select[Any]:
    """One row of the projects of a status and their money, in full or in part: that of rows, or of whole projects."""
    names = [ENTIRE[name] if basis is Basis.PROJECT else name for name in ("amount", "partial")]
    in_cells = select(func.coalesce(func.sum(summary.c[names[0]] + summary.c[names[1]]), 0))
    parts = [in_cells.where(*plan.money.conditions(filters), summary.c.status == status)]
    for rest in plan.rest(filters):
        in_facts = projects_and_money(basis, fact.c.status == status, *conditions(rest, "year"))
        parts.append(in_facts.with_only_columns(in_facts.selected_columns[1], maintain_column_froms=True))
    return select(_projects(plan, filters, status).scalar_subquery(), _total(parts).scalar_subquery())


def _projects(plan: Plan, filters: Filters, status: str | None = None) -> Select[Any]:
    """The number of projects in a filter."""
    of_status = [] if status is None else [fact.c.status == status]
    in_facts = select(func.count(fact.c.project_id.distinct()))
    if plan.counts is None:
        return in_facts.where(*conditions(filters), *of_status)
    in_cells = select(func.coalesce(func.sum(summary.c.projects), 0)).where(*plan.counts.conditions(filters))
    if status is not None:
        in_cells = in_cells.where(summary.c.status == status)
    parts = [in_cells, *(in_facts.where(*conditions(rest, "year"), *of_status) for rest in plan.rest(filters))]
    if plan.by_place:
        counted = select(again(fact.c.project_id)).where(*conditions(filters), *of_status)
        parts.append(counted.where(*_in_several_places(plan, filters)))
    return _total(parts)


def _total(parts: Iterable[Select[Any]]) -> Select[Any]:
    """The sum of statements that give a number each."""
    return select(reduce(add, [part.scalar_subquery() for part in parts]))


def known_members(dimension: Dimension) -> tuple[ColumnElement[Any], list[ColumnElement[bool]]]:
    """Return a column that holds every member of a dimension that any fact has, and which rows of it to look in: one of cells,
    else the facts' own, which is slow with many."""
    cells = cells_of_all(dimension)
    if cells is None:
        return DIMENSIONS[dimension], []
    return summary.c[COLUMNS[dimension]], cells


def cells_of_all(*dimensions: Dimension, scope: Scope = Scope.ANY) -> list[ColumnElement[bool]] | None:
    """Which cells to look in for what any fact, or any in a scope, has of some dimensions, or none where no cells tell of all."""
    grouping = next((g for g in GROUPINGS if scope in g.scopes and {*dimensions} <= {*g.dimensions}), None)
    if grouping is None:
        return None
    of_all = summary.c.measure.in_(list(Measure))  # said so that the key leads past the other scopes
    return [summary.c.grouping == grouping.name, of_all, summary.c.scope == scope]


def rows_question(connection: Connection, filters: Filters) -> Question | None:
    """The question for the number of rows of money, of any granularity, in a filter, or none where cells cannot tell."""
    return _counting(connection, filters, _rows_in)


def projects_question(connection: Connection, filters: Filters) -> Question | None:
    """The question for the number of projects with money in a filter, or none where cells cannot tell."""
    return _counting(connection, filters, _projects)


def _counting(connection: Connection, filters: Filters, build: Callable[..., Select[Any]]) -> Question | None:
    plan = cells_of(connection, SpendQuery(filters))
    return None if plan is None or plan.counts is None else _counted(build, plan, filters)


@lru_cache(1_000)  # an answer asks for it several times
def _counted(build: Callable[..., Select[Any]], plan: Plan, filters: Filters) -> Question:
    template, values = template_of(filters)
    return Question(build, (plan.with_slots(template), template), values)


def number_of(connection: Connection, question: Question) -> int:
    """Ask a question whose answer is a number."""
    return int(ask_standing(connection, question)[0][0] or 0)


def _rows_in(plan: Plan, filters: Filters) -> Select[Any]:
    assert plan.counts is not None
    in_cells = select(func.coalesce(func.sum(summary.c.rows), 0)).where(*plan.counts.conditions(filters))
    in_facts = select(func.count(fact.c.component_id.distinct()))
    rest = [in_facts.where(fact.c.spread.is_(False), *conditions(part, "year")) for part in plan.rest(filters)]
    parts = [in_cells, *rest, in_facts.where(fact.c.spread, *conditions(filters))]
    if plan.by_place:
        counted = select(again(fact.c.component_id)).where(*conditions(filters), fact.c.spread.is_(False))
        parts.append(counted.where(*_in_several_places(plan, filters)))
    return _total(parts)


def on_page(column: ColumnElement[str], page: FromClause | None) -> list[ColumnElement[bool]]:
    """What ids must meet to be on a page, whose first column holds them."""
    return [] if page is None else [column.in_(select(page.c[0]))]
