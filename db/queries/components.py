"""Components with the money they carry in a filter."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    union_all,
)

from db import tables
from db.queries.filtering import calendar_years, conditions, counted_sum, fact, facts, of_status, unindexed
from db.queries.left_out import LEFT_OUT, figures_apart
from db.queries.priced_years import price_questions, require_prices
from db.queries.search import hits
from db.queries.spend.summaries import number_of, rows_question
from db.queries.statements.asking import in_pieces, is_page
from db.queries.statements.ordering import Position, as_ordered, in_order, is_bytewise, known_position, parts_after
from db.queries.statements.pieces import JSON, Piece, by_row, mapped, pieces_of
from db.queries.statements.prepared import Question, limits
from db.queries.statements.templates import position_slots, slot, template_of
from db.queries.statements.walking import Way, is_common, way_questions
from models.component import IS_ELSEWHERE, IS_HERE
from models.filters import COUNTED_STATUSES, Filters, SortKey
from models.listed import CODES, FIGURES, with_figures, with_left_out
from models.search import SearchQuery
from models.vocabulary import YearBasis

listed = tables.listed_row

Columns = dict[str, ColumnElement[Any]]
Listing = tuple[Select[Any], Columns]
"""A statement behind a list, and the columns that it can be shown and ordered by."""

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
    "status",
    "year",
    "fiscal_year",
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
    "category",
    "categories",
    "secondary_categories",
    "relevance",
    "amount_usd",
    "partial_usd",
    "scaled",
    "exceeds_total",
    "stated_usd",
    "stated_measure",
    "countries",
    "status",
    "year",
    "fiscal_year",
    "method",
    "confidence",
    "source_id",
    "source_url",
    "as_of",
)
"""The columns of a list, in the order of `ComponentPublic`."""

AS_JSON = ("shown", *FIGURES)
"""All of them, to be shown as JSON and nothing else: what does not depend on the question was encoded when its data changed."""

IN_FILE, IN_FILE_AS_JSON = (*LISTED, LEFT_OUT), (*AS_JSON, LEFT_OUT)
"""The same where money that counts stands apart from what is left out, for lists of every relevance."""

YES_OR_NO = ("scaled", "exceeds_total")
"""Those that are true or false, which come as 1 or 0."""

USUAL = Filters()
OF_ROWS = ("year_from", "year_to", "year_basis", "granularity", "min_confidence", "statuses")
"""What the usual question may be held to and still count all of a row or nothing, where all its money is of one project."""

KEPT = ("amount_cents", "partial_cents", "scaled", "exceeds_total")
"""Where the figures of the usual question stand in the list, in the order of `FIGURES`."""

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
    return number_of(connection, count_question(connection, filters))


def count_question(connection: Connection, filters: Filters) -> Question:
    """The question behind `count_components`."""
    if known := rows_question(connection, filters):
        return known
    template, values = template_of(filters)
    return Question(_counting, (template,), values)


def _counting(filters: Filters) -> Select[Any]:
    return select(func.count(fact.c.component_id.distinct())).where(*conditions(filters))


def component_pieces(
    connection: Connection,
    filters: Filters,
    sort: Sequence[SortKey] = (),
    after: Position | None = None,
    limit: int | None = None,
    only: Collection[str] = LISTED,
) -> Iterator[Piece]:
    """Iterate over components in the order asked for (see `sort_keys`), those after a position, each with its own `position`.

    Amounts are what the filter counts of each, so that a whole list sums to the spend of the same filter. A whole list has `only`
    these columns; a page has all of them, for it would gain less than it takes to make a statement of its own. With `AS_JSON`
    each row is a text (`JSON`), its amounts in dollars. With `IN_FILE`, or as JSON, amounts are without what is left out of
    commitments unless it is asked for, which stands beside them.

    Raises:
        PricesMissingError: if constant prices are asked for over years that have no index.
        BadPositionError: if the position does not fit the order.
    """
    require_prices(connection, filters)
    keys = tuple(sort_keys(filters, sort))
    names = _names(only, limit)
    lots = in_pieces(connection, limit, _rows_questions(connection, filters, keys, after, limit, names))
    return map(_shown, pieces_of(names, lots, len(keys)))


def _names(only: Collection[str], limit: int | None) -> tuple[str, ...]:
    if only in (AS_JSON, IN_FILE, IN_FILE_AS_JSON):
        return tuple(only)
    return LISTED if limit is not None else tuple(name for name in LISTED if name in only)


def _rows_questions(
    connection: Connection,
    filters: Filters,
    keys: tuple[SortKey, ...],
    after: Position | None,
    limit: int | None,
    names: tuple[str, ...],
) -> Iterator[Question]:
    """The questions for the rows, of which one has them (see `way_questions`)."""
    template, values = template_of(filters)
    place, more = position_slots(known_position(_sortable(), keys, after))

    def build(way: Way) -> Question:
        shape = (template, names, keys, place, limit is not None, way, is_bytewise(connection))
        return Question(_ordered, shape, values | more | limits(limit))

    if keys == ORDER and filters.base_year is None:
        return way_questions(connection, filters, rows_question, build, is_page(limit))
    return iter([build(Way(limit is not None and is_kept(filters) and _goes_by_amount(connection, filters, keys)))])


def _goes_by_amount(connection: Connection, filters: Filters, keys: Sequence[SortKey]) -> bool:
    """Whether a page of amounts that stand in the list is found by going along them. A server judges by itself."""
    if keys[0].column != "amount_usd":
        return False
    if is_bytewise(connection) or filters == USUAL:
        return True
    found, whole = (rows_question(connection, one) for one in (filters, USUAL))
    return found is not None and whole is not None and is_common(connection, found, whole)


list_components = by_row(component_pieces)
"""Iterate over components row by row; else as `component_pieces`."""


def list_questions(
    connection: Connection,
    filters: Filters,
    sort: Sequence[SortKey],
    after: Position | None,
    limit: int,
    only: Collection[str] = LISTED,
) -> Iterator[Question]:
    """What a page of a list asks: how many rows there are, and its own, with `only` these columns (see `component_pieces`).

    Raises:
        PricesMissingError, BadPositionError: see `component_pieces`.
    """
    yield from price_questions(connection, filters)
    keys = tuple(sort_keys(filters, sort))
    yield from _rows_questions(connection, filters, keys, after, limit, _names(only, limit))
    yield count_question(connection, filters)


def whole_questions(connection: Connection, filters: Filters, only: Collection[str]) -> Iterator[Question]:
    """What a whole list in its own order asks, in current prices: to be asked ahead only where it is short."""
    return _rows_questions(connection, filters, ORDER, None, None, _names(only, None))


def _ordered(
    filters: Filters,
    names: Sequence[str],
    keys: Sequence[SortKey],
    after: Position | None,
    limited: bool,
    way: Way,
    bytewise: bool,
) -> Select[Any]:
    """The statement behind a list. To walk is to go along its order and add up each row's money on the way."""
    if limited and keys != ORDER and is_kept(filters):
        return _kept_page(filters, names, keys, after, way.walk, bytewise)
    money = money_of(filters) | (figures_apart() if LEFT_OUT in names else {})
    with_rank = any(key.column == "rank" for key in keys)
    rows, columns = _walking(filters, money) if way.walk else _listing(filters, money, with_rank)
    shown = rows.with_only_columns(*(columns[name].label(name) for name in names))
    statement = in_order(shown, columns, keys, after, bytewise)
    return way.held(statement.limit(slot("limit")) if limited else statement, keys)


