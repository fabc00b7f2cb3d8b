"""Amounts in other currencies as US dollars, by the reference rates of the European Central Bank.

The rates are those that the package `currencyconverter` ships: euro foreign exchange reference rates, daily since
4 January 1999, in units of each currency per euro.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from currency_converter import CurrencyConverter, RateNotFoundError

from models.money import MAX_DOLLARS

DOLLAR, EURO = "USD", "EUR"
LOOK_BACK = 7
"""Days before the value date in which a rate is looked for: weekends, and the longest run of holidays at Easter."""


@dataclass(frozen=True, slots=True)
class Converted:
    """An amount in cents of US dollars, the rate as it is written down, and the day that the rate is of."""

    cents: int
    rate: str | None = None
    day: date | None = None


class NoRateError(Exception):
    """An amount cannot be converted; says why."""


def to_dollars(amount: Decimal, currency: str, day: date | None) -> Converted:
    """Convert an amount by the rate of its value date, or of the last day before it that has one.

    Through the euro: the rate of the dollar over that of the currency, as an exact fraction, rounded half to even to
    the cent once, at the end.

    Raises:
        NoRateError: if the currency has no rate on that day or in the week before it, or no day is stated.
        ValueError: if the amount is beyond a trillion dollars.
    """
    if currency == DOLLAR:
        return Converted(_cents(Fraction(amount)))
    if currency not in _rates().currencies:
        raise NoRateError(f"no rate of {currency} is published by the European Central Bank")
    if day is None:
        raise NoRateError("no value date is stated")
    for before in range(LOOK_BACK + 1):
        rate_day = day - timedelta(days=before)
        rates = [_rate(code, rate_day) for code in (DOLLAR, currency)]
        if rates[0] is not None and rates[1] is not None:
            exact = Fraction(amount) * Fraction(rates[0]) / Fraction(rates[1])
            written = str(rates[0]) if currency == EURO else f"{rates[0]}/{rates[1]}"
            return Converted(_cents(exact), written, rate_day)
    raise NoRateError(f"no rate of {currency} on {day} nor in the week before it")


def _cents(dollars: Fraction) -> int:
    if abs(dollars) > MAX_DOLLARS:
        raise ValueError(f"is outside what one operation can cost (up to {MAX_DOLLARS:,} dollars)")
    return round(dollars * 100)


@lru_cache(maxsize=1)
def _rates() -> CurrencyConverter:
    return CurrencyConverter(decimal=True)


@lru_cache(maxsize=100_000)
def _rate(currency: str, day: date) -> Decimal | None:
    """Units of a currency for one euro on a day, as published, or `None` where there is none."""
    try:
        return Decimal(_rates().convert(1, EURO, currency, date=day))
    except RateNotFoundError:
        return None
