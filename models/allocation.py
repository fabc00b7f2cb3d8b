"""How a project's money falls on its rows: pure arithmetic in integer cents.

A project has up to two totals (its commitment, and its cost with co-financing) and a list of components, some with
amounts stated on one of these. For each measure this module decides which rows carry the money, so that no measure
loses or doubles any of it: components as stated or scaled to the other total, a remainder, or the project as a whole.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from models.money import scale_cents, split_cents
from models.vocabulary import Granularity, Measure

FIT_TOLERANCE_PERCENT = 1
"""Components fit a total if their sum differs from it by at most this."""


@dataclass(frozen=True, slots=True)
class StatedComponent:
    """A component as a source lists it: cents on the measure they are stated on, `None` where no amount is given."""

    key: str
    amount: int | None
    measure: Measure | None


@dataclass(frozen=True, slots=True)
class Totals:
    """A project's totals in cents by measure (`None` or absent: not stated) and the parts of its family.

    `included` names the additional financings whose money the project's stated amount holds and which are counted as
    projects of their own; `excluded` names those that are known or thought to lie outside it.
    """

    amounts: Mapping[Measure, int | None]
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """One row of a project's money under one measure; `component` is `None` for whole-project and remainder rows."""

    measure: Measure
    granularity: Granularity
    component: str | None
    amount: int | None
    scaled: bool = False
    exceeds_total: bool = False


def fits(amount: int, total: int | None) -> bool:
    """Tell whether a sum of components fits a total, both in cents, within one percent of it."""
    return total is not None and total > 0 and abs(amount - total) * 100 <= FIT_TOLERANCE_PERCENT * total


def allocate(totals: Totals, components: Sequence[StatedComponent]) -> list[MoneyRow]:
    """Lay one project's money on rows, for commitment, cost and, where stated, disbursement."""
    rows: list[MoneyRow] = []
    for measure in Measure:
        rows += _allocate_measure(measure, totals.amounts, components)
    return rows


def allocate_family(
    family: Mapping[str, Totals], components: Mapping[str, Sequence[StatedComponent]]
) -> dict[str, list[MoneyRow]]:
    """Lay the money of a parent and its additional financings on rows, project by project.

    Where a project's list of components covers financings that are projects of their own, it is spread over them in
    proportion to what they total on the measure that it is stated on, and marked as scaled. Everything else is allocated
    project by project. Financings of financings may be covered by several lists: the topmost takes them.

    Args:
        family: totals of the parent and of each additional financing, by project id, each before those that add to it.
        components: the components that each of them lists.
    """
    spread: dict[str, list[StatedComponent]] = {}
    listing = set()
    for key in family:
        covered = {} if key in spread else _covered(family, key, components, spread)
        if covered:
            listing.add(key)
            spread |= zip(covered, _spread(components[key], list(covered.values())), strict=True)
    result = {}
    for key in family:
        own = () if key in listing else components.get(key, ())  # of the others it states no amounts
        rows = allocate(family[key], [*spread.get(key, ()), *own])
        if key in spread:
            rows = [replace(row, scaled=row.scaled or bool(row.amount and row.component)) for row in rows]
        result[key] = rows
    return result


def _spread(components: Sequence[StatedComponent], weights: Sequence[int]) -> list[list[StatedComponent]]:
    """Split a list over projects by their weights: first its sum, so that each gets its part of the whole to the cent, then
    each part over what the projects before leave of the components."""
    left = [component.amount or 0 for component in components]
    lists = []
    for whole in split_cents(sum(left), weights):
        parts = split_cents(whole, left) if whole else [0] * len(left)
        left = [amount - part for amount, part in zip(left, parts, strict=True)]
        lists.append(
            [
                component if component.amount is None else replace(component, amount=part)
                for component, part in zip(components, parts, strict=True)
            ]
        )
    return lists


