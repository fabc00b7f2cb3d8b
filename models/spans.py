"""Whole years between two dates: what is kept by year can answer for these, and only what is left at the ends is looked at
day by day."""

from dataclasses import dataclass
from datetime import date, timedelta

from models.project import fiscal_year
from models.vocabulary import YearBasis

Dates = tuple[date, date]
"""A first and a last date, both inclusive."""


@dataclass(frozen=True, slots=True)
class Span:
    """The whole years of a range of dates, from `first` to `last` or open, and the dates of its `rest` before and after."""

    first: int | None
    last: int | None
    rest: tuple[Dates, ...]


def whole_years(start: date | None, end: date | None, basis: YearBasis) -> Span | None:
    """Part a range of dates into years of one kind and what is left at its ends, or nothing where it holds no whole year.

    Both dates are inclusive; `None` is an open end. Beyond `KNOWN`, where dates come to their end, nothing is parted either.
    """
    if any(day is not None and not KNOWN[0] <= day <= KNOWN[1] for day in (start, end)):
        return None
    first, last, rest = None, None, list[Dates]()
    if start is not None:
        first = _year_of(start - DAY, basis) + 1
        if (begins := _first_day(first, basis)) > start:
            rest.append((start, begins - DAY))
    if end is not None:
        last = _year_of(end + DAY, basis) - 1
        if (goes_on := _first_day(last + 1, basis)) <= end:
            rest.append((goes_on, end))
    return None if first is not None and last is not None and first > last else Span(first, last, tuple(rest))


DAY = timedelta(days=1)
KNOWN = date(1000, 1, 1), date(9000, 1, 1)


def _year_of(day: date, basis: YearBasis) -> int:
    year = fiscal_year(day) if basis is YearBasis.FISCAL else day.year
    assert year is not None  # only of no day there is none
    return year


def _first_day(year: int, basis: YearBasis) -> date:
    return date(year - 1, 7, 1) if basis is YearBasis.FISCAL else date(year, 1, 1)
