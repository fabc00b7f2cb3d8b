"""The values of a picture: the rows of an answer, folded to what an eye can hold, exact to the cent."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.answers.labels import LABELS, spelled
from api.charts.choice import Choice
from models.filters import YEARS, Dimension

MOST_BARS = 25
"""Names below each other; what is smaller is drawn as one."""

MOST_SERIES = 6
"""Colours that can be told apart at a glance, by everybody; a seventh, grey, is all the others."""

NO_DATE = "No date"
WITHOUT = {
    Dimension.YEAR: NO_DATE,
    Dimension.FISCAL_YEAR: NO_DATE,
    Dimension.SET: "In no set",
    Dimension.INCOME_GROUP: "No single country",
    Dimension.REGION: "No single region",
}
"""What no member means, apart from what is not stated."""


@dataclass(slots=True)
class Amount:
    """A range in cents: what counts in full, and how much more may count. `unknown`: rows that state no amount."""

    low: int = 0
    more: int = 0
    unknown: int = 0

    @property
    def high(self) -> int:
        """The upper end."""
        return self.low + self.more

    @property
    def stated(self) -> bool:
        """False where nothing but components without an amount stands: not stated is not zero."""
        return bool(self.low or self.more or not self.unknown)

    def add(self, other: "Amount") -> None:
        """Take another amount in."""
        self.low, self.more, self.unknown = (
            self.low + other.low,
            self.more + other.more,
            self.unknown + other.unknown,
        )


@dataclass(slots=True)
class Figure:
    """Amounts by name on the axis and name of the series, in the order in which they are drawn.

    `others` are names that stand for many members, with how many; `left_out` counts members that could not be summed.
    """

    axis: list[str] = field(default_factory=list)
    series: list[str] = field(default_factory=list)
    cells: dict[tuple[str, str], Amount] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    left_out: dict[Dimension, int] = field(default_factory=dict)

    @property
    def several(self) -> bool:
        """True where colours tell series apart."""
        return len(self.series) > 1 or bool(self.series and self.series[0])

    @property
    def positive(self) -> bool:
        """True where any amount has a place on a logarithmic scale."""
        return any(max(amount.low, amount.high) > 0 for amount in self.cells.values())

    @property
    def partial(self) -> bool:
        """True where any amount is a range."""
        return any(amount.more for amount in self.cells.values())


def figure_of(rows: Iterable[Mapping[str, Any]], choice: Choice, additive: bool, in_order: bool) -> Figure:
    """Fold rows with amounts in cents and readable names into a figure.

    Names come largest first unless the rows are `in_order`, years as they follow each other. Members beyond the most
    that are drawn become one, whose amount is their sum; where rows are not `additive` they are left out and counted.
    """
    axis, series = choice.axis, choice.series
    cells: dict[tuple[Hashable, Hashable], Amount] = {}
    names: dict[Dimension | None, dict[Hashable, str]] = {axis: {}, series: {}}
    for row in rows:
        for dimension in (axis, series):
            if dimension is not None:
                names[dimension][row[dimension]] = _name(dimension, row)
        key = (row[axis] if axis else None, row[series] if series else None)
        cells[key] = Amount(row["amount_usd"], row["partial_usd"], row["components_without_amount"])
    found = Figure()
    on_axis = _Folding(axis, names[axis], found, MOST_BARS, additive, in_order)
    in_series = _Folding(series, names[series], found, MOST_SERIES, additive, in_order)
    on_axis.fold((key[0], amount) for key, amount in cells.items())
    in_series.fold((key[1], amount) for key, amount in cells.items())
    found.axis, found.series = on_axis.order, in_series.order
    for (first, second), amount in cells.items():
        place = (on_axis.shown.get(first), in_series.shown.get(second))
        if place[0] is not None and place[1] is not None:
            found.cells.setdefault((place[0], place[1]), Amount()).add(amount)
    return found


@dataclass(slots=True)
class _Folding:
    """One dimension on its way into a figure: under which name each member is shown, and in which order."""

    dimension: Dimension | None
    names: Mapping[Hashable, str]
    figure: Figure
    most: int
    additive: bool
    in_order: bool
    shown: dict[Hashable, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def fold(self, amounts: Iterable[tuple[Hashable, Amount]]) -> None:
        """Order the members, and fold the smallest where there are too many."""
        sums: dict[Hashable, Amount] = {}
        for key, amount in amounts:
            sums.setdefault(key, Amount()).add(amount)
        if self.dimension is None:
            self.shown, self.order = {key: "" for key in sums}, [""] if sums else []
            return
        if self.dimension in YEARS and self.most == MOST_BARS:
            self._years([key for key in sums if isinstance(key, int)], None in sums)
            return
        largest = sorted(sums, key=lambda key: (-sums[key].high, -sums[key].low))  # the rest stays small at both ends
        kept = set(largest if len(largest) <= self.most + 1 else largest[: self.most])
        order = sums if self.in_order else sorted(sums, key=lambda key: (-sums[key].low, -sums[key].more))
        labels = _unlike([key for key in order if key in kept], self.names)
        self.shown, self.order = dict(labels), list(labels.values())
        if rest := largest[len(kept) :]:
            self._fold_rest(rest)

    def _fold_rest(self, rest: Sequence[Hashable]) -> None:
        if not self.additive and self.dimension is not None:
            self.figure.left_out[self.dimension] = len(rest)
            return
        name = f"Other ({len(rest)})"
        self.shown |= dict.fromkeys(rest, name)
        self.order.append(name)
        self.figure.others[name] = len(rest)

    def _years(self, years: Sequence[int], others: bool) -> None:
        """Years follow each other without a gap, so that distances mean time; what has no year comes last."""
        self.shown = {year: str(year) for year in years}
        self.order = [str(year) for year in range(min(years), max(years) + 1)] if years else []
        if others:
            self.shown[None] = NO_DATE
            self.order.append(NO_DATE)


def _unlike(keys: Sequence[Hashable], names: Mapping[Hashable, str]) -> dict[Hashable, str]:
    """Name members so that no two have one name, which would draw them as one."""
    count = Counter(names[key] for key in keys)
    return {key: names[key] if count[names[key]] == 1 else f"{names[key]} ({key})" for key in keys}


def _name(dimension: Dimension, row: Mapping[str, Any]) -> str:
    value = row[dimension]
    if value is None:
        return WITHOUT.get(dimension, "Not stated")
    label = row.get(LABELS[dimension]) if dimension in LABELS else None
    return str(label or spelled(str(value)) or "Not stated")
