"""The statements behind lists of components: rows with the money that a filter counts of them, found in one way or another.

Amounts of the usual question stand in the list, and are taken from there wherever all of a row counts or nothing; else the
facts of a row are added up.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, and_, case, cast, func, or_, select, union_all

from db import tables
from db.queries.filtering import calendar_years, conditions, counted_sum, fact, facts, of_status, unindexed
from db.queries.search import hits
from db.queries.statements.ordering import Position, as_ordered, in_order, parts_after
from db.queries.statements.templates import slot
from models.component import IS_ELSEWHERE, IS_HERE
from models.filters import COUNTED_STATUSES, Filters, SortKey
from models.vocabulary import YearBasis

listed = tables.listed_row

Columns = dict[str, ColumnElement[Any]]
Listing = tuple[Select[Any], Columns]
"""A statement behind a list, and the columns that it can be shown and ordered by."""

YES_OR_NO = ("scaled", "exceeds_total")
"""The columns that are true or false, which come as 1 or 0."""

USUAL = Filters()
OF_ROWS = ("year_from", "year_to", "year_basis", "granularity", "min_confidence", "statuses")
"""What the usual question may be held to and still count all of a row or nothing, where all its money is of one project."""

KEPT = ("amount_cents", "partial_cents", "scaled", "exceeds_total")
"""Where the figures of the usual question stand in the list, in the order of `FIGURES`."""


def walking(filters: Filters, money: Columns) -> Listing:
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


def kept_page(
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
    return listing(filters, money_of(filters), False, fact.c.component_id.in_(some))


def listing(filters: Filters, money: Columns, with_rank: bool, *narrower: ColumnElement[bool]) -> Listing:
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
