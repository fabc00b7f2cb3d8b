"""One side of spend over another, with both sides shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from db.queries.spend.shared import Shared, shared_money, shared_questions
from db.queries.spend.spend import spend_questions, spend_rows, spend_totals
from db.queries.spend.warnings import spend_warnings
from db.queries.statements.asking import ask_ahead
from models.filters import SpendQuery
from models.money import quotient

SIDES = ("numerator", "denominator")
FIGURES = ("amount_usd", "partial_usd", "projects")
EMPTY = {f"{side}_{name}": 0 for side in SIDES for name in FIGURES}
"""Both sides of a ratio where neither has rows."""

NOTHING = Shared()
"""What sides share that have no category in common."""

RATIO_PLACES = 4


@dataclass(frozen=True, slots=True)
class RatioResult:
    """Rows and the whole, each with both sides in cents and their ratio."""

    rows: list[dict[str, Any]]
    totals: dict[str, Any]
    warnings: list[str]


def spend_ratio(connection: Connection, above: SpendQuery, below: SpendQuery) -> RatioResult:
    """Divide one spend by another, group by group, in the order of the dimensions, which both have.

    Every group that either side has is there; a side without rows is 0, and over 0 there is no ratio.
    """
    sides = (above, below)
    asked = (question for part in sides for question in spend_questions(connection, part))
    ask_ahead(connection, chain(asked, shared_questions(connection, above, below)), last=True)
    shared = shared_money(connection, above, below)
    names = [d.value for d in above.group_by]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for side, part in zip(SIDES, sides, strict=True):
        for row in spend_rows(connection, part):
            group = found.setdefault(tuple(row[name] for name in names), {})
            group |= side_of(side, row)
    rows = [
        dict(zip(names, key, strict=True)) | ratio_of(group, shared.get(key, NOTHING))
        for key, group in sorted(found.items(), key=lambda item: [(part is None, part) for part in item[0]])
    ]
    totals: dict[str, Any] = {}
    for side, part in zip(SIDES, sides, strict=True):
        totals |= side_of(side, spend_totals(connection, part))
    warnings = _of_sides(*(spend_warnings(connection, part) for part in sides))
    whole = ratio_of(totals, sum(shared.values(), NOTHING))
    return RatioResult(rows, whole | {"rows": len(rows)}, warnings)


def _of_sides(above: Sequence[str], below: Sequence[str]) -> list[str]:
    """The warnings of both sides, each with the side that it is about, or once where it is about both."""
    found = [warning if warning in below else f"{SIDES[0]}: {warning}" for warning in above]
    return [*found, *(f"{SIDES[1]}: {warning}" for warning in below if warning not in above)]


def side_of(side: str, row: dict[str, Any]) -> dict[str, Any]:
    """The columns of one side of a ratio: the `numerator`, or the `denominator`."""
    return {f"{side}_{name}": row[name] for name in FIGURES}


def ratio_of(group: dict[str, Any], shared: Shared = NOTHING) -> dict[str, Any]:
    """Set the ratio beside its sides: of what counts in full, and the least and most that the ranges allow.

    `shared`: what of the partial money is the same on both sides.
    """
    full = EMPTY | group
    (above, above_more), (below, below_more) = (
        (full[f"{side}_amount_usd"], full[f"{side}_partial_usd"]) for side in SIDES
    )
    return full | {
        "ratio": _divided(above, below),
        "ratio_low": _extreme(min, above, below, below_more - shared.low, shared.low),
        "ratio_high": _extreme(max, above + above_more - shared.high, below, below_more - shared.high, shared.high),
    }


def _extreme(best: Callable[..., tuple[int, int]], above: int, below: int, more: int, both: int) -> Decimal | None:
    """The least or the most of a ratio to which money is added: `more` at most below the line, and `both` at most on either side.

    More below makes it less; the same on both sides brings it nearer to 1. So it is to be found at the ends. Null where it
    grows beyond all bounds, or nothing can stand below the line.
    """
    ends = [(above + shared, below + shared + alone) for shared in (0, both) for alone in (0, more)]
    if best is max and any(over and not under for over, under in ends):
        return None
    over, under = best((end for end in ends if end[1]), key=lambda end: Fraction(*end), default=(0, 0))
    return _divided(over, under)


def _divided(above: int, below: int) -> Decimal | None:
    return quotient(above, below, RATIO_PLACES) if below else None
