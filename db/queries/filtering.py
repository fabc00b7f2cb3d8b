"""Turns the one vocabulary of filters into conditions on the facts, and amounts into the prices asked for."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    values,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db import tables
from db.queries.prices import load_price_index
from db.queries.search import found_by
from models.classification import load_taxonomy
from models.filters import Dimension, Filters
from models.types import Code
from models.vocabulary import Tag, YearBasis

fact = tables.spend_fact

high = func.coalesce(fact.c.amount_cents, 0) + func.coalesce(fact.c.partial_cents, 0)
"""The upper end of a fact's range, in cents; zero where nothing is stated."""


@lru_cache
def set_members() -> CTE:
    """The named sets and the categories they stand for, as a table of `set` and `category`."""
    rows = [(one.code, category) for one in load_taxonomy().sets for category in one.categories]
    return (
        values(column("set", Code), column("category", Code), name="set_rows", literal_binds=True)
        .data(rows)
        .cte("set_member")
    )


@lru_cache
def price_rows() -> CTE:
    """The price index as a table of `year` and `thousandths` of a point."""
    index = load_price_index()
    rows = [(year, index.thousandths(year)) for year in index.by_year]
    columns = (column("year", Integer), column("thousandths", BigInteger))
    return values(*columns, name="price_rows", literal_binds=True).data(rows).cte("price")


def facts(filters: Filters, by_set: bool = False) -> FromClause:
    """The facts, joined with the price index where constant prices are asked for, and with the sets they stand in."""
    found: FromClause = fact
    if filters.base_year is not None:
        by_year = any(bound is not None for bound in (*calendar_years(filters), filters.year_from, filters.year_to))
        year = fact.c.year if by_year else unindexed(fact.c.year)  # else all facts are looked up, year after year
        # What is only found by a further category counts no money, and so needs no index.
        found = found.join(price_rows(), price_rows().c.year == year, isouter=bool(filters.secondary))
    if by_set:
        found = found.outerjoin(set_members(), set_members().c.category == fact.c.category)
    return found


DIMENSIONS: Mapping[Dimension, ColumnElement[object]] = {
    Dimension.CATEGORY: fact.c.category,
    Dimension.GROUP: fact.c.category_group,
    Dimension.SET: set_members().c.set,
    Dimension.YEAR: fact.c.year,
    Dimension.FISCAL_YEAR: fact.c.fiscal_year,
    Dimension.COUNTRY: fact.c.country,
    Dimension.REGION: fact.c.region,
    Dimension.INCOME_GROUP: fact.c.income_group,
    Dimension.SOURCE: fact.c.source_id,
    Dimension.INSTRUMENT: fact.c.instrument,
    Dimension.STATUS: fact.c.status,
    Dimension.LENDER: fact.c.lender,
    Dimension.RELEVANCE: fact.c.relevance,
}
"""The column behind each dimension. A new dimension is a column, a member of `Dimension` and a line here."""


def dimension_column(dimension: Dimension, filters: Filters) -> ColumnElement[object]:
    """Return the column to group by, with the year on the basis that the query asks for."""
    if dimension is Dimension.YEAR and filters.year_basis is YearBasis.FISCAL:
        return fact.c.fiscal_year
    return DIMENSIONS[dimension]


INDEXED = ("category", "country", "project_id", "year")
"""Columns of facts by which SQLite may look for those that meet a filter."""


def conditions(filters: Filters, by: str | None = None) -> list[ColumnElement[bool]]:
    """Return the conditions that a fact must meet, all of them.

    `by` names the column that the caller knows few facts to be found by, so that no other of `INDEXED` is looked for; else the
    database chooses. Where projects are named, nothing is narrower.
    """
    by = "project_id" if filters.projects else by
    columns: dict[str, ColumnElement[Any]] = {
        name: fact.c[name] if by in (None, name) else unindexed(fact.c[name]) for name in INDEXED
    }
    found: list[ColumnElement[bool]] = [fact.c.measure == filters.measure]
    aims = _aims(filters, columns["category"])
    found += [or_(and_(*aims), having_secondary(filters.secondary))] if aims and filters.secondary else aims
    for one_of, allowed in (
        (columns["country"], filters.countries),
        (fact.c.region, filters.regions),
        (fact.c.income_group, filters.income_groups),
        (columns["project_id"], filters.projects),
        (fact.c.source_id, filters.sources),
        (fact.c.instrument, filters.instruments),
        (fact.c.lender, filters.lenders),
        (fact.c.relevance, filters.relevance),
        (fact.c.granularity, filters.granularity),
    ):
        if allowed:
            found.append(one_of.in_(allowed))
    if filters.left_out:
        found.append(columns["category"].not_in(filters.left_out))
    if filters.statuses:
        found.append(of_status(fact.c.status, filters))
    if filters.tags:
        found.append(fact.c.project_id.in_(tagged(filters.tags)))
    if filters.search is not None:
        found.append(fact.c.component_id.in_(found_by(filters.search)))
    return found + ranges(filters, columns["year"])


