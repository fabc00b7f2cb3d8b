"""A price index: what a dollar of one year is worth in dollars of another, as an exact ratio."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

THOUSANDTHS = 1000
"""Statistical offices publish an index with at most three decimals, so its thousandths are whole numbers."""


class MissingYearError(LookupError):
    """A year that a price index does not cover."""


@dataclass(frozen=True, slots=True)
class PriceIndex:
    """Annual averages of a price index, as published."""

    name: str
    source: str
    by_year: Mapping[int, Decimal]

    def __post_init__(self) -> None:
        """Refuse what is no index.

        Raises:
            ValueError: if there is no year, a year between the first and the last is missing, or a value is not positive
                or has more than three decimals.
        """
        if not self.by_year or set(self.by_year) != set(range(self.first_year, self.last_year + 1)):
            raise ValueError(f"{self.name}: the years have to follow one another without a gap")
        for year, value in self.by_year.items():
            if not value.is_finite() or value <= 0 or value * THOUSANDTHS % 1:
                raise ValueError(f"{self.name}: {value} of {year} is no positive number with at most three decimals")

    @property
    def first_year(self) -> int:
        """The first year that the index covers."""
        return min(self.by_year)

    @property
    def last_year(self) -> int:
        """The last year that the index covers."""
        return max(self.by_year)

    def thousandths(self, year: int) -> int:
        """Return the index of a year in thousandths of a point: 236736 stands for 236.736.

        Raises:
            MissingYearError: if the index does not cover the year.
        """
        if year not in self.by_year:
            raise MissingYearError(
                f"{self.name} has no value for {year}: it covers {self.first_year} to {self.last_year}"
            )
        return int(self.by_year[year] * THOUSANDTHS)

    def ratio(self, year: int, base_year: int) -> Fraction:
        """Return the factor that turns dollars of `year` into dollars of `base_year`, above 1 where prices rose between.

        Raises:
            MissingYearError: if the index does not cover one of the years.
        """
        return Fraction(self.thousandths(base_year), self.thousandths(year))
