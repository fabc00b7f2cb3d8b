"""Answers questions about spend from the summaries that ingest keeps, where they can answer exactly (ADR 23, 35).

Money adds up over any cells. Distinct projects and components do not: a project counts once in each cell that it touches.
So a grouping can count only where every kind of money that it tells apart is either asked for row by row or held to one
member; over what a project has one of, counts add. Over several members of one kind they are added from cells that tell what
projects touch. Where neither is so the facts count, and whatever else is not provably so is answered from the facts alone.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db import tables
from db.queries.filtering import conditions, dimension_column, fact, facts
from db.queries.prepared import Question, ask, ask_ahead
from db.queries.releases import latest_release
from db.queries.spend_facts import distinct_counts, group_columns
from db.queries.templates import template_of
from models.classification import load_taxonomy
from models.filters import COUNTED_STATUSES, KEPT_APART, Dimension, Filters, SpendQuery
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS
from models.summary import COLUMNS, GROUPINGS, SERVING, TOUCHING, USUAL, Grouping, Scope
from models.vocabulary import Basis, Granularity, Measure, Relevance, YearBasis

summary = tables.spend_summary

LIMITS: dict[Dimension, str] = {
    Dimension.CATEGORY: "categories",
    Dimension.GROUP: "groups",
    Dimension.COUNTRY: "countries",
    Dimension.REGION: "regions",
    Dimension.INCOME_GROUP: "income_groups",
    Dimension.LENDER: "lenders",
    Dimension.SOURCE: "sources",
    Dimension.INSTRUMENT: "instruments",
}
"""The filters by members of a dimension that cells can be chosen by."""

Limits = tuple[tuple[Dimension, tuple[str, ...]], ...]

UNDERSTOOD = (*LIMITS.values(), "relevance", "statuses", "year_from", "year_to", "year_basis", "measure")
"""All filters that cells can be chosen by. With any other, also one that is yet to come, the facts are asked."""

SCOPE_OF = {
    frozenset(): Scope.ANY,
    frozenset(Relevance): Scope.ANY,
    frozenset({Relevance.DIRECT, Relevance.PARTIAL}): Scope.SERVING,
    frozenset({Relevance.DIRECT}): Scope.DIRECT,
    frozenset({Relevance.PARTIAL}): Scope.PARTIAL,
    frozenset({Relevance.NONE}): Scope.NONE,
}


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of a grouping in some scopes, held to some members."""

    grouping: Grouping
    scopes: frozenset[Scope]
    limits: Limits

    def with_slots(self, template: Filters) -> "Cells":
        """The same, with the slots of a template of the filters in place of the members."""
        limits = ((one, getattr(template, LIMITS[one]) if one in LIMITS else members) for one, members in self.limits)
        return replace(self, limits=tuple(limits))

    def conditions(self, filters: Filters) -> list[ColumnElement[bool]]:
        """Return what their rows must meet."""
        found = [summary.c.grouping == self.grouping.name, summary.c.measure == filters.measure]
        found.append(summary.c.scope.in_(sorted(self.scopes)))
        found += [self._in(dimension, members) for dimension, members in self.limits]
        if filters.statuses and not self.grouping.is_usual:
            found.append(summary.c.status.in_(filters.statuses) | summary.c.status.is_(None))
        year = summary.c[COLUMNS[_years(filters)]]
        found += [year >= filters.year_from] if filters.year_from is not None else []
        return found + ([year <= filters.year_to] if filters.year_to is not None else [])

    def are_rows(self, groups: Set[Dimension]) -> bool:
        """Whether each of them is a row of an answer, where none of what tells their money apart is added up either."""
        return self.grouping.is_usual and groups >= set(self.grouping.of_projects)

    def _in(self, dimension: Dimension, members: Sequence[str]) -> ColumnElement[bool]:
        if dimension is self.grouping.touching:
            return or_(*(place_in(summary.c.touched, _as_touched(member)) > 0 for member in members))
        return summary.c[COLUMNS[dimension]].in_(members)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a question is answered from: cells of its money, and those of its distinct counts, or the facts where none count."""

    money: Cells
    counts: Cells | None

    def with_slots(self, template: Filters) -> "Plan":
        """The same, with the slots of a template of the filters in place of the members."""
        return Plan(self.money.with_slots(template), self.counts and self.counts.with_slots(template))


def cells_of(connection: Connection, query: SpendQuery) -> Plan | None:
    """Choose the narrowest cells that answer a question exactly, or none."""
    found = _chosen(query, True)
    if found is not None and Dimension.SET in found.money.grouping.dimensions and not _sets_stand(connection):
        return _chosen(query, False)
    return found


@lru_cache(1_000)  # an answer asks for it several times
def _chosen(query: SpendQuery, with_sets: bool) -> Plan | None:
    """Choose by the shape of a query: whether years are bounded says which cells will do, not which years."""
    filters = query.filters
    if filters.year_from is not None or filters.year_to is not None:
        query = replace(query, filters=replace(filters, year_from=0, year_to=None))
    return _choose(query, with_sets)


@lru_cache(4_000)
def _choose(query: SpendQuery, with_sets: bool) -> Plan | None:
    filters, scopes = query.filters, _scopes(query)
    rest = {name: getattr(_NOTHING, name) for name in UNDERSTOOD}
    if query.basis is Basis.PROJECT or not scopes or replace(filters, **rest) != _NOTHING:
        return None
    if filters.left_out != (() if scopes == {Scope.ANY} else KEPT_APART):
        return None
    groups = _kinds(query) - {Dimension.RELEVANCE}
    limits = tuple((dimension, getattr(filters, name)) for dimension, name in LIMITS.items() if getattr(filters, name))
    plans = [
        plan
        for held in (limits, _as_set(groups, limits))
        if (plan := _plan(_Wanted(filters, scopes, frozenset(groups), held))) is not None
        and (with_sets or Dimension.SET not in plan.money.grouping.dimensions)
    ]
    return min(plans, key=_work, default=None)


def _work(plan: Plan) -> int:
    """How much there is to read, in steps: a few cells, more of them, facts."""
    return 2 if plan.counts is None else int(plan.counts != plan.money)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What cells have to tell."""

    filters: Filters
    scopes: frozenset[Scope]
    groups: frozenset[Dimension]
    limits: Limits

    @property
    def needed(self) -> set[Dimension]:
        """All kinds that are grouped by or limited."""
        by_year = self.filters.year_from is not None or self.filters.year_to is not None
        return {*self.groups, *dict(self.limits), *([_years(self.filters)] if by_year else [])}

    @property
    def is_usual(self) -> bool:
        """Whether what is counted is what is counted unless something else is asked for."""
        usual = set(self.filters.statuses) == set(COUNTED_STATUSES) and self.scopes == SERVING
        return usual and Dimension.STATUS not in self.groups

    def of(self, grouping: Grouping) -> Cells | None:
        """The cells of a grouping, if it tells all of it."""
        told = {*grouping.dimensions, grouping.touching}
        scopes = USUAL if grouping.is_usual and self.is_usual else self.scopes
        return Cells(grouping, scopes, self.limits) if self.needed <= told and scopes <= grouping.scopes else None

    def counts_once(self, grouping: Grouping) -> bool:
        """Whether no project counts in two cells of a row: what tells its money apart is asked for, or held to one member."""
        held = dict(self.limits)
        return all(
            dimension in self.groups or len(set(held.get(dimension, ()))) == 1 for dimension in grouping.of_money
        )


