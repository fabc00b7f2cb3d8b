"""What of a row counts unless something else is asked for, and what is left out then: what serves no migration, and what is kept
apart of all totals."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, not_

from db.queries.filtering import conditions, fact
from models.filters import STATUSES, Filters

COUNTED = Filters(statuses=STATUSES)
"""What counts of a thing, whatever its status."""

LEFT_OUT = "left_out_usd"


SumWhere = Callable[[ColumnElement[bool], ColumnElement[int]], ColumnElement[int]]
"""Sums cents over the facts that meet a condition."""


def _of_a_row(condition: ColumnElement[bool], cents: ColumnElement[int]) -> ColumnElement[int]:
    """The sum over the facts of a row of components: null where the source states no amount, for then none of them has one."""
    return cast(func.sum(case((condition, cents), else_=cents * 0)), BigInteger)


def figures_apart(sum_where: SumWhere = _of_a_row) -> dict[str, ColumnElement[Any]]:
    """Money of a commitment that counts, and what is left out of it: sums over all facts, in cents. The three together are its
    money."""
    counts = and_(*conditions(COUNTED))
    return {
        "amount_usd": sum_where(counts, fact.c.amount_cents),
        "partial_usd": sum_where(counts, fact.c.partial_cents),
        LEFT_OUT: sum_where(not_(counts), fact.c.amount_cents + fact.c.partial_cents),
    }
