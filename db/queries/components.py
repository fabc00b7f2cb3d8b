"""Components with the money they carry in a filter: lists in any order, by pages or whole, and how many there are."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Select, func, select

from db.queries.component_statements import USUAL, YES_OR_NO, Columns, is_kept, kept_page, listing, money_of, walking
from db.queries.filtering import conditions, fact
from db.queries.left_out import LEFT_OUT, figures_apart
from db.queries.priced_years import price_questions, require_prices
from db.queries.spend.summaries import number_of, rows_question
from db.queries.statements.asking import in_pieces, is_page
from db.queries.statements.ordering import Position, in_order, is_bytewise, known_position
from db.queries.statements.pieces import JSON, Piece, by_row, mapped, pieces_of
from db.queries.statements.prepared import Question, limits
from db.queries.statements.templates import position_slots, slot, template_of
from db.queries.statements.walking import Way, is_common, way_questions
from models.filters import Filters, SortKey
from models.listed import CODES, FIGURES, with_figures, with_left_out
from models.search import SearchQuery

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
        return kept_page(filters, names, keys, after, way.walk, bytewise)
    money = money_of(filters) | (figures_apart() if LEFT_OUT in names else {})
    with_rank = any(key.column == "rank" for key in keys)
    rows, columns = walking(filters, money) if way.walk else listing(filters, money, with_rank)
    shown = rows.with_only_columns(*(columns[name].label(name) for name in names))
    statement = in_order(shown, columns, keys, after, bytewise)
    return way.held(statement.limit(slot("limit")) if limited else statement, keys)


@cache
def _sortable() -> Columns:
    """What lists can be ordered by, to check positions against."""
    filters = Filters(search=SearchQuery((("any",),)))
    return listing(filters, money_of(filters), True)[1]


def _shown(piece: Piece) -> Piece:
    if "shown" in piece:
        texts = with_figures(*(piece[name] for name in AS_JSON))
        texts = with_left_out(texts, piece[LEFT_OUT]) if LEFT_OUT in piece else texts
        return {JSON: texts, "position": piece["position"]}
    return mapped(piece, **{name: change for name, change in CHANGES.items() if name in piece})


@lru_cache(10_000)
def codes_of(text: str) -> list[str]:
    """Codes with blanks between them. Many rows have the same ones, and nobody changes them."""
    return text.split()


CHANGES: Mapping[str, Callable[[Any], Any]] = {**dict.fromkeys(CODES, codes_of), **dict.fromkeys(YES_OR_NO, bool)}
"""What is shown in another form than it is stored in."""
