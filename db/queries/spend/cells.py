"""Chooses cells of the summaries that ingest keeps for a question about spend, where they answer it exactly (ADR 23, 35-38, 48).

Money of rows adds up over any cells, that of whole projects over places and lenders. Distinct projects and components do
not: a project counts once in each cell that it touches.
So a grouping can count only where every kind of money that it tells apart is either asked for row by row or held to one
member; over what a project has one of, counts add. Over several members of one kind they are added from cells that tell what
projects touch; else over countries, less what facts say is counted again in another. Where none of it is so the facts count, and
whatever else is not provably so is answered from the facts alone.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection

from db import tables
from db.queries.filtering import of_status, unindexed
from db.queries.releases import latest_release
from db.queries.spend.touch import begins_with, touches
from models.classification import load_taxonomy
from models.filters import COUNTED_STATUSES, KEPT_APART, Dimension, Filters, SpendQuery
from models.groupings import BY, COLUMNS, CONFIDENCE, GRANULARITY, GROUPINGS, SERVING, TOUCHING, USUAL, Grouping, Scope
from models.spans import Span, whole_years
from models.vocabulary import Basis, Relevance, YearBasis

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

DATES = ("approved_from", "approved_to")
UNDERSTOOD = (
    *LIMITS.values(),
    *DATES,
    *("relevance", "statuses", "year_from", "year_to", "year_basis", "measure", "min_confidence", "granularity"),
)
"""All filters that cells can be chosen by. With any other, also one that is yet to come, the facts are asked."""

AIMS = (Dimension.CATEGORY, Dimension.GROUP, Dimension.SET)
"""What money is for: one project can have rows of several of each."""

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
    """Cells of a grouping in some scopes, held to some members, and to the whole years of a span of dates."""

    grouping: Grouping
    scopes: frozenset[Scope]
    limits: Limits
    span: Span | None = None

    def with_slots(self, template: Filters) -> "Cells":
        """The same, with the slots of a template of the filters in place of the members."""
        limits = ((one, getattr(template, LIMITS[one]) if one in LIMITS else members) for one, members in self.limits)
        return replace(self, limits=tuple(limits))

    def conditions(self, filters: Filters) -> list[ColumnElement[bool]]:
        """Return what their rows must meet."""
        found = [summary.c.grouping == self.grouping.name, summary.c.measure == filters.measure]
        found.append(summary.c.scope.in_(sorted(self.scopes)))
        found += [self._in(dimension, members) for dimension, members in self.limits]
        found += self._side_by_side()
        if filters.statuses and not self.grouping.is_usual:
            found.append(of_status(summary.c.status, filters))
        if filters.min_confidence is not None:
            found.append(summary.c.confidence >= filters.min_confidence)
        if filters.granularity:
            found.append(summary.c.granularity.in_(filters.granularity))
        year = summary.c[COLUMNS[_years(filters)]]
        bounds = [(filters.year_from, filters.year_to)]
        bounds += [(self.span.first, self.span.last)] if self.span else []
        found += [year >= first for first, _ in bounds if first is not None]
        return found + [year <= last for _, last in bounds if last is not None]

    def are_rows(self, groups: Set[Dimension]) -> bool:
        """Whether each is a row of an answer that is grouped so and counts by them: nothing that they tell apart is added up."""
        ready = self.grouping.is_usual and self.grouping.by != CONFIDENCE
        return ready and groups >= set(self.grouping.of_projects)

    def _in(self, dimension: Dimension, members: Sequence[str]) -> ColumnElement[bool]:
        if dimension is self.grouping.touching:
            return touches(members)
        column: ColumnElement[Any] = summary.c[COLUMNS[dimension]]
        return (column if self.grouping.touching is None else unindexed(column)).in_(members)

    def _side_by_side(self) -> list[ColumnElement[bool]]:
        """Where in the key the cells by touch stand of the members that they are held to: so many of each that to read on takes
        a third of the time of looking them up by an index."""
        if self.grouping.touching is None or not self.grouping.of_money:
            return []
        members = dict(self.limits).get(self.grouping.of_money[0])
        return [begins_with(members)] if members else []


@dataclass(frozen=True, slots=True)
class Plan:
    """What a question is answered from: cells of its money, and those of its distinct counts, or the facts where none count.

    Where dates are asked for, cells tell of whole years only, and facts of the `rest`. `by_place`: counts are added over places,
    so that what is counted again in another has to be taken back. `in_facts`: money is asked in other prices than cells have, so
    that facts tell it, and cells no more than counts.
    """

    money: Cells
    counts: Cells | None
    by_place: bool = False
    in_facts: bool = False

    def rest(self, filters: Filters) -> list[Filters]:
        """What cells leave of a filter to the facts: no project is in two of these parts, nor in one and in the cells."""
        dates = self.money.span.rest if self.money.span else ()
        return [replace(filters, approved_from=first, approved_to=last) for first, last in dates]

    def with_slots(self, template: Filters) -> "Plan":
        """The same, with the slots of a template of the filters in place of the members."""
        counts = self.counts and self.counts.with_slots(template)
        return replace(self, money=self.money.with_slots(template), counts=counts)


def cells_of(connection: Connection, query: SpendQuery) -> Plan | None:
    """Choose the narrowest cells that answer a question exactly, or none."""
    if query.filters.base_year is not None:
        return _priced(cells_of(connection, replace(query, filters=replace(query.filters, base_year=None))), query)
    found = _chosen(query, True)
    if found is not None and Dimension.SET in found.money.grouping.dimensions and not _sets_stand(connection):
        return _chosen(query, False)
    return found


def _priced(plan: Plan | None, query: SpendQuery) -> Plan | None:
    """The same for money in constant prices: each fact is converted by itself, but there are as many."""
    will_do = plan is not None and plan.counts is not None and plan.money.span is None
    return replace(plan, in_facts=True) if plan and will_do and query.basis is Basis.COMPONENT else None


@lru_cache(1_000)  # an answer asks for it several times
def _chosen(query: SpendQuery, with_sets: bool) -> Plan | None:
    """Choose by the shape of a query: whether years, or confidence, are bounded says which cells will do, not by what."""
    filters = query.filters
    if filters.year_from is not None or filters.year_to is not None:
        filters = replace(filters, year_from=0, year_to=None)
    if filters.min_confidence is not None:
        filters = replace(filters, min_confidence=0)
    return _choose(replace(query, filters=filters), with_sets)


@lru_cache(4_000)
def _choose(query: SpendQuery, with_sets: bool) -> Plan | None:
    filters, scopes = query.filters, _scopes(query)
    rest = {name: getattr(_NOTHING, name) for name in UNDERSTOOD}
    if not scopes or replace(filters, **rest) != _NOTHING:
        return None
    if len(set(filters.granularity)) > 1 or (filters.granularity and filters.min_confidence is not None):
        return None
    if filters.left_out != (() if scopes == {Scope.ANY} else KEPT_APART):
        return None
    span = None
    if filters.approved_from is not None or filters.approved_to is not None:
        span = whole_years(filters.approved_from, filters.approved_to, filters.year_basis)
        if span is None:
            return None
    groups = kinds_of(query) - {Dimension.RELEVANCE}
    limits = tuple((dimension, getattr(filters, name)) for dimension, name in LIMITS.items() if getattr(filters, name))
    plans = [
        plan
        for held in (limits, _as_set(groups, limits))
        if (plan := _plan(_Wanted(filters, scopes, frozenset(groups), held, query.basis, span))) is not None
        and (with_sets or Dimension.SET not in plan.money.grouping.dimensions)
    ]
    return min(plans, key=_work, default=None)


def _work(plan: Plan) -> int:
    """How much there is to read, in steps: a few cells, more of them, facts."""
    return 2 if plan.counts is None else int(plan.counts != plan.money or plan.by_place)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What cells have to tell."""

    filters: Filters
    scopes: frozenset[Scope]
    groups: frozenset[Dimension]
    limits: Limits
    basis: Basis
    span: Span | None

    @property
    def needed(self) -> set[Dimension]:
        """All kinds that are grouped by or limited."""
        bounds = (self.filters.year_from, self.filters.year_to, self.span)
        by_year = any(bound is not None for bound in bounds)
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
        will_do = self.needed <= told and scopes <= grouping.scopes
        return Cells(grouping, scopes, self.limits, self.span) if will_do else None

    def counts_once(self, grouping: Grouping, in_each: Dimension | None = None) -> bool:
        """Whether no project counts in two cells of a row: what tells its money apart is asked for, or held to one member; or
        in two cells of the same member of the kind `in_each`."""
        return all(self._is_one(one) for one in grouping.of_money if one is not in_each)

    def adds_up(self, grouping: Grouping) -> bool:
        """Whether no money counts in two cells of a row: that of a whole project is parted by place and lender, and counts in
        full under each thing that it is for."""
        return self.basis is Basis.COMPONENT or all(self._is_one(one) for one in grouping.of_money if one in AIMS)

    def _is_one(self, dimension: Dimension) -> bool:
        """Whether each row of the answer is of one member."""
        return dimension in self.groups or len(set(dict(self.limits).get(dimension, ()))) == 1


