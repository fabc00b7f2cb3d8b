"""What of a row counts unless something else is asked for, and what is left out then: what serves no migration, and what is kept
apart of all totals."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, not_

from db.queries.filtering import conditions, fact
from models.filters import STATUSES, Filters

COUNTED = Filters(statuses=STATUSES)
"""What counts of a thing, whatever its status."""

LEFT_OUT = "left_out_usd"


def counts() -> ColumnElement[bool]:
    """The condition that a fact, of a commitment, is money that counts."""
    return and_(*conditions(COUNTED))


def figures_apart() -> dict[str, ColumnElement[Any]]:
    """Money of a row of components that counts, and what is left out of it: sums over all its facts, in cents. The three together
    are its money; all are null where the source states no amount."""
    return {
        "amount_usd": _sum_where(counts(), fact.c.amount_cents),
        "partial_usd": _sum_where(counts(), fact.c.partial_cents),
        LEFT_OUT: _sum_where(not_(counts()), fact.c.amount_cents + fact.c.partial_cents),
    }


def _sum_where(condition: ColumnElement[bool], cents: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.sum(case((condition, cents), else_=cents * 0)), BigInteger)
