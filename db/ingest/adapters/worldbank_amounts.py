"""Reads the amounts of a project of the Projects API, and decides which of them are believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from db.ingest.adapters.worldbank_fields import (
    MAY_BE_MILLIONS,
    MILLION,
    REAL_MONEY,
    dollars,
    same,
    settle_amounts,
    stated_cost,
)
from models.money import parse_dollars
from models.words import shape_of

PARTS = {
    "ibrd_usd": ("ibrdcommamt", "curr_ibrd_commitment"),
    "ida_usd": ("idacommamt", "curr_ida_commitment"),
    "grant_usd": ("grantamt",),
}
IN_DOLLARS = ("totalamt", "totalcommamt")
TOTALS = (*IN_DOLLARS, "curr_total_commitment")
PAIRS = (
    ("curr_ibrd_commitment", "ibrdcommamt"),
    ("curr_ida_commitment", "idacommamt"),
    ("curr_total_commitment", "totalamt"),
    ("curr_total_commitment", "totalcommamt"),
)
"""Amounts that say the same: the one of unknown unit, and the one in dollars."""

COSTS = ("curr_project_cost", "lendprojectcost")


@dataclass(slots=True)
class Amounts:
    """Amounts by the names of our records, in dollars as text; where each was read; and what is not believed."""

    fields: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    set_aside: list[tuple[str, str, str]] = field(default_factory=list)

    def put(self, field_name: str, name: str, cents: int) -> None:
        """Believe an amount."""
        self.fields[field_name], self.names[field_name] = dollars(cents), name

    def doubt(self, name: str, value: object, reason: str) -> None:
        """Set an amount aside under the source's name of it."""
        self.set_aside.append((name, str(value)[:200], reason))


def read_amounts(source: Mapping[str, Any]) -> Amounts:
    """Read commitment, its parts and the cost of one project.

    The amounts with a name in `…amt` are whole dollars. Those named `curr_…` repeat them in dollars or in millions,
    depending on the vintage: they confirm, and stand in where the other is missing and their unit is certain.

    The API writes 0 for "nothing". A part of 0 is a zero, since the other parts are stated beside it. A total of 0 is one
    only if all three parts say so: with the grant left out, it may be a grant of a trust fund, which no loan field tells.
    A cost of 0 is not stated (`stated_cost`).
    """
    amounts = Amounts()
    cents = {name: _read(source, name, amounts) for name in _names()}
    unsure = bool(amounts.set_aside)
    millions = _are_millions(cents)
    for field_name, (name, *stand_in) in PARTS.items():
        value = cents[name]
        if value is not None:
            amounts.put(field_name, name, value)
        elif stand_in and (value := cents[stand_in[0]]) is not None:
            amounts.put(field_name, stand_in[0], value * MILLION if millions else value)
    _put_total(amounts, cents, unsure)
    _put_cost(amounts, cents)
    unsure_unit = [field_name for field_name, name in amounts.names.items() if name.startswith("curr_")]
    doubted = settle_amounts(amounts.fields, unsure_unit)
    amounts.set_aside += [(amounts.names.get(name, name), value, reason) for name, value, reason in doubted]
    return amounts


def _are_millions(cents: Mapping[str, int | None]) -> bool:
    """Tell whether the amounts named `curr_…` are in millions: one repeats another so, or they make up a total so."""
    if any(_repeats_in_millions(cents[one], cents[other]) for one, other in PAIRS):
        return True
    known = {name: cents[name] for name, *_ in PARTS.values()}
    rest = sum(cents[other[0]] or 0 for name, *other in PARTS.values() if other and known[name] is None)
    whole = sum(value or 0 for value in known.values()) + rest * MILLION
    sums = (whole, whole - (known["grantamt"] or 0))
    return rest > 0 and any(same(value, one) for name in IN_DOLLARS if (value := cents[name]) for one in sums)


def _repeats_in_millions(value: int | None, other: int | None) -> bool:
    return bool(value and other and same(value * MILLION, other))


