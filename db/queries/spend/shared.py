"""Money that stands on both sides of a ratio: how much of it counts is not known, but it is the same above and below the line."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, not_, or_, select

from db.queries.filtering import conditions, fact, facts
from db.queries.spend.facts import group_columns, project_parts, sum_of, with_whole_amounts
from db.queries.spend.spend import row_questions, spend_rows
from db.queries.statements.asking import ask
from db.queries.statements.prepared import Question
from db.queries.statements.templates import template_of
from models.classification import load_taxonomy
from models.filters import Filters, SpendQuery
from models.vocabulary import Basis, Relevance

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """Partial money, in cents, of which the same counts on both sides where the ratio is to be as high, or as low, as it can.

    Rows of both sides are in both. A whole project is tied by them only on the side where nothing else of it may count more.
    """

    high: int = 0
    low: int = 0

    def __add__(self, other: "Shared") -> "Shared":
        return Shared(self.high + other.high, self.low + other.low)


def shared_questions(connection: Connection, above: SpendQuery, below: SpendQuery) -> Iterator[Question]:
    """What `shared_money` asks.

    Raises:
        PricesMissingError: see `price_questions`.
    """
    both = _in_both(above, below)
    if both is None:
        return
    if both.basis is Basis.COMPONENT:
        yield from row_questions(connection, both)
    else:
        yield _whole_question(above, below)


def shared_money(connection: Connection, above: SpendQuery, below: SpendQuery) -> dict[Key, Shared]:
    """Return what two questions share, which differ in categories, groups and relevance alone: by the members of their
    dimensions, where there is any. It adds up over those that a ratio can have."""
    both = _in_both(above, below)
    if both is None:
        return {}
    if both.basis is Basis.PROJECT:
        rows = ask(connection, _whole_question(above, below))
        return {tuple(key): Shared(int(high), int(low)) for *key, high, low in rows}
    names = [dimension.value for dimension in both.group_by]
    found = ((tuple(row[name] for name in names), row["partial_usd"]) for row in spend_rows(connection, both))
    return {key: Shared(cents, cents) for key, cents in found}


def _in_both(above: SpendQuery, below: SpendQuery) -> SpendQuery | None:
    """The question about the rows of both sides; none where no category is on both."""
    others = _categories(below.filters)
    categories = tuple(category for category in _categories(above.filters) if category in others)
    relevance = tuple(one for one in above.filters.relevance if one in below.filters.relevance)
    if not categories or not relevance:
        return None
    return replace(above, filters=replace(above.filters, categories=categories, groups=(), relevance=relevance))


def _categories(filters: Filters) -> tuple[str, ...]:
    found = load_taxonomy().categories_in(filters.categories, filters.groups)
    return tuple(category for category in found if category not in filters.left_out)


def _whole_question(above: SpendQuery, below: SpendQuery) -> Question:
    """Sides stand in the statement by name: there are few that overlap, and one value has one slot."""
    template, values = template_of(replace(above.filters, categories=(), groups=(), relevance=()))
    aims = [(side.filters.categories, side.filters.groups, side.filters.relevance) for side in (above, below)]
    return Question(_whole, (replace(above, filters=template), *aims), values)


def _whole(query: SpendQuery, *aims: tuple[Any, Any, Any]) -> Select[Any]:
    """Whole projects that count in part, by rows of both sides: tied for the most unless another row above the line may make
    them count more there, for the least unless one below does. What serves no migration makes nothing count in part."""
    above, below = (_is_for(query.filters, *aim) for aim in aims)
    groups, parts = group_columns(query), project_parts(query)
    matched = (
        select(
            *parts,
            *groups,
            _any(and_(above, not_(below))).label("only_above"),
            _any(and_(below, not_(above))).label("only_below"),
        )
        .select_from(facts(query.filters))
        .where(*conditions(query.filters), fact.c.relevance != Relevance.NONE, or_(above, below))
        .group_by(*parts, *groups)
        .having(_any(fact.c.relevance == Relevance.DIRECT) == 0, _any(and_(above, below)) == 1)
        .subquery("matched")
    )
    joined, amount = with_whole_amounts(matched, query.filters)
    columns = [matched.c[dimension.value] for dimension in query.group_by]
    tied = (sum_of(amount, matched.c[name] == 0).label(name) for name in ("only_above", "only_below"))
    return select(*columns, *tied).select_from(joined).group_by(*columns)


def _is_for(template: Filters, categories: Any, groups: Any, relevance: Any) -> ColumnElement[bool]:
    """The condition that a fact is one of a side."""
    side = replace(template, categories=categories, groups=groups, relevance=relevance)
    return and_(*conditions(side))


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """1 where any fact of a group meets a condition, else 0."""
    return func.max(case((condition, 1), else_=0))
