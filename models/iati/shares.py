"""How percentages of an activity, and sectors and places of its transactions, become exact shares."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from models.money import PPM, split_cents

Shares = Mapping[str, Fraction]
"""Codes with their shares; they sum to 1. The code "" stands for money that nothing is known of."""


@dataclass(frozen=True, slots=True)
class Part:
    """A code with the percentage that stands beside it; the code "" is one that cannot be read."""

    code: str
    percent: Fraction | None


@dataclass(frozen=True, slots=True)
class Rebased:
    """Shares that sum to 1, or `None` where percentages are missing, and what was odd about them."""

    codes: tuple[str, ...]
    shares: Shares | None
    flag: str | None = None


def rebase(parts: Sequence[Part]) -> Rebased:
    """Turn the percentages of one vocabulary into shares of the whole.

    One code alone has all. Where some percentages are missing no share is known. What does not sum to 100 is brought
    there in proportion, and flagged.
    """
    codes = tuple(dict.fromkeys(part.code for part in parts))
    named = ", ".join(code or "a code that cannot be read" for code in codes)[:200]
    if not parts:
        return Rebased((), None)
    stated = [part for part in parts if part.percent is not None]
    if len(codes) == 1 and not stated:
        return Rebased(codes, {codes[0]: Fraction(1)})
    if len(stated) < len(parts):
        return Rebased(codes, None, f"percentages are missing beside {named}: no share is known")
    weights: dict[str, Fraction] = defaultdict(Fraction)
    for part in stated:
        weights[part.code] += part.percent or 0
    total = sum(weights.values(), Fraction())
    if total <= 0:
        return Rebased(codes, None, f"percentages of {named} are all zero: no share is known")
    shares = {code: weight / total for code, weight in weights.items() if weight}
    flag = None if total == 100 else f"percentages sum to {in_decimals(total)}, not 100: brought to 100 in proportion"
    return Rebased(tuple(shares), shares, flag)


def combine(lines: Iterable[tuple[int, Shares]]) -> Shares | None:
    """Weigh the shares of single amounts, in cents, into those of their sum; `None` where no proportion comes of it."""
    weights: dict[str, Fraction] = defaultdict(Fraction)
    for cents, shares in lines:
        for code, share in shares.items():
            weights[code] += cents * share
    total = sum(weights.values())
    if total <= 0 or any(weight < 0 for weight in weights.values()):
        return None
    return {code: weight / total for code, weight in weights.items() if weight}


def percentages(shares: Shares) -> dict[str, str]:
    """Write shares as percentages with up to four decimals that sum to 100, by largest remainder."""
    codes = list(shares)
    scale = math.lcm(*(share.denominator for share in shares.values()))
    parts = split_cents(PPM, [int(shares[code] * scale) for code in codes])
    return {
        code: format(Decimal(part).scaleb(-4).normalize(), "f") for code, part in zip(codes, parts, strict=True) if part
    }


def in_decimals(number: Fraction) -> str:
    """Write a number with up to four decimals."""
    return format(round(Decimal(number.numerator) / number.denominator, 4).normalize(), "f")
