"""Brackets behind titles: where they close, and those that an excerpt cuts."""

import re

from models.extraction.amounts import find_money, has_money_mark
from models.extraction.statement import choose
from models.vocabulary import Measure

CUT = 120
"""An excerpt that ends this near behind an open bracket may have cut it."""

LONGEST = 420
"""Characters of a bracket at most."""

_TELLING = re.compile(r"[ ,;/]+(?:actu|final|at appraisal\b|of which\b|including\b|dont\b)")


def bracket_end(folded: str, start: int) -> int | None:
    """Place behind the bracket that closes the one at `start`, at most `LONGEST` further; None if it stays open."""
    depth = 0
    for index in range(start, min(len(folded), start + LONGEST)):
        if folded[index] in "([":
            depth += 1
        elif folded[index] in ")]":
            depth -= 1
            if depth == 0:
                return index + 1
    return None


def cut_bracket(folded: str, start: int, continental: bool) -> int | None:
    """End of a text that stops inside the bracket at `start`; None where it goes on, or where the rest could matter.

    An amount counts only if the words behind it begin to tell what was spent, or what it includes.
    """
    if len(folded) - start > CUT:
        return None
    inner = folded[start:]
    money = next(iter(find_money(inner, continental)), None)
    if money is None or not _TELLING.match(inner, money.end):
        return None
    stated = choose(inner, continental)
    sure = stated is not None and stated.cents is not None and stated.basis is not Measure.COMMITMENT
    return len(folded) if sure else None


def more_brackets(folded: str, close: int, limit: int) -> int:
    """Take in a second bracket with money right behind the first."""
    match = re.compile(r" ?[(\[]").match(folded, close)
    if match and match.end() < limit:
        second = bracket_end(folded, match.end() - 1)
        if second and second <= limit and has_money_mark(folded[close:second]):
            return second
    return close