def _plan(wanted: _Wanted) -> Plan | None:
    money = [cells for grouping in GROUPINGS if (cells := wanted.of(grouping))]
    once = [cells for cells in money if wanted.counts_once(cells.grouping)]
    if once:
        return Plan(once[0], once[0])
    limited = dict(wanted.limits).keys() - wanted.groups
    touching = [one for one in TOUCHING if one.touching in limited and wanted.counts_once(one)]
    counts = [cells for grouping in touching if (cells := wanted.of(grouping))]
    return Plan(money[0], counts[0] if counts else None) if money else None


def _as_set(groups: set[Dimension], limits: Limits) -> Limits:
    """The same limits with a named set in place of its categories, where they are one."""
    categories = set(dict(limits).get(Dimension.CATEGORY, ()))
    names = [one.code for one in load_taxonomy().sets if set(one.categories) == categories]
    if not names or {Dimension.SET, Dimension.CATEGORY} & groups:
        return limits
    others = tuple((one, members) for one, members in limits if one is not Dimension.CATEGORY)
    return (*others, (Dimension.SET, (names[0],)))


def _sets_stand(connection: Connection) -> bool:
    """Whether the cells were made with the sets of this program. (Categories are the facts' own, whatever their version.)"""
    release = latest_release(connection)
    return release is not None and release.taxonomy_version == load_taxonomy().version


_NOTHING = Filters()


def _years(filters: Filters) -> Dimension:
    return Dimension.FISCAL_YEAR if filters.year_basis is YearBasis.FISCAL else Dimension.YEAR


def _kinds(query: SpendQuery) -> set[Dimension]:
    return {_dimension(dimension, query.filters) for dimension in query.group_by}


