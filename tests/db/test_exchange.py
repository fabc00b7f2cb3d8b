"""Reference rates of the European Central Bank, compared with values worked by hand from its published rates."""

from datetime import date
from decimal import Decimal

import pytest

from db.ingest.adapters.exchange import NoRateError, to_dollars


@pytest.mark.parametrize(
    ("amount", "currency", "day", "cents", "rate", "rate_day"),
    [
        ("100", "EUR", date(2019, 3, 19), 11358, "1.1358", date(2019, 3, 19)),
        ("-100", "EUR", date(2019, 3, 19), -11358, "1.1358", date(2019, 3, 19)),
        # 30 June 2007 was a Saturday: the rate is Friday's. 100 × 1.3505 ÷ 0.6740 = 200.3709…
        ("100", "GBP", date(2007, 6, 30), 20037, "1.3505/0.674", date(2007, 6, 29)),
        # 13 April 2020 was Easter Monday: the rate is that of the Thursday before.
        ("1", "EUR", date(2020, 4, 13), 109, "1.0867", date(2020, 4, 9)),
        ("1000000000", "USD", None, 100_000_000_000, None, None),
        ("1.005", "USD", None, 100, None, None),  # half to even
        ("1.015", "USD", None, 102, None, None),
    ],
)
def test_worked_by_hand(amount, currency, day, cents, rate, rate_day):
    found = to_dollars(Decimal(amount), currency, day)
    assert (found.cents, found.rate, found.day) == (cents, rate, rate_day)


@pytest.mark.parametrize(
    ("currency", "day", "reason"),
    [
        ("ETB", date(2020, 1, 1), "no rate of ETB is published"),
        ("XXX", None, "no rate of XXX is published"),
        ("EUR", None, "no value date"),
        ("GBP", date(1998, 12, 31), "no rate of GBP on 1998-12-31 nor in the week before"),
        ("RUB", date(2023, 1, 2), "no rate of RUB on 2023-01-02"),  # published until 1 March 2022
        ("EUR", date(2099, 1, 1), "no rate of EUR on 2099-01-01"),
    ],
)
def test_without_a_rate_nothing_is_guessed(currency, day, reason):
    with pytest.raises(NoRateError, match=reason):
        to_dollars(Decimal(1), currency, day)


def test_an_amount_beyond_reason_is_refused():
    with pytest.raises(ValueError, match="outside what one operation can cost"):
        to_dollars(Decimal(10**13), "USD", None)