@cache
def _sortable() -> Columns:
    """What lists can be ordered by, to check positions against."""
    filters = Filters(search=SearchQuery((("any",),)))
    return _listing(filters, money_of(filters), True)[1]


def _walking(filters: Filters, money: Columns) -> Listing:
    """A list in its own order, of which the first rows are there at once, and the columns that it can be ordered by.

    An outer join has one way only to be walked: by the list. So a filter that has an index of its own is not for this.
    """
    if is_kept(filters):
        return _kept(filters)
    columns = _columns(money)
    matching = and_(fact.c.component_id == listed.c.component_id, *conditions(filters))
    statement = select().select_from(listed.outerjoin(fact, matching))
    return statement.group_by(*listed.primary_key).having(func.count(fact.c.component_id) > 0), columns


def is_kept(filters: Filters) -> bool:
    """Whether the amounts of what is asked for stand in the list: of all that is usual, or of some of its rows as a whole.

    `filters` may be a template: slots, which stand for values, are compared with nothing.
    """
    pairs = (
        (getattr(filters, one.name), getattr(USUAL, one.name)) for one in fields(Filters) if one.name not in OF_ROWS
    )
    usual = all(asked is usual or (isinstance(asked, tuple) and asked == usual) for asked, usual in pairs)
    return usual and 0 < len(set(filters.statuses)) == len(set(filters.statuses) & set(COUNTED_STATUSES))


def _held(filters: Filters, walk: bool = False) -> list[ColumnElement[bool]]:
    """What rows of the list must meet whose amounts stand there. `walk`: they are not looked for by their years."""
    found = [of_status(listed.c.status, filters)] if set(filters.statuses) != set(USUAL.statuses) else []
    if filters.granularity:
        found.append(listed.c.granularity.in_(filters.granularity))
    year = unindexed(listed.c.year) if walk else listed.c.year
    asked = listed.c.fiscal_year if filters.year_basis is YearBasis.FISCAL else year
    bounds: list[tuple[ColumnElement[Any], Any, Any]] = [
        (listed.c.confidence, filters.min_confidence, None),
        (asked, filters.year_from, filters.year_to),
        (year, *calendar_years(filters)),
    ]
    found += [what >= low for what, low, _ in bounds if low is not None]
    return found + [what <= high for what, _, high in bounds if high is not None]