def _aims(filters: Filters, category: ColumnElement[Any] = fact.c.category) -> list[ColumnElement[bool]]:
    """The conditions that the category of a fact must meet to be one of those asked for."""
    asked = ((category, filters.categories), (fact.c.category_group, filters.groups))
    return [one_of.in_(allowed) for one_of, allowed in asked if allowed]


def having_secondary(categories: Sequence[str]) -> ColumnElement[bool]:
    """The condition that the row of a fact has one of some categories as a further one."""
    listed = tables.listed_row
    codes = literal(" ").concat(listed.c.secondary_categories).concat(" ")
    one_of = or_(*(codes.contains(f" {category} ", autoescape=True) for category in categories))
    return fact.c.component_id.in_(select(listed.c.component_id).where(listed.c.secondary_categories != "", one_of))


def counted_sum(cents: ColumnElement[int], filters: Filters) -> ColumnElement[int]:
    """The sum of an amount, in the prices asked for, over the facts of a row, or of a project, that the filter counts.

    What is only found by a further category carries no money of it: zero, or null where the source states no amount. That takes
    no price index, which its year may not have.
    """
    aims, priced = _aims(filters), in_prices(cents, filters)
    if not filters.secondary or not aims:
        return func.sum(priced)
    asked = and_(*aims)
    found = func.max(case((asked, 1), else_=0)) == 1
    return case((found, func.sum(case((asked, priced)))), else_=func.sum(cents * 0))


def of_status(status: ColumnElement[Any], filters: Filters) -> ColumnElement[bool]:
    """The condition that a status meets those asked for, where any are."""
    stated = status.in_(filters.statuses)
    return stated | status.is_(None) if filters.status_may_be_unstated else stated


def ranges(filters: Filters, calendar: ColumnElement[Any] = fact.c.year) -> list[ColumnElement[bool]]:
    """Return the conditions that what has a first and a last value must meet; `calendar`: the year of approval."""
    year = fact.c.fiscal_year if filters.year_basis is YearBasis.FISCAL else calendar
    first, last = calendar_years(filters)
    bounds: list[tuple[ColumnElement[Any], Any, Any]] = [
        (fact.c.confidence, filters.min_confidence, None),
        (fact.c.row_cents, filters.min_cents, filters.max_cents),
        (year, filters.year_from, filters.year_to),
        (fact.c.approval_date, filters.approved_from, filters.approved_to),
    ]
    found: list[ColumnElement[bool]] = []
    if isinstance(first, int) and first == last:
        found = [calendar == first]  # by which an index finds the days of a year, too
    else:
        bounds = [(calendar, first, last), *bounds]
    found += [what >= low for what, low, _ in bounds if low is not None]
    return found + [what <= high for what, _, high in bounds if high is not None]


def calendar_years(filters: Filters) -> tuple[int | None, int | None]:
    """The years of approval that dates or fiscal years imply: nothing new, but years have an index."""
    first = None if filters.approved_from is None else filters.approved_from.year
    last = None if filters.approved_to is None else filters.approved_to.year
    if filters.year_basis is YearBasis.FISCAL:  # begins in July of the year before
        first = filters.year_from - 1 if first is None and filters.year_from is not None else first
        last = filters.year_to if last is None else last
    return first, last


def tagged(tags: Sequence[Tag]) -> Select[tuple[str]]:
    """Select the ids of the projects that have one of some tags."""
    stored = cast(tables.project.c.tags, Text)
    return select(tables.project.c.project_id).where(
        or_(*(stored.contains(f'"{tag}"', autoescape=True) for tag in tags))
    )


def matching_projects(filters: Filters) -> Select[tuple[str]]:
    """Select the ids of the projects that have at least one fact in the filter."""
    return select(fact.c.project_id).where(*conditions(filters)).distinct()


def in_prices(
    cents: ColumnElement[int], filters: Filters, of_year: ColumnElement[int] | None = None
) -> ColumnElement[int]:
    """Return an amount in the prices asked for, rounded half away from zero to the cent.

    Every fact is converted by itself, so sums of converted amounts add up like any others. See `require_prices`.

    Args:
        cents: the amount.
        filters: say which prices.
        of_year: the index of its year in thousandths; by default that of `facts`.
    """
    if filters.base_year is None:
        return cents
    base = load_price_index().thousandths(filters.base_year)
    index = price_rows().c.thousandths if of_year is None else of_year
    amount = func.abs(cents, type_=BigInteger)
    # Whole numbers throughout, and the quotient apart from the rest, so that nothing passes 64 bits on the way.
    size = amount // index * base + (amount % index * base + index // 2) // index
    return case((cents < 0, -size), else_=size)


class unindexed(FunctionElement[Any]):  # noqa: N801  # named as it reads in SQL
    """A column as no index knows it. SQLite takes all values of a column for as common, and so the wrong index at times;
    PostgreSQL keeps account of how many there are of what, and needs no telling."""

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(unindexed)
def _as_it_is(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(unindexed, "sqlite")
def _with_sign(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"
