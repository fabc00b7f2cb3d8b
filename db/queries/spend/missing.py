"""What a filter names of which no row at all is loaded: an answer is empty there, and empty means not known."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from db.queries.filtering import fact, tagged
from db.queries.search import found_by
from db.queries.spend.gaps import bounds_of, pairs_of, time_in_words, time_question, unloaded, year_questions
from db.queries.spend.summaries import known_members
from db.queries.statements.asking import ask_standing
from db.queries.statements.prepared import Question
from db.queries.statements.templates import slots_of
from models.filters import Dimension, Filters, SpendQuery
from models.search import SearchQuery
from models.vocabulary import Lender, Measure, Tag, YearBasis


def missing(connection: Connection, filters: Filters, query: SpendQuery | None = None) -> Iterator[str]:
    """Say of which members, words, dates and years of a filter nothing at all is loaded, and of which years a query fills."""
    members: dict[Dimension, list[str]] = {}
    for dimension, asked in _named(filters):
        known = {member for (member,) in ask_standing(connection, _known_question(dimension, asked))}
        members[dimension] = [member for member in asked if member in known]
        if absent := [member for member in asked if member not in known and member != "-"]:
            none = "no project loaded has a record of" if dimension is Dimension.SOURCE else "no row loaded has"
            further = filters.secondary and dimension in (Dimension.CATEGORY, Dimension.GROUP)
            there = (
                "rows can be found there by further categories only, and an empty answer is not zero"
                if further
                else "the answer is empty there, which is not zero"
            )
            yield f"{none} {dimension} {', '.join(absent)}: {there}"
    if absent := [tag for tag in filters.tags if not ask_standing(connection, Question(_any_of_tag, (tag,)))]:
        yield f"no project loaded has tag {', '.join(absent)}: the answer is empty there, which is not zero"
    if filters.search is not None and not ask_standing(connection, Question(_any_of_words, (filters.search,))):
        yield "no row loaded holds the words of q: the answer is empty, which is not zero"
    yield from _no_time(connection, filters)
    for pair in pairs_of(filters, query.fill if query else None):
        yield from unloaded(connection, pair, members[pair.dimension], query)


def _no_time(connection: Connection, filters: Filters) -> Iterator[str]:
    """The same of the years and dates of a filter."""
    loaded = {
        kind: [year for (year,) in ask_standing(connection, years_question(kind))] for kind, _ in _bounded(filters)
    }
    if _is_empty(connection, filters, loaded):
        yield f"no project loaded was approved {time_in_words(filters)}: the answer is empty, which is not zero"
    for kind, named in _bounded(filters):
        of_kind = "fiscal year " if kind is Dimension.FISCAL_YEAR else ""
        if (years := loaded[kind]) and min(named) < years[0]:
            yield f"no project loaded was approved before {of_kind}{years[0]}"
        if years and max(named) > years[-1]:
            yield f"no project loaded was approved after {of_kind}{years[-1]}"


def _is_empty(connection: Connection, filters: Filters, loaded: Mapping[Dimension, Sequence[int]]) -> bool:
    """Whether nothing was approved within the years and dates of a filter that names any."""
    if time := time_question(filters):
        return not ask_standing(connection, time)
    first, last = filters.year_from, filters.year_to
    if first is None and last is None:
        return False
    years = loaded[Dimension.FISCAL_YEAR if filters.year_basis is YearBasis.FISCAL else Dimension.YEAR]
    return not any((first is None or first <= year) and (last is None or year <= last) for year in years)


def missing_questions(connection: Connection, filters: Filters, query: SpendQuery | None = None) -> Iterator[Question]:
    """What `missing` and `unstated` ask."""
    yield from (_known_question(dimension, asked) for dimension, asked in _named(filters))
    yield from (Question(_any_of_tag, (tag,)) for tag in filters.tags)
    if filters.search is not None:
        yield Question(_any_of_words, (filters.search,))
    if filters.measure is not Measure.COMMITMENT:
        yield _measure_question(filters)
    if time := time_question(filters):
        yield time
    yield from (years_question(years) for years, _ in _bounded(filters))
    yield from year_questions(connection, filters, query)


def _named(filters: Filters) -> Iterator[tuple[Dimension, tuple[str, ...]]]:
    """The members that a filter names of each dimension, where it names any. All statuses that are counted are named by none."""
    for dimension, asked in (
        (Dimension.COUNTRY, filters.countries),
        (Dimension.REGION, filters.regions),
        (Dimension.INCOME_GROUP, filters.income_groups),
        (Dimension.CATEGORY, filters.categories),
        (Dimension.GROUP, filters.groups),
        (Dimension.SOURCE, filters.sources),
        (Dimension.INSTRUMENT, filters.instruments),
        (Dimension.STATUS, () if filters.status_may_be_unstated else filters.statuses),
        (Dimension.LENDER, filters.lenders),
    ):
        if asked:
            yield dimension, asked


def _known_question(dimension: Dimension, asked: Sequence[str]) -> Question:
    slots, values = slots_of("member", [str(member) for member in asked])
    return Question(_known, (dimension, slots), values)


def _known(dimension: Dimension, members: Sequence[Any]) -> Select[Any]:
    column, cells = known_members(dimension)
    return select(column).where(*cells, column.in_(members)).distinct()


def _any_of_tag(tag: Tag) -> Select[Any]:
    return select(fact.c.project_id).where(fact.c.project_id.in_(tagged((tag,)))).limit(1)


def _any_of_words(search: SearchQuery) -> Select[Any]:
    return found_by(search).limit(1)


def _bounded(filters: Filters) -> Iterator[tuple[Dimension, list[int]]]:
    """The years that a filter begins and ends with, on each basis that it names any on."""
    for kind in (Dimension.YEAR, Dimension.FISCAL_YEAR):
        if named := [year for year in bounds_of(filters, kind) if year is not None]:
            yield kind, named


def years_question(kind: Dimension) -> Question:
    """The question for all years that rows have, on a basis, in their order."""
    return Question(_years_loaded, (kind,))


def _years_loaded(kind: Dimension) -> Select[Any]:
    year, cells = known_members(kind)
    return select(year).where(*cells, year.is_not(None)).distinct().order_by(year)


def unstated(connection: Connection, filters: Filters) -> Iterator[str]:
    """Say of a measure that nothing states it, or nothing by lender: only commitments are split by who lends."""
    measure = filters.measure
    if measure is Measure.COMMITMENT:
        return
    if not ask_standing(connection, _measure_question(filters)):
        yield f"no source loaded states any {measure}: the answer is empty, not zero"
    elif lenders := [lender for lender in filters.lenders if lender is not Lender.NOT_STATED]:
        yield f"no row states a {measure} by lender: {', '.join(lenders)} is empty, not zero"


def _measure_question(filters: Filters) -> Question:
    return Question(_any_of_measure, (filters.measure,))


def _any_of_measure(measure: Measure) -> Select[Any]:
    return select(fact.c.project_id).where(fact.c.measure == measure).limit(1)