def _kept(filters: Filters) -> Listing:
    """A list in its own order with the amounts that stand in it. Only where these are another project's, which can be of another
    year, its facts are added up."""
    here = and_(IS_HERE, *_held(filters))
    elsewhere = IS_ELSEWHERE
    matching = (fact.c.component_id == listed.c.component_id, *conditions(filters))
    money: Columns = {
        name: case(
            (elsewhere, select(column).where(*matching).scalar_subquery()), else_=cast(listed.c[kept], column.type)
        )
        for (name, column), kept in zip(money_of(filters).items(), KEPT, strict=True)
    }
    some = select(func.count(fact.c.component_id)).where(*matching).scalar_subquery() > 0
    return select().select_from(listed).where(or_(here, and_(elsewhere, some))), _columns(money)


def _kept_page(
    filters: Filters, names: Sequence[str], keys: Sequence[SortKey], after: Position | None, walk: bool, bytewise: bool
) -> Select[Any]:
    """A page, in another order than the list's own, of rows whose amounts stand in the list, and of the few that are another
    project's too, which are added up. As many of each are found as the page can have."""
    here, columns = _here(filters, keys, walk)
    lists = [(here.where(*part), columns) for part in parts_after(columns, keys, after)]
    some = []
    for rows, named in (*lists, _elsewhere(filters)):
        shown = rows.with_only_columns(*(named[name].label(name) for name in names))
        some.append(select(in_order(shown, named, keys, after, bytewise).limit(slot("limit")).subquery()))
    page = union_all(*some).subquery("page")
    return select(page).order_by(*as_ordered(page, keys)).limit(slot("limit"))


def _here(filters: Filters, keys: Sequence[SortKey], walk: bool) -> Listing:
    """Rows whose money is of no other project. `walk`: to go along the amounts and pass by what the filter leaves out."""
    columns = _columns({"amount_usd": listed.c.amount_cents, "partial_usd": listed.c.partial_cents})
    columns |= {name: cast(listed.c[name], Integer) for name in YES_OR_NO}
    if keys[0].column == "amount_usd" and not walk:
        columns["amount_usd"] = unindexed(listed.c.amount_cents)
    return select().select_from(listed).where(IS_HERE, *_held(filters, walk)), columns


def _elsewhere(filters: Filters) -> Listing:
    """Rows whose money is of another project too, or alone."""
    some = select(listed.c.component_id).where(IS_ELSEWHERE)
    return _listing(filters, money_of(filters), False, fact.c.component_id.in_(some))


def _listing(filters: Filters, money: Columns, with_rank: bool, *narrower: ColumnElement[bool]) -> Listing:
    """A list in any order: all that matches, and is narrower, is added up first."""
    figures = [column.label(name) for name, column in money.items()]
    by = "component_id" if narrower else None
    matching = (*conditions(filters, by), *narrower)
    counted = select(fact.c.component_id, *figures).select_from(facts(filters)).where(*matching)
    added_up = counted.group_by(fact.c.component_id).subquery("money")
    columns = _columns({name: added_up.c[name] for name in money})
    joined = listed.join(added_up, added_up.c.component_id == listed.c.component_id)
    if with_rank and filters.search is not None:
        found = hits(filters.search)
        joined = joined.join(found, found.c.component_id == listed.c.component_id)
        columns["rank"] = found.c.rank
    return select().select_from(joined), columns


def money_of(filters: Filters) -> Columns:
    """What a filter counts of a row, under the names of `FIGURES`: sums over its facts, in cents."""
    return {
        "amount_usd": cast(counted_sum(fact.c.amount_cents, filters), BigInteger),
        "partial_usd": cast(counted_sum(fact.c.partial_cents, filters), BigInteger),
        "scaled": func.max(case((fact.c.scaled, 1), else_=0)),
        "exceeds_total": func.max(case((fact.c.exceeds_total, 1), else_=0)),
    }


def _columns(money: Columns) -> Columns:
    return {**dict(listed.c.items()), "stated_usd": listed.c.stated_cents, **money}


def _shown(piece: Piece) -> Piece:
    if "shown" in piece:
        texts = list(map(with_figures, *(piece[name] for name in AS_JSON)))
        texts = list(map(with_left_out, texts, piece[LEFT_OUT])) if LEFT_OUT in piece else texts
        return {JSON: texts, "position": piece["position"]}
    return mapped(piece, **{name: change for name, change in CHANGES.items() if name in piece})


@lru_cache(10_000)
def codes_of(text: str) -> list[str]:
    """Codes with blanks between them. Many rows have the same ones, and nobody changes them."""
    return text.split()


CHANGES: Mapping[str, Callable[[Any], Any]] = {**dict.fromkeys(CODES, codes_of), **dict.fromkeys(YES_OR_NO, bool)}
"""What is shown in another form than it is stored in."""
