"""Projects: lists in any order, and one with what is counted of it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Integer, Select, Subquery, cast, func, select

from db import tables
from db.errors import NotFoundError
from db.queries.filtering import (
    conditions,
    counted_sum,
    fact,
    facts,
    matching_projects,
)
from db.queries.priced_years import price_questions, require_prices
from db.queries.project_statements import statements_question
from db.queries.search import hits
from db.queries.spend.summaries import number_of, on_page, projects_question
from db.queries.statements.asking import ask_ahead, ask_dicts, in_pieces, is_page
from db.queries.statements.ordering import Position, as_ordered, in_order, is_bytewise, known_position
from db.queries.statements.pieces import Piece, by_row, mapped, pieces_of, pieces_of_rows, rows_of
from db.queries.statements.prepared import Question, limits
from db.queries.statements.templates import position_slots, slot, template_of
from db.queries.statements.walking import Way, way_questions
from db.queries.suggest import nearest_id, printable
from models.filters import STATUSES, Filters, SortKey
from models.project import fiscal_year
from models.search import SearchQuery

project = tables.project

SORTABLE = (
    "project_id",
    "name",
    "status",
    "approval_date",
    "closing_date",
    "year",
    "instrument",
    "region",
    "category",
    "confidence",
    "amount_usd",
    "partial_usd",
    "ibrd_usd",
    "ida_usd",
    "grant_usd",
    "commitment_usd",
    "counted_usd",
    "cost_usd",
    "as_of",
)
"""Columns that a list can be ordered by; `rank` too, where words are searched for."""

ORDER = (SortKey("project_id"),)
LISTED = ("countries", *project.c.keys(), "amount_usd", "partial_usd")
"""What a list reads of each project."""

NAMES = {name: name.replace("_cents", "_usd") for name in LISTED}
"""What they are called beyond the database."""

OWN = {NAMES.get(column.name, column.name): column for column in project.c}
"""What does not depend on the question, under the names that it is ordered by."""


def sort_keys(filters: Filters, asked: Sequence[SortKey]) -> list[SortKey]:
    """Return the whole order of a list: as asked, else the best matches of a search first, then by id."""
    if not asked and filters.search is not None:
        asked = (SortKey("rank", descending=True),)
    if all(key.column != "project_id" for key in asked):
        asked = (*asked, SortKey("project_id"))
    return list(asked)


def count_projects(connection: Connection, filters: Filters) -> int:
    """Count the projects with at least one row in the filter."""
    return number_of(connection, _count_question(connection, filters))


def _count_question(connection: Connection, filters: Filters) -> Question:
    if known := projects_question(connection, filters):
        return known
    template, values = template_of(filters)
    return Question(_counting, (template,), values)


def _counting(filters: Filters) -> Select[Any]:
    return select(func.count()).select_from(matching_projects(filters).subquery())


def project_pieces(
    connection: Connection,
    filters: Filters,
    sort: Sequence[SortKey] = (),
    after: Position | None = None,
    limit: int | None = None,
) -> Iterator[Piece]:
    """Iterate over projects in the order asked for (see `sort_keys`), those after a position, each with its own `position`.

    `amount_usd` and `partial_usd` are what the filter counts of each, so that a list sums to the spend of its filter.

    Raises:
        PricesMissingError: if constant prices are asked for over years that have no index.
        BadPositionError: if the position does not fit the order.
    """
    require_prices(connection, filters)
    keys = tuple(sort_keys(filters, sort))
    lots = in_pieces(connection, limit, _rows_questions(connection, filters, keys, after, limit))
    return map(shown, pieces_of(LISTED, lots, len(keys)))


def _rows_questions(
    connection: Connection, filters: Filters, keys: tuple[SortKey, ...], after: Position | None, limit: int | None
) -> Iterator[Question]:
    """The questions for the rows, of which one has them (see `way_questions`)."""
    template, values = template_of(filters)
    place, more = position_slots(known_position(_sortable(), keys, after))

    def build(way: Way) -> Question:
        shape = (template, keys, place, limit is not None, way, is_bytewise(connection))
        return Question(_ordered, shape, values | more | limits(limit))

    if limit is not None and all(key.column in OWN for key in keys):
        return way_questions(connection, filters, projects_question, build, is_page(limit))
    return iter([build(Way())])


list_projects = by_row(project_pieces)
"""Iterate over projects row by row; else as `project_pieces`."""


def list_questions(
    connection: Connection, filters: Filters, sort: Sequence[SortKey], after: Position | None, limit: int
) -> Iterator[Question]:
    """What a page of a list asks: how many projects there are, and its own.

    Raises:
        PricesMissingError, BadPositionError: see `project_pieces`.
    """
    yield from price_questions(connection, filters)
    yield from _rows_questions(connection, filters, tuple(sort_keys(filters, sort)), after, limit)
    yield _count_question(connection, filters)


def _ordered(
    filters: Filters, keys: Sequence[SortKey], after: Position | None, limited: bool, way: Way, bytewise: bool
) -> Select[Any]:
    """The statement behind a list. To walk is to find the ids of a page first, by going along an order of the projects' own."""
    page = None
    if way.walk:
        matching = select(fact.c.project_id).where(fact.c.project_id == project.c.project_id)
        ids = select(project.c.project_id).where(matching.where(*conditions(filters)).exists())
        page = in_order(ids, OWN, keys, after, bytewise).limit(slot("limit")).subquery("page")
        after = None
    statement, columns = _listing(filters, any(key.column == "rank" for key in keys), page)
    statement = in_order(statement, columns, keys, after, bytewise)
    if limited:
        statement = statement.limit(slot("limit"))
    if way.walk or not limited:
        return way.held(with_countries(statement, project), keys)
    rows = statement.subquery("found")  # so that places are looked up for the rows of the page only
    return way.held(with_countries(select(rows), rows).order_by(*as_ordered(rows, keys)), keys)


