"""The consumer prices are those that were published, year by year, and ratios of them are exact."""

import warnings
from decimal import Decimal
from fractions import Fraction

import pytest

from db.queries.prices import load_price_index
from db.settings import DATA_DIR
from models.prices import MissingYearError, PriceIndex


@pytest.fixture(scope="module")
def published():
    """The package that carries the bureau's own files."""
    with warnings.catch_warnings():
        # At import it remarks that a newer month may be out. Annual averages of full years do not change.
        warnings.filterwarnings("ignore", "CPI data is out of date", Warning)
        import cpi
    return cpi


def index(**values):
    return PriceIndex("test index", "nowhere", {int(year[1:]): Decimal(value) for year, value in values.items()})


def test_every_year_is_the_published_one(published):
    prices = load_price_index()
    expected = {year: Decimal(str(published.get(year))) for year in range(1944, published.LATEST_YEAR + 1)}
    assert dict(prices.by_year) == expected
    assert published.DEFAULT_SERIES.id == "CUUR0000SA0"


def test_years_run_from_the_banks_foundation_to_the_last_full_year(published):
    prices = load_price_index()
    assert list(prices.by_year) == list(range(1944, 2025 + 1))
    assert prices.last_year == published.LATEST_YEAR


def test_known_years():
    prices = load_price_index()
    assert prices.by_year[2014] == Decimal("236.736")
    assert prices.by_year[2023] == Decimal("304.702")
    assert prices.thousandths(2014) == 236_736
    assert prices.thousandths(1944) == 17_600


def test_values_keep_the_decimals_that_were_published():
    lines = (DATA_DIR / "us_cpi.csv").read_text(encoding="utf-8").splitlines()[1:]
    decimals = {int(year): len(value.partition(".")[2]) for year, value in (line.split(",") for line in lines)}
    assert all(count == (1 if year < 2007 else 3) for year, count in decimals.items())


def test_the_average_of_2025_is_that_of_the_eleven_months_with_prices(published):
    months = [
        Decimal(str(one.value))
        for one in published.DEFAULT_SERIES.indexes
        if one.year == 2025 and one.period.type == "monthly"
    ]
    assert len(months) == 11
    assert round(sum(months) / 11, 3) == load_price_index().by_year[2025]


def test_a_ratio_is_exact_and_goes_back_and_forth():
    prices = load_price_index()
    assert prices.ratio(2014, 2023) == Fraction(304_702, 236_736)
    assert prices.ratio(2014, 2023) * prices.ratio(2023, 2014) == 1
    assert prices.ratio(2014, 2019) * prices.ratio(2019, 2023) == prices.ratio(2014, 2023)
    assert all(prices.ratio(year, year) == 1 for year in prices.by_year)


@pytest.mark.parametrize(("year", "base_year", "missing"), [(1943, 2023, 1943), (2014, 2026, 2026)])
def test_a_missing_year_is_named_with_the_years_there_are(year, base_year, missing):
    with pytest.raises(MissingYearError, match=f"no value for {missing}: it covers 1944 to 2025"):
        load_price_index().ratio(year, base_year)


@pytest.mark.parametrize(
    "values",
    [{}, {"y2000": "100", "y2002": "104"}, {"y2000": "0"}, {"y2000": "-1"}, {"y2000": "1.0001"}, {"y2000": "NaN"}],
)
def test_what_is_no_index_is_refused(values):
    with pytest.raises(ValueError, match="test index"):
        index(**values)


def test_the_file_is_read_once():
    assert load_price_index() is load_price_index()
