from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import all_usd, half_up, parse_dollars, quotient, scale_cents, shares_of, split_cents, usd


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("150,000,000", 15_000_000_000),
        ("205500000", 20_550_000_000),
        (150000000, 15_000_000_000),
        ("0", 0),
        ("73516.73", 7_351_673),
        ("26999999.9999", 2_700_000_000),
        ("-20", -2_000),
        ("1.5E9", 150_000_000_000),
        ("1e+10", 1_000_000_000_000),
        (0.0, 0),
        ("0.015", 2),
        ("0.0051", 1),
        ("1,000,000,000,000", 10**14),
        ("-1000000000000", -(10**14)),
        ("", None),
        ("N/A", None),
        (None, None),
    ],
)
def test_every_form_of_an_amount_is_read_in_cents(text, cents):
    assert parse_dollars(text) == cents


@pytest.mark.parametrize(
    ("value", "places", "rounded"), [("35.05", 1, "35.1"), ("3.05", 1, "3.1"), ("-0.5", 0, "-1"), ("2.4", 0, "2")]
)
def test_halves_are_rounded_away_from_zero_for_the_eye(value, places, rounded):
    assert str(half_up(Decimal(value), places)) == rounded


DIGITS = ("\uff11\uff12", "\u0661\u0662", "1,\u0660\u0660\u0660", "\u0967", "1e" + "9" * 40)
"""Digits of other scripts than ours, and an exponent that no number has."""


BEYOND = ("1e15", "1000000000000.01", "-1000000000000.01")


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "1.2.3",
        "inf",
        "nan",
        "1e9999999",
        "-1e999999999",
        1e-30,
        "0.005",
        "-0.001",
        True,
        "12 m",
        "1_000",
        *BEYOND,
        *DIGITS,
    ],
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match=r"amount|outside"):
        parse_dollars(text)


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(any))
def test_parts_sum_to_the_whole_and_are_within_a_cent_of_their_share(total, weights):
    parts = split_cents(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


def test_remainders_are_given_in_order_where_they_are_equal():
    assert split_cents(100, [1, 1, 1]) == [34, 33, 33]


@pytest.mark.parametrize("weights", [[], [0], [1, -1], [3, -1]])
def test_no_proportion_is_an_error(weights):
    with pytest.raises(ValueError, match="weights"):
        split_cents(1, weights)


def test_scaling_rounds_half_up_to_the_cent():
    assert scale_cents(4_953_000_000, 20_000_000_000, 30_030_000_000) == 3_298_701_299  # 32,987,012.987…
    assert scale_cents(1, 1, 2) == 1


def test_dollars_have_two_decimals_and_unknown_stays_unknown():
    assert str(usd(125_000_000)) == "1250000.00"
    assert usd(None) is None


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
def test_a_column_of_amounts_is_written_like_each_of_them_digit_by_digit(amounts):
    written = [
        None if cents is None else f"{'-' * (cents < 0)}{abs(cents) // 100}.{abs(cents) % 100:02}" for cents in amounts
    ]
    assert [None if dollars is None else str(dollars) for dollars in all_usd(amounts)] == written
    assert all_usd(amounts) == [usd(cents) for cents in amounts]


@given(st.lists(st.integers(0, 10**15), min_size=1).filter(any))
def test_shares_are_parts_of_the_whole_to_the_last_of_six_decimals_or_of_four_digits(parts):
    whole = sum(parts)
    for share, part in zip(shares_of(parts, whole), parts, strict=True):
        true = Fraction(part, whole)
        digits = [n for n in range(6, 20) if not part or true * 10**n >= 1000]
        assert Fraction(share) == round(true, digits[0])


@given(st.integers(-(2**63), 2**63 - 1), st.integers(1, 2**63 - 1))
def test_only_nothing_reads_as_nothing_however_small_it_is(above, below):
    found, true = quotient(above, below, 4), Fraction(above, below)
    assert (found == 0) == (above == 0)
    assert abs(Fraction(found) - true) <= max(min(Fraction(1, 20_000), abs(true) / 2_000), Fraction(1, 2 * 10**20))


@pytest.mark.parametrize(
    ("above", "below", "written"),
    [
        (414_000_000, 556_700_000_000, "0.0007437"),
        (1, 3, "0.3333"),
        (150, 1, "150.0000"),
        (0, 7, "0.0000"),
        (4_137, 10**10, "4.137E-7"),
        (-1, 1_500_000, "-6.667E-7"),
        (99_999, 10**9, "0.00010000"),
    ],
)
def test_a_quotient_has_four_decimals_or_four_significant_digits(above, below, written):
    assert str(quotient(above, below, 4)) == written


def test_of_nothing_there_are_no_shares():
    assert shares_of([0, 0], 0) == [None, None]
