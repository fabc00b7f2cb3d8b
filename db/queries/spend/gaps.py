"""Years of which nothing at all is loaded of a place or a source: an answer is empty there or filled with zeros, and neither
means zero.

Summaries tell which years are loaded; where they have not all fiscal years, as of countries and regions, facts are asked too.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select, union

from db.queries.filtering import DIMENSIONS, conditions, dimension_column, fact, ranges
from db.queries.spend.cells import Plan, cells_of, summary
from db.queries.spend.summaries import cells_of_all, summarised
from db.queries.statements.asking import ask_standing
from db.queries.statements.prepared import Question
from db.queries.statements.templates import slot, slots_of, template_of
from models.dates import bounding
from models.filters import Dimension, Filters, SpendQuery
from models.groupings import COLUMNS, Scope
from models.project import fiscal_year
from models.vocabulary import Measure, YearBasis

Loaded = dict[str, set[int]]
"""The years of which anything is loaded, by member."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Members of a dimension and years of one kind, from `first` to `last` or open, that a filter names together; `filled`: of
    the kind that the answer fills; `since` and `until`: the days that the first and the last year are asked for by, if any."""

    dimension: Dimension
    members: tuple[str, ...]
    kind: Dimension
    first: int | None
    last: int | None
    filled: bool
    since: date | None = None
    until: date | None = None

    @property
    def question(self) -> Question:
        """The question for the years, of these, of which any row is loaded, whatever else is asked of it; member by member."""
        slots, values = slots_of("member", [str(member) for member in self.members])
        bounds = {"first": self.first, "last": self.last}
        ends = [None if year is None else slot(name) for name, year in bounds.items()]
        known = {name: year for name, year in bounds.items() if year is not None}
        return Question(_loaded_years, (self.dimension, self.kind, slots, *ends, *self.parts), values | known)

    @property
    def parts(self) -> tuple[date | None, date | None]:
        """The days between which rows have to be for the first and the last year to be loaded, where only a part of these is
        asked for."""
        since = self.since and (None if (self.since.month, self.since.day) == (1, 1) else self.since)
        return since, self.until and (None if (self.until.month, self.until.day) == (12, 31) else self.until)

    @property
    def when(self) -> str:
        """The years, or the days that are asked for, in words."""
        return _in_words(self.since or self.first, self.until or self.last, self.named)

    @property
    def named(self) -> str:
        """What stands before a year of this kind."""
        return "fiscal year " if self.kind is Dimension.FISCAL_YEAR else ""


def pairs_of(filters: Filters, fill: Dimension | None = None) -> Iterator[Pair]:
    """The pairs that a filter names; where years are filled, also those that have no bounds."""
    kind_filled = Dimension.FISCAL_YEAR if fill and filters.year_basis is YearBasis.FISCAL else fill
    for kind in (Dimension.YEAR, Dimension.FISCAL_YEAR):
        first, last = bounds_of(filters, kind)
        filled = kind is kind_filled
        if first is None and last is None and not filled:
            continue
        for dimension, members in (
            (Dimension.COUNTRY, filters.countries),
            (Dimension.REGION, filters.regions),
            (Dimension.SOURCE, filters.sources),
        ):
            if members:
                yield Pair(dimension, members, kind, first, last, filled, *_days(filters, first, last, kind))


def _days(filters: Filters, first: int | None, last: int | None, kind: Dimension) -> tuple[date | None, date | None]:
    """The dates of a filter that lie in the first and in the last year that it names of a kind, and so bound more narrowly."""
    if kind is not Dimension.YEAR:
        return None, None
    since, until = map(bounding, (filters.approved_from, filters.approved_to))
    return (
        since if since is not None and since.year == first else None,
        until if until is not None and until.year == last else None,
    )


def time_question(filters: Filters) -> Question | None:
    """The question for any row approved within the dates and years that a filter names, whatever else it is, if it names dates:
    of which years there are rows is known."""
    since, until = filters.approved_from, filters.approved_to
    if since is None and until is None:
        return None
    first, last = filters.year_from, filters.year_to
    time = Filters(year_from=first, year_to=last, approved_from=since, approved_to=until, year_basis=filters.year_basis)
    template, values = template_of(time)
    return Question(_any_of_time, (template,), values)


def _any_of_time(time: Filters) -> Select[Any]:
    """Cells know no days; facts are found by the years of the days."""
    return select(fact.c.project_id).where(fact.c.measure.in_(list(Measure)), *ranges(time)).limit(1)


def time_in_words(filters: Filters) -> str:
    """The years and dates that a filter names."""
    kind = "fiscal year " if filters.year_basis is YearBasis.FISCAL else ""
    dates, years = (filters.approved_from, filters.approved_to), (filters.year_from, filters.year_to)
    return " and ".join(filter(None, (_in_words(*dates), _in_words(*years, kind))))


def _in_words(first: Any, last: Any, kind: str = "") -> str:
    if first is not None and first == last:
        return f"in {kind}{first}" if isinstance(first, int) else f"on {first}"
    ends = ("from", first), ("until" if first is None else "to", last)
    return " ".join(f"{word} {kind}{end}" for word, end in ends if end is not None)


def year_questions(connection: Connection, filters: Filters, query: SpendQuery | None) -> Iterator[Question]:
    """What `unloaded` asks of the pairs of a filter, or of a query where there is one."""
    for pair in pairs_of(filters, query.fill if query else None):
        yield pair.question
        if query is not None and pair.filled:
            yield _years_question(connection, pair, query)


def unloaded(connection: Connection, pair: Pair, known: Sequence[str], query: SpendQuery | None) -> Iterator[str]:
    """Say which members, of those that any row is known to have, have none in the years asked for, and which of the years
    that a query fills are empty because nothing is loaded of them."""
    loaded: Loaded = defaultdict(set)
    for member, year in ask_standing(connection, pair.question):
        loaded[member].add(year)
    if (pair.first, pair.last) != (None, None) and (none := [member for member in known if member not in loaded]):
        yield f"no row loaded of {pair.dimension} {', '.join(none)} {pair.when}: the answer is empty there, which is not zero"
    if query is None or not pair.filled or not loaded:
        return
    years, members = _filled_years(connection, pair, query)
    here = [member for member in pair.members if member in loaded and (members is None or member in members)]
    apart = [here] if members is None else [[member] for member in here]
    holes = [(some, _runs(sorted(set(years).difference(*(loaded[member] for member in some))))) for some in apart]
    if told := [f"{', '.join(some)} in {pair.named}{runs}" for some, runs in holes if runs]:
        within = " within the dates asked for" if any(pair.parts) else ""
        yield f"no row loaded of {pair.dimension} {'; of '.join(told)}{within}: zeros filled in there are not known to be zero"


def _filled_years(connection: Connection, pair: Pair, query: SpendQuery) -> tuple[range, set[Any] | None]:
    """The years that an answer has rows of, filled ones too, within those that the pair is of; and the members of the pair that
    it has rows of, if it is grouped by them. Without rows only the years themselves can be filled, where both ends are named."""
    assert query.fill is not None
    rows = ask_standing(connection, _years_question(connection, pair, query))
    members = {row[0] for row in rows} if pair.dimension in query.group_by else None
    ends = [(low, high) for *_, low, high in rows if low is not None]
    first, last = named_years(query.filters, query.fill)
    if ends:
        first = min(low for low, _ in ends) if first is None else first
        last = max(high for _, high in ends) if last is None else last
    if first is None or last is None or (not ends and len(query.group_by) > 1):
        return range(0), members
    first, last = max(first, pair.first or first), min(last, pair.last or last)
    return range(first, last + 1), members


def _years_question(connection: Connection, pair: Pair, query: SpendQuery) -> Question:
    """The question for the first and the last year of the rows of an answer that are not filled in; of each member of the pair if
    it is grouped by them."""
    by = tuple(dimension for dimension in query.group_by if dimension in (pair.dimension, query.fill))
    alone = SpendQuery(replace(query.filters, base_year=None), by, query.basis)
    template, values = template_of(alone.filters)
    source = cells_of(connection, alone)
    shape = (source and source.with_slots(template), replace(alone, filters=template), query.fill)
    return Question(_first_and_last, shape, values)


def _first_and_last(source: Plan | None, query: SpendQuery, fill: Dimension) -> Select[Any]:
    if source is None:
        columns: dict[Dimension, ColumnElement[Any]] = {
            by: dimension_column(by, query.filters) for by in query.group_by
        }
        where = conditions(query.filters)
    else:
        rows = summarised(source, query).subquery("found")
        columns, where = {by: rows.c[by.value] for by in query.group_by}, []
    year = columns.pop(fill)
    members: list[ColumnElement[Any]] = list(columns.values())
    return select(*members, func.min(year), func.max(year)).where(*where).group_by(*members)


def named_years(filters: Filters, fill: Dimension) -> tuple[int | None, int | None]:
    """The first and the last year that a filter names of the kind to fill, else those of its dates
    (see `bounding`)."""
    fiscal = fill is Dimension.FISCAL_YEAR or filters.year_basis is YearBasis.FISCAL
    of_kind = fill is Dimension.YEAR or filters.year_basis is YearBasis.FISCAL
    days = filters.approved_from, filters.approved_to
    bounded = map(bounding, days)
    dates = [fiscal_year(day) if fiscal or day is None else day.year for day in bounded]
    years = (filters.year_from, filters.year_to) if of_kind else (None, None)
    first, last = (of_dates if year is None else year for year, of_dates in zip(years, dates, strict=True))
    return first, last


def bounds_of(filters: Filters, kind: Dimension) -> tuple[int | None, int | None]:
    """The narrowest years of a kind that a filter names, as such or, of the calendar, by dates. Beyond all data is open."""
    fiscal = filters.year_basis is YearBasis.FISCAL
    named = (filters.year_from, filters.year_to) if fiscal is (kind is Dimension.FISCAL_YEAR) else (None, None)
    days = (filters.approved_from, filters.approved_to) if kind is Dimension.YEAR else (None, None)
    dates = [None if day is None else day.year for day in map(bounding, days)]
    first = max((year for year in (named[0], dates[0]) if year is not None), default=None)
    return first, min((year for year in (named[1], dates[1]) if year is not None), default=None)


def _runs(years: Sequence[int]) -> str:
    """Years in words, those in a row by their ends: "2014, 2016-2018"."""
    runs: list[list[int]] = []
    for year in years:
        if runs and runs[-1][-1] == year - 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _loaded_years(
    dimension: Dimension,
    kind: Dimension,
    members: Sequence[Any],
    first: Any,
    last: Any,
    since: date | None,
    until: date | None,
) -> Select[Any]:
    cells = cells_of_all(dimension, kind)
    if cells is None:
        return _loaded_fiscal_years(dimension, members, first, last)
    member, year = summary.c[COLUMNS[dimension]], summary.c[COLUMNS[kind]]
    found = select(member, year).where(*cells, member.in_(members), *_within(year, first, last)).distinct()
    return found if since is None and until is None else _within_days(found, dimension, (first, since), (last, until))


def _within_days(
    years: Select[Any], dimension: Dimension, start: tuple[Any, date | None], end: tuple[Any, date | None]
) -> Select[Any]:
    """Of years by member, those that have rows within the days asked for. Cells know no days, so facts are asked of the years
    that are asked for in part."""
    known = years.subquery("known")
    member, year = known.c
    (first, since), (last, until) = start, end
    found = [fact.c.measure.in_(list(Measure)), DIMENSIONS[dimension] == member, fact.c.year == year]
    whole = []
    if since is not None:
        whole.append(year > first)
        found.append(fact.c.approval_date >= since)
    if until is not None:
        whole.append(year < last)
        found.append(fact.c.approval_date <= until)
    return select(member, year).where(and_(*whole) | exists().where(*found))


def _within(year: ColumnElement[Any], first: Any, last: Any) -> list[ColumnElement[bool]]:
    found = [year.is_not(None)]
    found += [] if first is None else [year >= first]
    return found + ([] if last is None else [year <= last])


def _loaded_fiscal_years(dimension: Dimension, members: Sequence[Any], first: Any, last: Any) -> Select[Any]:
    """Every calendar year that has a row touches two fiscal ones. Each is looked for in cells of what serves migration, which
    hold nearly all, and only then among the facts of that calendar year."""
    cells = cells_of_all(dimension, Dimension.YEAR)
    serving = cells_of_all(dimension, Dimension.FISCAL_YEAR, scope=Scope.SERVING)
    assert cells is not None
    assert serving is not None
    member, year = summary.c[COLUMNS[dimension]], summary.c.year
    known = select(member.label("member"), year.label("year")).where(*cells, member.in_(members))
    parts = [(known.add_columns(fiscal.label("fiscal_year")), fiscal) for fiscal in (year + 0, year + 1)]
    perhaps = union(*(part.where(*_within(fiscal, first, last)) for part, fiscal in parts)).subquery("perhaps")
    same_year = summary.c.fiscal_year == perhaps.c.fiscal_year
    in_cells = exists().where(*serving, member == perhaps.c.member, same_year)
    in_facts = exists().where(
        fact.c.measure.in_(list(Measure)),
        DIMENSIONS[dimension] == perhaps.c.member,
        fact.c.year == perhaps.c.year,
        fact.c.fiscal_year == perhaps.c.fiscal_year,
    )
    return select(perhaps.c.member, perhaps.c.fiscal_year).where(in_cells | in_facts).distinct()