def _names() -> list[str]:
    return [*(name for names in PARTS.values() for name in names), *TOTALS, *COSTS]


def _read(source: Mapping[str, Any], name: str, amounts: Amounts) -> int | None:
    value = source.get(name)
    if isinstance(value, list | dict | bool):
        amounts.doubt(name, shape_of(value), "is no amount in US dollars")
        return None
    try:
        cents = parse_dollars(value)
    except ValueError:
        amounts.doubt(name, value, "is not an amount in US dollars")
        return None
    if cents is not None and cents < 0:
        amounts.doubt(name, value, "is negative; an amount is zero or more")
        return None
    return cents


def _put_total(amounts: Amounts, cents: Mapping[str, int | None], unsure: bool) -> None:
    parts = {name: parse_dollars(amounts.fields[name]) or 0 for name in PARTS if name in amounts.fields}
    whole, loan = sum(parts.values()), sum(value for name, value in parts.items() if name != "grant_usd")
    stated = [(name, value) for name in TOTALS if (value := cents[name]) is not None]
    confirmed = [name for name, value in stated if parts and _agrees(value, whole, loan)]
    if confirmed and not whole and len(parts) == len(PARTS) and _deny_zero(amounts, cents):
        return
    if confirmed and (whole or len(parts) == len(PARTS)):
        amounts.put("commitment_usd", confirmed[0], whole)
    elif believable := [pair for pair in stated if pair[1] > 0]:
        amounts.put("commitment_usd", *max(believable, key=lambda pair: pair[1] >= REAL_MONEY))
    elif whole and not stated and not unsure and not _may_be_millions(amounts, parts):
        # many grants of trust funds have no total: a commitment is IBRD + IDA + grants by definition
        amounts.put("commitment_usd", next(name for name in parts if parts[name]), whole)
    taken = parse_dollars(amounts.fields.get("commitment_usd"))
    for name, value in stated:
        if value and taken and name != amounts.names["commitment_usd"] and not _agrees(value, taken, loan):
            reason = f"differs from the total of {dollars(taken)} by other fields, in dollars and in millions"
            amounts.doubt(name, dollars(value), reason)


def _may_be_millions(amounts: Amounts, parts: Mapping[str, int]) -> bool:
    """Tell whether parts may be in millions as none of their kind is surely in dollars: their sum confirms none of them."""
    values = [value for name, value in parts.items() if value and amounts.names[name].startswith("curr_")]
    return bool(values) and max(values) < MAY_BE_MILLIONS


def _deny_zero(amounts: Amounts, cents: Mapping[str, int | None]) -> bool:
    """Tell whether amounts say more than the zero of a total and of all its parts. They and these parts are not believed."""
    names = (*TOTALS, *(name for _, *others in PARTS.values() for name in others))
    against = [(name, value) for name in names if (value := cents[name])]
    for name, value in against:
        amounts.doubt(name, dollars(value), "differs from other fields, which say zero: neither is believed")
        for field_name in [one for one, (_, *others) in PARTS.items() if name in others]:
            del amounts.fields[field_name], amounts.names[field_name]
    return bool(against)


def _agrees(value: int, *others: int) -> bool:
    """Tell whether a value is one of others but for rounding, in dollars or in millions. Nothing is about zero but zero."""
    return any(value == other if not other else same(value * unit, other) for unit in (1, MILLION) for other in others)


def _put_cost(amounts: Amounts, cents: Mapping[str, int | None]) -> None:
    """Prefer the current cost to the one at approval, unless it is in millions or missing."""
    current, approved = COSTS
    names = COSTS[1:] if _repeats_in_millions(cents[current], cents[approved]) else COSTS
    least = {current: MAY_BE_MILLIONS, approved: REAL_MONEY}
    stated = [(name, value) for name in names if (value := stated_cost(cents[name]))]
    if stated:
        amounts.put("project_cost_usd", *max(stated, key=lambda pair: pair[1] >= least[pair[0]]))
