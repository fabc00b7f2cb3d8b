"""One side of spend over another, with both sides shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from db.queries.spend.spend import spend_questions, spend_rows, spend_totals
from db.queries.spend.warnings import spend_warnings
from db.queries.statements.asking import ask_ahead
from models.filters import SpendQuery

SIDES = ("numerator", "denominator")
FIGURES = ("amount_usd", "partial_usd", "projects")
EMPTY = {f"{side}_{name}": 0 for side in SIDES for name in FIGURES}
"""Both sides of a ratio where neither has rows."""

RATIO_STEP = Decimal("0.0001")


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
    ask_ahead(connection, (question for part in sides for question in spend_questions(connection, part)), last=True)
    names = [d.value for d in above.group_by]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for side, part in zip(SIDES, sides, strict=True):
        for row in spend_rows(connection, part):
            group = found.setdefault(tuple(row[name] for name in names), {})
            group |= side_of(side, row)
    rows = [
        dict(zip(names, key, strict=True)) | ratio_of(group)
        for key, group in sorted(found.items(), key=lambda item: [(part is None, part) for part in item[0]])
    ]
    totals: dict[str, Any] = {}
    for side, part in zip(SIDES, sides, strict=True):
        totals |= side_of(side, spend_totals(connection, part))
    warnings = _of_sides(*(spend_warnings(connection, part) for part in sides))
    return RatioResult(rows, ratio_of(totals) | {"rows": len(rows)}, warnings)


def _of_sides(above: Sequence[str], below: Sequence[str]) -> list[str]:
    """The warnings of both sides, each with the side that it is about, or once where it is about both."""
    found = [warning if warning in below else f"{SIDES[0]}: {warning}" for warning in above]
    return [*found, *(f"{SIDES[1]}: {warning}" for warning in below if warning not in above)]


def side_of(side: str, row: dict[str, Any]) -> dict[str, Any]:
    """The columns of one side of a ratio: the `numerator`, or the `denominator`."""
    return {f"{side}_{name}": row[name] for name in FIGURES}


def ratio_of(group: dict[str, Any]) -> dict[str, Any]:
    """Set the ratio beside its sides: of what counts in full, and the least and most that the ranges allow."""
    full = EMPTY | group
    low, high = full["numerator_amount_usd"], full["numerator_amount_usd"] + full["numerator_partial_usd"]
    under, under_high = (
        full["denominator_amount_usd"],
        full["denominator_amount_usd"] + full["denominator_partial_usd"],
    )
    return full | {
        "ratio": _divided(low, under),
        "ratio_low": _divided(low, under_high),
        "ratio_high": _divided(high, under),
    }


def _divided(above: int, below: int) -> Decimal | None:
    return (Decimal(above) / below).quantize(RATIO_STEP) if below else None
