"""Aggregate spend, in integer cents. Rows of an additive answer sum to its totals, in both money columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    and_,
    cast,
    func,
    null,
    select,
    true,
    union_all,
)

from db.queries.filtering import conditions, fact, high, unindexed
from db.queries.priced_years import price_questions, require_prices
from db.queries.spend.cells import Plan, cells_of
from db.queries.spend.facts import METHODS, component_basis, figures_of, from_facts
from db.queries.spend.gaps import named_years
from db.queries.spend.summaries import stand_ready, summarised
from db.queries.spend.warnings import spend_warnings, warning_questions
from db.queries.statements.asking import ask, ask_ahead, in_pieces
from db.queries.statements.ordering import Position, in_order, is_bytewise, known_position
from db.queries.statements.pieces import EVERY, Piece, by_row, pieces_of, pieces_of_rows
from db.queries.statements.prepared import Question, limits
from db.queries.statements.templates import Values, position_slots, slot, template_of
from models.filters import Dimension, Filters, SortKey, SpendQuery
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS
from models.vocabulary import Granularity

Row = dict[str, Any]

FIGURES = (*MONEY_COLUMNS, *COUNT_COLUMNS)


@dataclass(frozen=True, slots=True)
class SpendResult:
    """A whole answer: rows and totals with money in cents under the names of their dollar columns, and warnings."""

    rows: list[Row]
    totals: Row
    warnings: list[str]


def spend(connection: Connection, query: SpendQuery) -> SpendResult:
    """Answer a question about spend as a whole, for answers that are small."""
    rows = list(spend_rows(connection, query))
    totals = spend_totals(connection, query) | {"rows": len(rows)}
    return SpendResult(rows, totals, spend_warnings(connection, query))


def ask_spend_ahead(
    connection: Connection, query: SpendQuery, after: Position | None, limit: int, counted: bool
) -> None:
    """Ask at once what a page of so many rows with its totals and warnings is made of; `counted`: with the number of rows.

    Without it that number is asked too where there may be a second page, as with countries or many dimensions. Rows that are
    added up know how many they are, see `EVERY`.

    Raises:
        PricesMissingError: see `price_questions`.
    """
    many = len(query.group_by) >= (2 if Dimension.COUNTRY in query.group_by else 3)
    asked = spend_questions(connection, query, after, limit, counted=counted or many)
    ask_ahead(connection, asked, last=True)


def spend_questions(
    connection: Connection,
    query: SpendQuery,
    after: Position | None = None,
    limit: int | None = None,
    counted: bool = False,
) -> Iterator[Question]:
    """What an answer asks: a page of so many rows or all, its totals and warnings, and the number of rows if `counted`.

    Raises:
        PricesMissingError: see `price_questions`.
    """
    yield from price_questions(connection, query.filters)
    yield totals_question(connection, query)
    if query.group_by:
        rows = rows_question(connection, query, after, limit)
        yield rows
        if counted and EVERY not in rows.prepared(connection.dialect).columns:
            yield _count_question(connection, query)
    yield from warning_questions(connection, query)


def row_questions(connection: Connection, query: SpendQuery) -> Iterator[Question]:
    """What `spend_rows` asks for all rows of an answer.

    Raises:
        PricesMissingError: see `price_questions`.
    """
    yield from price_questions(connection, query.filters)
    yield rows_question(connection, query, None, None) if query.group_by else totals_question(connection, query)


def sort_keys(query: SpendQuery) -> list[SortKey]:
    """Return the whole order of an answer: as asked, then by the dimensions, so that no two rows are equal."""
    asked = {key.column for key in query.sort}
    return [*query.sort, *(SortKey(d.value) for d in query.group_by if d.value not in asked)]


def spend_pieces(
    connection: Connection, query: SpendQuery, after: Position | None = None, limit: int | None = None
) -> Iterator[Piece]:
    """Iterate over the rows of an answer, money in cents under the names of its dollar columns.

    They come in the order asked for, then in that of the dimensions, nulls last; `after` is the place of a row in that
    order (see `sort_keys`). A page of rows that are added up has their number too, as `EVERY`.

    Raises:
        PricesMissingError: if constant prices are asked for over years that have no index.
    """
    require_prices(connection, query.filters)
    if not query.group_by:
        return pieces_of_rows(FIGURES, [spend_totals(connection, query)])
    keys = sort_keys(query)
    question = rows_question(connection, query, after, limit)
    names = question.prepared(connection.dialect).columns
    return pieces_of(names, in_pieces(connection, limit, [question]), len(keys))


def rows_question(
    connection: Connection, query: SpendQuery, after: Position | None = None, limit: int | None = None
) -> Question:
    """The question behind `spend_pieces`, for a query that is grouped."""
    keys = tuple(sort_keys(query))
    plan, values = _plan(connection, query)
    place, more = position_slots(known_position(_sortable(), keys, after))
    shape = (*plan, keys, place, limit is not None, is_bytewise(connection))
    return Question(_ordered, shape, values | more | limits(limit))


spend_rows = by_row(spend_pieces)
"""Iterate over the rows of an answer one by one; else as `spend_pieces`."""


@cache
def _sortable() -> dict[str, ColumnElement[Any]]:
    """What answers can be ordered by, to check positions against."""
    every = tuple(Dimension)
    return _by_name(component_basis(SpendQuery(group_by=every)).subquery("found"))


def _by_name(rows: FromClause) -> dict[str, ColumnElement[Any]]:
    # A share is an amount over one total: the same order, and nothing to compute twice.
    return {**{item.name: item for item in rows.c}, "share": rows.c.amount_usd}


def _ordered(
    source: Plan | None,
    query: SpendQuery,
    keys: Sequence[SortKey],
    after: Position | None,
    limited: bool,
    bytewise: bool,
) -> Select[Any]:
    rows: FromClause = _grouped(source, query)
    ready = source is not None and stand_ready(source, query)
    every = limited and not ready  # rows that are read are counted by themselves: no second work of the same kind
    columns = _by_name(rows)
    if ready:  # they are found by the key they are stored under; an index that is in order would have each looked up
        columns = {name: unindexed(column) for name, column in columns.items()}
    if every:  # before what is not after the position is left out
        rows = select(*rows.c, func.count().over().label(EVERY)).subquery("numbered")
        columns = _by_name(rows)
    shown = _shown(rows, query)
    statement = shown.add_columns(rows.c[EVERY]) if every else shown
    statement = in_order(statement, columns, keys, after, bytewise)
    return statement.limit(slot("limit")) if limited else statement


def spend_totals(connection: Connection, query: SpendQuery) -> Row:
    """Return the figures over the whole filter: each project and component counted once; and `by_method`, how much of the money
    rests on which way of classifying, which says nothing of whole projects."""
    require_prices(connection, query.filters)
    found = ask(connection, totals_question(connection, query))[0]
    figures, methods = found[: len(FIGURES)], found[len(FIGURES) :]
    parts = zip(METHODS, (methods[place : place + 3] for place in range(0, len(methods), 3)), strict=False)
    by_method = [_of_method(method, low, more) for method, (facts, low, more) in parts if facts]
    return dict(zip(FIGURES, figures, strict=True)) | {"by_method": by_method}


def totals_question(connection: Connection, query: SpendQuery) -> Question:
    """The question behind `spend_totals`."""
    plan, values = _plan(connection, _as_a_whole(query))
    return Question(_all, plan, values)


def _as_a_whole(query: SpendQuery) -> SpendQuery:
    return replace(query, group_by=(), sort=(), fill=None)


def _all(source: Plan | None, query: SpendQuery) -> Select[Any]:
    return _shown(_grouped(source, query), query)


def _shown(rows: FromClause, query: SpendQuery) -> Select[Any]:
    """The columns of an answer in their order: what it is grouped by, then the figures."""
    names = figures_of(query)
    figures = (cast(rows.c[name], BigInteger).label(name) for name in names)  # PostgreSQL sums cents as decimals
    return select(*(rows.c[dimension.value] for dimension in query.group_by), *figures)


def count_rows(connection: Connection, query: SpendQuery) -> int:
    """Count the rows of an answer."""
    if not query.group_by:
        return 1
    ask_ahead(connection, [question := _count_question(connection, query)], last=True)
    return int(ask(connection, question)[0][0] or 0)


def _count_question(connection: Connection, query: SpendQuery) -> Question:
    plan, values = _plan(connection, replace(query, sort=()))
    return Question(_counting, plan, values)


def _counting(source: Plan | None, query: SpendQuery) -> Select[Any]:
    return select(func.count()).select_from(_grouped(source, query))


def _of_method(method: str, low: int, more: int) -> Row:
    return {"method": str(method), "amount_usd": int(low), "partial_usd": int(more)}


def _plan(connection: Connection, query: SpendQuery) -> tuple[tuple[Plan | None, SpendQuery], Values]:
    """How a question is answered, with slots for its values: from which cells, or from the facts."""
    template, values = template_of(query.filters)
    source = cells_of(connection, query)
    return (source and source.with_slots(template), replace(query, filters=template)), values


def _grouped(source: Plan | None, query: SpendQuery) -> FromClause:
    """The rows of an answer without an order."""
    rows = _of_sets(query, summarised(source, query) if source else from_facts(query))
    return _filled(query, rows.cte("found"), query.fill) if query.fill else rows.subquery("found")


def _of_sets(query: SpendQuery, rows: Select[Any]) -> Select[Any]:
    """Leave out the rows of sets that are not asked for, which have a part of their money in the filter at most."""
    if not query.sets or Dimension.SET not in query.group_by:
        return rows
    every = rows.subquery("every_set")
    return select(*every.c).where(every.c[Dimension.SET.value].in_(query.sets))


def _filled(query: SpendQuery, rows: CTE, fill: Dimension) -> FromClause:
    """Add a row of zeros for each empty year of each group, from the first year to the last."""
    name, every = fill.value, _every_year(query, rows, fill)
    others = [d.value for d in query.group_by if d.value != name]
    keys = select(*(rows.c[other] for other in others)).distinct().subquery("keys") if others else None
    pairs = every.join(keys, true()) if keys is not None else every
    same = [rows.c[other].is_not_distinct_from(keys.c[other]) for other in others] if keys is not None else []
    whole = pairs.outerjoin(rows, and_(rows.c[name] == every.c.number, *same))
    groups = [every.c.number.label(name) if d.value == name else keys.c[d.value] for d in query.group_by]  # type: ignore[union-attr]
    figures = [func.coalesce(rows.c[figure], 0).label(figure) for figure in (*MONEY_COLUMNS, *COUNT_COLUMNS)]
    names = [*(d.value for d in query.group_by), *MONEY_COLUMNS, *COUNT_COLUMNS]
    without_year = select(*(rows.c[item] for item in names)).where(rows.c[name].is_(null()))
    return union_all(select(*groups, *figures).select_from(whole), without_year).subquery("filled")


def _every_year(query: SpendQuery, rows: CTE, fill: Dimension) -> CTE:
    """The years to fill, each a `number`: from the first to the last that the filter names, as years or as dates, else of
    those that have rows."""
    year, (first, last) = rows.c[fill.value], named_years(query.filters, fill)
    span = select(
        cast(func.min(year) if first is None else first, Integer).label("number"),
        cast(func.max(year) if last is None else last, Integer).label("last"),
    ).subquery("span")
    every = select(span).where(span.c.number <= span.c.last).cte("every_year", recursive=True)
    return every.union_all(select(every.c.number + 1, every.c.last).where(every.c.number < every.c.last))


def projects_with_component_amounts(connection: Connection, query: SpendQuery) -> int:
    """Count the projects in the filter that have at least one component with money."""
    return int(ask(connection, with_amounts_question(query))[0][0])


def with_amounts_question(query: SpendQuery) -> Question:
    """The question behind `projects_with_component_amounts`."""
    template, values = template_of(replace(query.filters, granularity=(Granularity.COMPONENT,)))
    return Question(_with_amounts, (template,), values)


def _with_amounts(filters: Filters) -> Select[Any]:
    return select(func.count(fact.c.project_id.distinct())).where(*conditions(filters), high > 0)
