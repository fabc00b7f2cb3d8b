"""What a reader must know before using a total: money that a filter leaves out, or that may count twice."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from db import tables
from db.queries.filtering import conditions, fact
from db.queries.summaries import cells_of, known_members, money_of_status
from models.filters import Dimension, Filters, SpendQuery
from models.money import usd
from models.vocabulary import Basis, Inclusion, Measure, PlaceKind, Relevance, YearBasis

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


def _amount(connection: Connection, *where: ColumnElement[bool]) -> tuple[int, str]:
    return _worded(connection, select(func.count(fact.c.project_id.distinct()), high).where(*where))


def _worded(connection: Connection, statement: Select[Any]) -> tuple[int, str]:
    row = connection.execute(statement).one()
    return int(row[0]), f"{usd(int(row[1])):,} US dollars"


def gap_warnings(connection: Connection, filters: Filters) -> list[str]:
    """Say what a filter leaves open: members that no row at all stands under, where empty means not known, and categories
    that are kept apart."""
    return [*_gaps(connection, filters), *_left_apart(connection, filters)]


def _left_apart(connection: Connection, filters: Filters) -> Iterator[str]:
    if filters.left_out and not filters.categories:
        projects, amount = _amount(connection, *conditions(replace(filters, categories=filters.left_out)))
        if projects:
            names = ",".join(filters.left_out)
            yield f"leaves out {amount} of {projects} projects, never added to the rest: category={names} asks for them"


def _gaps(connection: Connection, filters: Filters) -> Iterator[str]:
    for dimension, asked in (
        (Dimension.COUNTRY, filters.countries),
        (Dimension.REGION, filters.regions),
        (Dimension.CATEGORY, filters.categories),
        (Dimension.SOURCE, filters.sources),
        (Dimension.LENDER, filters.lenders),
    ):
        if asked:
            column, cells = known_members(dimension)
            known = set(connection.scalars(select(column).where(*cells, column.in_(asked)).distinct()))
            if missing := [member for member in asked if member not in known and member != "-"]:
                yield f"no row loaded has {dimension} {', '.join(missing)}: the answer is empty there, which is not zero"
    if filters.year_from is not None or filters.year_to is not None:
        fiscal = filters.year_basis is YearBasis.FISCAL
        year, cells = known_members(Dimension.FISCAL_YEAR if fiscal else Dimension.YEAR)
        first, last = connection.execute(select(func.min(year), func.max(year)).where(*cells)).one()
        bounds = [bound for bound in (filters.year_from, filters.year_to) if bound is not None]
        if first is not None and min(bounds) < first:
            yield f"no project loaded was approved before {first}"
        if last is not None and max(bounds) > last:
            yield f"no project loaded was approved after {last}"


def _left_in_buckets(connection: Connection, query: SpendQuery) -> Iterator[str]:
    if not query.filters.countries:
        return
    buckets = select(tables.country.c.code).where(tables.country.c.kind != PlaceKind.COUNTRY)
    open_filters = replace(query.filters, countries=())
    where = [*conditions(open_filters), fact.c.country.in_(buckets), fact.c.country.not_in(query.filters.countries)]
    projects, amount = _amount(connection, *where)
    if projects:
        yield f"country leaves out {amount} of {projects} multi-country projects, counted under regions, not countries"


def _not_approved(connection: Connection, query: SpendQuery) -> Iterator[str]:
    if cells := cells_of(connection, SpendQuery(query.filters)):
        projects, amount = _worded(connection, money_of_status(cells, query.filters, "Pipeline"))
    else:
        projects, amount = _amount(connection, *conditions(query.filters), fact.c.status == "Pipeline")
    if projects:
        yield f"includes {amount} of {projects} projects in the pipeline, not approved yet"


def _perhaps_twice(connection: Connection, query: SpendQuery) -> Iterator[str]:
    parent = tables.project.alias("parent")
    unknown = (
        select(tables.project.c.project_id)
        .join(parent, parent.c.project_id == tables.project.c.parent_project_id)
        .where(tables.project.c.included_in_parent == Inclusion.UNKNOWN)
    )
    projects, amount = _amount(connection, *conditions(query.filters), fact.c.project_id.in_(unknown))
    if projects:
        yield f"{amount} of {projects} additional financings may also be held in their parents' amounts"


def _beyond_total(connection: Connection, query: SpendQuery) -> Iterator[str]:
    if query.basis is Basis.COMPONENT:
        projects, amount = _amount(connection, *conditions(query.filters), fact.c.exceeds_total)
        if projects:
            yield f"includes {amount} of components whose list passes the total of its project ({projects} projects)"


def _aims_without_components(connection: Connection, query: SpendQuery) -> Iterator[str]:
    """Projects judged to serve migration of which no row does, because the component list says otherwise or is older."""
    if query.basis is Basis.PROJECT or Relevance.NONE in query.filters.relevance:
        return
    open_filters = replace(query.filters, relevance=(Relevance.NONE,), categories=(), groups=())
    where = [fact.c.aim_unmet, *conditions(open_filters)]
    if query.filters.categories:
        project = tables.project
        judged = select(project.c.project_id).where(project.c.category.in_(query.filters.categories))
        where.append(fact.c.project_id.in_(judged))
    projects, amount = _amount(connection, *where)
    if projects:
        yield (
            f"leaves out {amount} of {projects} projects whose aim is about migration while no listed component is "
            "(for some the list is older than the aim)"
        )


def _no_measure(connection: Connection, query: SpendQuery) -> Iterator[str]:
    if query.filters.measure is not Measure.COMMITMENT:
        exists = select(fact.c.project_id).where(fact.c.measure == query.filters.measure).limit(1)
        if connection.scalar(exists) is None:
            yield f"no source loaded states any {query.filters.measure}: the answer is empty, not zero"
