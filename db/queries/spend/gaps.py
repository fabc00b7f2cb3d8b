"""Years of which nothing at all is loaded of a place or a source: an answer is empty there or filled with zeros, and neither
means zero."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from db.queries.spend.cells import summary
from db.queries.spend.summaries import cells_of_all
from db.queries.statements.asking import ask
from db.queries.statements.prepared import Question
from db.queries.statements.templates import slot, slots_of
from models.dates import EARLIEST_YEAR, LATEST_YEAR
from models.filters import Dimension, Filters
from models.summary import COLUMNS
from models.vocabulary import YearBasis

Loaded = dict[str, set[int]]
"""The years of which anything is loaded, by member."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Members of a dimension and years of one kind, from `first` to `last` or open, that a filter names together."""

    dimension: Dimension
    members: tuple[str, ...]
    kind: Dimension
    first: int | None
    last: int | None

    @property
    def question(self) -> Question:
        """The question for the years, of these, of which any row is loaded, whatever else is asked of it; member by member."""
        slots, values = slots_of("member", [str(member) for member in self.members])
        bounds = {"first": self.first, "last": self.last}
        ends = [None if year is None else slot(name) for name, year in bounds.items()]
        known = {name: year for name, year in bounds.items() if year is not None}
        return Question(_loaded_years, (self.dimension, self.kind, slots, *ends), values | known)

    @property
    def when(self) -> str:
        """The years in words."""
        kind = "fiscal year " if self.kind is Dimension.FISCAL_YEAR else ""
        if self.first == self.last:
            return f"in {kind}{self.first}"
        ends = ("from", self.first), ("to", self.last)
        return " ".join(f"{word} {kind}{year}" for word, year in ends if year is not None)


def pairs_of(filters: Filters, fill: Dimension | None = None) -> Iterator[Pair]:
    """The pairs that a filter names and summaries tell of; where years are filled, also those that have no bounds."""
    filled = Dimension.FISCAL_YEAR if filters.year_basis is YearBasis.FISCAL else fill
    for kind in (Dimension.YEAR, Dimension.FISCAL_YEAR):
        first, last = _bounds(filters, kind)
        if first is None and last is None and (fill is None or kind is not filled):
            continue
        for dimension, members in (
            (Dimension.COUNTRY, filters.countries),
            (Dimension.REGION, filters.regions),
            (Dimension.SOURCE, filters.sources),
        ):
            if members and cells_of_all(dimension, kind) is not None:
                yield Pair(dimension, members, kind, first, last)


def unloaded(
    connection: Connection, pair: Pair, known: Sequence[str], fill: Dimension | None, by: Sequence[Dimension]
) -> Iterator[str]:
    """Say which members, of those that any row is known to have, have none in the years asked for, and which of the years
    that are filled are empty because nothing is loaded of them."""
    loaded: Loaded = defaultdict(set)
    for member, year in ask(connection, pair.question):
        loaded[member].add(year)
    if (pair.first, pair.last) != (None, None) and (none := [member for member in known if member not in loaded]):
        yield f"no row loaded of {pair.dimension} {', '.join(none)} {pair.when}: the answer is empty there, which is not zero"
    if fill is None or not loaded:
        return
    apart = [[member] for member in loaded] if pair.dimension in by else [list(loaded)]
    holes = [(members, _holes(pair, set().union(*(loaded[member] for member in members)))) for members in apart]
    if told := [f"{', '.join(members)} in {years}" for members, years in holes if years]:
        yield f"no row loaded of {pair.dimension} {'; of '.join(told)}: zeros filled in there are not known to be zero"


def _bounds(filters: Filters, kind: Dimension) -> tuple[int | None, int | None]:
    """The narrowest years of a kind that a filter names, as such or, of the calendar, by dates. Beyond all data is open."""
    fiscal = filters.year_basis is YearBasis.FISCAL
    named = (filters.year_from, filters.year_to) if fiscal is (kind is Dimension.FISCAL_YEAR) else (None, None)
    days = (filters.approved_from, filters.approved_to) if kind is Dimension.YEAR else (None, None)
    dates = [day.year if day and EARLIEST_YEAR <= day.year < LATEST_YEAR else None for day in days]
    first = max((year for year in (named[0], dates[0]) if year is not None), default=None)
    return first, min((year for year in (named[1], dates[1]) if year is not None), default=None)


def _holes(pair: Pair, loaded: set[int]) -> str:
    """The years that nothing is loaded of, between the ends asked for or else those that have anything: "2014, 2016-2018"."""
    first, last = (pair.first or min(loaded)), (pair.last or max(loaded))
    runs: list[list[int]] = []
    for year in (year for year in range(first, last + 1) if year not in loaded):
        if runs and runs[-1][-1] == year - 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _loaded_years(dimension: Dimension, kind: Dimension, members: Sequence[Any], first: Any, last: Any) -> Select[Any]:
    cells = cells_of_all(dimension, kind)
    assert cells is not None
    member, year = summary.c[COLUMNS[dimension]], summary.c[COLUMNS[kind]]
    bounds = [year.is_not(None)]
    bounds += [] if first is None else [year >= first]
    bounds += [] if last is None else [year <= last]
    return select(member, year).where(*cells, member.in_(members), *bounds).distinct()