def _covered(
    family: Mapping[str, Totals],
    parent: str,
    components: Mapping[str, Sequence[StatedComponent]],
    taken: Container[str],
) -> dict[str, int]:
    """Name the projects that a project's list covers beside itself, with what each totals on the measure of the list.

    None where the list is its own. Those that state no money there, or that another list is spread over, are left out.
    """
    stated = {c.measure for c in components.get(parent, ()) if c.amount}
    if len(stated) != 1 or (measure := stated.pop()) is None:
        return {}
    amounts = [c.amount or 0 for c in components[parent]]
    own, total = family[parent].amounts.get(measure), sum(amounts)
    if own is None or fits(total, own) or min(amounts) < 0:
        return {}
    included, excluded = family[parent].included, family[parent].excluded
    for others in (included, (*included, *excluded)):
        stating = {key: family[key].amounts.get(measure) or 0 for key in sorted(others) if key in family}
        covered = {key: amount for key, amount in stating.items() if amount > 0 and key not in taken}
        if any(_has_amounts(components.get(key, ())) for key in covered):
            continue
        if covered and fits(total, own + sum(covered.values())):
            return {parent: own, **covered}
    return {}


def _has_amounts(components: Sequence[StatedComponent]) -> bool:
    """Tell whether a list states money. A list of zeros and blanks does not say where the project's money went."""
    return any(c.amount for c in components)


def _allocate_measure(
    measure: Measure, totals: Mapping[Measure, int | None], components: Sequence[StatedComponent]
) -> list[MoneyRow]:
    total = totals.get(measure)
    own = any(c.amount for c in components if c.measure == measure)
    amounts: dict[str, int | None]
    if own:
        scaled = False
        amounts = {c.key: c.amount if c.measure == measure or c.amount == 0 else None for c in components}
    else:
        converted = _converted(measure, totals, components)
        if converted is None:
            return _whole_project(measure, total, components)
        scaled, amounts = True, converted
    stated = sum(amount or 0 for amount in amounts.values())
    exceeds = total is not None and stated > total
    rows = [
        MoneyRow(
            measure,
            Granularity.COMPONENT,
            c.key,
            amounts[c.key],
            scaled=scaled and bool(amounts[c.key]),
            exceeds_total=exceeds and amounts[c.key] is not None,
        )
        for c in components
    ]
    if total is not None and total - stated > 0:
        rows.append(MoneyRow(measure, Granularity.REMAINDER, None, total - stated, scaled=False))
    return rows


def _converted(
    measure: Measure, totals: Mapping[Measure, int | None], components: Sequence[StatedComponent]
) -> dict[str, int | None] | None:
    """Scale components stated on another measure to this one, or `None` where that would be a guess.

    Disbursements are never scaled: what is paid out does not follow the plan.
    """
    total = totals.get(measure)
    bases = {c.measure for c in components if c.amount}
    if len(bases) != 1 or not total or total < 0 or Measure.DISBURSEMENT in (measure, *bases):
        return None
    base_total = totals.get(bases.pop() or measure)
    stated = [c for c in components if c.amount is not None]
    amounts = [c.amount or 0 for c in stated]
    if not base_total or not fits(sum(amounts), base_total) or min(amounts) < 0:
        return None
    parts = split_cents(scale_cents(sum(amounts), total, base_total), amounts)
    scaled: dict[str, int | None] = {c.key: None for c in components}
    scaled.update({c.key: part for c, part in zip(stated, parts, strict=True)})
    return scaled


def _whole_project(measure: Measure, total: int | None, components: Sequence[StatedComponent]) -> list[MoneyRow]:
    """Put the money on one row of the project; its titled components stay findable, without an amount."""
    if measure is Measure.DISBURSEMENT and total is None:
        return []
    titled = [
        MoneyRow(measure, Granularity.COMPONENT, c.key, 0 if c.amount == 0 else None, scaled=False) for c in components
    ]
    return [MoneyRow(measure, Granularity.PROJECT, None, total), *titled]
