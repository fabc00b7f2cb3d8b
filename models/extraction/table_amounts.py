"""The amount of a row of a table: which of its figures, in which unit."""

import re

from models.extraction.amounts import MILLION, to_cents
from models.extraction.result import (
    ACTUAL_ONLY,
    AMBIGUOUS_AMOUNT,
    AMBIGUOUS_UNIT,
    INFERRED_UNIT,
    NOT_USD,
    PARTS_ONLY,
    PROPOSED_AMOUNT,
)
from models.extraction.statement import Stated
from models.extraction.table_heads import Head, Role
from models.extraction.table_rows import Cell, Cells
from models.vocabulary import Measure

_CHOICE = (Role.TOTAL, Role.PLANNED, Role.COST)
_REFUSED = {
    Role.ACTUAL: ACTUAL_ONLY,
    Role.ADDED: PARTS_ONLY,
    Role.OTHER: PARTS_ONLY,
    Role.PERCENT: AMBIGUOUS_UNIT,
    Role.CURRENT: AMBIGUOUS_AMOUNT,
}
_CHANGING = {Role.ACTUAL, Role.PROPOSED, Role.CURRENT, Role.ADDED}
"""Columns before and after something: of these a single figure may be either."""

_MILLIONS = re.compile(rf"{MILLION}|\$ ?m\b|usd ?m\b|\bm\b")


def row_amount(cells: Cells, head: Head, continental: bool) -> Stated:
    """One figure is the cost; of several the column tells, or the one that the others add up to, or that all equal."""
    figures = [cell for cell in cells if not cell.percent]
    if not figures:
        return Stated(None, None, (AMBIGUOUS_UNIT,))
    if head.unit is None:
        return _without_unit([cell.figure for cell in figures])
    if not re.search(r"us ?\$|usd|\$|dollar|dolares|\bus\b", head.unit):
        foreign = re.search(r"eur|sdr|xdr|cfa|€|£", head.unit)
        return Stated(None, None, (NOT_USD if foreign else AMBIGUOUS_UNIT,))
    told = _by_column(cells, head)
    if told is not None:
        return _of_column(*told, head, continental)
    read = [cell_cents(cell, head, continental) for cell in figures]
    flag = next((flag for _, flag in read if flag), None)
    known = [cents for cents, _ in read if cents is not None]
    if flag or len(known) != len(read):
        return Stated(None, None, (flag or AMBIGUOUS_UNIT,))
    return _sum_of_parts(known, head)


def _sum_of_parts(known: list[int], head: Head) -> Stated:
    if len(set(known)) == 1 and (len(known) == 2 or (len(known) == 1 and not _CHANGING & set(head.columns))):
        return Stated(known[0], Measure.COST)
    if Role.ACTUAL in head.columns:
        return Stated(None, None, (AMBIGUOUS_AMOUNT,))
    slack = 2 * 10**6 if _MILLIONS.search(head.unit or "") else 0
    for whole, parts in ((known[0], known[1:]), (known[-1], known[:-1])):
        if abs(whole - sum(parts)) <= slack:  # the parts are rounded to a hundredth of a million
            return Stated(whole, Measure.COST)
    return Stated(None, None, (AMBIGUOUS_AMOUNT,))


def _by_column(cells: Cells, head: Head) -> tuple[Role, Cell] | None:
    """The cell of the column that states the component's own amount; None where cells and columns do not match."""
    columns, figures = list(head.columns), list(cells)
    if len(figures) != len(columns):
        columns = [role for role in columns if role is not Role.PERCENT]
        figures = [cell for cell in cells if not cell.percent]
    if len(figures) != len(columns) or len(columns) < 1:
        return None
    roles = set(columns)
    if Role.PROPOSED in roles and Role.ACTUAL not in roles:
        chosen: Role | None = Role.PROPOSED
    else:
        chosen = next((role for role in _CHOICE if role in roles), None)
    if chosen is None:
        chosen = next(iter(roles)) if len(roles - {Role.PERCENT}) == 1 else None
    places = [index for index, role in enumerate(columns) if role is chosen]
    if chosen is None or len(places) != 1:
        return None
    return chosen, figures[places[0]]


def _of_column(role: Role, cell: Cell, head: Head, continental: bool) -> Stated:
    if role in _REFUSED:
        return Stated(None, None, (_REFUSED[role],))
    cents, flag = cell_cents(cell, head, continental)
    if cents is None:
        return Stated(None, None, (flag or AMBIGUOUS_UNIT,))
    flags = (PROPOSED_AMOUNT,) if role is Role.PROPOSED and Role.CURRENT in head.columns else ()
    return Stated(cents, Measure.COMMITMENT if role is Role.LENDER else Measure.COST, flags)


def cell_cents(cell: Cell, head: Head, continental: bool) -> tuple[int | None, str | None]:
    """Read a figure in the unit of its table; cents, or a flag that says why not."""
    unit = head.unit or ""
    name = "million" if _MILLIONS.search(unit) else "k" if re.search(r"thousand|mille|milliers|miles|000", unit) else ""
    if name == "k" and re.match(r"0[.,]", cell.figure):
        return None, AMBIGUOUS_UNIT  # '0,500' among thousands: five hundred thousand or five hundred
    return to_cents(cell.figure, name, continental)


def _without_unit(figures: list[str]) -> Stated:
    """Old status reports print 'Component Cost 20.70' with no unit: whole dollars if large, else millions."""
    cents, flag = to_cents(figures[0], "", continental=False)
    if len(figures) > 1:
        return Stated(None, None, (AMBIGUOUS_AMOUNT,))
    if cents is not None:
        return Stated(cents, Measure.COST)
    if not re.fullmatch(r"\d{1,3}(?:,\d{3})?\.\d{1,2}", figures[0]):
        return Stated(None, None, (flag or AMBIGUOUS_UNIT,))
    cents, flag = to_cents(figures[0], "million", continental=False)
    return Stated(cents, Measure.COST if flag is None else None, (flag or INFERRED_UNIT,))