def _dimension(dimension: Dimension, filters: Filters) -> Dimension:
    return _years(filters) if dimension is Dimension.YEAR else dimension


def _scopes(query: SpendQuery) -> frozenset[Scope]:
    """The scopes to look in: each relevance's own where rows are asked for by it, else the one of them all, if any."""
    asked = frozenset(query.filters.relevance)
    if Dimension.RELEVANCE in query.group_by:
        return frozenset(Scope(relevance) for relevance in asked or frozenset(Relevance))
    return frozenset({SCOPE_OF[asked]} if asked in SCOPE_OF else ())


def summarised(plan: Plan, query: SpendQuery) -> Select[Any]:
    """The rows of an answer, with the columns of `spend`, and no order."""
    if query.group_by and plan.counts == plan.money and plan.money.are_rows(_kinds(query)):
        return _as_rows(plan.money, query)
    names = [dimension.value for dimension in query.group_by]
    parts = union_all(*_parts(plan, query)).subquery("parts")
    groups: list[ColumnElement[Any]] = [parts.c[name] for name in names]
    figures = (*MONEY_COLUMNS, *COUNT_COLUMNS)
    sums: list[ColumnElement[Any]] = [func.coalesce(func.sum(parts.c[name]), 0).label(name) for name in figures]
    return select(*groups, *sums).group_by(*groups)


def _as_rows(cells: Cells, query: SpendQuery) -> Select[Any]:
    """The same where each cell is a row."""
    spread = _spread(query).subquery("spread")
    kinds = (dimension_column(dimension, query.filters) for dimension in query.group_by)
    groups = list(_groups(query))
    same = [_same(group, spread.c[group.name], kind) for group, kind in zip(groups, kinds, strict=True)]
    counts = [_plus(summary.c[name], spread.c.get(name)).label(name) for name in COUNT_COLUMNS]
    statement = select(*groups, *_money(), *counts).select_from(summary.outerjoin(spread, and_(*same)))
    return statement.where(*cells.conditions(query.filters))