def _plan(wanted: _Wanted) -> Plan | None:
    by = _told_by(wanted.filters)
    groupings, by_touch = (GROUPINGS, TOUCHING) if by is None else ([one for one in BY if one.by == by], ())
    money = [cells for grouping in groupings if wanted.adds_up(grouping) and (cells := wanted.of(grouping))]
    once = [cells for cells in money if wanted.counts_once(cells.grouping)]
    if once:
        return Plan(once[0], once[0])
    limited = dict(wanted.limits).keys() - wanted.groups
    touching = [one for one in by_touch if one.touching in limited]
    in_places = touching if Dimension.COUNTRY in limited else []
    for in_each, counting in ((None, touching), (Dimension.COUNTRY, [*groupings, *in_places])):
        counts = [cells for one in counting if wanted.counts_once(one, in_each) and (cells := wanted.of(one))]
        if money and counts:
            return Plan(money[0], counts[0], by_place=in_each is not None)
    return Plan(money[0], None) if money else None


def _told_by(filters: Filters) -> str | None:
    """What else than dimensions tells the cells apart that a filter asks for."""
    if filters.granularity:
        return GRANULARITY
    return None if filters.min_confidence is None else CONFIDENCE


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


def kinds_of(query: SpendQuery) -> set[Dimension]:
    """What an answer is grouped by, as it stands in cells."""
    return {kind_of(dimension, query.filters) for dimension in query.group_by}


def kind_of(dimension: Dimension, filters: Filters) -> Dimension:
    """What stands in cells for a dimension of an answer: a year is one of the kind that the filter counts in."""
    return _years(filters) if dimension is Dimension.YEAR else dimension


def _scopes(query: SpendQuery) -> frozenset[Scope]:
    """The scopes to look in: each relevance's own where rows are asked for by it, else the one of them all, if any."""
    asked = frozenset(query.filters.relevance)
    if Dimension.RELEVANCE in query.group_by:
        return frozenset(Scope(relevance) for relevance in asked or frozenset(Relevance))
    return frozenset({SCOPE_OF[asked]} if asked in SCOPE_OF else ())
