"""What a reader must know before using a total: money that a filter leaves out, or that may count twice."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from db import tables
from db.queries.filtering import conditions, fact
from db.queries.prepared import fetch, slots_of, template_of
from db.queries.summaries import Cells, cells_of, known_members, money_of_status
from models.filters import Dimension, Filters, SpendQuery
from models.money import usd
from models.vocabulary import Basis, Inclusion, Measure, PlaceKind, Relevance, YearBasis
from models.words import counted

high = func.coalesce(func.sum(func.coalesce(fact.c.amount_cents, 0) + func.coalesce(fact.c.partial_cents, 0)), 0)


def spend_warnings(connection: Connection, query: SpendQuery) -> list[str]:
    """Collect the warnings of an answer. Amounts in them are the upper end of the range, in current US dollars."""
    checks = (
        _left_in_buckets,
        _not_approved,
        _perhaps_twice,
        _beyond_total,
        _aims_without_components,
        _no_measure,
    )
    found = [warning for check in checks for warning in check(connection, query)]
    return [*gap_warnings(connection, query.filters), *found]


def _money(connection: Connection, build: Callable[..., Select[Any]], filters: Filters, *more: Any) -> tuple[int, str]:
    """The number of projects and the money, in words, that a statement finds."""
    template, values = template_of(filters)
    projects, cents = fetch(connection, build, template, *more, values=values)[0]
    return int(projects), f"{usd(int(cents)):,} US dollars"


def _all_of(filters: Filters, *where: ColumnElement[bool]) -> Select[Any]:
    return select(func.count(fact.c.project_id.distinct()), high).where(*conditions(filters), *where)


def gap_warnings(connection: Connection, filters: Filters) -> list[str]:
    """Say what a filter leaves open: members that no row at all stands under, where empty means not known, and categories
    that are kept apart."""
    return [*_gaps(connection, filters), *_left_apart(connection, filters)]


def _left_apart(connection: Connection, filters: Filters) -> Iterator[str]:
    if filters.left_out and not filters.categories:
        projects, amount = _money(connection, _all_of, replace(filters, categories=filters.left_out))
        if projects:
            names = ",".join(filters.left_out)
            many = counted(projects, "project")
            yield f"leaves out {amount} of {many}, never added to the rest: category={names} asks for them"


def _gaps(connection: Connection, filters: Filters) -> Iterator[str]:
    for dimension, asked in (
        (Dimension.COUNTRY, filters.countries),
        (Dimension.REGION, filters.regions),
        (Dimension.CATEGORY, filters.categories),
        (Dimension.SOURCE, filters.sources),
        (Dimension.LENDER, filters.lenders),
    ):
        if asked:
            slots, values = slots_of("member", [str(member) for member in asked])
            known = {member for (member,) in fetch(connection, _known, dimension, slots, values=values)}
            if missing := [member for member in asked if member not in known and member != "-"]:
                yield f"no row loaded has {dimension} {', '.join(missing)}: the answer is empty there, which is not zero"
    if filters.year_from is not None or filters.year_to is not None:
        fiscal = filters.year_basis is YearBasis.FISCAL
        first, last = fetch(connection, _first_and_last, Dimension.FISCAL_YEAR if fiscal else Dimension.YEAR)[0]
        bounds = [bound for bound in (filters.year_from, filters.year_to) if bound is not None]
        if first is not None and min(bounds) < first:
            yield f"no project loaded was approved before {first}"
        if last is not None and max(bounds) > last:
            yield f"no project loaded was approved after {last}"


def _known(dimension: Dimension, members: Sequence[Any]) -> Select[Any]:
    column, cells = known_members(dimension)
    return select(column).where(*cells, column.in_(members)).distinct()


def _first_and_last(dimension: Dimension) -> Select[Any]:
    year, cells = known_members(dimension)
    return select(func.min(year), func.max(year)).where(*cells)


def _left_in_buckets(connection: Connection, query: SpendQuery) -> Iterator[str]:
    if query.filters.countries:
        projects, amount = _money(connection, _in_buckets, query.filters)
        if projects:
            many = counted(projects, "multi-country project")
            yield f"country leaves out {amount} of {many}, counted under regions, not countries"


def _in_buckets(filters: Filters) -> Select[Any]:
    buckets = select(tables.country.c.code).where(tables.country.c.kind != PlaceKind.COUNTRY)
    elsewhere = replace(filters, countries=())
    return _all_of(elsewhere, fact.c.country.in_(buckets), fact.c.country.not_in(filters.countries))


def _not_approved(connection: Connection, query: SpendQuery) -> Iterator[str]:
    template, _ = template_of(query.filters)
    if cells := cells_of(connection, SpendQuery(query.filters)):
        projects, amount = _money(connection, _pipeline_cells, query.filters, cells.with_slots(template))
    else:
        projects, amount = _money(connection, _pipeline, query.filters)
    if projects:
        yield f"includes {amount} of {counted(projects, 'project')} in the pipeline, not approved yet"


def _pipeline_cells(filters: Filters, cells: Cells) -> Select[Any]:
    return money_of_status(cells, filters, "Pipeline")


def _pipeline(filters: Filters) -> Select[Any]:
    return _all_of(filters, fact.c.status == "Pipeline")


def _perhaps_twice(connection: Connection, query: SpendQuery) -> Iterator[str]:
    projects, amount = _money(connection, _of_unknown_inclusion, query.filters)
    if projects:
        yield f"{amount} of {counted(projects, 'additional financing')} may also be held in the amounts of their parents"


def _of_unknown_inclusion(filters: Filters) -> Select[Any]:
    parent = tables.project.alias("parent")
    unknown = (
        select(tables.project.c.project_id)
        .join(parent, parent.c.project_id == tables.project.c.parent_project_id)
        .where(tables.project.c.included_in_parent == Inclusion.UNKNOWN)
    )
    return _all_of(filters, fact.c.project_id.in_(unknown))


def _beyond_total(connection: Connection, query: SpendQuery) -> Iterator[str]:
    if query.basis is Basis.COMPONENT:
        projects, amount = _money(connection, _exceeding, query.filters)
        if projects:
            yield f"includes {amount} of components whose list passes the total of its project ({counted(projects, 'project')})"


def _exceeding(filters: Filters) -> Select[Any]:
    return _all_of(filters, fact.c.exceeds_total)


def _aims_without_components(connection: Connection, query: SpendQuery) -> Iterator[str]:
    """Projects judged to serve migration of which no row does, because the component list says otherwise or is older."""
    if query.basis is Basis.PROJECT or Relevance.NONE in query.filters.relevance:
        return
    projects, amount = _money(connection, _unmet, query.filters)
    if projects:
        yield (
            f"leaves out {amount} of {counted(projects, 'project')} whose aim is about migration while no listed component is "
            "(for some the list is older than the aim)"
        )


def _unmet(filters: Filters) -> Select[Any]:
    found = _all_of(replace(filters, relevance=(Relevance.NONE,), categories=(), groups=()), fact.c.aim_unmet)
    if filters.categories:
        project = tables.project
        judged = select(project.c.project_id).where(project.c.category.in_(filters.categories))
        found = found.where(fact.c.project_id.in_(judged))
    return found


def _no_measure(connection: Connection, query: SpendQuery) -> Iterator[str]:
    measure = query.filters.measure
    if measure is not Measure.COMMITMENT and not fetch(connection, _any_of_measure, measure):
        yield f"no source loaded states any {measure}: the answer is empty, not zero"


def _any_of_measure(measure: Measure) -> Select[Any]:
    return select(fact.c.project_id).where(fact.c.measure == measure).limit(1)