def _same(one: ColumnElement[Any], other: ColumnElement[Any], kind: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether two are of one group; a comparison that is never true of nulls is all that PostgreSQL can look up."""
    return one.is_not_distinct_from(other) if getattr(kind, "nullable", True) else one == other


def _plus(number: ColumnElement[Any], more: ColumnElement[Any] | None) -> ColumnElement[Any]:
    return number if more is None else number + func.coalesce(more, 0)


def _parts(plan: Plan, query: SpendQuery) -> Iterator[Select[Any]]:
    counts = [summary.c[name] for name in COUNT_COLUMNS]
    if plan.counts == plan.money:
        yield _of_cells(plan.money, query, [*_money(), *counts])
    else:
        yield _of_cells(plan.money, query, [*_money(), *_zeros(COUNT_COLUMNS)])
        if plan.counts is None:
            yield _of_facts(query, [*_zeros(MONEY_COLUMNS), *distinct_counts()])
            return
        yield _of_cells(plan.counts, query, [*_zeros(MONEY_COLUMNS), *counts])
    yield _spread(query, _zeros((*MONEY_COLUMNS, "projects")))


def _spread(query: SpendQuery, others: Sequence[ColumnElement[Any]] = ()) -> Select[Any]:
    """Components with money in several projects: cells hold their money, and the facts, of which these are few, count them."""
    where = (fact.c.spread, fact.c.granularity == Granularity.COMPONENT)
    return _of_facts(query, [*others, *distinct_counts()[1:]], *where)


def _money() -> list[ColumnElement[Any]]:
    return [summary.c[name.removesuffix("_usd")].label(name) for name in MONEY_COLUMNS]


def _zeros(names: Sequence[str]) -> list[ColumnElement[Any]]:
    return [literal(0).label(name) for name in names]


def _of_cells(cells: Cells, query: SpendQuery, figures: Sequence[ColumnElement[Any]]) -> Select[Any]:
    return select(*_groups(query), *figures).where(*cells.conditions(query.filters))


def _groups(query: SpendQuery) -> Iterator[ColumnElement[Any]]:
    for dimension in query.group_by:
        relevance = dimension is Dimension.RELEVANCE
        column = summary.c.scope if relevance else summary.c[COLUMNS[_dimension(dimension, query.filters)]]
        yield column.label(dimension.value)


def _of_facts(query: SpendQuery, figures: Sequence[ColumnElement[Any]], *where: ColumnElement[bool]) -> Select[Any]:
    groups = group_columns(query)
    statement = select(*groups, *figures).select_from(facts(query.filters, by_set=Dimension.SET in query.group_by))
    return statement.where(*where, *conditions(query.filters)).group_by(*groups)


def money_by_method(plan: Plan, filters: Filters) -> Select[Any]:
    """One row of what was classified by review, by rules and otherwise: facts, money in full, money in part."""
    low, more = func.sum(summary.c.amount), func.sum(summary.c.partial)
    review, rules = (
        [func.sum(summary.c[name]) for name in (f"facts_{by}", by, f"{by}_partial")] for by in ("by_review", "by_rules")
    )
    derived = [func.sum(summary.c.facts_derived), low - review[1] - rules[1], more - review[2] - rules[2]]
    return select(*derived, *review, *rules).where(*plan.money.conditions(filters))


def money_of_status(plan: Plan, filters: Filters, status: str) -> Select[Any]:
    """One row of the projects of a status and their money, in full or in part."""
    high = func.coalesce(func.sum(summary.c.amount + summary.c.partial), 0)
    money = select(high).where(*plan.money.conditions(filters), summary.c.status == status)
    return select(_projects(plan, filters, status).scalar_subquery(), money.scalar_subquery())


def _projects(plan: Plan, filters: Filters, status: str | None = None) -> Select[Any]:
    """The number of projects in a filter."""
    if plan.counts is None:
        of_status = [] if status is None else [fact.c.status == status]
        return select(func.count(fact.c.project_id.distinct())).where(*conditions(filters), *of_status)
    of_status = [] if status is None else [summary.c.status == status]
    return select(func.coalesce(func.sum(summary.c.projects), 0)).where(*plan.counts.conditions(filters), *of_status)


def known_members(dimension: Dimension) -> tuple[ColumnElement[Any], list[ColumnElement[bool]]]:
    """Return a column of cells that holds every member of a dimension that any fact has, and which cells to look in."""
    grouping = next(g for g in GROUPINGS if dimension in g.dimensions and Scope.ANY in g.scopes)
    return summary.c[COLUMNS[dimension]], [summary.c.grouping == grouping.name, summary.c.scope == Scope.ANY]


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
    return int(ask(connection, question)[0][0] or 0)


def _rows_in(plan: Plan, filters: Filters) -> Select[Any]:
    assert plan.counts is not None
    stored = select(func.coalesce(func.sum(summary.c.rows), 0)).where(*plan.counts.conditions(filters))
    spread = select(func.count(fact.c.component_id.distinct())).where(fact.c.spread, *conditions(filters))
    return select(stored.scalar_subquery() + spread.scalar_subquery())


COMMON = 10
"""A filter is common where at least one row of so many is in it."""

EVERYTHING = {measure: Filters(relevance=(), statuses=(), measure=measure) for measure in Measure}
"""What is compared with: all there is of a measure."""

Counting = Callable[[Connection, Filters], Question | None]


def common_questions(connection: Connection, filters: Filters, counting: Counting) -> list[Question]:
    """What has to be asked to know whether a filter is common, if it can be: how much is in it, and how much there is."""
    if filters.categories or filters.countries or filters.projects or filters.search:
        return []
    asked = [counting(connection, one) for one in (filters, EVERYTHING[filters.measure])]
    return [question for question in asked if question] if all(asked) else []


def is_common(connection: Connection, filters: Filters, counting: Counting) -> bool:
    """Whether so much is in a filter that a page is found sooner by walking a list in its order than by adding all of it up.

    To pass a row by costs a small part of what adding it up costs, so even where all that matches stands at the list's end,
    walking there costs no more. What has an index of its own is found by that.
    """
    questions = common_questions(connection, filters, counting)
    if not questions:
        return False
    ask_ahead(connection, questions)
    found, whole = questions
    return number_of(connection, found) * COMMON >= number_of(connection, whole) > 0


def on_page(column: ColumnElement[str], page: FromClause | None) -> list[ColumnElement[bool]]:
    """What ids must meet to be on a page, whose first column holds them."""
    return [] if page is None else [column.in_(select(page.c[0]))]


def _as_touched(member: Any) -> ColumnElement[str]:
    """A member, or the slot of one, as it stands among those that are touched (see `models.summary.touched`)."""
    return literal(" ").concat(cast(member, Text)).concat(literal(" "))


class place_in(FunctionElement[int]):  # noqa: N801  # named as it reads in SQL
    """Where a text first holds another, from one; zero where it does not. Each database has a name of its own for it."""

    type = Integer()
    inherit_cache = True


@compiles(place_in)
def _in_postgresql(element: place_in, compiler: SQLCompiler, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


@compiles(place_in, "sqlite")
def _in_sqlite(element: place_in, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"
