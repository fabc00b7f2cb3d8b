"""How amounts, names and lists of codes are written for the eye."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from models.money import half_up, usd

SCALES = ((Decimal(10**9), "bn", 2), (Decimal(10**6), "m", 1), (Decimal(10**3), "k", 0))


def short(dollars: Decimal | None) -> str:
    """Write an amount of US dollars for the eye: $12.90 bn, $110.0 m, $480 k, $0; nothing where none is stated."""
    if dollars is None:
        return "not stated"
    for size, name, digits in SCALES:
        if abs(dollars) >= size:
            return f"${half_up(dollars / size, digits):,} {name}"
    return f"${half_up(dollars, 0):,}"


def rounded(dollars: Decimal | None) -> str:
    """Write an amount that was published in words: $15 bn, $110 m."""
    return short(dollars).replace(".00 ", " ").replace(".0 ", " ")


def short_cents(cents: int) -> str:
    """Write cents of US dollars for the eye."""
    return short(usd(cents))


def exact(dollars: Decimal | None) -> str:
    """Write an amount of US dollars to the cent."""
    return "not stated" if dollars is None else f"${dollars:,.2f}"


def span(low: Decimal | None, part: Decimal | None) -> str:
    """Write the range from what counts in full to that with what counts in part; one amount where both read the same."""
    if low is None:
        return "No amount is stated"
    least, most = short(low), short(low + (part or 0))
    return least if least == most else f"{least} to {most}"


def plain(code: str | None) -> str:
    """Write a code as words: `lower_middle` is lower middle."""
    return "not stated" if code is None else code.replace("_", " ")


def named(codes: Iterable[str], names: Mapping[str, str]) -> str:
    """Write the names of codes as a list."""
    return ", ".join(names.get(code, code) for code in codes)
