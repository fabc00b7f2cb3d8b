"""Dates are whole years and what is left at their ends: each day is in one of these parts."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.project import fiscal_year
from models.spans import whole_years
from models.vocabulary import YearBasis

days = st.dates(date(1999, 1, 1), date(2004, 12, 31))
EVERY_DAY = [date(1998, 1, 1) + timedelta(number) for number in range(3_000)]


@given(st.none() | days, st.none() | days, st.sampled_from(YearBasis))
def test_each_day_is_in_a_whole_year_or_in_the_rest(start, end, basis):
    span = whole_years(start, end, basis)
    asked = [day for day in EVERY_DAY if (start is None or day >= start) and (end is None or day <= end)]
    year_of = fiscal_year if basis is YearBasis.FISCAL else lambda day: day.year
    if span is None:
        return
    found = [
        day
        for day in EVERY_DAY
        if (span.first is None or year_of(day) >= span.first) and (span.last is None or year_of(day) <= span.last)
    ]
    for first, last in span.rest:
        assert first <= last
        found += [day for day in EVERY_DAY if first <= day <= last]
    assert sorted(found) == asked  # none twice
    assert all((last - first).days < 365 for first, last in span.rest)


@given(days, days, st.sampled_from(YearBasis))
def test_there_are_no_whole_years_only_where_none_fits(start, end, basis):
    begins = (1, 1) if basis is YearBasis.CALENDAR else (7, 1)
    fits = any(
        start <= date(year, *begins) and date(year + 1, *begins) - timedelta(1) <= end for year in range(1999, 2005)
    )
    assert (whole_years(start, end, basis) is not None) == fits


def test_the_time_of_the_study_is_ten_years_and_a_quarter():
    span = whole_years(date(2014, 1, 1), date(2024, 3, 31), YearBasis.CALENDAR)
    assert span is not None
    assert (span.first, span.last, span.rest) == (2014, 2023, ((date(2024, 1, 1), date(2024, 3, 31)),))


def test_the_first_and_the_last_day_of_all_part_nothing():
    for basis in YearBasis:
        assert whole_years(date.min, None, basis) is whole_years(None, date.max, basis) is None