def with_countries(statement: Select[Any], projects: FromClause) -> Select[Any]:
    """Put the codes of each project's countries, with blanks between them, before the columns of a statement."""
    place = tables.project_country
    codes = select(func.aggregate_strings(place.c.country_code, " "))
    codes = codes.where(place.c.project_id == projects.c.project_id, place.c.share_ppm.is_not(None))
    return statement.with_only_columns(codes.scalar_subquery().label("countries"), *statement.selected_columns)


@cache
def _sortable() -> dict[str, ColumnElement[Any]]:
    """What lists can be ordered by, to check positions against."""
    return _listing(Filters(search=SearchQuery((("any",),))), True)[1]


def get_project(connection: Connection, project_id: str) -> dict[str, Any]:
    """Return one project with what is counted of it, as a commitment, for migration.

    Raises:
        NotFoundError: with the nearest id that exists.
    """
    filters = _all_of(project_id)
    ask_ahead(connection, project_questions(connection, project_id))
    if counted := next(list_projects(connection, filters, limit=1), None):
        return counted
    found = ask_dicts(connection, Question(_one, values={"project_id": printable(project_id)}))
    if not found:
        raise NotFoundError("project", project_id, nearest_id(connection, project.c.project_id, project_id))
    row = found[0] | {"amount_usd": 0, "partial_usd": 0}
    return next(rows_of(map(shown, pieces_of_rows(LISTED, [row]))))


def project_questions(connection: Connection, project_id: str) -> Iterator[Question]:
    """What is asked of one project: what is counted of it, its row, and what its sources said."""
    yield from _rows_questions(connection, _all_of(project_id), ORDER, None, 1)
    yield Question(_one, values={"project_id": printable(project_id)})
    yield statements_question(project_id)


def _all_of(project_id: str) -> Filters:
    return Filters(projects=(printable(project_id),), statuses=STATUSES)


def _one() -> Select[Any]:
    return with_countries(select(project).where(project.c.project_id == slot("project_id")), project)


def _listing(
    filters: Filters, with_rank: bool, page: Subquery | None = None
) -> tuple[Select[Any], dict[str, ColumnElement[Any]]]:
    """The statement behind a list, or only of the ids on a page, and the columns that it can be ordered by."""
    money = {"amount_usd": fact.c.amount_cents, "partial_usd": fact.c.partial_cents}
    figures = [counted_sum(cents, filters).label(name) for name, cents in money.items()]
    rows = facts(filters)
    if with_rank and filters.search is not None:
        found = hits(filters.search)
        rows = rows.join(found, found.c.component_id == fact.c.component_id)
        figures.append(func.max(found.c.rank).label("rank"))
    counted = select(fact.c.project_id, *figures).select_from(rows)
    return with_projects(counted.where(*conditions(filters), *on_page(fact.c.project_id, page)))


def with_projects(counted: Select[Any]) -> tuple[Select[Any], dict[str, ColumnElement[Any]]]:
    """Projects with figures, which a statement over facts has after the id of the project, and the columns that they can be
    ordered by."""
    money = counted.group_by(fact.c.project_id).subquery("counted")
    figures = [item for item in money.c if item.name != "project_id"]
    statement = select(project, *figures).join(money, money.c.project_id == project.c.project_id)
    columns = {item.name.replace("_cents", "_usd"): item for item in (*project.c, *figures)}
    return statement, columns | {"year": cast(func.extract("year", project.c.approval_date), Integer)}


def shown(piece: Piece) -> Piece:
    """The columns of a list with what is computed for each project."""
    days = piece["approval_date"]
    found = {NAMES.get(name, name): column for name, column in piece.items()}
    found["year"] = [day.year if day else None for day in days]
    found["fiscal_year"] = list(map(fiscal_year, days))
    return mapped(found, countries=_codes, amount_usd=_whole, partial_usd=_whole)


def _codes(text: str | None) -> list[str]:
    return sorted((text or "").split())


def _whole(cents: Decimal | int | None) -> int | None:
    return None if cents is None else int(cents)  # PostgreSQL sums cents as decimals
