"""Money as integer cents of US dollars: reading it, splitting it exactly, writing it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import WithJsonSchema

PPM = 1_000_000
"""A whole, in parts per million: the shares of anything that is split sum to this."""

MAX_DOLLARS = 10**12
"""A trillion dollars: no single operation is near it, so a larger amount is a mistake in the source."""

WHOLE_DIGITS = 12
"""Digits that whole dollars have at most to be less than that."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(E[+-]?[0-9]{1,9})?", re.IGNORECASE)
"""A number as sources and computers write it, whose large floats have an exponent. `Decimal` alone also takes
`1_000`, digits of every script, and infinity."""


@dataclass(frozen=True, slots=True)
class Places:
    """How many decimals a number has at most when it leaves the service."""

    count: int


Usd = Annotated[
    Decimal,
    Places(2),
    WithJsonSchema({"type": "number", "description": "US dollars, exact to the cent", "examples": [1250000.00]}),
]
"""US dollars with two decimals, the form in which an amount leaves the service (a JSON number, never a string)."""

SIGNIFICANT, MOST_PLACES = 4, 20
"""Significant digits of what is small, as far as so many decimals hold them: a cent over all cents that 64 bits hold has two."""

Share = Annotated[Decimal, Places(MOST_PLACES), WithJsonSchema({"type": "number"})]
"""A part of a whole, with six decimals; see `quotient`."""

Ratio = Annotated[Decimal, Places(MOST_PLACES), WithJsonSchema({"type": "number"})]
"""One amount over another, with four decimals; see `quotient`."""


NO_AMOUNT = "is not an amount in US dollars: expected digits, as in 1250000.50"


def parse_dollars(value: object) -> int | None:
    """Read an amount in US dollars into integer cents.

    Accepts whole dollars or decimals as a number or text, with commas between thousands ("150,000,000", "205500000",
    11.1, "-20", "1.5E9"). Nothing, an empty text or "N/A" is `None`: not stated, which differs from zero. Fractions of a cent
    are rounded half to even, since sources carry the noise of binary floats; what that would leave nothing of is no zero.

    Raises:
        ValueError: if the value is no number, not finite, beyond a trillion dollars, or at most half a cent and not zero.
    """
    if value is None or isinstance(value, bool):
        if value is None:
            return None
        raise ValueError(f"{value!r} {NO_AMOUNT}")
    text = str(value).replace("\u00a0", "").strip()
    whole, _, decimals = text.partition(".")
    if text.isascii() and len(whole) <= WHOLE_DIGITS and len(decimals) <= 2 and (whole + decimals).isdigit():
        return int(whole + decimals.ljust(2, "0"))  # as most are
    if text.upper() in {"", "N/A", "NA", "NULL", "NONE"}:
        return None
    if "," in text and not re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", text):
        raise ValueError(
            f"{str(value)[:60]!r} is not an amount in US dollars: commas part thousands, a point the cents"
        )
    number = text.replace(",", "")
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"{str(value)[:60]!r} {NO_AMOUNT}")
    amount = Decimal(number)
    if not amount.is_finite() or not -MAX_DOLLARS <= amount <= MAX_DOLLARS:
        raise ValueError(f"{str(value)[:60]!r} is outside what one operation can cost (up to {MAX_DOLLARS:,} dollars)")
    cents = int((amount * 100).to_integral_value())
    if not cents and amount:
        raise ValueError(f"{str(value)[:60]!r} is half a cent or less, which is no amount: expected 0, or 0.01 or more")
    return cents


NOTHING, CENT = Decimal("0.00"), Decimal("0.01")
STEPS = [Decimal(1).scaleb(-places) for places in range(MOST_PLACES + 1)]
"""The last of so many decimals."""


def usd(cents: int | None) -> Decimal | None:
    """Write integer cents as dollars with two decimals; `None` (not stated) stays `None`."""
    if not cents:  # most columns of most rows hold nothing
        return None if cents is None else NOTHING
    return cents * CENT


def all_usd(amounts: Iterable[int | None]) -> list[Decimal | None]:
    """The same for a column of amounts, in which to call a function for each would take longer than what it does."""
    return [cents * CENT if cents else None if cents is None else NOTHING for cents in amounts]


def half_up(value: Decimal, places: int) -> Decimal:
    """Round a number for the eye, halves away from zero: browsers round so, and one page shows amounts of both."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def quotient(above: int, below: int, places: int) -> Decimal:
    """Divide one amount by another, with so many decimals, and with more where four significant digits need them: little is
    not nothing.

    Raises:
        ZeroDivisionError: if nothing stands below the line.
    """
    found = Decimal(above) / below
    needed = SIGNIFICANT - 1 - found.adjusted()
    return found.quantize(STEPS[min(needed, MOST_PLACES) if needed > places else places])


def shares_of(parts: Sequence[int], whole: int) -> Sequence[Decimal | None]:
    """Return each part of a whole with six decimals or more, see `quotient`; there is none of nothing."""
    return [quotient(part, whole, 6) if whole else None for part in parts]


def split_cents(total: int, weights: Sequence[int]) -> list[int]:
    """Split integer cents in proportion to whole-number weights, by largest remainder.

    The parts always sum to `total`, whatever its sign; each differs from its exact share by less than a cent, and equal
    remainders are served in the order of the weights, so the same input always gives the same parts.

    Raises:
        ValueError: if no weight is positive or one is negative: there is then no proportion to split by.
    """
    if len(weights) == 1 and weights[0] > 0:
        return [total]
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError(f"cannot split by the weights {list(weights)!r}: they must not be negative, nor all be zero")
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    missing = total - sum(parts)
    for index in sorted(range(len(weights)), key=lambda i: -remainders[i])[:missing]:
        parts[index] += 1
    return parts


def scale_cents(amount: int, numerator: int, denominator: int) -> int:
    """Scale integer cents by a ratio of two positive totals, rounded half up to the cent."""
    return (2 * amount * numerator + denominator) // (2 * denominator)
