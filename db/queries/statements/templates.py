"""Templates: the shapes of questions, with a slot for each value that may differ (see `prepared`)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import bindparam

from models.filters import KEPT_APART, Filters

LISTS = (
    "categories",
    "groups",
    "countries",
    "regions",
    "income_groups",
    "projects",
    "sources",
    "instruments",
    "lenders",
)
BOUNDS = ("min_confidence", "min_cents", "max_cents", "year_from", "year_to")
"""Filters whose values have slots. The values of the others choose between statements, or are rare."""

Values = dict[str, Any]


@cache
def slot(name: str) -> Any:
    """The place of a value in a template; one object for each name, so that equal templates are equal."""
    return bindparam(name)


@lru_cache(1_000)  # the statements of one answer ask for it some ten times
def template_of(filters: Filters) -> tuple[Filters, Values]:
    """Part filters into their shape and the values for its slots, which nobody may change. What no total holds unless it is
    named stays as it is."""
    values: Values = {}
    slots: dict[str, Any] = {}
    for field in LISTS:
        if members := getattr(filters, field):
            slots[field] = tuple(_slot(values, f"{field}_{place}", member) for place, member in enumerate(members))
    for field in BOUNDS:
        if (bound := getattr(filters, field)) is not None:
            slots[field] = _slot(values, field, bound)
    return (replace(filters, **slots) if slots else filters), values


def _slot(values: Values, name: str, value: Any) -> Any:
    if value in KEPT_APART:
        return value
    values[name] = bare(value)
    return slot(name)


def slots_of(name: str, members: Sequence[Any]) -> tuple[tuple[Any, ...], Values]:
    """Slots for a list of values, as many as the next power of four so that few shapes do for any length."""
    room = 1
    while room < len(members):
        room *= 4
    padded = [*members, *[members[-1]] * (room - len(members))]
    names = [f"{name}_{place}" for place in range(room)]
    return tuple(map(slot, names)), dict(zip(names, padded, strict=True))


def position_slots(after: Sequence[Any] | None) -> tuple[tuple[Any, ...] | None, Values]:
    """Slots for the place to go on from; what has no value there has no slot, for that is compared in another way."""
    if after is None:
        return None, {}
    values = {f"after_{place}": value for place, value in enumerate(after) if value is not None}
    return tuple(None if value is None else slot(f"after_{place}") for place, value in enumerate(after)), values


def bare(value: Any) -> Any:
    """A value for a driver, which need not know our enumerations."""
    return str(value) if isinstance(value, str) else value
